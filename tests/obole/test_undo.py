"""A document taken back: the books of every day are as if it had never come, and its file can come again."""

from datetime import date
from pathlib import Path

from small_books import (
    STATEMENT,
    Line,
    Obole,
    Statement,
    collected,
    collection,
    given,
    returned,
    write_csv,
)

UNDO = "undo-coda-current-2025-073"


def test_a_statement_undone_leaves_nothing_on_any_account(small: Obole):
    told = small("undo", STATEMENT.document)
    assert told.exit_code == 0, told.output
    assert "4 gifts and returns, -190.00 EUR, and 2 other transactions" in told.output
    assert {code: small.balance(code) for code in ("550000", "731100", "731300", "657000", "499000")} == {
        "550000": 1_000_00,
        "731100": 0,
        "731300": 0,
        "657000": 0,
        "499000": 0,
    }
    assert sum(cents for _, cents in small.gifts()) == 0
    assert small.checks().exit_code == 0


def test_what_was_undone_can_be_imported_anew(small: Obole, tmp_path: Path):
    small("undo", STATEMENT.document)
    small.takes_well(STATEMENT.write(tmp_path))
    assert small.documents()[-1] == "coda-current-2025-073-2"
    assert sum(cents for _, cents in small.gifts()) == 190_00
    assert small.balance("731100") == -190_00
    assert small.balance("499000") == -70_00
    assert small.checks().exit_code == 0
    before = small.state()
    assert "1 already there" in small.takes_well(STATEMENT.write(tmp_path)).output
    assert small.state() == before
    assert small("undo", "coda-current-2025-073-2").exit_code == 0
    small.takes_well(STATEMENT.write(tmp_path))
    assert small.documents()[-1] == "coda-current-2025-073-3"
    assert small.checks().exit_code == 0


def test_a_dry_run_says_what_would_be_reversed_and_changes_nothing(small: Obole):
    before = small.state()
    assert "would be reversed" in small("undo", STATEMENT.document, "--dry-run").output
    assert small.state() == before


def test_only_a_document_that_stands_is_undone(small: Obole):
    assert "no such document" in small("undo", "coda-current-2025-074").output
    small("undo", STATEMENT.document)
    again = small("undo", STATEMENT.document)
    assert again.exit_code == 1
    assert "undone already" in again.output
    assert "posts no money" in small("undo", UNDO).output
    donors = next(name for name in small.documents() if name.startswith("donors"))
    assert "posts no money" in small("undo", donors).output


def test_what_others_were_built_on_is_not_undone_before_them(small: Obole, tmp_path: Path):
    decided = write_csv(
        tmp_path / "decided.csv",
        ("document", "position", "donor", "date"),
        [(STATEMENT.document, 7, "D0003", "2025-03-20")],
    )
    small.takes_well(decided)
    refused = small("undo", STATEMENT.document)
    assert refused.exit_code == 1
    assert "line 7 was assigned by assignment-2025-" in refused.output
    assignment = next(name for name in small.documents() if name.startswith("assignment"))
    assert small("undo", assignment).exit_code == 0
    assert small.balance("499000") == -70_00
    assert small("undo", STATEMENT.document).exit_code == 0
    assert small.checks().exit_code == 0


def test_a_decision_undone_can_be_taken_otherwise(small: Obole, tmp_path: Path):
    headings = ("document", "position", "donor", "date")
    small.takes_well(write_csv(tmp_path / "a.csv", headings, [(STATEMENT.document, 7, "D0003", "2025-03-20")]))
    small("undo", next(name for name in small.documents() if name.startswith("assignment")))
    small.takes_well(write_csv(tmp_path / "b.csv", headings, [(STATEMENT.document, 7, "D0005", "2025-03-21")]))
    assert small.gifts()[-1] == ("D0005", 70_00)
    assert small.checks().exit_code == 0


def test_a_return_undone_makes_the_gift_stand_again_and_can_come_back_again(small: Obole, tmp_path: Path):
    back = Statement(74, 1_247_50, [returned(-60_00, "M-2", "E2E-0001")], date(2025, 4, 17))
    small.takes_well(back.write(tmp_path))
    refused = small("undo", STATEMENT.document)
    assert "a gift of line 3 was taken back by coda-current-2025-074; undo that first" in refused.output
    assert small("undo", back.document).exit_code == 0
    assert small.given_by()["D0002"] == 60_00
    assert small.checks().exit_code == 0
    small.takes_well(back.write(tmp_path))
    assert "D0002" not in small.given_by()
    assert small.checks().exit_code == 0
    assert small("undo", f"{back.document}-2").exit_code == 0
    assert small("undo", STATEMENT.document).exit_code == 0
    assert small.given_by() == {}
    assert small.checks().exit_code == 0


def test_the_list_of_documents_names_what_undid_them(small: Obole):
    small("undo", STATEMENT.document)
    listed = small("documents", "--year", "2025", "--lang", "en").output
    line = next(line for line in listed.splitlines() if line.startswith(STATEMENT.document))
    assert line.endswith(UNDO)


def test_a_total_split_and_undone_comes_back_whole(empty: Obole, tmp_path: Path):
    parts = (collection(collected(60_00, "M-2", "E-1"), collected(45_00, "M-9", "E-2")), given(50_00, 1))
    statement = Statement(1, 0, parts)
    empty.takes_well(statement.write(tmp_path))
    assert empty.balance("499000") == -45_00
    assert empty("undo", statement.document).exit_code == 0
    assert [empty.balance(code) for code in ("550000", "499000", "731100")] == [0, 0, 0]
    assert empty.checks().exit_code == 0


def test_a_line_of_another_statement_keeps_its_place(small: Obole, tmp_path: Path):
    """Undoing one in the middle leaves a gap, which the next import names, and taking it anew closes it."""
    later = Statement(74, 1_247_50, [Line(-1_00, "08037000", "FRAIS")], date(2025, 3, 17))
    small.takes_well(later.write(tmp_path))
    small("undo", STATEMENT.document)
    assert "statement is missing" in small.faults()
    small.takes_well(STATEMENT.write(tmp_path))
    assert small.checks().exit_code == 0


def test_of_one_document_all_is_told_that_was_told_when_it_was_posted(small: Obole):
    told = small("documents", STATEMENT.document).output
    assert "opening 1000.00 EUR, closing 1247.50 EUR" in told
    assert "gift                 4           190.00 EUR" in told
    assert "suspense             1            70.00 EUR" in told
    assert "no such document" in small("documents", "coda-current-2025-074").output
