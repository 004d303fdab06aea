"""Receipts whose numbers were set aside, days that a person names, and what is said of the same thing in two places.

By hand: `small_books` has three receipts of 2025, 1 of D0001 (85.00), 2 of D0002 (60.00), 3 of D0006 (45.00); a copy of
the night before is put back over them, so that PDFs 1 to 3 stand beside a register that gave none. Each case names its
source.
"""

import json
import shutil
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import pytest
from small_books import DAY, Obole, Statement, given

from ledger.beancount_words import in_own_words
from ledger.clock import today
from ledger.languages import speaking
from obole.command.frame import main

MORE = Statement(74, 1_247_50, (given(25_00, 1),), DAY.replace(day=20))
WORD = ("--again", "AB: the other papers came back")


def issue(obole: Obole, *words: str, day: str = "2026-02-20"):
    return obole("receipts", "issue", "--year", "2025", "--date", day, *words)


def refused(obole: Obole, *words: str | Path) -> str:
    before = obole.state()
    told = obole(*words)
    assert told.exit_code == 1, told.output
    assert obole.state() == before
    return told.output


@pytest.fixture
def back(issued: Obole, _small: Path) -> Obole:
    """The copy of the night put back over the issued books, the numbers of their PDFs set aside."""
    for name in ("register.sqlite3", "vault.sqlite3"):
        shutil.copy(_small / name, issued.books / name)
    assert issued("receipts", "set-aside").exit_code == 0
    return issued


@pytest.fixture
def night(_small: Path, tmp_path: Path) -> Obole:
    """The books of `issued` as they were the night before."""
    shutil.copytree(_small, tmp_path / "night")
    return Obole(tmp_path / "night")


# Numbers set aside. The rules are those of the life of a receipt: I1 (per euro at most one valid receipt), I2 and N5 (a
# void number keeps its reason), S2 (an obstacle is a reason), belcotax.void_numbers = skip.


def test_gifts_of_numbers_set_aside_get_no_new_ones_without_a_word(back: Obole):
    """I1: the donors may hold 1 to 3; nothing here tells which of the gifts are on them."""
    assert "numbers 1-3 of 2025 were set aside" in back("receipts", "preview", "--year", "2025").output
    said = refused(back, "receipts", "issue", "--year", "2025", "--date", "2026-02-20")
    assert "numbers 1-3 of 2025 were set aside" in said
    assert "`--holds NUMBER DONOR`" in said
    assert "numbers 1-3 of 2025 were set aside" in issue(back, "--dry-run").output
    assert "note: numbers 1-3 of 2025 were set aside" in back("check").output
    assert back.receipts() == []


def test_who_keeps_a_paper_gets_no_second_one(back: Obole):
    """By hand: 60.00 and 45.00 are issued, D0001 keeps number 1 of 85.00; asked again, nothing is issued."""
    told = issue(back, *WORD, "--holds", "1", "D0001").output
    assert "2 receipts of 2025 issued: numbers 4 to 5, 105.00 EUR" in told
    assert [(row.number, row.donor) for row in back.receipts()] == [(4, "D0002"), (5, "D0006")]
    for words in (("receipts", "preview", "--year", "2025"), ("receipts", "status", "--year", "2025")):
        assert (
            "D0001: gets no receipt of 85.00 EUR, because the donor keeps the paper 2025/000001" in back(*words).output
        )
    assert issue(back).exit_code == 1
    record = json.loads((back.books / "receipts/2025/again-1.json").read_text(encoding="utf-8"))
    assert (record["said"], record["numbers"], record["holders"]) == (WORD[1], [1, 2, 3], {"1": "D0001"})
    assert back.checks().exit_code == 0


def test_the_newest_word_on_a_number_decides(back: Obole):
    """N5: what is said of a void number is added, never taken away."""
    assert issue(back, *WORD, "--holds", "1", "D0001").exit_code == 0
    told = issue(back, "--again", "AB: that one came back too", "--holds", "1", "-").output
    assert "1 receipt of 2025 issued: number 6, 85.00 EUR" in told
    assert (back.books / "receipts/2025/again-1.json").exists()


def test_numbers_set_aside_later_are_asked_for_again(back: Obole):
    """A second paper, found after the word on the first: a word is of the numbers it was said of."""
    assert issue(back, *WORD, "--holds", "1", "D0001").exit_code == 0
    shutil.copy(back.books / "receipts/2025/000001.pdf", back.books / "receipts/2025/000009.pdf")
    assert back("receipts", "set-aside").exit_code == 0
    assert "number 9 of 2025 was set aside" in refused(back, "receipts", "issue", "--year", "2025")


def test_belcotax_explains_the_gap_of_numbers_set_aside(back: Obole, tmp_path: Path):
    """`belcotax.void_numbers = skip`: a gap that has its reason is no fault."""
    assert issue(back, *WORD).exit_code == 0
    told = back("receipts", "belcotax", "--year", "2025", "--date", "2026-02-20", "-o", tmp_path / "file.xml")
    assert told.exit_code == 0, told.output
    assert "numbers 1-3 of 2025 are not in the file: they were set aside" in told.output
    assert "3 slips, sum of numbers 15, 190.00 EUR" in told.output


def test_a_shipment_that_told_of_the_numbers_was_an_original(issued: Obole, night: Obole, tmp_path: Path):
    """O5, F1: one original a year; the file that the numbers were set aside by is it."""
    filed = tmp_path / "filed.xml"
    day = ("--date", "2026-02-20")
    assert issued("receipts", "belcotax", "--year", "2025", *day, "-o", filed).exit_code == 0
    assert night("receipts", "set-aside", "--belcotax", filed).exit_code == 0
    assert issue(night, *WORD).exit_code == 0
    assert "filed.xml: an original of 2025 was written before" in refused(
        night, "receipts", "belcotax", "--year", "2025", *day
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((*WORD, "--holds", "9", "D0001"), "--holds 9: this number was not set aside; those of 2025 are 1-3"),
        ((*WORD, "--holds", "1", "D0999"), "--holds 1: there is no donor D0999"),
        ((*WORD, "--holds", "1", "D0001", "--holds", "1", "D0002"), "two donors cannot keep the paper with one number"),
        (("--holds", "1", "D0001"), '--holds: say with `--again "WHO: WHY"` who says it'),
        (("--again", "Zoé Dupont: sent it back"), "it is kept in clear"),
    ],
)
def test_a_word_that_does_not_fit_is_refused(back: Obole, words: Sequence[str], said: str):
    assert said in refused(back, "receipts", "issue", "--year", "2025", "--date", "2026-02-20", *words)


def test_a_word_where_nothing_was_set_aside(small: Obole):
    assert "no number of 2025 was set aside" in refused(small, "receipts", "issue", "--year", "2025", *WORD)


# The same figures wherever they are asked for.


def test_preview_and_status_agree_after_a_late_gift(issued: Obole, tmp_path: Path):
    """By hand: 190.00 on receipts, 25.00 came later for D0001, whose receipt is to be reviewed."""
    issued.takes_well(MORE.write(tmp_path))
    shown = [issued("receipts", word, "--year", "2025").output for word in ("preview", "status")]
    for line in ("tax receipt                                                  4             190.00",
                 "receipt issued, to be reviewed                               1              25.00"):  # fmt: skip
        assert all(line in text for text in shown)


def test_what_can_be_done_today_is_named(issued: Obole, tmp_path: Path):
    """No command withdraws or replaces a receipt yet; what is said can be followed."""
    issued.takes_well(MORE.write(tmp_path))
    for words in (("receipts", "preview", "--year", "2025"), ("check",)):
        told = issued(*words).output
        assert "of D0001: issued for 85.00 EUR, its gifts are now 110.00 EUR; it stands as issued" in told
        assert "withdrawn" not in told


def test_a_year_without_gifts_has_nothing_to_issue(small: Obole):
    assert "no gift of 2026 is in the books" in refused(small, "receipts", "issue", "--year", "2026", "--yes")


# Days that a person names.


def test_days_that_are_not_near_are_refused(issued: Obole):
    """A letter is dated on the day it is posted: a month ahead at most; a file not before its receipts."""
    far = (today() + timedelta(32)).isoformat()
    assert "more than 31 days ahead" in refused(issued, "receipts", "issue", "--year", "2025", "--date", far)
    assert "more than 31 days ahead" in refused(issued, "receipts", "belcotax", "--year", "2025", "--date", far)
    told = refused(issued, "receipts", "belcotax", "--year", "2025", "--date", "2026-02-12")
    assert "receipts of 2025 were issued until 2026-02-13" in told
    assert "has not begun" in refused(issued, "lock", f"{today() + timedelta(62):%Y-%m}")


def test_a_day_to_come_does_not_make_a_year_over(small: Obole, monkeypatch: pytest.MonkeyPatch):
    """Asked on 20 December 2025 with a date of January: 2025 is not over, and the question is asked."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1766224800")  # 20.12.2025
    assert date(2026, 1, 10) - today() < timedelta(31)
    words = ["--books", str(small.books), "receipts", "issue", "--year", "2025", "--date", "2026-01-10"]
    told = small.runner.invoke(main, words, input="n\n")
    assert "2025 is not over on 2025-12-20" in told.output
    assert small.receipts() == []


@pytest.mark.parametrize(
    ("language", "answer", "yes"),
    [("fr", "o", True), ("fr", "Oui", True), ("nl", "ja", True), ("de", "j", True), ("fr", "y", True),
     ("nl", "", False), ("de", "nein", False), ("fr", "hein\nnon", False), ("en", "o\nn", False)],
)  # fmt: skip
def test_a_question_is_answered_in_the_language_it_is_asked_in(
    small: Obole, monkeypatch: pytest.MonkeyPatch, language: str, answer: str, yes: bool
):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1766224800")  # 20.12.2025
    words = ["--lang", language, "--books", str(small.books), "receipts", "issue", "--year", "2025"]
    told = small.runner.invoke(main, words, input=answer + "\n")
    assert ("[j/N]" if language in {"nl", "de"} else "[o/N]" if language == "fr" else "[y/N]") in told.output
    assert bool(small.receipts()) is yes


# A backup of stores that do not fit.


def test_a_backup_says_that_its_register_is_older_than_its_vault(issued: Obole, night: Obole, tmp_path: Path):
    """The table of `ledger/pairing.py`: another token, another step, nothing under way: a copy put back."""
    (tmp_path / "words").write_text("a long passphrase of a test\n", encoding="utf-8")
    shutil.copy(night.books / "register.sqlite3", issued.books / "register.sqlite3")
    told = issued("backup", tmp_path / "kept.obole", "--passphrase-file", tmp_path / "words")
    assert told.exit_code == 1
    assert "Not as it should be: register.sqlite3 is older than vault.sqlite3 by 2 steps" in told.output
    assert (tmp_path / "kept.obole").exists()  # what there is is kept, before anything is put back


# Words.


def test_beancounts_messages_in_the_persons_language():
    """The forms are those of beancount 3.2 (`ops/validation.py`)."""
    said = "Invalid reference to unknown account 'Assets:X'"
    with speaking("fr"):
        assert in_own_words(said) == f"le compte Assets:X n’est pas ouvert dans les livres [{said}]"
        assert in_own_words("Something else") == "Something else"
    assert in_own_words(said) == said


def test_a_journal_file_that_the_register_does_not_know_is_none_by_hand(issued: Obole, tmp_path: Path):
    """Stores of before beside a later file: what it says is followed, and the books are whole."""
    stores = {name: (issued.books / name).read_bytes() for name in ("register.sqlite3", "vault.sqlite3")}
    issued.takes_well(MORE.write(tmp_path))
    for name, content in stores.items():
        (issued.books / name).write_bytes(content)
    told = refused(issued, "check")
    assert f"{MORE.document}.beancount: was posted by Obole, and the register does not know it" in told
    assert "move what you enter by hand" not in told
    posted = issued.books / f"journal/2025/{MORE.document}.beancount"
    posted.rename(tmp_path / posted.name)
    issued.takes_well(MORE.write(tmp_path))
    assert issued.checks().exit_code == 0


def test_a_journal_file_without_its_name_is_settled_and_not_made_again(small: Obole):
    folder = small.books / "journal/2025"
    path = next(folder.glob("coda-*"))
    path.rename(path.with_name(f".{path.name}.new"))
    assert "a killed run did not give it its name; any command that writes settles it" in refused(small, "check")
    assert small("mend").exit_code == 0
    assert small.checks().exit_code == 0
