"""Receipts are PDF/A-2a and PDF/UA-1, in the judgement of veraPDF."""

from dataclasses import replace
from pathlib import Path

import pytest
import typst
from sheets import SAMPLES
from test_editions import DIGESTS, OWN, PICTURES
from verapdf import missing, validate

from receipts.paper.typeset import Typesetter

pytestmark = [pytest.mark.verapdf, pytest.mark.skipif(bool(missing()), reason=missing())]


def test_receipts_of_every_kind_are_valid_and_an_ordinary_pdf_is_not(tmp_path: Path) -> None:
    typesetter = Typesetter(PICTURES)
    sheets = {
        **SAMPLES,
        **{f"first-{language}": replace(SAMPLES[language], edition=1) for language in ("fr", "nl", "de", "en")},
        "own": replace(SAMPLES["fr"], look=OWN),
        "svg": replace(SAMPLES["nl"], look=replace(OWN, logo=DIGESTS[0], signature=DIGESTS[1])),
    }
    receipts = [tmp_path / f"{name}.pdf" for name in sheets]
    for path, sheet in zip(receipts, sheets.values(), strict=True):
        path.write_bytes(typesetter.render(sheet))
    ordinary = tmp_path / "ordinary.pdf"
    ordinary.write_bytes(typst.compile(b"An ordinary page.", pdf_tags=False))
    nowhere = tmp_path / "damaged.pdf"
    nowhere.write_bytes(receipts[0].read_bytes().replace(b"/Lang", b"/Gnal"))

    failures = validate([*receipts, ordinary, nowhere])

    assert {path.name: failures[path] for path in receipts} == {path.name: [] for path in receipts}
    assert {failure.flavour for failure in failures[ordinary]} == {"2a", "ua1"}
    assert failures[nowhere]
