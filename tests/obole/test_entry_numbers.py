"""Entry numbers as a bookkeeper meets them: in the ledger, in `check`, after an undoing, when a year closes."""

import csv
import io
from collections import defaultdict
from pathlib import Path

import pytest
from small_books import STATEMENT, Journal, Obole

from ledger.chart import house
from obole.keeping.upgrade import upgrade

PATHS = {account.code: account.path for account in house()}
CLOSING = Journal(
    (
        ("2025-12-31", "692000", "237.50", "", "Affectation", "AFF-1"),
        ("2025-12-31", "140000", "", "237.50", "Affectation", "AFF-1"),
    ),
    "close.csv",
)


def numbers_in_ledger(obole: Obole, year: int = 2025) -> dict[str, set[str]]:
    """The numbers of the general ledger, each with the documents (or vouchers) of its lines."""
    told = obole("report", "general-ledger", "--year", str(year), "--format", "csv").stdout
    found: dict[str, set[str]] = defaultdict(set)
    for row in csv.DictReader(io.StringIO(told)):
        if row["document"]:
            found[row["number"]].add(row["document"])
    return dict(found)


def by_hand(obole: Obole, *entries: str) -> None:
    path = obole.books / "manual" / "2025.beancount"
    path.write_text(path.read_text(encoding="utf-8") + "\n" + "\n".join(entries), encoding="utf-8")


def cash(day: str, cents: str = "10.00") -> str:
    return f'{day} * "Caisse" ^CAISSE-{day}\n  {PATHS["657000"]}  {cents} EUR\n  {PATHS["570000"]}\n'


def close(obole: Obole, folder: Path) -> None:
    decisions = f"document;position;account;date\n{STATEMENT.document};7;743000;2025-04-02\n"
    (folder / "d.csv").write_text(decisions, encoding="utf-8")
    obole.takes_well(folder / "d.csv", CLOSING.write(folder))
    told = obole("close", "2025")
    assert told.exit_code == 0, told.output


def test_the_ledger_has_the_number_of_each_line(small: Obole):
    assert numbers_in_ledger(small) == {
        "BNK-CURRENT-2025-000001": {STATEMENT.document},
        "BNK-CURRENT-2025-000002": {STATEMENT.document},
        "BNK-CURRENT-2025-000003": {STATEMENT.document},
        "BNK-CURRENT-2025-000004": {STATEMENT.document},
        "GEN-2025-000001": {"OUV-1"},
    }


def test_an_undoing_keeps_both_numbers(small: Obole, tmp_path: Path):
    before = numbers_in_ledger(small)
    small("undo", STATEMENT.document)
    small.takes_well(STATEMENT.write(tmp_path))
    after = numbers_in_ledger(small)
    assert before.items() <= after.items()
    assert sorted(number for number in after if number.startswith("BNK")) == [
        f"BNK-CURRENT-2025-{number:06d}" for number in range(1, 13)
    ]
    assert small.checks().exit_code == 0


def test_a_dry_run_takes_no_number(small: Obole):
    small("undo", STATEMENT.document, "--dry-run")
    assert [one.number for one in small.entry_numbers() if one.journal == "BNK-CURRENT"] == [1, 2, 3, 4]


def test_check_names_a_number_that_is_gone(small: Obole):
    small.change("DELETE FROM entry_number WHERE journal = 'BNK-CURRENT' AND number = 2")
    assert "entry BNK-CURRENT-2025-000002 is missing from the register" in small.faults()


def test_entries_by_hand_are_numbered_when_the_year_closes(small: Obole, tmp_path: Path):
    by_hand(small, cash("2025-06-02"), cash("2025-06-01", "0.00"), cash("2025-06-02", "-10.00"), cash("2025-06-03"))
    written = (small.books / "manual" / "2025.beancount").read_bytes()
    assert numbers_in_ledger(small)[""] == {f"CAISSE-2025-06-0{day}" for day in (1, 2, 3)}
    close(small, tmp_path)
    assert (small.books / "manual" / "2025.beancount").read_bytes() == written
    ledger = numbers_in_ledger(small)
    assert [ledger[f"MAN-2025-00000{number}"] for number in (1, 2, 3, 4)] == [
        {"CAISSE-2025-06-01"},
        {"CAISSE-2025-06-02"},
        {"CAISSE-2025-06-02"},
        {"CAISSE-2025-06-03"},
    ]
    assert "" not in ledger
    assert small.checks().exit_code == 0


@pytest.mark.parametrize("what", ["import", "undo"])
def test_a_closed_year_takes_no_number_more(small: Obole, tmp_path: Path, what: str):
    by_hand(small, cash("2025-06-03"))
    close(small, tmp_path)
    before = small.entry_numbers()
    late = Journal(
        (("2025-05-01", "570000", "1.00", "", "X", "L-1"), ("2025-05-01", "743000", "", "1.00", "X", "L-1")), "late.csv"
    )
    told = small.takes(late.write(tmp_path)) if what == "import" else small("undo", STATEMENT.document)
    assert told.exit_code == 1
    assert small.entry_numbers() == before


def test_closing_numbers_what_was_posted_before_entries_had_numbers(small: Obole, tmp_path: Path):
    unnumber(small)
    assert "have no number; run `obole upgrade`" in small.faults()
    by_hand(small, cash("2025-06-03"))
    close(small, tmp_path)
    assert {number.rpartition("-")[0] for number in numbers_in_ledger(small)} == {
        "BNK-CURRENT-2025",
        "GEN-2025",
        "MAN-2025",
        "SUS-2025",
    }
    assert small.checks().exit_code == 0


def test_upgrade_numbers_what_was_posted_before_entries_had_numbers(small: Obole):
    before = numbers_in_ledger(small)
    unnumber(small)
    assert upgrade(small.books).done == ["The entries of the open years got their numbers: 5."]
    assert numbers_in_ledger(small) == before
    assert small.checks().exit_code == 0
    assert upgrade(small.books).done == []


def unnumber(obole: Obole) -> None:
    """Make books as they were before entries had numbers."""
    from ledger.journal import digest  # noqa: PLC0415
    from ledger.register.documents import all_documents, replace_journal_digests  # noqa: PLC0415
    from obole.books.opened import open_books  # noqa: PLC0415

    register = open_books(obole.books).register
    with register.begin() as connection:
        digests = {}
        for row in all_documents(connection):
            if row.journal:
                path = obole.books / row.journal
                lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
                text = "".join(line for line in lines if not line.startswith('  number: "'))
                path.write_text(text, encoding="utf-8")
                digests[row.id] = digest(text)
        replace_journal_digests(connection, digests)
        connection.exec_driver_sql("DROP TRIGGER entry_number_no_delete")
        connection.exec_driver_sql("DELETE FROM entry_number")
    register.dispose()
