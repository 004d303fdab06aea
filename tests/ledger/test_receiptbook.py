"""The register of receipts: numbers 1..N, nothing changed after issue, no gift on two valid receipts."""

from datetime import date
from pathlib import Path

import pytest
from invented import gift, insert, record, register_in, tamper
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError

from ledger.register import receipts as receiptbook
from ledger.register.receipts import NewReceipt, ReceiptFault

pytestmark = pytest.mark.usefixtures("stores")

ISSUED_ON = date(2026, 2, 13)


def four_receipts(folder: Path) -> Engine:
    """Receipts 2025/1 to 2025/4 of 10, 20, 30 and 40 EUR; the fourth covers two gifts and a reversal of one."""
    engine = register_in(folder)
    with engine.begin() as connection:
        insert(connection, record("a"), [], [gift(euros * 100, f"D{euros}") for euros in (10, 20, 30, 40)])
        insert(connection, record("b"), [], [gift(500, "D40")])
        insert(connection, record("c"), [], [gift(-500, "D40", reverses=5)])
        rows = [
            NewReceipt(f"D{euros}", euros * 100, (number,), f"sheet{number}")
            for number, euros in ((1, 10), (2, 20), (3, 30))
        ]
        rows.append(NewReceipt("D40", 4000, (4, 5, 6), "sheet4"))
        receiptbook.insert_receipts(connection, 2025, 1, ISSUED_ON, rows)
    return engine


def faults(folder: Path) -> list[ReceiptFault]:
    with register_in(folder).connect() as connection:
        return receiptbook.faults(connection)


def test_receipts_are_numbered_in_the_order_they_are_given_and_show_no_fault(tmp_path: Path):
    with four_receipts(tmp_path).connect() as connection:
        rows = receiptbook.receipts_of(connection, 2025)
        assert [(row.number, row.donor, row.cents) for row in rows] == [
            (1, "D10", 1000),
            (2, "D20", 2000),
            (3, "D30", 3000),
            (4, "D40", 4000),
        ]
        assert {(row.state, row.version, row.issued_on, row.pdf_digest) for row in rows} == {
            ("issued", 1, ISSUED_ON, None)
        }
        assert receiptbook.last_number(connection, 2025) == 4
        assert receiptbook.last_number(connection, 2024) == 0
        assert receiptbook.years_issued(connection) == [2025]
        assert receiptbook.covered_gifts(connection, 2025) == {1: 1, 2: 2, 3: 3, 4: 4, 5: 4, 6: 4}
    assert faults(tmp_path) == []


def test_a_number_is_given_once(tmp_path: Path):
    with pytest.raises(IntegrityError), four_receipts(tmp_path).begin() as connection:
        receiptbook.insert_receipts(connection, 2025, 4, ISSUED_ON, [NewReceipt("D1", 100, (), "x")])


@pytest.mark.parametrize(("number", "cents"), [(0, 100), (5, 0), (5, -100)])
def test_there_is_no_number_zero_and_no_receipt_of_nothing(number: int, cents: int, tmp_path: Path):
    with pytest.raises(IntegrityError), four_receipts(tmp_path).begin() as connection:
        receiptbook.insert_receipts(connection, 2025, number, ISSUED_ON, [NewReceipt("D1", cents, (), "x")])


def delete(number: int) -> tuple[str, ...]:
    return tuple(
        f"DELETE FROM {table} WHERE number = {number}" for table in ("receipt_gift", "receipt_version", "receipt")
    )


def test_a_missing_number_is_named_by_the_one_after_it(tmp_path: Path):
    four_receipts(tmp_path)
    tamper(tmp_path, *delete(2))
    assert faults(tmp_path) == [ReceiptFault(2025, 3, "number 2 is missing before it")]


def test_several_missing_numbers_are_one_fault(tmp_path: Path):
    four_receipts(tmp_path)
    tamper(tmp_path, *delete(1), *delete(2), *delete(3))
    assert faults(tmp_path) == [ReceiptFault(2025, 4, "numbers 1 to 3 are missing before it")]


@pytest.mark.parametrize("kept", ["receipt_gift", "receipt_version"])
def test_the_last_number_deleted_is_known_by_what_is_left_of_it(kept: str, tmp_path: Path):
    four_receipts(tmp_path)
    tamper(tmp_path, *(statement for statement in delete(4) if f" {kept} " not in statement))
    assert faults(tmp_path) == [ReceiptFault(2025, 4, "it was deleted")]


def test_the_number_of_a_receipt_deleted_by_hand_is_not_given_again(tmp_path: Path):
    four_receipts(tmp_path)
    tamper(tmp_path, "DELETE FROM receipt WHERE number = 4")
    with register_in(tmp_path).connect() as connection:
        assert receiptbook.last_number(connection, 2025) == 4


@pytest.mark.parametrize(
    "change",
    [
        "donor = 'D99'",
        "issued_on = '2026-02-14'",
        pytest.param("issued_on = 'February'", marks=pytest.mark.sqlite),
        "crc = 1",
        "state = 'withdrawn'",
    ],
)
def test_a_row_changed_after_issue_is_named(change: str, tmp_path: Path):
    four_receipts(tmp_path)
    tamper(tmp_path, f"UPDATE receipt SET {change} WHERE number = 2")
    assert faults(tmp_path) == [ReceiptFault(2025, 2, "the row was changed after issue")]


def test_a_changed_amount_is_named_with_what_its_gifts_are(tmp_path: Path):
    four_receipts(tmp_path)
    tamper(tmp_path, "UPDATE receipt SET cents = 2001 WHERE number = 2")
    assert faults(tmp_path) == [
        ReceiptFault(2025, 2, "the row was changed after issue"),
        ReceiptFault(2025, 2, "says 20.01 EUR, its gifts are 20.00 EUR"),
    ]


@pytest.mark.sqlite
def test_an_amount_that_is_none_is_named_and_raises_nothing(tmp_path: Path):
    four_receipts(tmp_path)
    tamper(tmp_path, "UPDATE receipt SET cents = 'many' WHERE number = 2")
    assert ReceiptFault(2025, 2, "says many EUR, its gifts are 20.00 EUR") in faults(tmp_path)


def test_a_gift_taken_off_a_receipt_shows_in_its_sum(tmp_path: Path):
    four_receipts(tmp_path)
    tamper(tmp_path, "DELETE FROM receipt_gift WHERE gift_id = 6")
    assert faults(tmp_path) == [ReceiptFault(2025, 4, "says 40.00 EUR, its gifts are 45.00 EUR")]


def test_a_receipt_without_its_first_version_is_named(tmp_path: Path):
    four_receipts(tmp_path)
    tamper(tmp_path, "DELETE FROM receipt_version WHERE number = 3")
    assert faults(tmp_path) == [ReceiptFault(2025, 3, "its first version was deleted")]


def test_a_gift_on_two_valid_receipts_is_named_with_both(tmp_path: Path):
    with four_receipts(tmp_path).begin() as connection:
        receiptbook.insert_receipts(connection, 2026, 1, ISSUED_ON, [NewReceipt("D20", 2000, (2,), "x")])
    assert faults(tmp_path) == [ReceiptFault(2026, 1, "gift 2 stands on receipt 2025/000002 too")]


def test_a_gift_may_stand_on_a_new_receipt_when_the_old_one_was_withdrawn(tmp_path: Path):
    withdrawn = receiptbook.State.WITHDRAWN
    crc = receiptbook._crc(2025, 2, "D20", 2000, ISSUED_ON.isoformat(), withdrawn)
    with four_receipts(tmp_path).begin() as connection:
        second = receiptbook.receipt.c.number == 2
        connection.execute(receiptbook.receipt.update().where(second).values(state=withdrawn, crc=crc))
        receiptbook.insert_receipts(connection, 2025, 5, ISSUED_ON, [NewReceipt("D20", 2000, (2,), "x")])
        assert receiptbook.covered_gifts(connection, 2025)[2] == 5
    assert faults(tmp_path) == []


def test_the_hash_of_a_document_is_written_once(tmp_path: Path):
    with four_receipts(tmp_path).begin() as connection:
        receiptbook.record_documents(connection, 2025, [(1, 1, "first", 10), (2, 1, "second", 20)])
        receiptbook.record_documents(connection, 2025, [(1, 1, "other", 99)])
        receiptbook.record_documents(connection, 2025, [])
        rows = receiptbook.receipts_of(connection, 2025)
    assert [(row.pdf_digest, row.pdf_bytes) for row in rows] == [
        ("first", 10),
        ("second", 20),
        (None, None),
        (None, None),
    ]


def test_each_receipt_is_told_with_its_newest_version(tmp_path: Path):
    with four_receipts(tmp_path).begin() as connection:
        connection.exec_driver_sql("INSERT INTO receipt_version VALUES (2025, 2, 2, '2026-03-01', 'newer', NULL, NULL)")
        rows = receiptbook.receipts_of(connection, 2025)
    assert [(row.version, row.sheet_digest) for row in rows] == [
        (1, "sheet1"),
        (2, "newer"),
        (1, "sheet3"),
        (1, "sheet4"),
    ]


def test_a_receipt_that_lost_all_its_gifts_says_so(tmp_path: Path):
    four_receipts(tmp_path)
    tamper(tmp_path, "DELETE FROM receipt_gift WHERE number = 2")
    assert faults(tmp_path) == [ReceiptFault(2025, 2, "says 20.00 EUR, its gifts are 0.00 EUR")]


def test_the_years_are_kept_apart(tmp_path: Path):
    with four_receipts(tmp_path).begin() as connection:
        insert(connection, record("d"), [], [gift(7000, "D70")])
        receiptbook.insert_receipts(connection, 2026, 1, ISSUED_ON, [NewReceipt("D70", 7000, (7,), "sheet")])
        receiptbook.record_documents(connection, 2026, [(1, 1, "pdf", 9)])
        assert receiptbook.years_issued(connection) == [2025, 2026]
        assert receiptbook.last_number(connection, 2026) == 1
        assert receiptbook.covered_gifts(connection, 2026) == {7: 1}
        assert [row.pdf_digest for row in receiptbook.receipts_of(connection, 2025)] == [None] * 4
        (row,) = receiptbook.receipts_of(connection, 2026)
    assert (row.year, row.donor, row.sheet_digest, row.pdf_digest, row.pdf_bytes) == (2026, "D70", "sheet", "pdf", 9)
    assert faults(tmp_path) == []
    tamper(tmp_path, "DELETE FROM receipt WHERE year = 2026")
    assert faults(tmp_path) == [ReceiptFault(2026, 1, "it was deleted")]


def test_a_number_deleted_in_between_is_one_fault_whatever_is_left_of_it(tmp_path: Path):
    four_receipts(tmp_path)
    tamper(tmp_path, "DELETE FROM receipt WHERE number = 2")
    assert faults(tmp_path) == [ReceiptFault(2025, 3, "number 2 is missing before it")]


def test_a_gift_on_three_receipts_is_named_with_the_one_before(tmp_path: Path):
    with four_receipts(tmp_path).begin() as connection:
        for year in (2026, 2027):
            receiptbook.insert_receipts(connection, year, 1, ISSUED_ON, [NewReceipt("D20", 2000, (2,), "x")])
    assert faults(tmp_path) == [
        ReceiptFault(2026, 1, "gift 2 stands on receipt 2025/000002 too"),
        ReceiptFault(2027, 1, "gift 2 stands on receipt 2026/000001 too"),
    ]
