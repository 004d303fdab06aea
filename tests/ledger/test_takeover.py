"""Balances of another software as entries, worked out by hand: what is posted, and how a result is carried to 14."""

from datetime import date
from pathlib import Path

import pytest
from invented import insert, movement, record, register_in
from sqlalchemy import Connection

from ledger.journal import Entry, Line
from ledger.records import DocumentKind
from ledger.register.documents import insert_undone
from ledger.register.openings import (
    OPENING_TAG,
    StandingOpening,
    balances_at,
    opened_in,
    opening_lines,
    opening_rows,
    standing_openings,
)
from ledger.takeover import CarryAccounts, Takeover, takeover_entries
from ledger.wording import word

ACCOUNTS = CarryAccounts("140000")
END = date(2024, 12, 31)
PROFIT = {"731100": -80_00, "610000": 20_00, "550000": 100_00, "140000": -40_00}  # 60.00 on top of 40.00
LOSS = {"610000": 20_00, "550000": 50_00, "140000": 30_00, "100000": -100_00}  # 20.00 on top of 30.00 lost
CARRIED = {"692000": 100_00, "731100": -120_00, "610000": 20_00, "550000": 100_00, "140000": -100_00}
CLOSED = {"550000": 100_00, "140000": -100_00}


def told(balances: dict[str, int], day: date = END, until: date | None = None) -> list[tuple[str, str, dict[str, int]]]:
    entries = takeover_entries(Takeover(day, balances), ACCOUNTS, "en", until)
    assert {entry.tags for entry in entries} <= {(OPENING_TAG,)}
    for entry in entries:
        assert sum(line.cents for line in entry.lines) == 0
        assert [line.account for line in entry.lines] == sorted(line.account for line in entry.lines)
    words = {word(name, "en"): name for name in ("opening", "carried", "carried-out")}
    return [
        (entry.day.isoformat(), words[entry.narration], {line.account: line.cents for line in entry.lines})
        for entry in entries
    ]


def figures(of: Takeover) -> tuple[object, ...]:
    return of.result, of.left, of.carried_before, of.carried, of.debits, of.has_result, of.appropriates


@pytest.mark.parametrize(
    ("balances", "expected"),
    [
        (PROFIT, (60_00, 60_00, 40_00, 100_00, 120_00, True, False)),
        (LOSS, (-20_00, -20_00, -30_00, -50_00, 100_00, True, False)),
        (CARRIED, (100_00, 0, 0, 100_00, 220_00, True, True)),
        (CLOSED, (0, 0, 100_00, 100_00, 100_00, False, False)),
        # 30.00 of 100.00 went to a fund: what its own appropriation does not take is 70.00.
        (
            {"691000": 30_00, "130000": -30_00, "731100": -100_00, "550000": 100_00},
            (100_00, 70_00, 0, 70_00, 130_00, True, True),
        ),
        ({"790000": -5_00, "140000": 5_00}, (0, 5_00, 0, 0, 5_00, True, True)),
    ],
)
def test_a_balance_says_its_result_and_what_is_carried(balances: dict[str, int], expected: tuple[object, ...]):
    assert figures(Takeover(END, balances)) == expected


def test_only_the_last_day_of_a_year_ends_one():
    days = (END, date(2024, 12, 30), date(2024, 10, 31), date(2025, 1, 1))
    assert [Takeover(day, PROFIT).ends_year for day in days] == [True, False, False, False]
    assert Takeover(date(2024, 6, 30), PROFIT).carried == 40_00, "the result of half a year is not carried"


def test_a_profit_is_carried_to_what_was_carried_before():
    assert told(PROFIT) == [
        ("2024-12-31", "opening", PROFIT),
        ("2024-12-31", "carried", {"140000": -60_00, "692000": 100_00, "790000": -40_00}),
    ]


def test_a_loss_is_carried_to_what_was_lost_before():
    assert told(LOSS)[1:] == [
        ("2024-12-31", "carried", {"140000": 20_00, "690000": 30_00, "792000": -50_00}),
    ]


@pytest.mark.parametrize(
    ("before", "result", "lines"),
    [
        (-1, -1, {"140000": -1, "692000": 2, "790000": -1}),  # a cent of profit on a cent of profit
        (1, -2, {"140000": -2, "690000": 1, "692000": 1}),
        (-1, 2, {"140000": 2, "790000": -1, "792000": -1}),
        (0, -1, {"140000": -1, "692000": 1}),
        (-1, 1, {"140000": 1, "790000": -1}),
    ],
)
def test_a_cent_is_carried_as_well(before: int, result: int, lines: dict[str, int]):
    balances = {"140000": before, "731100": result, "550000": -before - result}
    assert told(balances)[-1] == ("2024-12-31", "carried", lines)


@pytest.mark.parametrize(
    ("balances", "day"), [(CARRIED, END), (CLOSED, END), (PROFIT, date(2024, 6, 30)), (PROFIT, date(2024, 12, 30))]
)
def test_what_is_appropriated_or_has_no_year_is_only_posted(balances: dict[str, int], day: date):
    assert told(balances, day) == [(day.isoformat(), "opening", balances)]


def test_the_year_before_is_taken_out_with_what_was_carried():
    assert told(PROFIT, until=date(2025, 1, 1))[2:] == [
        ("2025-01-01", "carried-out", {"140000": 100_00, "550000": -100_00}),
    ]
    assert told(CLOSED, until=date(2025, 1, 1))[1:] == [
        ("2025-01-01", "carried-out", {"140000": 100_00, "550000": -100_00}),
    ]
    first = {"731100": -80_00, "550000": 80_00}  # nothing on 14 yet
    assert told(first, until=date(2025, 1, 1))[2:] == [
        ("2025-01-01", "carried-out", {"140000": 80_00, "550000": -80_00}),
    ]


def test_a_balance_of_nothing_posts_nothing():
    assert told({"550000": 0, "140000": 0}, until=date(2025, 1, 1)) == []


# In the register


def enter(connection: Connection, name: str, kind: DocumentKind, *entries: Entry, day: date = END) -> int:
    return insert(connection, record(name, day, kind=kind, file_digest=f"file-{name}"), opening_rows(entries))


def opening(day: date, tags: tuple[str, ...] = (OPENING_TAG,), **amounts: int) -> Entry:
    return Entry(day, "x", tuple(Line(code.removeprefix("a"), cents) for code, cents in amounts.items()), tags=tags)


def test_each_line_of_an_opening_is_a_row_in_order():
    rows = opening_rows(
        [
            opening(END, a550000=5, a140000=-5),
            opening(END, ("gift",), a1=1),
            opening(date(2025, 1, 1), a140000=5, a550000=-5),
        ]
    )
    assert [(row.position, row.booked, row.account, row.cents, row.outcome) for row in rows] == [
        (1, "2024-12-31", "550000", 5, "opening"),
        (2, "2024-12-31", "140000", -5, "opening"),
        (3, "2025-01-01", "140000", 5, "opening"),
        (4, "2025-01-01", "550000", -5, "opening"),
    ]
    assert {(row.parent, row.value, row.code, row.reference, row.mandate, row.reason) for row in rows} == {
        (None, None, "", None, None, None)
    }


@pytest.mark.usefixtures("stores")
def test_openings_are_summed_by_year_and_until_a_day(tmp_path: Path):
    later = date(2025, 1, 1)
    with register_in(tmp_path).begin() as connection:
        second = enter(connection, "opening-2024", DocumentKind.OPENING, opening(END, a550000=5_00, a140000=-5_00))
        enter(connection, "opening-2023", DocumentKind.OPENING, opening(END, a550000=2_00, a140000=-2_00),
              opening(later, a550000=-2_00, a140000=2_00), day=date(2023, 12, 31))  # fmt: skip
        enter(connection, "journal", DocumentKind.JOURNAL, opening(END, a550000=9_00))
        insert(connection, record("opening-gift", kind=DocumentKind.OPENING), [movement()])
        assert opened_in(connection, 2024) == {"550000": 7_00, "140000": -7_00}
        assert opened_in(connection, 2025) == {"550000": -2_00, "140000": 2_00}
        assert opened_in(connection, 2023) == {}
        assert balances_at(connection, date(2024, 12, 30)) == {}
        assert balances_at(connection, END) == {"550000": 7_00, "140000": -7_00}
        assert balances_at(connection, later) == {"550000": 5_00, "140000": -5_00}
        standing = [StandingOpening("opening-2023", date(2023, 12, 31), "file-opening-2023"),
                    StandingOpening("opening-2024", END, "file-opening-2024")]  # fmt: skip
        assert standing_openings(connection)[:2] == standing
        undo = enter(connection, "undo", DocumentKind.UNDO, opening(END, a550000=-5_00, a140000=5_00))
        insert_undone(connection, second, undo)
        assert standing_openings(connection)[:1] == standing[:1]
        assert "opening-2024" not in [one.name for one in standing_openings(connection)]
        assert balances_at(connection, later) == {}
        assert [(one.document, one.day, one.account, one.cents) for one in opening_lines(connection)][-2:] == [
            ("undo", END, "550000", -5_00),
            ("undo", END, "140000", 5_00),
        ]
