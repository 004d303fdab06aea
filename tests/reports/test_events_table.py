"""What an event brought, by figures that add up in one's head."""

from datetime import date

from beancount.core import data
from report_books import accounts, entry

from reports.events import EventPart, EventResult, event_results, events_table
from reports.tables import RowKind

PARTS = {
    "7311": EventPart.GIFTS,
    "7432": EventPart.TICKETS,
    "7431": EventPart.SPONSORING,
    "490": EventPart.LATER,
    "493": EventPart.LATER,
}


def of_event(key: str, day: date, amounts: dict[str, int], **meta: str) -> data.Transaction:
    """A transaction of which every line carries the event as its project."""
    made = entry(day, amounts)
    postings = [one._replace(meta={"project": key}) for one in made.postings]
    return made._replace(postings=postings, meta={**made.meta, **meta})


BALL = {"event": "ball", "event-name": "Ball", "event-date": "2026-02-01"}
BOOKS = [
    of_event("ball", date(2025, 12, 1), {"570": 10_00, "493": -10_00}, **BALL),
    of_event("ball", date(2025, 12, 2), {"490": 4_00, "440": -4_00}, **BALL),
    of_event("ball", date(2026, 1, 1), {"493": 10_00, "743": -10_00}, **BALL),
    of_event("ball", date(2026, 2, 1), {"570": 3_00, "7311": -3_00}, **BALL),
    of_event("wells", date(2026, 2, 1), {"616": 9_00, "440": -9_00}),  # a project that is no event
    entry(date(2026, 2, 1), {"616": 5_00, "440": -5_00}),
]


def test_an_event_counts_over_all_years_or_in_one():
    held = date(2026, 2, 1)
    assert event_results(BOOKS, accounts(), PARTS) == (
        EventResult("ball", "Ball", held, gifts=3_00, sales=10_00, later=-4_00),
    )
    assert event_results(BOOKS, accounts(), PARTS, 2025) == (EventResult("ball", "Ball", held, later=6_00),)
    assert event_results(BOOKS, accounts(), PARTS, 2024) == ()


def test_what_was_taken_back_leaves_no_event():
    back = of_event("ball", date(2025, 12, 1), {"570": -10_00, "493": 10_00})
    assert event_results([BOOKS[0], back], accounts(), PARTS) == ()


def test_a_day_that_cannot_be_read_is_left_empty_and_the_charge_of_a_gift_in_kind_counts():
    made = entry(date(2026, 3, 1), {"616": 8_00, "7311": -8_00})
    meta = {"project": "sale", "channel": "in-kind"}
    first, second = made.postings
    given = made._replace(postings=[first, second._replace(meta=meta)])
    [one] = event_results([given, of_event("sale", date(2026, 3, 2), {}, event="sale")], accounts(), PARTS)
    assert (one.held, one.name, one.gifts, one.costs, one.net) == (None, "", 8_00, 8_00, 0)


def test_the_table_adds_up_and_may_be_empty():
    rows = list(events_table(event_results(BOOKS, accounts(), PARTS), None, "en").rows)
    assert [(row.kind, row.first, *row.cells[3:]) for row in rows] == [
        (RowKind.LINE, None, 3_00, 0, 0, 10_00, 0, 13_00, -4_00),
        (RowKind.TOTAL, 0, 3_00, 0, 0, 10_00, 0, 13_00, -4_00),
    ]
    [total] = events_table((), 2026, "en").rows
    assert (total.first, total.cells[3:]) == (None, (0,) * 7)
