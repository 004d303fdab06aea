"""Structured communications of CODA as text, field by field, and ISO codes by their most particular row."""

import pytest

from importers.bank.iso_codes import operation
from importers.bank.structured import describe

INTEREST = "000000012345678" + "000000100000000" + "000350000000"  # in account currency, calculated on, rate


@pytest.mark.parametrize(
    ("kind", "content", "told"),
    [
        ("103", "123456789012", "number 123456789012"),
        ("103", "123456789012  et suite ", "number 123456789012, et suite"),
        ("103", "123456789012000 00", "number 123456789012"),
        ("103", "000000000000" + "suite", "suite"),
        ("103", " 12  34 ", "number 12 34"),
        ("103", "", ""),
        (
            "108",
            INTEREST + "010325310325",
            "in account currency 12345.678, calculated on 100000.00, interest rate 3.5, period 010325310325",
        ),
        ("108", "00000001234567X", "in account currency 00000001234567X"),
        ("108", " " * 30 + "000100000000", "interest rate 1"),
        ("108", " " * 30 + "000112345678", "interest rate 1.12345678"),
        ("113", " " * 17 + "000042" + "000007140325", "terminal number 000042, transaction 000007, of 2025-03-14"),
        ("108", "٠٠٠٠٠٠٠١٢٣٤٥٦٧٨", "in account currency ٠٠٠٠٠٠٠١٢٣٤٥٦٧٨"),
        ("111", " " * 16 + "320325", "of 320325"),
        ("006", "TITRE".ljust(30) + "EUR" + "000000000005000" + "1" + "002", "TITRE, EUR, 5.00, debit, category 002"),
        ("006", "TITRE".ljust(30) + "EUR" + "000000000005000" + "0" + "002", "TITRE, EUR, 5.00, category 002"),
        ("999", "  a   b ", "999 a b"),
    ],
)  # fmt: skip
def test_a_communication_is_told_field_by_field(kind: str, content: str, told: str):
    assert describe(kind, content) == told


@pytest.mark.parametrize(
    ("domain", "family", "subfamily", "side", "expected"),
    [
        ("PMNT", "ICDT", "STDO", "DBIT", "0103"),  # a row of its own
        ("PMNT", "ICDT", "CHRG", "DBIT", "0137"),  # of its own, on either side
        ("PMNT", "ICDT", "CHRG", "CRDT", "0137"),
        ("PMNT", "ICDT", "INTR", "CRDT", "3550"),  # by its sub-family, before its family
        ("PMNT", "ICDT", "OTHR", "CRDT", "0154"),  # by its family
        ("ACMT", "OTHR", "RIMB", "CRDT", "8099"),  # by domain and sub-family
        ("CAMT", "OTHR", "CHRG", "CRDT", "8033"),
        ("CAMT", "OTHR", "INTR", "CRDT", "3550"),  # by its sub-family, before its domain
        ("SECU", "OTHR", "OTHR", "CRDT", "1150"),  # by its domain
        ("PMNT", "OTHR", "OTHR", "CRDT", "3089"),
        ("", "", "", "DBIT", "3039"),
    ],
)
def test_the_most_particular_row_of_the_iso_table_holds(
    domain: str, family: str, subfamily: str, side: str, expected: str
):
    assert operation(domain, family, subfamily, side) == expected
