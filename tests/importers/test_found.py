"""What the lines of a statement ask the register: returns, mandates without a reference, totals of collections."""

from datetime import date, timedelta

import pytest

from importers.bank.records import Movement
from importers.deciding.found import Questions, claim_of, questions
from ledger.register.gifts import MandateClaim
from ledger.vault.links import Links

DAY = date(2025, 3, 14)
LINKS = Links(communications={}, mandates={"M-2": "D0002"}, ibans={})
NOTHING = Questions(frozenset(), frozenset(), frozenset())


def line(cents: int, code: str, position: int = 1, **fields: object) -> Movement:
    return Movement(position=position, parent=None, booked=DAY, value=DAY, cents=cents, code=code)._replace(**fields)


def test_a_return_asks_for_the_gift_of_its_endtoendid():
    asked = questions([line(-60_00, "00503000", reference="E1", mandate="M-2")], LINKS)
    assert asked == Questions(frozenset({"E1"}), frozenset(), frozenset())


@pytest.mark.parametrize("masked", ["", "NOTPROVIDED"])
def test_a_return_without_one_asks_for_the_gifts_of_its_mandate_in_thirteen_months(masked: str):
    back = line(-60_00, "00503000", reference=masked, mandate="M-2")
    claim = claim_of(back, LINKS)
    assert claim is not None
    assert claim[:3] == ("M-2", "D0002", 60_00)
    assert timedelta(days=395) <= DAY - claim.since <= timedelta(days=425)
    assert questions([back], LINKS).claims == {claim}
    assert isinstance(claim, MandateClaim)


def test_a_mandate_of_nobody_asks_nothing():
    assert questions([line(-60_00, "00503000", mandate="M-9")], LINKS) == NOTHING


@pytest.mark.parametrize(
    "one",
    [
        line(50_00, "00150000", reference="THEIRS"),
        line(-50_00, "00101000", reference="OURS"),
        line(50_00, "50550000", parent=7, reference="E1", mandate="M-2"),
        line(50_00, "00550000", reference="E1", mandate="M-2"),
    ],
    ids=["a transfer", "a payment", "a detail of a collection", "a debit by itself"],
)
def test_a_line_that_is_known_by_itself_asks_nothing(one: Movement):
    assert questions([one], LINKS) == NOTHING


def test_a_total_of_a_collection_asks_for_it_with_or_without_details():
    alone = line(50_00, "10550000", 1, reference="COLL-1")
    split = line(50_00, "10550000", 2, reference="COLL-2", mandate="M-2")
    detail = line(50_00, "50550000", 3, parent=2, reference="E1", mandate="M-2")
    assert questions([alone, split, detail], LINKS).collections == {"COLL-1", "COLL-2"}


def test_a_line_that_waited_asks_whether_its_instalment_was_booked_since():
    debit = line(50_00, "00550000", reference="E1", mandate="M-2")
    assert questions([debit], LINKS, again=True).references == {"E1"}
    assert questions([line(-50_00, "00501000", reference="E2", mandate="M-2")], LINKS, again=True) == NOTHING
