"""Transaction codes and reasons of return in words, and the questions a classifier asks of a code."""

from pathlib import Path
from typing import Any

import pytest

from importers.bank import codes
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


@pytest.mark.parametrize(
    ("question", "yes", "no"),
    [
        (codes.is_collection_credit, ["10550000", "0552000"], ["00501000", "00150000"]),
        (codes.is_collection_return, ["00503000", "0505000"], ["00550000", "00554000"]),
        (codes.is_transfer_credit, ["00150000", "20250000", "4150000"], ["00101000", "00164000"]),
        (codes.is_card_credit, ["00450000"], ["00403000"]),
        (codes.is_cash_credit, ["00950000", "00453000"], ["00901000"]),
        (codes.is_cheque, ["00352000"], ["00150000"]),
        (codes.is_own_transfer, ["00113000", "00264000", "60166000"], ["00150000", "00913000"]),
        (codes.is_bank_cost, ["08047000", "30437000", "00587000", "8033000"], ["00150000", "00503000"]),
        (codes.is_closing, ["33550000"], ["00150000"]),
        (codes.is_total, ["10550000", "20150000"], ["00150000", "60150000", "1301000"]),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_what_a_code_is(question: Any, yes: list[str], no: list[str]):
    assert [code for code in yes if not question(code)] == []
    assert [code for code in no if question(code)] == []
