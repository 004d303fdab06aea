"""Statements undone that others stand beside or on: what is missing is named as a gap, and importing fills it, once.

Sources: [F] facts of the formats (files delivered twice, statements unsorted or with gaps, separate application of
details, PmtInfId of a total); [ISO] ISO 20022 camt.052 to 054 (a report of the day so far, the statement of the day;
MsgPgntn); [CODA] Febelfin, Standard CODA 2.6 (a paper statement's number, globalisation); [WER] III.87 of the code of
economic law (what was entered stays, a correction is a new entry); [D] design, what must always be true, 2 and 3.
"""

import json
import shutil
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from camt_writer import Ntry, Stmt, Tx, encode
from small_books import (
    IBAN,
    OPENING,
    SETTINGS,
    Line,
    Obole,
    Statement,
    collected,
    collection,
    given,
    iban,
    new_books,
    ogm,
    write_csv,
    write_donors,
)

DAYS = (date(2025, 3, 12), date(2025, 3, 14), date(2025, 3, 17), date(2025, 3, 19))
AMOUNTS = ((10_00,), (20_00, 30_00, 50_00), (5_00,), (7_00, 8_00))  # of each day, by D0001, D0002, D0005
DONORS = (1, 2, 5)
WHOLE, EQUAL = 2, 3  # the invariants of `check`: statements lead on; register and books are equal
COLLECTION = '\n[collection]\ncreditor = "BE81ZZZ0123456749"\nbank = "current"\nbic = "KREDBEBB"\n'


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Books with donors and the opening balance of 1000.00."""
    folder = tmp_path_factory.mktemp("undone")
    obole = Obole(new_books(folder / "books", SETTINGS + COLLECTION))
    obole.takes_well(write_donors(folder / "donors.csv"), OPENING.write(folder))
    return folder / "books"


@pytest.fixture
def ready(begun: Path, tmp_path: Path) -> Obole:
    shutil.copytree(begun, tmp_path / "books")
    return Obole(tmp_path / "books")


def before(day: int) -> int:
    return 1_000_00 + sum(map(sum, AMOUNTS[:day]))


def coda(folder: Path, day: int) -> Path:
    """The statement of a day, numbered by the bank."""
    lines = [given(cents, donor) for cents, donor in zip(AMOUNTS[day], DONORS, strict=False)]
    return Statement(73 + day, before(day), lines, DAYS[day]).write(folder)


def camt(folder: Path, first: int, last: int, lines: int | None = None) -> Path:
    """A file of some days, or of the first lines of one: what there was so far."""
    entries = [
        Ntry(cents, DAYS[day], (Tx(cents, "X", iban(7359999999), ogm=ogm(donor)),))
        for day in range(first, last + 1)
        for cents, donor in zip(AMOUNTS[day], DONORS, strict=False)
    ][:lines]
    path = folder / f"camt-{first}-{last}-{lines}.xml"
    statement = Stmt(entries[::-1], before(first), account=IBAN, sequence="", day=DAYS[last])
    path.write_bytes(encode([statement]))
    return path


def broken(obole: Obole) -> dict[int, list[str]]:
    """The invariants that do not hold, with what is said."""
    found = json.loads(obole("check", "--format", "json").output)["invariants"]
    return {one["number"]: one["faults"] for one in found if one["faults"]}


def undone(obole: Obole, name: str) -> str:
    """What is told of undoing a document."""
    told = obole("undo", name)
    assert told.exit_code == 0, told.output
    return told.output


def whole(obole: Obole, days: int, files: Sequence[Path] = ()) -> None:
    """Each line of the days once, `check` clean, and the files again change nothing."""
    lines = [(DAYS[day], cents) for day in range(days) for cents in AMOUNTS[day]]
    assert obole.bank_lines() == sorted(lines)
    assert obole.balance("550000") == before(days)
    assert broken(obole) == {}
    state = obole.state()
    if files:
        obole.takes_well(*files)
    assert obole.state() == state


def statements(obole: Obole) -> list[str]:
    return [name for name in obole.documents() if name.startswith(("coda", "camt"))]


def test_a_part_undone_that_closes_where_the_day_began_is_a_gap_once(ready: Obole, tmp_path: Path):
    """[ISO] 1000 to 1040, to 1000, to 1010: the middle one lacks between the others, not before the first too."""
    lines = [Ntry(40_00, DAYS[0]), Ntry(-40_00, DAYS[0], code="0101000"), Ntry(10_00, DAYS[0])]
    for number in (1, 2, 3):
        path = tmp_path / f"so-far-{number}.xml"
        path.write_bytes(encode([Stmt(lines[:number], 1_000_00, account=IBAN, sequence="", day=DAYS[0])]))
        ready.takes_well(path)
    first, middle, last = statements(ready)
    told = undone(ready, middle)
    assert f"{last} of 2025-03-12, which comes after it, then begins -40.00 EUR away: a gap in the account" in told
    assert f"{first} of" not in told
    assert list(broken(ready)) == [WHOLE]


# A day that came in parts: the lines so far, then the whole day, of which only the rest was new [ISO]


@pytest.mark.parametrize(
    ("first", "form", "again"),
    [
        (True, "coda", "the whole day"),
        (False, "coda", "the whole day"),  # whose number nobody has: it was taken whole, a second time
        (False, "camt", "the whole day"),  # whose rest has the name of the whole: it was taken for known
        (False, "coda", "the part"),
    ],
)
def test_the_first_part_of_a_day_undone_alone_is_a_gap(
    ready: Obole, tmp_path: Path, *, first: bool, form: str, again: str
):
    if not first:
        ready.takes_well(coda(tmp_path, 0))
    else:
        ready.takes_well(write_opening(tmp_path, before(1) - before(0)))
    day = coda(tmp_path, 1) if form == "coda" else camt(tmp_path, 1, 1)
    so_far = camt(tmp_path, 1, 1, 2)
    ready.takes_well(so_far)
    ready.takes_well(day)
    ready.takes_well(coda(tmp_path, 2))
    part, rest = statements(ready)[-3:-1]
    told = undone(ready, part)
    assert f"{rest} of 2025-03-14, which comes after it, then begins 50.00 EUR away: a gap in the account" in told
    found = broken(ready)
    assert list(found) == [WHOLE]  # a gap, and no difference that something was posted by hand
    assert f"undone, and to be imported again: {part}" in found[WHOLE][0]
    assert ready.bank_lines()[int(not first)][1] == 50_00  # the rest stands
    ready.takes_well(so_far if again == "the part" else day)
    lines = [(DAYS[day], cents) for day in ((1, 2) if first else (0, 1, 2)) for cents in AMOUNTS[day]]
    assert ready.bank_lines() == sorted(lines)  # none twice
    assert broken(ready) == {}
    assert ready.balance("550000") == before(3)
    state = ready.state()
    ready.takes_well(so_far, day)
    assert ready.state() == state


def write_opening(folder: Path, cents: int) -> Path:
    """A voucher that has the account begin higher."""
    headings = ("date", "account", "debit", "credit", "text", "document")
    amount = f"{cents / 100:.2f}"
    rows = [
        ("2025-01-01", "550000", amount, "", "Ouverture", "OUV-2"),
        ("2025-01-01", "100000", "", amount, "Ouverture", "OUV-2"),
    ]
    return write_csv(folder / "opening-2.csv", headings, rows)


def test_both_parts_of_a_day_undone_in_either_order_come_again(ready: Obole, tmp_path: Path):
    files = [coda(tmp_path, 0), camt(tmp_path, 1, 1, 2), coda(tmp_path, 1)]
    for path in files:
        ready.takes_well(path)
    part, rest = statements(ready)[-2:]
    undone(ready, part)
    assert "a gap in" not in undone(ready, rest)  # nothing comes after it
    assert broken(ready) == {}
    ready.takes_well(files[2])
    whole(ready, 2, files)


def test_a_statement_of_several_days_of_which_one_was_there_fills_the_gap_of_that_one(ready: Obole, tmp_path: Path):
    """The part that was new has the name of the whole statement: that it is known does not say that all is there."""
    ready.takes_well(coda(tmp_path, 0), camt(tmp_path, 1, 1), camt(tmp_path, 1, 2))
    undone(ready, statements(ready)[1])
    assert list(broken(ready)) == [WHOLE]
    ready.takes_well(camt(tmp_path, 1, 2))
    whole(ready, 3, [camt(tmp_path, 1, 1), camt(tmp_path, 1, 2)])


def test_the_rest_of_a_day_that_comes_with_the_next_days_is_no_difference(ready: Obole, tmp_path: Path):
    """The sequences found it (seed 4006): the day had more in the books than the one statement that closes on it."""
    ready.takes_well(coda(tmp_path, 0), camt(tmp_path, 1, 1, 2))
    ready.takes_well(camt(tmp_path, 1, 2))
    whole(ready, 3)
    undone(ready, statements(ready)[1])
    assert list(broken(ready)) == [WHOLE]


# In the middle of a chain, and at its beginning [F], [CODA]


def test_one_in_the_middle_is_named_with_what_was_undone_and_comes_again(ready: Obole, tmp_path: Path):
    files = [coda(tmp_path, day) for day in range(4)]
    ready.takes_well(*files)
    state = ready.state()
    dry = ready("undo", "coda-current-2025-074", "--dry-run").output
    assert ready.state() == state
    told = undone(ready, "coda-current-2025-074")
    assert dry.splitlines()[1] == told.splitlines()[1]  # it is said beforehand
    assert "coda-current-2025-075 of 2025-03-17, which comes after it, then begins 100.00 EUR away" in told
    assert "undone, and to be imported again: coda-current-2025-074" in broken(ready)[WHOLE][0]
    ready.takes_well(files[1])
    whole(ready, 4, files)


def test_two_in_a_row_are_one_gap_which_a_longer_period_fills(ready: Obole, tmp_path: Path):
    ready.takes_well(*(coda(tmp_path, day) for day in range(4)))
    undone(ready, "coda-current-2025-075")
    told = undone(ready, "coda-current-2025-074")
    assert "coda-current-2025-076 of 2025-03-19, which comes after it, then begins 105.00 EUR away" in told
    (said,) = broken(ready)[WHOLE]
    assert "undone, and to be imported again: coda-current-2025-074, coda-current-2025-075" in said
    ready.takes_well(camt(tmp_path, 0, 3))
    whole(ready, 4)


def test_the_first_of_an_account_is_a_gap_too(ready: Obole, tmp_path: Path):
    files = [coda(tmp_path, day) for day in range(3)]
    ready.takes_well(*files)
    undone(ready, "coda-current-2025-073")
    undone(ready, "coda-current-2025-074")
    found = broken(ready)
    assert list(found) == [WHOLE]
    assert (
        "110.00 EUR away; undone, and to be imported again: coda-current-2025-073, coda-current-2025-074"
        in found[WHOLE][0]
    )
    report = ready("report", "balance-sheet", "--year", "2025")
    assert report.exit_code == 0, report.output  # made all the same; it is not final
    ready.takes_well(*files[:2])
    whole(ready, 3, files)


def test_a_first_statement_that_was_wrong_is_not_asked_for_again(ready: Obole, tmp_path: Path):
    """[WER] The wrong file is undone, the right one has other figures: nothing is missing."""
    wrong = Statement(73, 1_001_00, [given(9_00, 1)], DAYS[0]).write(tmp_path)
    ready.takes(wrong)
    undone(ready, statements(ready)[-1])
    ready.takes_well(coda(tmp_path, 0), coda(tmp_path, 1))
    assert broken(ready) == {}


def test_a_difference_that_no_undone_statement_explains_stays_one(ready: Obole, tmp_path: Path):
    """[D] Something posted by hand is no gap, whatever was undone before it."""
    ready.takes_well(*(coda(tmp_path, day) for day in range(3)), write_opening(tmp_path, 1_00))
    undone(ready, "coda-current-2025-073")
    assert EQUAL in broken(ready)


def test_pages_of_one_statement_are_undone_as_one_and_come_again(ready: Obole, tmp_path: Path):
    """[ISO] Two files that are pages of a statement are one document, whichever is named."""
    files = []
    for number, (cents, donor) in enumerate(((20_00, 1), (80_00, 2)), 1):
        statement = Stmt(
            [Ntry(cents, DAYS[1], (Tx(cents, "X", iban(7359999999), ogm=ogm(donor)),))],
            before(1) + (20_00 if number == 2 else 0),
            account=IBAN,
            sequence="74",
            id="S-74",
            day=DAYS[1],
        )
        text = encode([statement], page=(number, number == 2)).decode()
        for code in ("CLBD",) if number == 1 else ("OPBD",):
            text = text.replace(f"<Cd>{code}</Cd>", "<Cd>ITBD</Cd>")
        files.append(tmp_path / f"page{number}.xml")
        files[-1].write_text(text)
    ready.takes_well(coda(tmp_path, 0))
    ready.takes_well(*files)
    ready.takes_well(coda(tmp_path, 2))
    joined = statements(ready)[1:-1]
    for name in joined:
        undone(ready, name)
    assert list(broken(ready)) == [WHOLE]
    ready.takes_well(*files)
    assert ready.bank_lines() == sorted([(DAYS[0], 10_00), (DAYS[1], 20_00), (DAYS[1], 80_00), (DAYS[2], 5_00)])
    assert broken(ready) == {}


# Details, and totals that they split [CODA], [ISO]


TOTAL = Ntry(80_00, DAYS[0], (), code="1150000", block="LOT-1")
PARTS = (
    Tx(30_00, "X", iban(7359999999), ogm=ogm(1)),
    Tx(50_00, "X", iban(7359999999), ogm=ogm(2)),
)


def of_total(folder: Path) -> tuple[Path, Path]:
    """A statement of a total alone, and the details that come apart."""
    bare, details = folder / "bare.xml", folder / "details.xml"
    bare.write_bytes(encode([Stmt([TOTAL], 1_000_00, account=IBAN, sequence="73", day=DAYS[0])]))
    split = replace(TOTAL, details=PARTS)
    details.write_bytes(encode([Stmt([split], 0, account=IBAN, sequence="", day=DAYS[0])], kind="054"))
    return bare, details


def test_details_undone_let_their_total_wait_again_and_split_it_again(ready: Obole, tmp_path: Path):
    bare, details = of_total(tmp_path)
    ready.takes_well(bare)
    ready.takes_well(details)
    assert ready.given_by() == {"D0001": 30_00, "D0002": 50_00}
    by = next(name for name in ready.documents() if name.startswith("details"))
    assert "a gap in" not in undone(ready, by)
    assert [item.cents for item in ready.waiting()] == [80_00]
    assert broken(ready) == {}
    ready.takes_well(details)
    assert ready.given_by() == {"D0001": 30_00, "D0002": 50_00}
    assert ready.waiting() == []
    assert broken(ready) == {}


def test_a_total_whose_details_came_is_undone_after_them(ready: Obole, tmp_path: Path):
    bare, details = of_total(tmp_path)
    ready.takes_well(bare)
    ready.takes_well(details)
    statement, by = (next(n for n in ready.documents() if n.startswith(kind)) for kind in ("camt", "details"))
    refused = ready("undo", statement)
    assert refused.exit_code == 1
    assert f"line 1 was assigned by {by}; undo that first" in refused.output
    undone(ready, by)
    undone(ready, statement)
    assert (ready.given_by(), ready.waiting(), broken(ready)) == ({}, [], {})
    ready.takes_well(bare, details)
    assert ready.given_by() == {"D0001": 30_00, "D0002": 50_00}
    assert broken(ready) == {}


# Direct debits, source [F]


def test_a_collection_is_withdrawn_only_once_its_credit_is_undone(ready: Obole, tmp_path: Path):
    headings = ("mandate", "donor", "iban", "signed", "amount", "months", "first_due")
    rows = [("M-2", "D0002", iban(7350000002), "2024-11-10", "15.00", "1", "2025-01-05")]
    ready.takes_well(write_csv(tmp_path / "pledges.csv", headings, rows))
    assert ready("collect", "--month", "2025-03").exit_code == 0
    ((reference, debit),) = ready.debits()
    total = Line(15_00, "10550000", reference=reference)
    credit = Statement(73, 1_000_00, [(total, [collected(15_00, "M-2", debit.end_to_end)])], DAYS[0])
    ready.takes_well(credit.write(tmp_path))
    assert "the bank has credited or rejected some of it" in ready("undo", "collection-2025-03-1").output
    undone(ready, credit.document)
    assert ready.given_by() == {}
    withdrawn = ready("undo", "collection-2025-03-1")
    assert withdrawn.exit_code == 0, withdrawn.output
    assert broken(ready) == {}
    told = ready.takes_well(credit.write(tmp_path)).output
    assert "was withdrawn here and sent to the bank all the same: 15.00 EUR of it arrive" in told
    assert ready.given_by() == {"D0002": 15_00}
    assert broken(ready) == {}


def test_a_credit_undone_between_two_statements_keeps_the_collection_sent(ready: Obole, tmp_path: Path):
    credit = Statement(73, 1_000_00, [collection(collected(60_00, "M-2", "E-1"))], DAYS[0])
    back = Statement(74, 1_060_00, [given(5_00, 1)], DAYS[1])
    ready.takes_well(credit.write(tmp_path), back.write(tmp_path))
    undone(ready, credit.document)
    assert list(broken(ready)) == [WHOLE]
    ready.takes_well(credit.write(tmp_path))
    assert ready.given_by() == {"D0002": 60_00, "D0001": 5_00}
    assert broken(ready) == {}
