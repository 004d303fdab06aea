"""What the register answers where decisions moved a line, parts were undone alone, or keys of donors are one."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
import stores
from invented import DAY, gift, insert, movement, record, register_in
from sqlalchemy import Connection

from ledger.instalments import Fate, Instalment, SequenceType
from ledger.mirror import Part
from ledger.records import Channel, DocumentKind, LineOutcome
from ledger.register.debits import Failure, FailureKind, has_failures, insert_collection, insert_failures
from ledger.register.documents import DocumentSummary, UndonePart, insert_undone, insert_undone_parts, parts_undone
from ledger.register.gifts import donors_named, gift_place, gifts_standing
from ledger.register.receipts import Held, NewReceipt, insert_receipts, receipt, receipts_held, receipts_with_gifts_of
from ledger.register.suspense import (
    Decision,
    LineKey,
    decided_in,
    ever_assigned,
    insert_assignments,
    line_now,
    places_before,
)
from ledger.register.vouchers import (
    InKindDetail,
    PlacedVoucher,
    Voucher,
    VoucherKey,
    has_vouchers,
    insert_in_kind,
    insert_vouchers,
    vouchers_named,
    vouchers_standing,
    vouchers_with,
)
from ledger.vault.donors import Donor, find_donors, merge_into, save_donors
from ledger.vault.key import Sealer
from ledger.vault.links import signs_of_donors

NEXT = DAY + timedelta(days=1)


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    with register_in(tmp_path).begin() as opened:
        yield opened


def undo(connection: Connection, number: int) -> None:
    insert_undone(connection, number, insert(connection, record(f"undo-{number}", kind=DocumentKind.UNDO)))


# Lines that decisions moved


def moved(connection: Connection) -> None:
    """Line 1 of `a` was assigned at line 5 of `b`, and that decision put back at line 7 of `c`."""
    line = movement(1, 10_00, outcome="suspense", account="499000", reference="E1", mandate="M1", reason="AC04")
    insert(connection, record("a", bank="current"), [line, movement(2)])
    insert(connection, record("b", kind=DocumentKind.ASSIGNMENT), [], [gift(10_00, "D1", position=5)])
    insert_assignments(
        connection,
        2,
        [Decision(5, LineKey(1, 1), "D1", "731100", DAY), Decision(6, LineKey(1, 42), "D1", "731100", NEXT)],
    )
    insert(
        connection, record("c", kind=DocumentKind.RECLASSIFICATION), [], [gift(-10_00, "D1", position=7, reverses=1)]
    )
    insert_assignments(connection, 3, [Decision(7, LineKey(2, 5), None, "499000", NEXT)])


def test_a_line_stands_where_the_last_decision_about_it_put_it(connection: Connection):
    moved(connection)
    for name, position in (("a", 1), ("b", 5), ("c", 7)):
        line = line_now(connection, name, position)
        if name != "c":  # the line of the last one is a decision about a decision
            assert (line.key, line.account, line.donor, line.by) == (LineKey(3, 7), "499000", None, ("c", 7))
            assert (line.booked, line.value, line.cents, line.code, line.outcome) == (
                DAY, DAY, 10_00, "00150000", LineOutcome.SUSPENSE,
            )  # fmt: skip
            assert (line.reference, line.mandate, line.reason, line.bank) == ("E1", "M1", "AC04", "current")
        else:
            assert line is None
    plain = line_now(connection, "a", 2)
    assert (plain.key, plain.account, plain.donor, plain.by) == (LineKey(1, 2), "731100", None, None)
    undo(connection, 3)
    line = line_now(connection, "a", 1)
    assert (line.key, line.account, line.donor, line.by) == (LineKey(2, 5), "731100", "D1", ("b", 5))


def test_what_is_no_line_or_stands_no_more_is_none(connection: Connection):
    moved(connection)
    assert line_now(connection, "a", 9) is None
    assert line_now(connection, "none", 1) is None
    assert line_now(connection, "b", 6) is None, "decided about a line that is not there"
    assert line_now(connection, "b", 1) is None
    undo(connection, 1)
    assert line_now(connection, "a", 1) is None


def test_a_gift_leads_back_over_what_restated_it_to_its_line(connection: Connection):
    moved(connection)
    assert places_before(connection, "c", 7) == [("c", 7), ("b", 5), ("a", 1)]
    assert places_before(connection, "b", 5) == [("b", 5), ("a", 1)]
    assert places_before(connection, "b", 4) == [("b", 4)]
    assert places_before(connection, "a", 1) == [("a", 1)]
    insert_assignments(connection, 1, [Decision(2, LineKey(1, 2), None, "731100", DAY)])
    assert places_before(connection, "a", 2) == [("a", 2)], "one that leads to itself ends"


def test_the_decisions_of_a_document_that_stand_come_in_their_order(connection: Connection):
    moved(connection)
    assert [tuple(one) for one in decided_in(connection, 2)] == [
        (5, DAY, (1, 1), ("a", 1)),
        (6, NEXT, (1, 42), ("a", 42)),
    ]
    assert decided_in(connection, 1) == []
    undo(connection, 2)
    assert decided_in(connection, 2) == []


@pytest.mark.parametrize(("follows", "left"), [(None, {(1, 1)}), ("a", set())])
def test_a_line_whose_decision_was_undone_with_the_one_it_followed_is_as_if_it_had_never_been(
    follows: str | None, left: set[tuple[int, int]], connection: Connection
):
    insert(connection, record("a"), [movement(1, outcome="suspense")])
    insert(connection, record("b", kind=DocumentKind.ASSIGNMENT))
    insert_assignments(connection, 2, [Decision(1, LineKey(1, 1), "D1", "731100", DAY)])
    assert ever_assigned(connection) == {(1, 1)}
    summary = DocumentSummary(undoes="b", follows=follows)
    insert_undone(connection, 2, insert(connection, record("undo-b", kind=DocumentKind.UNDO, summary=summary)))
    assert ever_assigned(connection) == left


# Gifts


def test_the_gift_of_a_line_is_told_where_it_stands(connection: Connection):
    insert(connection, record("a"), [movement(1), movement(2)], [gift(10_00, "D1"), gift(5_00, "D2", position=2)])
    insert(connection, record("b"), [], [gift(-10_00, "D1", position=3, reverses=1)])
    assert gift_place(connection, "a", 9) is None
    assert gift_place(connection, "a", 1) == (None, ("b", 3))
    place = gift_place(connection, "a", 2)
    assert (place.gift.id, place.gift.gift.cents, place.by) == (2, 5_00, None)


def test_the_gifts_of_money_of_donors_that_stand(connection: Connection):
    given = [gift(1, "D1"), gift(2, "D2"), gift(3, "D1", channel=Channel.IN_KIND), gift(4, "D1"), gift(5, "D3")]
    insert(connection, record("a"), [], given)
    insert(connection, record("b"), [], [gift(-4, "D1", reverses=4)])
    assert [one.gift.cents for one in gifts_standing(connection, ["D2", "D1"])] == [1, 2]
    assert gifts_standing(connection, []) == []


def test_the_donors_that_an_export_named(connection: Connection):
    identity = LineOutcome.IDENTITY
    lines = [
        movement(1, reference="bank:1", outcome=identity, donor="D1"),
        movement(2, reference="bank:2", outcome=identity),
        movement(3, outcome=identity, donor="D3"),
        movement(4, reference="bank:4", donor="D4"),
    ]
    insert(connection, record("a"), lines)
    insert(connection, record("b"), [movement(1, reference="bank:5", outcome=identity, donor="D5")])
    assert donors_named(connection, 1) == {"bank:1": "D1"}


# Receipts


def test_the_valid_receipts_of_a_donor_and_those_with_gifts_of_another(connection: Connection):
    insert(
        connection, record("a"), [], [gift(40_00, "D1"), gift(40_00, "D2", position=2), gift(90_00, "D1", position=3)]
    )
    insert_receipts(connection, 2025, 1, DAY, [NewReceipt("D1", 80_00, (1, 2), ""), NewReceipt("D1", 1, (), "")])
    insert_receipts(connection, 2024, 1, DAY, [NewReceipt("D1", 90_00, (3,), ""), NewReceipt("D2", 40_00, (2,), "")])
    assert receipts_held(connection, "D1") == [Held(2024, 1), Held(2025, 1), Held(2025, 2)]
    assert receipts_held(connection, "D9") == []
    assert receipts_with_gifts_of(connection, "D1", "D2") == [Held(2025, 1)]
    assert receipts_with_gifts_of(connection, "D1", "D1") == [Held(2024, 1), Held(2025, 1)]
    assert receipts_with_gifts_of(connection, "D2", "D1") == []
    first = (receipt.c.year == 2025) & (receipt.c.number == 1)
    connection.execute(receipt.update().where(first).values(state="withdrawn"))
    assert receipts_held(connection, "D1") == [Held(2024, 1), Held(2025, 2)]
    assert receipts_with_gifts_of(connection, "D1", "D2") == []


# Vouchers and failures


def test_the_vouchers_of_a_document_that_stand_have_their_line(connection: Connection):
    for name in ("a", "b"):
        insert(connection, record(name))
    insert_vouchers(
        connection, "journal", 1, [Voucher("J2", DAY, "x"), Voucher("J1", NEXT, "y"), Voucher("J1", DAY, "z")]
    )
    insert_vouchers(connection, "in-kind", 2, [Voucher("J1", DAY, "x")])
    numbers = {"position": 3, "unit_cents": 1, "cents": 1, "valued_on": DAY}
    insert_in_kind(connection, 2, [InKindDetail(**dict.fromkeys(InKindDetail._fields, "J1") | numbers)])
    assert vouchers_standing(connection, 1) == [
        PlacedVoucher("journal", "J1", DAY, None),
        PlacedVoucher("journal", "J1", NEXT, None),
        PlacedVoucher("journal", "J2", DAY, None),
    ]
    assert vouchers_standing(connection, 2) == [PlacedVoucher("in-kind", "J1", DAY, 3)]
    assert sorted(vouchers_named(connection, "journal", "J1")) == [("a", DAY), ("a", NEXT)]
    assert vouchers_named(connection, "in-kind", "J1") == [("b", DAY)]
    assert vouchers_named(connection, "in-kind", "J2") == []
    assert vouchers_with(connection, "journal", ["x", "z", "none"]) == [
        Voucher("J1", DAY, "z"),
        Voucher("J2", DAY, "x"),
    ]
    assert vouchers_with(connection, "journal", ["y", "z"]) == [Voucher("J1", DAY, "z"), Voucher("J1", NEXT, "y")]
    assert vouchers_with(connection, "journal", []) == []
    assert Voucher("J1", DAY, "z").key == VoucherKey("J1", DAY)
    assert (has_vouchers(connection, 1), has_vouchers(connection, 3)) == (True, False)
    undo(connection, 1)
    assert vouchers_standing(connection, 1) == vouchers_named(connection, "journal", "J1") == []
    assert vouchers_with(connection, "journal", ["x", "z"]) == []


def test_parts_undone_alone_come_in_the_order_of_undoing(connection: Connection):
    for name in ("a", "b", "c"):
        insert(connection, record(name))
    later, first = UndonePart("J2", DAY, None, 3), UndonePart("J9", NEXT, 4, 2)
    insert_undone_parts(connection, 1, [later, first])
    assert parts_undone(connection, 1) == [first, later]
    assert parts_undone(connection, 2) == []


def test_whether_a_document_told_of_failures(connection: Connection):
    for name in ("collection", "status"):
        insert(connection, record(name))
    one = Instalment("M-1", 1, date(2025, 3, 1), 1, "D1", 15_00, DAY, SequenceType.FIRST, "E1")
    insert_collection(connection, 1, "c-1", SequenceType.FIRST, [one])
    insert_failures(connection, 2, [Failure("E1", FailureKind.REJECT, DAY, "AM04", Fate.RETRY)])
    assert (has_failures(connection, 1), has_failures(connection, 2)) == (False, True)


def entry(day: date = DAY, links: tuple[str, ...] = (), **meta: object) -> SimpleNamespace:
    return SimpleNamespace(date=day, links=frozenset(links), meta=meta)


@pytest.mark.parametrize(("part", "of", "held"), [
    (Part("J1", DAY), entry(voucher="J1"), True),
    (Part("J1", DAY), entry(voucher="J2"), False),
    (Part("J1", DAY), entry(NEXT, voucher="J1"), False),
    (Part("J1", DAY), entry(), False),
    (Part("J1", DAY, grant="G1"), entry(NEXT, grant="G1"), True),
    (Part("J1", DAY, grant="G1"), entry(grant="G2", voucher="J1"), False),
    (Part("J1", DAY, place=("a", 3)), entry(links=("b", "a"), position=3), True),
    (Part("J1", DAY, place=("a", 3)), entry(links=("b", "a"), position=4), False),
    (Part("J1", DAY, place=("a", 3)), entry(links=("b",), position=3), False),
    (Part("J1", DAY, place=("a", 3)), entry(links=("a",), voucher="J1"), False),
])  # fmt: skip
def test_a_part_holds_the_entries_that_name_it(part: Part, of: SimpleNamespace, held: bool):
    assert part.holds(of) is held


# Donors that are one


def test_what_a_donor_is_known_by_and_where_it_lives_on(tmp_path: Path):
    sealer = Sealer(bytes(range(32)))
    with stores.current().engine(tmp_path, "vault").begin() as vault:
        rows = [
            Donor("D1", "natural", "Exemple", email=" Ada@Example.org ", ibans=("BE1",)),
            Donor("D2", "legal", "Exemple SA", enterprise_number="0403019261"),
            Donor("D3", "natural", "Exemple"),
        ]
        save_donors(vault, sealer, rows)
        assert sorted(signs_of_donors(vault)) == [
            (("email", "ada@example.org"), "D1"),
            (("iban", "BE1"), "D1"),
            (("number", "0403019261"), "D2"),
        ]
        merge_into(vault, "D3", "D1")
        assert {row.key: row.merged_into for row in find_donors(vault, None)} == {"D1": None, "D2": None, "D3": "D1"}
        merge_into(vault, "D3", None)
        assert [row.merged_into for row in find_donors(vault, None)] == [None] * 3
