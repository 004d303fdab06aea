"""Taking bank statements in: each euro once, whole or not at all, and what is told about it."""

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from small_books import (
    IBAN,
    OPENING,
    SETTINGS,
    STATEMENT,
    Obole,
    Statement,
    collected,
    collection,
    given,
    new_books,
    returned,
    write_donors,
)

from importers.bank import coda
from importers.registers.donors import valid_iban
from obole.demo.coda_writer import CodaLine
from obole.intake import reading
from obole.intake import statements as statement_intake

SAMPLES = Path(__file__).parents[2].parent / "shared" / "samples" / "coda"
FIRST = STATEMENT.document
NEXT = Statement(74, 1_247_50, [given(20_00, 5)], date(2025, 3, 17))


# What a statement posts


def test_each_line_of_a_statement_becomes_what_it_is(small: Obole):
    assert small.outcomes(FIRST) == [
        (1, 50_00, "gift"),
        (2, 105_00, "batch"),
        (3, 60_00, "gift"),
        (4, 45_00, "gift"),
        (5, 35_00, "gift"),
        (6, -12_50, "rule"),
        (7, 70_00, "suspense"),
    ]
    assert small.gifts() == [("D0001", 50_00), ("D0002", 60_00), ("D0006", 45_00), ("D0001", 35_00)]


def test_the_books_have_what_the_bank_says(small: Obole):
    assert small.balance("550000") == 1_247_50
    assert {code: small.balance(code) for code in ("731100", "657000", "499000")} == {
        "731100": -190_00,
        "657000": 12_50,
        "499000": -70_00,
    }
    assert small.checks().exit_code == 0


def test_gifts_booked_line_by_line_make_one_transaction_and_each_collection_its_own(small: Obole):
    [journal] = (small.books / "journal" / "2025").glob("coda-*.beancount")
    text = journal.read_text(encoding="utf-8")
    assert text.count("#gift") == 2
    assert text.count(f"^{FIRST}") == 4  # two of gifts, the fees, the open line
    assert "gifts: 2" in text


def test_the_source_is_archived_as_it_came(small: Obole):
    [archived] = (small.books / "documents").rglob("*.cod")
    assert archived.name == f"2025-03-14.{FIRST}.cod"
    assert small.source(archived) == STATEMENT.encoded()
    assert STATEMENT.encoded()[:20] not in archived.read_bytes()


def test_the_value_date_of_the_old_year_counts_for_the_old_year(empty: Obole, tmp_path: Path):
    old = date(2025, 12, 31)
    lines = [
        given(50_00, 1)._replace(value=old),
        collection(collected(60_00, "M-2", "E1", settled=old), collected(45_00, "M-6", "E2", settled=date(2026, 1, 2))),
    ]
    empty.takes_well(Statement(1, 0, lines, date(2026, 1, 2)).write(tmp_path))
    gifts = [one.gift for one in empty.posted()]
    assert [(one.cents, one.counted) for one in gifts] == [(50_00, 2025), (60_00, 2025), (45_00, 2026)]
    assert {one.booked for one in gifts} == {date(2026, 1, 2)}


# Every euro once


def test_the_same_file_again_changes_nothing(small: Obole, tmp_path: Path):
    before = small.state()
    result = small.takes_well(STATEMENT.write(tmp_path))
    assert "0 documents posted, 1 already there" in result.output
    assert small.state() == before


def test_the_same_statement_under_another_name_changes_nothing(small: Obole, tmp_path: Path):
    before = small.state()
    again = replace(STATEMENT, name="telechargement (2).txt").write(tmp_path)
    assert "1 already there" in small.takes_well(again).output
    assert small.state() == before


def test_the_same_statement_delivered_a_second_time_by_the_bank_changes_nothing(small: Obole, tmp_path: Path):
    text = STATEMENT.encoded().decode("cp1252")
    again = tmp_path / "duplicate.cod"
    again.write_text(text[:16] + "D" + text[17:], encoding="cp1252", newline="")  # position 17: duplicate
    before = small.state()
    assert "1 already there" in small.takes_well(again).output
    assert small.state() == before


def test_of_a_file_that_bundles_an_old_statement_with_a_new_one_the_new_one_is_taken(small: Obole, tmp_path: Path):
    bundle = tmp_path / "march.cod"
    bundle.write_bytes(STATEMENT.encoded() + NEXT.encoded())
    result = small.takes_well(bundle)
    assert "1 document posted, 1 already there" in result.output
    assert small.gifts()[4:] == [("D0005", 20_00)]
    assert small.balance("550000") == 1_267_50
    before = small.state()
    small.takes_well(bundle)
    assert small.state() == before


def test_the_same_file_twice_in_one_run_is_posted_once(empty: Obole, tmp_path: Path):
    result = empty.takes_well(STATEMENT.write(tmp_path), replace(STATEMENT, name="copy.cod").write(tmp_path))
    assert "1 document posted, 1 already there" in result.output
    assert len(empty.gifts()) == 4


@pytest.mark.parametrize(
    "other",
    [
        replace(STATEMENT, parts=[given(247_50, 1)]),
        replace(STATEMENT, parts=[given(51_00, 1), *STATEMENT.parts[1:4], STATEMENT.parts[4]._replace(cents=69_00)]),
        replace(STATEMENT, opening=1_001_00),
    ],
    ids=["other lines, same balances", "two amounts changed, same balances", "other balances"],
)
def test_another_statement_with_the_same_number_is_refused(small: Obole, tmp_path: Path, other: Statement):
    said = small.refuses(replace(other, name="other.cod").write(tmp_path))
    assert "other.cod: refused" in said
    assert f"{FIRST}: another statement with this number" in said


def test_two_equal_gifts_on_one_day_stay_two(empty: Obole, tmp_path: Path):
    empty.takes_well(Statement(parts=[given(50_00, 1), given(50_00, 1)]).write(tmp_path))
    assert empty.gifts() == [("D0001", 50_00), ("D0001", 50_00)]


def test_statements_that_the_bank_does_not_number_are_told_apart_by_their_day(empty: Obole, tmp_path: Path):
    days = [date(2025, 3, 14), date(2025, 3, 17)]
    first = Statement(0, 1_000_00, [given(50_00, 1)], days[0], name="a.cod")
    second = Statement(0, 1_050_00, [given(60_00, 2)], days[1], name="b.cod")
    empty.takes_well(first.write(tmp_path), second.write(tmp_path), OPENING.write(tmp_path))
    assert [name for name in empty.documents() if name.startswith("coda")] == [
        "coda-current-2025-0314",
        "coda-current-2025-0317",
    ]
    assert empty.checks().exit_code == 0


# Whole or not at all


def damaged(statement: Statement) -> bytes:
    """The statement with another amount in its first line: totals and balance do not fit."""
    text = statement.encoded().decode("cp1252")
    place = text.index("\r\n21") + 2 + 32
    return (text[:place] + f"{999_990:015d}" + text[place + 15 :]).encode("cp1252")


def test_nothing_of_a_refused_statement_is_posted(small: Obole, tmp_path: Path):
    path = tmp_path / "damaged.cod"
    path.write_bytes(damaged(NEXT))
    said = small.refuses(path)
    assert "damaged.cod: refused, nothing of it was posted" in said
    assert re.search(r"refused: line \d+: .*ask the bank for the file again", said)


def test_the_other_statements_of_that_file_are_taken_and_the_exit_status_is_1(small: Obole, tmp_path: Path):
    after = Statement(75, 1_267_50, [given(30_00, 6)], date(2025, 3, 18))
    path = tmp_path / "bundle.cod"
    path.write_bytes(damaged(NEXT) + after.encoded())
    result = small.takes(path)
    assert result.exit_code == 1
    assert "bundle.cod: in part refused" in result.output
    assert "coda-current-2025-074" not in small.documents()
    assert small.gifts()[4:] == [("D0006", 30_00)]
    again = small.takes(path)
    assert again.exit_code == 1, "the part refused is told each time"


def test_the_part_refused_can_be_taken_later_from_a_good_file(small: Obole, tmp_path: Path):
    after = Statement(75, 1_267_50, [given(30_00, 6)], date(2025, 3, 18))
    path = tmp_path / "bundle.cod"
    path.write_bytes(damaged(NEXT) + after.encoded())
    small.takes(path)
    small.takes_well(NEXT.write(tmp_path))
    assert small.balance("550000") == 1_297_50
    assert small.checks().exit_code == 0


def test_a_gap_between_statements_is_told_and_stops_nothing(small: Obole, tmp_path: Path):
    result = small.takes_well(Statement(75, 1_300_00, [given(1_00, 1)], date(2025, 3, 18)).write(tmp_path))
    assert "a gap before it" in result.output
    assert "+52.50 EUR" in result.output
    assert FIRST in result.output


def test_a_number_left_out_is_told_even_where_the_balances_fit(small: Obole, tmp_path: Path):
    result = small.takes_well(Statement(75, 1_247_50, [given(1_00, 1)], date(2025, 3, 18)).write(tmp_path))
    assert f"a number is missing after {FIRST}" in result.output


def test_a_new_year_begins_again_at_001_without_a_remark(small: Obole, tmp_path: Path):
    assert (
        "remark"
        not in small.takes_well(Statement(1, 1_247_50, [given(1_00, 1)], date(2026, 1, 2)).write(tmp_path)).output
    )


def test_statements_are_posted_by_day_whatever_their_order_in_the_files(empty: Obole, tmp_path: Path):
    third = Statement(75, 1_267_50, [returned(-45_00, "M-6", "E2E-0002")], date(2025, 3, 18))
    bundle = tmp_path / "a.cod"
    bundle.write_bytes(third.encoded() + NEXT.encoded() + STATEMENT.encoded())
    result = empty.takes_well(bundle)
    assert result.output.count("remark:") == 1
    assert "1 direct debit was returned, 45.00 EUR, MS03 Raison non précisée par la banque (D0006)\n" in result.output
    assert [(one.gift.cents, one.gift.reverses) for one in empty.returns()] == [(-45_00, 3)]
    assert len(list((empty.books / "documents").rglob("*.cod"))) == 1, "one file, one copy"


# Returns


def test_a_return_takes_back_the_gift_it_belongs_to(small: Obole, tmp_path: Path):
    back = Statement(74, 1_247_50, [returned(-60_00, "M-2", "E2E-0001")], date(2025, 3, 17))
    small.takes_well(back.write(tmp_path))
    [gift] = [one.gift for one in small.returns()]
    assert (gift.donor, gift.cents, gift.reverses, gift.counted) == ("D0002", -60_00, 2, 2025)
    assert small.balance("731100") == -130_00
    assert small.checks().exit_code == 0


@pytest.mark.parametrize(
    "line",
    [
        returned(-60_00, "M-2", "E2E-9999"),
        returned(-59_00, "M-2", "E2E-0001"),
        returned(-50_00, "M-2", ""),
        CodaLine(-60_00, "00501000", "ABONNEMENT", reference="E2E-0001"),
    ],
    ids=["of nothing known", "of another amount", "without a reference", "a debit that we pay"],
)
def test_what_looks_like_a_return_and_fits_nothing_waits_on_suspense(small: Obole, tmp_path: Path, line: CodaLine):
    small.takes_well(Statement(74, 1_247_50, [line], date(2025, 3, 17)).write(tmp_path))
    assert small.outcomes("coda-current-2025-074") == [(1, line.cents, "suspense")]


def test_a_gift_that_came_back_once_does_not_come_back_twice(small: Obole, tmp_path: Path):
    for number in (74, 75):
        opening = 1_247_50 - (number - 74) * 60_00
        small.takes_well(
            Statement(number, opening, [returned(-60_00, "M-2", "E2E-0001")], date(2025, 3, number - 57)).write(
                tmp_path
            )
        )
    assert small.outcomes("coda-current-2025-074") == [(1, -60_00, "return")]
    assert small.outcomes("coda-current-2025-075") == [(1, -60_00, "suspense")]


# What is refused, and what is no statement of ours


def test_a_statement_of_another_account_is_refused(small: Obole, tmp_path: Path):
    other = STATEMENT.encoded().replace(IBAN.encode(), b"BE12341702625236")
    (tmp_path / "other.cod").write_bytes(other)
    said = small.refuses(tmp_path / "other.cod")
    assert "other.cod: refused" in said
    assert "ending in 5236" in said
    assert "BE12341702625236" not in said


def test_a_statement_in_another_currency_is_refused(small: Obole, tmp_path: Path):
    (tmp_path / "usd.cod").write_bytes(NEXT.encoded().replace(b"EUR", b"USD"))
    assert "USD; these books are kept in EUR only" in small.refuses(tmp_path / "usd.cod")


def test_a_statement_of_before_the_first_day_is_refused(small: Obole, tmp_path: Path):
    old = Statement(250, 900_00, [given(100_00, 1)], date(2024, 12, 30), name="old.cod")
    assert "before the first day of these books (2025-01-01" in small.refuses(old.write(tmp_path))


def test_a_separate_application_is_never_income(small: Obole, tmp_path: Path):
    header, *records = replace(NEXT, opening=0).encoded().decode("cp1252").splitlines()
    header = header[:83] + "00042" + header[88:]  # 84-88: separate application, whose balances are zero
    records = [f"{one[:41]}{0:016d}{one[57:]}" if one[0] == "8" else one for one in records]
    (tmp_path / "details.cod").write_text("\r\n".join([header, *records, ""]), encoding="cp1252", newline="")
    before = small.state()
    result = small.takes_well(tmp_path / "details.cod")
    assert "nothing of it is posted" in result.output
    assert small.state() == before


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("notes.txt", b"Bonjour\n"),
        ("empty.cod", b""),
        ("picture.png", b"\x89PNG\r\n\x1a\n\0\0"),
        ("zeros.bin", b"\0" * 300),
    ],
)
def test_a_file_of_no_known_kind_is_refused_by_name(small: Obole, tmp_path: Path, name: str, content: bytes):
    (tmp_path / name).write_bytes(content)
    said = small.refuses(tmp_path / name)
    assert f"{name}: refused" in said
    assert ("no kind of file" if content else "the file is empty") in said


def test_a_bad_file_does_not_stop_the_good_ones(small: Obole, tmp_path: Path):
    (tmp_path / "notes.txt").write_text("Bonjour")
    result = small.takes(tmp_path / "notes.txt", NEXT.write(tmp_path))
    assert result.exit_code == 1
    assert "1 document posted, 0 already there, 1 file refused" in result.output


def test_a_file_that_is_not_there_is_named_and_nothing_is_done(small: Obole, tmp_path: Path):
    before = small.state()
    result = small.takes(NEXT.write(tmp_path), tmp_path / "absent.cod")
    assert result.exit_code == 1
    assert "absent.cod: there is no such file" in result.stderr
    assert small.state() == before


def test_a_file_that_cannot_be_read_is_refused_and_the_others_are_taken(
    small: Obole, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    shut = tmp_path / "shut.cod"
    shut.write_bytes(b"")
    read = Path.read_bytes

    def guarded(path: Path) -> bytes:
        if path == shut:
            raise PermissionError(13, "Permission denied", str(path))
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", guarded)
    result = small.takes(shut, NEXT.write(tmp_path))
    assert result.exit_code == 1
    assert "shut.cod: refused" in result.output
    assert "coda-current-2025-074" in small.documents()


def test_all_files_of_a_folder_are_taken_in_the_order_that_they_need(tmp_path: Path):
    sources = tmp_path / "sources"
    (sources / "bank").mkdir(parents=True)
    write_donors(sources / "z-donors.csv")
    STATEMENT.write(sources / "bank")
    NEXT.write(sources / "bank")
    OPENING.write(sources)
    (sources / ".hidden").write_text("")
    (sources / "~$z-donors.xlsx").write_text("")
    obole = Obole(new_books(tmp_path / "books"))
    result = obole.takes_well(sources)
    assert "4 files: 4 documents posted" in result.output
    assert [donor for donor, _ in obole.gifts()] == ["D0001", "D0002", "D0006", "D0001", "D0005"]


# A dry run


def test_a_dry_run_tells_what_the_real_one_does_and_writes_nothing(tmp_path: Path):
    obole = Obole(new_books(tmp_path / "books"))
    (tmp_path / "notes.txt").write_text("Bonjour")
    files = (
        write_donors(tmp_path / "donors.csv"),
        OPENING.write(tmp_path),
        STATEMENT.write(tmp_path),
        NEXT.write(tmp_path),
        tmp_path / "notes.txt",
    )
    before, folders = obole.state(), obole.folders()
    tried = json.loads(obole("import", *files, "--dry-run", "--format", "json").stdout)
    assert (obole.state(), obole.folders()) == (before, folders)
    done = json.loads(obole("import", *files, "--format", "json").stdout)
    assert tried.pop("dry_run") is True
    assert done.pop("dry_run") is False
    assert tried == done
    assert done["open"] == 1
    counted = {file["file"]: file["counts"] for file in done["files"]}
    assert counted[f"{FIRST}.cod"] == {"gift": 4, "rule": 1, "suspense": 1}


def test_a_dry_run_says_so_and_ends_as_the_real_one(small: Obole, tmp_path: Path):
    assert "1 document would be posted" in small.takes(NEXT.write(tmp_path), dry_run=True).output
    (tmp_path / "notes.txt").write_text("Bonjour")
    assert small.takes(tmp_path / "notes.txt", dry_run=True).exit_code == 1


# What is told


def test_the_lines_that_wait_are_counted_after_the_run(small: Obole, tmp_path: Path):
    assert "1 line waits on the suspense account" in small.takes_well(NEXT.write(tmp_path)).output
    decisions = tmp_path / "decisions.csv"
    decisions.write_text(f"document;position;donor;account;date\n{FIRST};7;D0004;;2025-03-20\n", encoding="utf-8")
    more = Statement(75, 1_267_50, [CodaLine(8_00, "00150000", name="X")], date(2025, 3, 18)).write(tmp_path)
    assert "1 line waits" in small.takes_well(more, decisions).output
    last = tmp_path / "last.csv"
    last.write_text(
        "document;position;donor;account;date\ncoda-current-2025-075;1;;743000;2025-03-20\n", encoding="utf-8"
    )
    assert "wait" not in small.takes_well(last).output


def test_nothing_that_is_told_holds_a_name_or_an_account(small: Obole, tmp_path: Path):
    line = CodaLine(5_00, "00150000", "POUR ZOE", name="ZOE DUPONT", iban="BE93990000000267")
    path = Statement(75, 1_300_00, [line], date(2025, 3, 18)).write(tmp_path)
    for form in ("text", "json"):
        said = small("import", path, "--format", form).output
        assert not [word for word in ("DUPONT", "ZOE", "BE93", IBAN) if word in said]


# The samples


def as_iban(account: str) -> str:
    return account if account.startswith("BE") else f"BE{98 - int(account + '111400') % 97:02d}{account}"


def config_for(statements: list[coda.Statement]) -> str:
    """An obole.toml that has the accounts of these statements."""
    head, rest = SETTINGS.split("[[bank]]", 1)
    rules = rest[rest.index("[[rules]]") :]
    accounts = sorted({statement.account for statement in statements})
    banks = ""
    for number, account in enumerate(accounts):
        banks += f'[[bank]]\nalias = "bank{number}"\niban = "{as_iban(account)}"\naccount = "5501{number:02d}"\n'
    return head.replace("2025-01-01", "2000-01-01") + banks + rules


def sample_ids(folder: str) -> list[str]:
    return sorted(path.name for path in (SAMPLES / folder).glob("*.cod"))


@pytest.mark.skipif(not SAMPLES.exists(), reason="the samples are not here")
@pytest.mark.parametrize("name", sample_ids("invalid"))
def test_every_invalid_sample_is_refused_and_the_books_stay_as_they_were(empty: Obole, name: str):
    said = empty.refuses(SAMPLES / "invalid" / name)
    assert f"{name}: refused" in said
    assert empty.gifts() == []


@pytest.mark.skipif(not SAMPLES.exists(), reason="the samples are not here")
@pytest.mark.parametrize(
    ("folder", "name"), [(kind, name) for kind in ("valid", "quirks") for name in sample_ids(kind)]
)
def test_every_good_sample_is_taken_into_books_that_have_its_account(tmp_path: Path, folder: str, name: str):
    path = SAMPLES / folder / name
    statements = [one for one in coda.read(path).statements if one.currency == "EUR"]
    foreign = len(coda.read(path).statements) - len(statements)
    if not all(valid_iban(as_iban(one.account)) for one in statements):
        pytest.skip("its account number was made up and fails modulo 97: nobody can have it in obole.toml")
    obole = Obole(new_books(tmp_path / "books", config_for(statements)))
    result = obole.takes(path)
    assert result.exit_code == bool(foreign), result.output
    assert len(obole.documents()) == len(statements)
    accounts = sorted({one.account for one in statements})
    for number, account in enumerate(accounts):
        moved = sum(one.closing - one.opening for one in statements if one.account == account)
        assert obole.balance(f"5501{number:02d}") == moved
    kept = obole.rows("SELECT count(*) FROM movement")[0][0]
    assert kept == sum(len(one.movements) for one in statements)
    before = obole.state()
    assert f"{len(statements)} already there" in obole.takes(path).output
    assert obole.state() == before


# A large file is posted while the rest of it is read


def of_a_month(first: int = 74, days: int = 14) -> list[Statement]:
    """A statement a day: gifts, and on each second day the collection of a gift that the next gives back."""
    opening, statements = 1_247_50, []
    for index in range(days):
        reference = f"E2E-{index - index % 2}"
        parts: list[Any] = [given(10_00 + index, 1), given(20_00, 2)]
        if index % 2:
            parts.append(returned(-7_00, "M-6", reference))
        else:
            parts.append(collection(collected(7_00, "M-6", reference), reference=f"COLL-{index}"))
        statements.append(Statement(first + index, opening, parts, date(2025, 3, 17 + index)))
        opening += 30_00 + index + (-7_00 if index % 2 else 7_00)
    return statements


@pytest.mark.parametrize(
    "order",
    [range(14), range(13, -1, -1), (6, *range(6), *range(7, 14))],
    ids=["in order", "backwards", "the first one late"],
)
def test_a_large_file_posts_what_its_statements_post_one_by_one(
    small: Obole, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, order: Sequence[int]
):
    statements = of_a_month()
    large = tmp_path / "large.cod"
    large.write_bytes(b"".join(statements[place].encoded() for place in order))
    posted = []
    parts = statement_intake._new_parts
    monkeypatch.setattr(statement_intake, "_BATCH_DOCUMENTS", 3)
    monkeypatch.setattr(statement_intake, "_new_parts", lambda *args: posted.append(len(args[1])) or parts(*args))
    monkeypatch.setattr(reading, "_LARGE", 1_000)
    monkeypatch.setattr(reading, "_PIECE", 2_000)
    told = small.takes_well(large).output
    assert "gap" not in told
    assert max(posted) == (3 if order == range(14) else 14)  # out of order, it waits until all is read
    assert small.documents()[-14:] == [one.document for one in statements]
    assert [small.outcomes(one.document)[-1][2] for one in statements] == ["gift", "return"] * 7
    assert small.checks().exit_code == 0, small.checks().output
    before = small.state()
    small.takes_well(large)
    assert small.state() == before
