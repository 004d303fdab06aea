"""The register of legacies, case by case: what each event posts, what is refused, what comes again, what is undone."""

import json
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import pytest
from small_books import SETTINGS, Line, Obole, Statement, iban, new_books, write_csv, write_donors

HEADINGS = (
    *("legacy", "event", "date", "testator", "notary", "party", "deed", "share", "use", "asset", "asset_kind"),
    *("description", "amount", "valued_at", "account", "surplus_account", "authorised", "due", "line", "document"),
)


def row(legacy: str, event: str, day: str, **cells: str) -> list[str]:
    return [{"legacy": legacy, "event": event, "date": day, **cells}.get(name, "") for name in HEADINGS]


def sheet(path: Path, *rows: Sequence[str]) -> Path:
    return write_csv(path, HEADINGS, rows)


OPENED = (
    ("Assets", "221800", "Plus-value de constructions léguées"),
    ("Assets", "240800", "Matériel roulant légué"),
    ("Assets", "260800", "Plus-value de biens légués"),
    ("Assets", "510000", "Titres"),
)


@pytest.fixture
def books(tmp_path: Path) -> Obole:
    obole = Obole(new_books(tmp_path / "books", SETTINGS))
    chart = obole.books / "chart.beancount"
    text = chart.read_text(encoding="utf-8")
    for root, code, label in OPENED:
        assert f'code: "{code}"' not in text
        text += f'\n2025-01-01 open {root}:{code[:2]}-Ouvert:{code}-Ouvert EUR\n  code: "{code}"\n  label-fr: "{label}"\n'
    chart.write_text(text, encoding="utf-8")
    return obole


def test_try(books: Obole, tmp_path: Path) -> None:
    f = sheet(tmp_path / "l.csv",
        row("L-1", "opening", "2025-01-10", testator="Paul Martin", notary="Me Anne Modele", deed="ACTE-7"),
        row("L-1", "asset", "2025-01-10", asset="cash", asset_kind="money", amount="75000.00"),
        row("L-1", "acceptance", "2025-02-01"),
    )
    print(books.takes(f).output)
    print(books.takes(f).output)
    for p in (books.books/"journal").rglob("*.beancount"): print(p, p.read_text())
    print(books("check").output)
    print(books("report","legacies","--year","2025","--lang","en").output)
    print(books("report","legacies","--year","2025","--lang","en", "--by", "asset").output)
    print(books("inspect", f).output)
    assert 0
