"""Where new lines of a statement fall among posted ones, and whether the balances lead from one to the next."""

from dataclasses import replace
from datetime import date

import pytest
from test_overlap import amounts, day, known, statement

from importers.bank.overlap import _by_gap, _fits, _leads_on, _surplus, continues, new_parts
from ledger.records import DocumentKind

ONE = replace(known(statement(10, [(2, 10)], sequence="001")), name="one")  # 10 to 20 on day 2
TWO = replace(known(statement(30, [(5, 10)], sequence="002")), name="two")  # 30 to 40 on day 5


@pytest.mark.parametrize(
    ("last", "place", "closing", "new", "leads"),
    [
        (6, 0, 99, False, True),
        (6, 0, 10, True, True),
        (6, 0, 11, True, False),
        (6, 1, 30, False, True),
        (6, 1, 20, False, False),
        (5, 1, 20, False, False),
        (4, 1, 20, False, True),
        (4, 1, 20, True, False),
        (6, 1, 30, True, True),
        (6, 1, 31, True, False),
        (6, 2, 50, True, True),
        (6, 2, 49, True, False),
        (6, 2, 49, False, False),
        (5, 2, 49, False, False),
        (4, 2, 50, False, True),
        (4, 2, 50, True, False),
        (None, 1, 20, False, False),
        (None, 2, 50, True, True),
        (None, 2, 49, True, False),
    ],
)
def test_a_gap_leads_to_what_follows_it(last: int | None, place: int, closing: int, new: bool, leads: bool):
    made = replace(statement(0, [], closing=50), closing_date=None if last is None else day(last))
    assert _leads_on(made, [ONE, TWO], place, closing, new=new) is leads


@pytest.mark.parametrize(
    ("late", "gaps"), [(False, [[1, 2], [3, 5], [6]]), (True, [[1], [2, 3], [5, 6]])]
)  # fmt: skip
def test_a_line_falls_before_or_behind_the_statement_that_closes_on_its_day(late: bool, gaps: list[list[int]]):
    lines = statement(0, [(number, 1) for number in (1, 2, 3, 5, 6)]).booked
    found = _by_gap(lines, [ONE, TWO], late=late)
    assert [[movement.booked for movement in gap] for gap in found] == [[day(one) for one in gap] for gap in gaps]


def test_of_equal_lines_the_last_ones_are_new():
    made = statement(0, [(2, 7), (1, 10), (1, 10), (1, 10), (2, 5)])
    posted = [known(statement(0, [(1, 10), (2, 5)])), known(statement(0, [(1, 10), (3, 7)]))]
    assert [movement.position for movement in _surplus(made, posted, strict=True).lines] == [4, 1]


@pytest.mark.parametrize(
    ("sequence", "lines", "goes_on"),
    [
        ("003", [(5, 1), (6, 1)], True),
        ("003", [(4, 1), (6, 1)], False),
        ("002", [(5, 1)], False),
        ("004", [(5, 1)], False),
        ("", [(5, 1)], False),
    ],
)
def test_a_statement_goes_on_with_all_its_lines_where_the_last_one_closed(
    sequence: str, lines: list[tuple[int, int]], goes_on: bool
):
    made = statement(40, lines, kind=DocumentKind.CAMT, sequence=sequence)
    assert continues(made, [ONE, TWO]) is goes_on
    assert not continues(made, [ONE, replace(TWO, sequence="")])
    assert new_parts(made, [], None) == (made,)


@pytest.mark.parametrize(
    ("lines", "last", "fits"),
    [
        ([(2, 5), (3, 5)], 4, True),
        ([(1, 5), (3, 5)], 4, False),
        ([(1, 10)], 4, False),
        ([], 4, True),
        ([], 2, True),
        ([], 1, False),
    ],
)
def test_a_statement_fits_behind_another_from_its_first_line_on(lines: list[tuple[int, int]], last: int, fits: bool):
    """20 on day 2, 30 on day 5; without lines the day it closes on counts."""
    made = replace(statement(20, lines, last=last), closing=30)
    assert _fits(made, [TWO], ONE) is fits
    assert _fits(made, [ONE, TWO], None) is fits


def test_a_statement_fits_before_all_where_nothing_came_before_it():
    made = statement(0, [(1, 10)])
    assert _fits(made, [ONE], None)
    assert not _fits(made, [ONE], known(statement(5, [(0, 1)])))
    assert not _fits(replace(made, closing=11), [ONE], None)
    assert _fits(statement(40, [(5, 1)]), [ONE, TWO], None)
    assert not _fits(replace(statement(40, []), closing_date=None), [TWO], None)


def test_a_part_of_the_day_a_statement_closes_on_comes_behind_its_number():
    whole = replace(statement(10, [(2, 10), (2, 3)], sequence="9"), closing=23)
    (part,) = new_parts(whole, [ONE], None)
    assert amounts([part]) == [[(day(2), 3)]]
    assert (part.sequence, part.opening_date, part.closing_date) == ("001+", day(2), day(2))
    assert [movement.position for movement in part.movements] == [2]
    (later,) = new_parts(replace(statement(10, [(2, 10), (3, 3)], sequence="9"), closing=23), [ONE], None)
    assert (later.sequence, later.opening_date, later.closing_date) == ("9", day(2), day(3))


def test_lines_of_a_day_may_come_before_the_statement_that_closes_on_it():
    whole = statement(4, [(2, 6), (2, 10)], sequence="9")
    (part,) = new_parts(whole, [ONE], None)
    assert (part.opening, part.closing, part.sequence, part.closing_date) == (4, 10, "9", day(2))
    before = replace(known(statement(0, [(1, 4)])), sequence="000")
    (behind,) = new_parts(whole, [ONE], before)
    assert (behind.sequence, behind.opening_date) == ("000+", day(1))


def test_a_statement_with_nothing_posted_of_its_days_keeps_all_its_lines():
    whole = statement(20, [(3, 4), (4, 6)], sequence="9")
    (part,) = new_parts(whole, [ONE, TWO], None)
    assert part.movements == whole.movements
    assert (part.opening, part.closing, part.sequence, part.closing_date) == (20, 30, "001+", date(2025, 1, 5))


def test_lines_that_only_together_fill_a_gap_of_the_day_fill_it():
    """By hand: 40 came, then -25 and 40 in a part that was undone, then 40; the day again, its last line new: -25.

    One by one in this order -25, -25 and 40 would overshoot what is missing, 15, in the gap.
    """
    first = replace(known(statement(0, [(2, 40)])), name="first")
    third = replace(known(statement(55, [(2, 41)])), name="third")
    made = statement(0, [(2, -25), (2, -25), (2, 40), (2, 41), (2, 40)])
    (second, fourth) = new_parts(made, [first, third], None)
    assert (second.opening, second.closing, sorted(one.cents for one in second.booked)) == (40, 55, [-25, 40])
    assert (fourth.opening, fourth.closing, [one.cents for one in fourth.booked]) == (96, 71, [-25])
