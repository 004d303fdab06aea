"""Transaction codes and reasons of return in words, and the questions a classifier asks of a code."""

from pathlib import Path
from typing import Any

import pytest

from importers.bank.codes import label, reason_label


@pytest.mark.parametrize(
    ("code", "language", "words"),
    [
        ("00150000", "fr", "Virement reçu"),
        ("0150000", "nl", "Ontvangen overschrijving"),  # as CAMT gives it, without a type
        ("00503000", "en", "Collection returned unpaid"),
        ("80150100", "de", "Eingehende Überweisung (Bruttobetrag)"),
        ("00437006", "en", "Costs (Various fees)"),
        ("00144000", "en", "Transaction proper to the bank"),
        ("00177000", "en", "SEPA credit transfer (77)"),
        ("99999999", "en", "99999999"),
        ("", "en", ""),
    ],
)
def test_a_code_has_a_label_and_an_unknown_one_keeps_its_digits(code: str, language: Any, words: str):
    assert label(code, language) == words


def test_the_reason_of_a_return_is_told_in_words():
    assert reason_label("AM04", "nl") == "Onvoldoende saldo"
    assert reason_label("2", "fr") == "Raison non précisée"
    assert reason_label("ZZ99") == "ZZ99"


def test_every_label_stands_in_four_languages():
    data = Path(__file__).parents[2] / "importers" / "data"
    for name in ("coda-codes.csv", "return-reasons.csv"):
        rows = (data / name).read_text(encoding="utf-8").splitlines()
        assert all(all(cell.strip() for cell in row.split(",")) for row in rows)
        assert len({row.count(",") for row in rows}) == 1
