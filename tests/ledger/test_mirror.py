"""What undoing a document posts: each sign turned, on the same days, and nothing of what moved no money."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from invented import gift

from ledger.chart import house
from ledger.journal import Line
from ledger.mirror import CannotUndo, Part, _texts, mirror, refuse_kind
from ledger.records import DocumentKind, Gift
from ledger.register.documents import DocumentSummary, PostedDocument
from ledger.register.gifts import PostedGift

PATHS = {account.code: account.path for account in house()}
RECORD = PostedDocument(
    id=1,
    name="coda-current-2025-073",
    kind="coda",
    file_digest="f",
    digest="d",
    bank="current",
    sequence="073",
    opening=0,
    opening_date=None,
    closing=0,
    closing_date=None,
    first_day=date(2024, 12, 31),
    last_day=date(2025, 3, 15),
    archive=None,
    journal=None,
    journal_digest=None,
    movements=0,
    gifts=0,
    rows_digest="r",
    told="{}",
    posted_at="2025-03-16T00:00:00Z",
)
JOURNAL = f"""
2025-03-14 * "Dons par virement" ^coda-current-2025-073 #gift
  {PATHS["550000"]}  50.00 EUR
  {PATHS["731100"]}  -50.00 EUR

2025-03-14 * "Encaissement" ^coda-current-2025-073 #gift
  batch: 4
  {PATHS["551000"]}  104.00 EUR
  {PATHS["731100"]}  -105.00 EUR
  {PATHS["657000"]}  1.00 EUR
    line: 9

2025-03-13 note {PATHS["550000"]} "counted"

2025-03-13 * "Frais" ^coda-current-2025-073
  document: "x"
  {PATHS["657000"]}  12.50 EUR
    line: 6
  {PATHS["550000"]}  -12.50 EUR
"""


def posted(number: int, one: Gift, reference: str | None) -> PostedGift:
    return PostedGift(number, one, reference, RECORD.name)


def turned(gifts: list[PostedGift], journal: str = JOURNAL) -> Any:
    return mirror(RECORD, gifts, journal, ["731100"], "en")


def test_gifts_are_taken_back_and_returns_become_gifts_again():
    returned = gift(-2500, "D0002", position=3, reverses=9)
    booking = turned([posted(7, gift(5000), None), posted(8, returned, "E2E-1")])
    assert booking.gifts == [gift(-5000, reverses=7), gift(2500, "D0002", position=3)]
    (line,) = booking.movements
    assert (line.position, line.parent, line.booked, line.value, line.cents) == (3, None, "2025-03-14", None, 2500)
    assert (line.code, line.reference, line.mandate, line.reason) == ("", "E2E-1", None, None)
    assert (line.outcome, line.account) == ("restored", "731100")


@pytest.mark.parametrize("one", [posted(7, gift(5000), "E2E-1"), posted(8, gift(-2500, reverses=9), None)])
def test_a_line_is_restored_for_a_return_that_names_its_collection(one: PostedGift):
    assert turned([one]).movements == []


def test_entries_come_back_with_the_opposite_signs_on_their_day():
    booking = turned([])
    (entry,) = booking.entries
    assert (entry.day, entry.links) == (date(2025, 3, 13), (RECORD.name, f"undo-{RECORD.name}"))
    assert entry.narration.endswith(": Frais")
    assert entry.lines == (Line("657000", -1250, {"line": 6}), Line("550000", 1250))
    assert entry.meta == {"document": "x"}


def test_the_accounts_of_gifts_are_those_of_their_transaction():
    booking = turned([posted(1, gift(5000), None), posted(2, gift(10500, batch=4), None)])
    assert booking.gift_debits == {0: "550000", 4: "551000"}
    assert booking.batch_lines == {0: (), 4: (Line("657000", -100, {"line": 9}),)}
    assert {batch: label.partition(": ")[2] for batch, label in booking.batches.items()} == {
        0: "Dons par virement",
        4: "Encaissement",
    }


def test_gifts_without_a_transaction_of_their_own_name_no_account():
    only = f'2025-03-14 * "Reclassement" #gift\n  {PATHS["731100"]}  -5.00 EUR\n  {PATHS["731100"]}  5.00 EUR\n'
    booking = turned([posted(1, gift(5000), None)], only)
    assert booking.gift_debits == {0: ""}
    assert booking.batch_lines == {}


def test_the_document_says_what_it_undoes_how_much_and_when():
    booking = turned([posted(7, gift(5000, day=date(2025, 3, 15)), None), posted(8, gift(-100), None)])
    of = booking.record
    assert (of.name, of.kind) == (f"undo-{RECORD.name}", DocumentKind.UNDO)
    assert (of.first_day, of.last_day) == (date(2025, 3, 13), date(2025, 3, 15))
    assert of.summary == DocumentSummary({"gifts": 2, "entries": 1}, {"gifts": -4900}, undoes=RECORD.name)
    assert of.digest != of.file_digest
    other = mirror(RECORD._replace(rows_digest="s"), [], JOURNAL, ["731100"], "en").record
    assert (other.file_digest, other.digest == of.digest) == (of.file_digest, False)


def test_a_document_that_posted_nothing_keeps_its_days():
    of = turned([], "").record
    assert (of.first_day, of.last_day) == (RECORD.first_day, RECORD.last_day)


def test_a_journal_file_that_cannot_be_read_is_refused():
    with pytest.raises(CannotUndo, match="restore it"):
        turned([], "2025-03-14 * nothing of the kind\n")


@pytest.mark.parametrize("kind", ["donors", "pledges", "status", "undo"])
def test_what_moves_no_money_is_not_undone(kind: str):
    with pytest.raises(CannotUndo, match=f"^donors-1: a document of kind {kind} "):
        refuse_kind("donors-1", kind)


@pytest.mark.parametrize("kind", ["coda", "camt", "journal", "platform", "grants"])
def test_what_moves_money_can_be_undone(kind: str):
    refuse_kind("x", kind)


def test_days_are_those_of_the_gifts_where_there_are_no_entries():
    day = date(2025, 5, 5)
    of = mirror(RECORD, [posted(1, gift(day=day), None)], "", [], "fr").record
    assert (of.first_day, of.last_day) == (day, day)


def test_a_gift_of_nothing_takes_nothing_back_and_restores_no_line():
    booking = turned([posted(8, gift(0), "E1")])
    assert booking.movements == []
    assert booking.gifts == [gift(0)]


def test_the_account_of_a_batch_is_the_first_that_is_no_gift_account():
    only = (
        f'2025-03-14 * "Dons" #gift\n  batch: 2\n  {PATHS["731100"]}  -5.00 EUR\n  {PATHS["550000"]}  3.00 EUR\n'
        f"  {PATHS['551000']}  1.00 EUR\n  {PATHS['657000']}  1.00 EUR\n"
    )
    booking = turned([posted(1, gift(500, batch=2), None)], only)
    assert booking.gift_debits == {2: "550000"}
    assert booking.batch_lines == {2: (Line("551000", -100), Line("657000", -100))}


def test_metadata_comes_back_without_the_number_and_without_what_the_parser_adds():
    lines = f"  {PATHS['657000']}  1.00 EUR\n  Assets:Bare  -1.00 EUR\n"
    only = f'2025-03-13 * "Frais"\n  number: "BNK-1"\n  count: 3\n{lines}'
    (entry,) = turned([], only).entries
    assert entry.meta == {"count": 3}
    assert [line.account for line in entry.lines] == ["657000", ""]
    assert _texts({"filename": "x", "lineno": 3, "__automatic__": True, "a": "b", "n": Decimal(4)}) == {
        "a": "b",
        "n": 4,
    }


def test_a_return_of_a_cent_is_one():
    (line,) = turned([PostedGift(8, gift(-1, reverses=9), "E1", "x")]).movements
    assert line.cents == 1
    (reversal,) = turned([PostedGift(8, gift(1), None, "x")]).gifts
    assert reversal.reverses == 8


def test_only_some_parts_of_a_document_are_taken_back_under_a_name_of_their_own():
    def voucher(name: str, day: str, amount: str) -> str:
        return (
            f'{day} * "{name}"\n  voucher: "{name}"\n  {PATHS["657000"]}  {amount} EUR\n'
            f"  {PATHS['550000']}  -{amount} EUR\n\n"
        )

    text = (
        voucher("J1", "2025-03-01", "1.00") + voucher("J2", "2025-03-02", "2.00") + voucher("J3", "2025-03-03", "3.00")
    )
    days = {name: date(2025, 3, int(name[1])) for name in ("J1", "J2", "J3")}
    parts = {name: Part(name, day) for name, day in days.items()}

    def taken(**which: Any) -> Any:
        return mirror(RECORD, [], text, ["731100"], "en", **which)

    assert [entry.day for entry in taken().entries] == list(days.values())
    alone = taken(only=[parts["J2"], parts["J3"]], name="undo-J2")
    assert [entry.day for entry in alone.entries] == [days["J2"], days["J3"]]
    assert alone.record.name == "undo-J2"
    assert {entry.links for entry in alone.entries} == {(RECORD.name, "undo-J2")}
    rest = taken(without=[parts["J1"]])
    assert [entry.day for entry in rest.entries] == [days["J2"], days["J3"]]
    assert [entry.day for entry in taken(only=list(parts.values()), without=[parts["J2"]]).entries] == [
        days["J1"],
        days["J3"],
    ]
    assert taken(only=[]).entries == []
