"""What is new of a statement that shares days with others: each euro once, whatever the cuts and the order."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importers.bank.identity import mark_of
from importers.bank.overlap import Contradicts, PostedLine, PostedStatement, _fits, continues, new_parts
from importers.bank.records import Movement, Statement
from ledger.records import DocumentKind

START = date(2025, 1, 1)
ACCOUNT = "BE47435000000080"


def day(number: int) -> date:
    return START + timedelta(days=number)


def statement(
    opening: int,
    lines: Sequence[tuple[int, int]],
    last: int | None = None,
    *,
    kind: DocumentKind = DocumentKind.CAMT,
    sequence: str = "",
    closing: int | None = None,
) -> Statement:
    """`lines` are (day, cents)."""
    movements = tuple(
        Movement(position, None, day(number), None, cents, "00150000")
        for position, (number, cents) in enumerate(lines, 1)
    )
    total = opening + sum(cents for _, cents in lines)
    end = day(max((number for number, _ in lines), default=0) if last is None else last)
    return Statement(
        ACCOUNT,
        "EUR",
        opening,
        None,
        total if closing is None else closing,
        end,
        sequence,
        movements,
        kind=kind,
    )


def known(posted: Statement) -> PostedStatement:
    lines = tuple(PostedLine(movement.booked, movement.cents, mark_of(movement)) for movement in posted.booked)
    assert posted.closing_date is not None
    return PostedStatement(
        "one", posted.kind, posted.sequence, posted.opening, posted.closing, posted.closing_date, lines
    )  # fmt: skip


def amounts(parts: Sequence[Statement]) -> list[list[tuple[date, int]]]:
    return [[(movement.booked, movement.cents) for movement in part.booked] for part in parts]


def test_the_same_day_in_another_format_brings_nothing():
    coda = statement(0, [(1, 10), (1, 10), (1, -4)], kind=DocumentKind.CODA, sequence="001")
    assert new_parts(statement(0, [(1, -4), (1, 10), (1, 10)]), [known(coda)], None) == ()


def test_a_day_without_a_net_movement_is_not_taken_for_its_sequel():
    coda = statement(100, [(1, 10), (1, -10)], kind=DocumentKind.CODA, sequence="001")
    assert new_parts(statement(100, [(1, 10), (1, -10)]), [known(coda)], None) == ()


def test_the_next_statement_of_the_same_day_is_new_though_it_has_the_same_lines():
    first = statement(0, [(1, 10)], sequence="001")
    second = statement(10, [(1, 10)], sequence="002")
    assert new_parts(second, [known(first)], None) == (second,)


def test_of_a_longer_period_the_days_after_are_new():
    first = statement(0, [(1, 10), (2, 20)], kind=DocumentKind.CODA, sequence="001")
    (part,) = new_parts(statement(0, [(1, 10), (2, 20), (3, 20), (4, -5)]), [known(first)], None)
    assert amounts([part]) == [[(day(3), 20), (day(4), -5)]]
    assert (part.opening, part.closing, part.closing_date) == (30, 45, day(4))


def test_a_third_equal_gift_of_a_day_is_new():
    first = statement(0, [(1, 10), (1, 10)], kind=DocumentKind.CODA, sequence="001")
    (part,) = new_parts(statement(0, [(1, 10), (1, 10), (1, 10)]), [known(first)], None)
    assert amounts([part]) == [[(day(1), 10)]]
    assert (part.opening, part.closing) == (20, 30)
    assert part.sequence > "001"


def test_gaps_between_statements_are_filled_each_by_a_part_of_its_own():
    one = statement(0, [(1, 10)], kind=DocumentKind.CODA, sequence="001")
    three = statement(30, [(5, 30)], kind=DocumentKind.CODA, sequence="003")
    whole = statement(0, [(1, 10), (2, 15), (3, 5), (5, 30), (6, 7)])
    parts = new_parts(whole, [known(one), known(three)], None)
    assert amounts(parts) == [[(day(2), 15), (day(3), 5)], [(day(6), 7)]]
    assert [(part.opening, part.closing) for part in parts] == [(10, 30), (60, 67)]


def test_details_go_with_their_total():
    total = Movement(1, None, day(2), None, 30, "20150000")
    details = [Movement(2, 1, day(2), None, 10, "60150000"), Movement(3, 1, day(2), None, 20, "60150000")]
    later = statement(0, [(1, 10)], kind=DocumentKind.CODA, sequence="001")
    both = Statement(
        ACCOUNT,
        "EUR",
        0,
        None,
        40,
        day(2),
        "",
        (total, *details, Movement(4, None, day(1), None, 10, "00150000")),
        kind=DocumentKind.CAMT,
    )
    (part,) = new_parts(both, [known(later)], None)
    assert part.movements == (total, *details)


@pytest.mark.parametrize(
    "other",
    [
        statement(0, [(1, 11), (2, 20)]),
        statement(0, [(1, 10), (2, 20)], closing=31),
        statement(5, [(1, 10), (2, 20), (3, 1)]),
        statement(0, [(2, 20), (3, 1)]),
    ],
    ids=["another amount", "another balance", "another opening", "a line less"],
)
def test_what_does_not_agree_is_refused_with_the_difference(other: Statement):
    first = statement(0, [(1, 10), (2, 20)], kind=DocumentKind.CODA, sequence="001")
    with pytest.raises(Contradicts, match=r"does not agree with it: .* EUR away"):
        new_parts(other, [known(first)], None)


def test_the_difference_is_what_the_new_lines_leave_open():
    """After 100 come the new lines of 7 and 5: 112 is expected, 150 is said, 38 is the difference."""
    first = statement(0, [(1, 100)], kind=DocumentKind.CODA, sequence="001")
    other = statement(0, [(1, 100), (2, 7), (2, 5)], closing=150)
    with pytest.raises(Contradicts) as refused:
        new_parts(other, [known(first)], None)
    assert str(refused.value).startswith(
        "shares days with one and does not agree with it: new lines: 2 of 3, and after them its closing balance "
        "is 0.38 EUR away"
    )


def test_the_difference_from_several_names_the_first_and_the_last():
    first, second = (statement(0, [(number, 100)], sequence=f"00{number}") for number in (1, 2))
    posted = [replace(known(first), name="a"), replace(known(second), name="b")]
    with pytest.raises(Contradicts, match="shares days with a to b and does not agree"):
        new_parts(statement(0, [(1, 3), (2, 4)], closing=900), posted, None)


def test_a_part_says_where_it_begins_and_after_which_statement_it_comes():
    one = statement(0, [(1, 10)], kind=DocumentKind.CODA, sequence="001")
    three = statement(30, [(5, 30)], kind=DocumentKind.CODA, sequence="003")
    whole = statement(0, [(1, 10), (2, 15), (3, 5), (5, 30), (6, 7)], sequence="9")
    whole = replace(whole, opening_date=day(0))
    first, second = new_parts(whole, [known(one), known(three)], None)
    assert (first.opening_date, first.closing_date, first.sequence) == (day(1), day(3), "001+")
    assert (second.opening_date, second.closing_date, second.sequence) == (day(5), day(6), "9")


def test_a_part_before_all_others_begins_with_the_statement():
    later = statement(15, [(3, 10)], kind=DocumentKind.CODA, sequence="002")
    (part,) = new_parts(replace(statement(0, [(1, 15), (3, 10)]), opening_date=day(0)), [known(later)], None)
    assert amounts([part]) == [[(day(1), 15)]]
    assert (part.opening, part.closing, part.opening_date, part.closing_date) == (0, 15, day(0), day(1))
    earlier = replace(known(statement(0, [(0, 0)], sequence="000")), closing_date=day(0))
    (after,) = new_parts(statement(0, [(1, 15), (3, 10)]), [known(later)], earlier)
    assert after.opening_date == day(0)
    assert after.sequence == "000+"


def test_lines_after_the_end_of_a_longer_statement_contradict_it():
    long = statement(0, [(1, 10)], last=9, sequence="001")
    with pytest.raises(Contradicts):
        new_parts(statement(0, [(1, 10), (9, 5)], last=8), [known(long)], None)
    assert new_parts(statement(0, [(1, 10)], last=5), [known(long)], None) == ()


@pytest.mark.parametrize(
    ("opening", "lines", "fits"),
    [
        (100, [(3, 50)], True),
        (100, [(2, 50)], True),
        (100, [(1, 50)], False),
        (99, [(3, 50)], False),
    ],
)
def test_a_statement_fits_as_it_is_between_two_whose_balances_it_joins(
    opening: int, lines: list[tuple[int, int]], fits: bool
):
    """Posted: until day 2 at 100, and from 150 on day 5."""
    before, after = known(statement(60, [(2, 40)], sequence="001")), known(statement(150, [(5, 1)], sequence="003"))
    new = statement(opening, lines, last=4)
    assert _fits(new, [after], before) is fits
    assert _fits(new, [before], None) is fits, "nothing comes after it"
    assert _fits(replace(new, closing=150), [after], None), "nothing came before it"
    assert not _fits(replace(new, closing=151), [after], None)


@pytest.mark.parametrize(
    ("kind", "sequence", "opening", "first", "goes_on"),
    [
        (DocumentKind.CAMT, "002", 10, 1, True),
        (DocumentKind.CAMT, "003", 10, 1, False),
        (DocumentKind.CAMT, "001", 10, 1, False),
        (DocumentKind.CAMT, "x", 10, 1, False),
        (DocumentKind.CODA, "002", 10, 1, False),
        (DocumentKind.CAMT, "002", 11, 1, False),
        (DocumentKind.CAMT, "002", 10, 0, False),
    ],
)
def test_the_next_number_of_the_bank_goes_on_where_the_last_closed(
    kind: DocumentKind, sequence: str, opening: int, first: int, goes_on: bool
):
    posted = known(statement(0, [(1, 10)], sequence="001"))
    assert continues(statement(opening, [(first, 10)], 1, kind=kind, sequence=sequence), [posted]) is goes_on


gifts = st.lists(st.tuples(st.integers(0, 12), st.sampled_from([5, 10, 10, 20, -5, -10])), min_size=1, max_size=30)


@given(lines=gifts, data=st.data())
def test_any_cuts_in_any_order_find_each_line_once(lines: list[tuple[int, int]], data: st.DataObject):
    """Statements of whole days, some twice, some longer than others, taken in any order."""
    lines = sorted(lines)
    balances = dict(zip(range(13), _balances(lines), strict=True))
    spans = data.draw(
        st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)).map(sorted), min_size=1, max_size=6), "spans"
    )
    spans.append([0, 12])
    posted: list[Statement] = []
    for first, last in data.draw(st.permutations(spans), "order"):
        inside = [line for line in lines if first <= line[0] <= last]
        opening = balances[first - 1] if first else 0
        new = statement(opening, inside, last)
        posted.sort(key=lambda one: (one.closing_date, one.sequence))
        days = [movement.booked for movement in new.booked] or [day(last)]
        shared = [one for one in posted if _shares(one, min(days), day(last))]
        place = (shared[0].closing_date, shared[0].sequence) if shared else (min(days), "")
        before = [one for one in posted if (one.closing_date, one.sequence) < place]
        posted += new_parts(new, list(map(known, shared)), known(before[-1]) if before else None)
    found = sorted((movement.booked, movement.cents) for one in posted for movement in one.booked)
    assert found == [(day(number), cents) for number, cents in lines]
    posted.sort(key=lambda one: (one.closing_date, one.sequence))
    for one in posted:
        assert one.opening + sum(movement.cents for movement in one.booked) == one.closing


def _balances(lines: list[tuple[int, int]]) -> list[int]:
    return list(accumulate(sum(cents for number, cents in lines if number == one) for one in range(13)))


def _shares(one: Statement, first: date, last: date) -> bool:
    days = [movement.booked for movement in one.booked]
    assert one.closing_date is not None
    return one.closing_date >= first and min([*days, one.closing_date]) <= last
