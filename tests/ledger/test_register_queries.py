"""What the register answers about documents, statements, gifts and vouchers, also after some of it was undone."""

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from invented import DAY, gift, insert, movement, record, register_in, statement
from sqlalchemy import Connection

from ledger.dimensions import LineKeys
from ledger.instalments import CLAIMABLE
from ledger.records import Channel, Counterpart, DocumentKind, LineOutcome, Nature
from ledger.register.documents import (
    find_standing,
    first_document,
    free_name,
    insert_document,
    insert_undone,
    undone_by,
)
from ledger.register.gifts import (
    Identified,
    MandateClaim,
    Noted,
    Original,
    donorless_gifts,
    gift_place,
    gifts_counted,
    gifts_of,
    identities,
    noted_gifts,
    originals_of_mandates,
    reversal_of,
    standing_gifts,
)
from ledger.register.inventory import count_all, posted_files
from ledger.register.statements import (
    amounts_of,
    banks_with,
    booked_amounts,
    statement_before,
    statements_between,
    totals_split,
)
from ledger.register.suspense import (
    Decision,
    LineKey,
    assignments_to,
    donors_awaiting_return,
    ever_assigned,
    insert_assignments,
    lines_decided,
    open_items,
)
from ledger.register.vouchers import (
    GrantContract,
    InKindDetail,
    Voucher,
    VoucherKey,
    all_vouchers,
    documents_of_vouchers,
    find_vouchers,
    grant_contracts,
    grant_keys,
    insert_in_kind,
    insert_vouchers,
    save_grants,
    texts,
    voucher_contents,
)
from ledger.register.years import closed_years, enter_closing

NEXT = DAY + timedelta(days=1)
IDENTITY = LineOutcome.IDENTITY


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    with register_in(tmp_path).begin() as opened:
        yield opened


def undo(connection: Connection, number: int) -> None:
    insert_undone(connection, number, insert(connection, record(f"undo-{number}", kind=DocumentKind.UNDO)))


# Documents


def test_a_document_posted_again_stands_in_the_place_of_the_one_undone(connection: Connection):
    assert find_standing(connection, "a") is None
    assert free_name(connection, "a") == "a"
    first = insert(connection, record("a"))
    assert find_standing(connection, "a").id == first
    assert free_name(connection, "a") == "a-2"
    undo(connection, first)
    assert find_standing(connection, "a") is None
    second = insert(connection, record("a-2"))
    assert find_standing(connection, "a").id == second
    assert free_name(connection, "a") == "a-3"
    undo(connection, second)
    third = insert(connection, record("a-3"))
    assert find_standing(connection, "a").id == third
    assert undone_by(connection) == {first: first + 1, second: second + 1}


def test_the_first_document_of_a_file_is_of_the_kind_asked_for(connection: Connection):
    insert(connection, record("a", file_digest="f", kind=DocumentKind.CAMT))
    second = insert(connection, record("b", file_digest="f"))
    insert(connection, record("c", file_digest="f"))
    assert first_document(connection, "coda", "f") == second


# Statements


def test_the_statements_of_a_period_are_those_of_the_account_that_share_a_day_with_it(connection: Connection):
    days = [DAY + timedelta(days=number) for number in range(5)]
    for number, day in enumerate(days, 1):
        insert(connection, statement(number, day, number, number + 1))
    insert(connection, statement(1, days[1], 0, 1, bank="gifts"))
    undo(connection, 4)
    changes = {"closing": 7, "opening": 6, "closing_date": days[2], "last_day": days[2]}
    insert(connection, record("camt-1", days[0], kind=DocumentKind.CAMT, bank="current", sequence="9", **changes))

    def between(first: date, last: date) -> list[str]:
        return [
            row.name.removeprefix("coda-current-2025-")
            for row in statements_between(connection, "current", first, last)
        ]

    assert between(days[1], days[2]) == ["002", "003", "camt-1"]
    assert between(days[3], days[3]) == []
    assert between(days[4], days[4]) == ["005"]
    assert between(days[0], days[0]) == ["001", "camt-1"]
    (row,) = statements_between(connection, "gifts", days[0], days[4])
    assert (row.kind, row.sequence, row.opening, row.closing, row.closing_date) == ("coda", "001", 0, 1, days[1])


def test_the_statement_before_is_the_last_that_stands_of_the_day_or_of_an_earlier_one(connection: Connection):
    for number, day in ((1, DAY), (2, DAY), (3, NEXT)):
        insert(connection, statement(number, day, number, number + 1))

    def before(day: date, sequence: str) -> str | None:
        row = statement_before(connection, "current", day, sequence)
        return None if row is None else row.sequence

    assert before(DAY, "001") is None
    assert before(DAY, "002") == "001"
    assert before(NEXT, "003") == "002"
    assert before(NEXT, "004") == "003"
    undo(connection, 2)
    assert before(NEXT, "003") == "001"
    assert statement_before(connection, "gifts", NEXT, "009") is None


def test_the_amounts_of_a_statement_are_those_of_its_lines_without_details(connection: Connection):
    lines = [
        movement(1, 500),
        movement(2, 500),
        movement(3, 500, NEXT),
        movement(4, 900, outcome="batch"),
        movement(5, 400, parent=4),
        movement(6, 500, parent=4, outcome="instalment"),
    ]
    number = insert(connection, record(bank="current"), lines)
    insert(connection, record("other"), [movement(1, 500)])
    assert booked_amounts(connection, number) == {DAY: Counter({500: 2, 900: 1}), NEXT: Counter({500: 1})}
    assert amounts_of(connection, number) == [(DAY, 500), (DAY, 500), (NEXT, 500), (DAY, 900), (DAY, 400)]


def test_a_total_is_split_where_its_line_stands_as_a_batch(connection: Connection):
    lines = [
        movement(1, 900, outcome="batch"),
        movement(2, 900, outcome="suspense"),
        movement(6, 900, outcome="suspense"),
        movement(3, 900, parent=1, outcome="batch"),
        movement(4, 800, outcome="batch"),
        movement(5, 900, NEXT, outcome="batch"),
    ]
    number = insert(connection, record(bank="current"), lines)
    assert totals_split(connection, "current", DAY, 900) == [(number, 1)]
    assert totals_split(connection, "gifts", DAY, 900) == []
    assert banks_with(connection, "coda") == {"current"}
    assert banks_with(connection, "camt") == set()
    undo(connection, number)
    assert totals_split(connection, "current", DAY, 900) == []
    assert banks_with(connection, "coda") == set()


# Gifts


def of_mandate(connection: Connection, mandate: str, donor: str, cents: int, since: date) -> list[Original]:
    claim = MandateClaim(mandate, donor, cents, since)
    return list(originals_of_mandates(connection, [claim])[claim])


def test_a_masked_return_may_be_of_the_gifts_of_its_mandate_that_still_stand(connection: Connection):
    insert(
        connection,
        record(),
        [
            movement(1, 1000, mandate="M1"),
            movement(2, 1000, mandate="M2"),
            movement(3, 900, mandate="M1"),
            movement(4, 1000, mandate="M1"),
            movement(5, 1000, NEXT, mandate="M1", reference="E5"),
            movement(6, 1000, mandate="M1"),
        ],
        [
            gift(1000),
            gift(1000, position=2),
            gift(900, position=3),
            gift(1000, "D0002", position=4),
            gift(1000, day=NEXT, position=5, channel=Channel.DIRECT_DEBIT, campaign="c", fund="f"),
            gift(1000, position=6),
        ],
    )
    insert(connection, record("back"), [], [gift(-1000, reverses=6)])
    found = of_mandate(connection, "M1", "D0001", 1000, DAY)
    assert [one.id for one in found] == [1, 5]
    assert not any(one.reversed for one in found)
    last = found[-1]
    assert (last.donor, last.cents, last.counted, last.account) == ("D0001", 1000, 2025, "731100")
    assert (last.channel, last.campaign, last.fund, last.reference, last.mandate) == (
        "direct-debit", "c", "f", "E5", "M1"
    )  # fmt: skip
    assert [one.id for one in of_mandate(connection, "M1", "D0001", 1000, NEXT)] == [5]
    assert of_mandate(connection, "M3", "D0001", 1000, DAY) == []


def test_claims_of_several_days_and_donors_each_find_their_own(connection: Connection):
    early, late = date(2022, 1, 5), date(2027, 6, 1)
    lines = [
        movement(1, 1000, early, mandate="M1"),
        movement(2, 900, late, mandate="M2"),
        movement(3, 900, late, mandate="M1"),
    ]
    given = [
        gift(1000, day=early),
        gift(900, "D0002", late, 2),
        gift(900, day=late, position=3, certificate_elsewhere=True),
    ]
    insert(connection, record(first_day=early, last_day=late), lines, given)
    claims = [
        MandateClaim("M1", "D0001", None, early), MandateClaim("M2", "D0002", 900, late),
        MandateClaim("M1", "D0001", 900, early), MandateClaim("M1", "D0002", None, early),
    ]  # fmt: skip
    found = originals_of_mandates(connection, [*claims, claims[0]])
    assert [[one.id for one in found[claim]] for claim in claims] == [[1, 3], [2], [3], []]
    assert [one.certificate_elsewhere for one in found[claims[0]]] == [False, True]
    assert originals_of_mandates(connection, []) == {}


def test_a_gift_counted_for_the_year_before_its_booking_is_among_them(connection: Connection):
    new_year = date(2026, 1, 2)
    insert(connection, record(), [movement(1, 1000, new_year, mandate="M1")], [gift(1000, day=new_year, counted=2025)])
    assert [one.id for one in of_mandate(connection, "M1", "D0001", 1000, new_year)] == [1]


@pytest.mark.parametrize(("counted", "there"), [(2024, True), (2028, True), (2023, False), (2029, False)])
def test_four_years_from_the_one_before_are_looked_at(connection: Connection, counted: int, there: bool):
    insert(connection, record(), [movement(1, 1000, mandate="M1")], [gift(1000, counted=counted)])
    assert bool(of_mandate(connection, "M1", "D0001", 1000, DAY)) is there


def test_the_gifts_of_a_document_come_as_they_were_posted_with_the_reference_of_their_line(connection: Connection):
    given = gift(
        1000,
        nature=Nature.GOODS,
        channel=Channel.CARD,
        counterpart=Counterpart.TOKEN,
        fund="f",
        campaign="c",
        value=NEXT,
        ordered=DAY,
        executed=NEXT,
        paid=DAY,
        certificate_elsewhere=True,
        project="p",
        department="d",
    )
    first = insert(
        connection, record("a"), [movement(1, 1000, reference="E1"), movement(2)], [given, gift(5, position=2)]
    )
    back = gift(-1000, position=7, reverses=1)
    second = insert(connection, record("b"), [movement(7, -1000, reference="R7")], [back])
    assert [(one.id, one.gift, one.reference) for one in gifts_of(connection, first)] == [
        (1, given, "E1"),
        (2, gift(5, position=2), None),
    ]
    (returned,) = gifts_of(connection, second)
    assert (returned.id, returned.gift, returned.reference) == (3, back, "E1"), "of what it took back"
    assert gifts_of(connection, 9) == []


def test_a_line_has_a_gift_as_long_as_nothing_took_it_back(connection: Connection):
    insert(connection, record("a"), [], [gift(1000), gift(500, position=2)])
    assert gift_place(connection, "a", 1).gift.id == 1
    assert gift_place(connection, "a", 3) is None
    assert gift_place(connection, "b", 1) is None
    assert reversal_of(connection, 1) is None
    insert(connection, record("b"), [], [gift(-1000, position=4, reverses=1)])
    assert gift_place(connection, "a", 1) == (None, ("b", 4))
    assert gift_place(connection, "b", 4) is None, "a return is no gift"
    assert reversal_of(connection, 1) == (2, "b", 4)
    assert reversal_of(connection, 2) is None


def test_gifts_of_money_without_a_donor_are_listed_while_they_stand(connection: Connection):
    insert(
        connection,
        record("a"),
        [],
        [
            gift(1, None),
            gift(2, "D0001"),
            gift(3, None, channel=Channel.IN_KIND),
            gift(4, None, position=4),
            gift(5, None, position=5),
        ],
    )
    insert(connection, record("b"), [], [gift(-4, None, reverses=4)])
    assert [(one.document, one.gift.cents) for one in donorless_gifts(connection)] == [("a", 1), ("a", 5)]
    assert list(standing_gifts(connection, ["D0001", "D0002"])) == [("D0001", 2, DAY)]
    assert list(standing_gifts(connection, ["D0002"])) == []


def test_who_paid_is_known_from_exports_that_stand(connection: Connection):
    lines = [
        movement(1, 10, NEXT, reference="bank:1", outcome=IDENTITY, donor="D0001"),
        movement(2, 20, reference="bank:2", outcome=IDENTITY, donor="D0002"),
        movement(3, 30, reference="bank:3", outcome=IDENTITY),
        movement(4, 40, reference="bank:4", reason="D0004"),
        movement(5, 50, reference="stripe:5", outcome=IDENTITY, donor="D0005"),
        movement(6, 60, reference="bank%6", outcome=IDENTITY, donor="D0006"),
    ]
    insert(connection, record("a"), lines)
    later = insert(connection, record("b"), [movement(1, reference="bank:1", outcome=IDENTITY, donor="D0009")])
    references = ["bank:1", "bank:2", "bank:3", "bank:4", "none"]
    assert identities(connection, references) == {
        "bank:1": Identified("D0009", certificate_elsewhere=False),
        "bank:2": Identified("D0002", certificate_elsewhere=False),
    }
    undo(connection, later)
    assert identities(connection, references) == {
        "bank:1": Identified("D0001", certificate_elsewhere=False),
        "bank:2": Identified("D0002", certificate_elsewhere=False),
    }
    assert noted_gifts(connection, "bank") == [Noted("D0002", 20, DAY, "a"), Noted("D0001", 10, NEXT, "a")]
    assert noted_gifts(connection, "stripe") == [Noted("D0005", 50, DAY, "a")]
    assert noted_gifts(connection, "b") == []
    assert noted_gifts(connection, "ban_") == noted_gifts(connection, "%") == []


def test_the_gifts_of_a_year_are_those_counted_for_it_or_booked_in_it(connection: Connection):
    days = [date(2024, 12, 31), date(2025, 1, 1), date(2025, 12, 31), date(2026, 1, 1), date(2026, 1, 2)]
    given = [gift(1, day=day, counted=2023, position=place) for place, day in enumerate(days, 1)]
    insert(connection, record(), [], [*given[:4], gift(1, day=days[4], counted=2025, position=5)])
    assert [(one.id, one.booked, one.counted) for one in gifts_counted(connection, 2025)] == [
        (2, 2025, 2023), (3, 2025, 2023), (5, 2026, 2025),
    ]  # fmt: skip


# Suspense


def test_a_line_of_nothing_or_more_on_suspense_is_no_return_that_waits(connection: Connection):
    insert(connection, record("a"), [movement(1, 5000, reference="E1", mandate="M1")], [gift()])
    insert(connection, record("b"), [movement(1, 0, reference="E1", mandate="M1", outcome="suspense")])
    assert donors_awaiting_return(connection, 2025) == set()
    insert(connection, record("c"), [movement(1, -1, reference="E1", outcome="suspense")])
    assert donors_awaiting_return(connection, 2025) == {"D0001"}
    assert donors_awaiting_return(connection, 2024) == set()


def test_a_line_that_was_assigned_and_undone_is_open_again_and_remembered(connection: Connection):
    insert(connection, record("a"), [movement(1, outcome="suspense"), movement(2, outcome="suspense")])
    decision = insert(connection, record("decisions"))
    insert_assignments(connection, decision, [Decision(5, LineKey(1, 2), None, "731100", DAY, "")])
    insert_vouchers(connection, "decision", decision, [Voucher("gift-7", DAY, "x")])
    assert lines_decided(connection, decision) == ["a:2", "gift-7"]
    assert lines_decided(connection, 1) == []
    assert assignments_to(connection, 1) == [(decision, "decisions", 2)]
    assert assignments_to(connection, decision) == []
    assert [item.position for item in open_items(connection)] == [1]
    undo(connection, decision)
    assert [item.position for item in open_items(connection)] == [1, 2]
    assert ever_assigned(connection) == {(1, 2)}


# Vouchers


def test_a_voucher_is_known_until_its_document_is_undone(connection: Connection):
    first, second = insert(connection, record("a")), insert(connection, record("b"))
    insert_vouchers(connection, "journal", first, [Voucher("J1", DAY, "one"), Voucher("J2", DAY, "two")])
    insert_vouchers(connection, "journal", second, [Voucher("J3", NEXT, "three")])
    insert_vouchers(connection, "in-kind", second, [Voucher("K1", DAY, "kind")])
    assert all_vouchers(connection, "journal") == {("J1", DAY): "one", ("J2", DAY): "two", ("J3", NEXT): "three"}
    assert voucher_contents(connection, "journal", ["J1", "J3", "K1", "J9"]) == {"J1": "one", "J3": "three"}
    assert documents_of_vouchers(connection, "journal", ["J3", "J1", "J2", "K1"]) == ["a", "b"]
    assert documents_of_vouchers(connection, "journal", ["K1"]) == []
    undo(connection, first)
    assert all_vouchers(connection, "journal") == {("J3", NEXT): "three"}
    assert voucher_contents(connection, "journal", ["J1", "J3"]) == {"J3": "three"}
    assert documents_of_vouchers(connection, "journal", ["J1", "J3"]) == ["b"]
    assert find_vouchers(connection, "journal", [VoucherKey("J1", DAY), VoucherKey("J3", NEXT)]) == {
        ("J3", NEXT): "three"
    }


def test_every_text_that_a_person_wrote_comes_with_its_place(connection: Connection):
    number = insert(connection, record("a"), [movement(1, outcome="suspense")])
    assert list(texts(connection)) == []
    insert_in_kind(connection, number, [])
    chairs = InKindDetail(
        reference="K1",
        position=1,
        category="goods",
        description="chairs",
        quantity=None,
        unit_cents=None,
        cents=100,
        valuation="invoice",
        valued_on=None,
        evidence="invoice 7",
        account="731100",
        project=None,
    )
    insert_in_kind(connection, number, [chairs])
    insert_assignments(
        connection,
        number,
        [
            Decision(1, LineKey(1, 1), None, "731100", DAY, "said so"),
            Decision(2, LineKey(1, 9), None, "731100", DAY, None),
        ],
    )
    save_grants(
        connection,
        number,
        [GrantContract("G1", "F", "public", "", "{}")],
    )
    assert list(texts(connection)) == [
        ("gift in kind K1", "K1 chairs invoice 7"),
        (f"assignment {number}/1", "said so"),
        (f"assignment {number}/2", ""),
        ("grant G1", "{}"),
    ]


def test_closed_years_are_entered_each_with_its_seal(connection: Connection):
    assert closed_years(connection) == {}
    enter_closing(connection, 2025, "b", "2026-05-01T00:00:00Z")
    enter_closing(connection, 2024, "a", "2025-05-01T00:00:00Z")
    assert list(closed_years(connection).items()) == [(2024, "a"), (2025, "b")]


def test_a_donor_awaits_a_return_that_may_be_of_a_gift_of_the_year(connection: Connection):
    """By its reference, else by its mandate among the gifts that could still be claimed back on its day."""
    days = [DAY - CLAIMABLE - timedelta(days=1), DAY - CLAIMABLE, DAY, NEXT]
    lines = [
        movement(number, 1000, day, mandate=f"M{number}", reference=f"E{number}") for number, day in enumerate(days, 1)
    ]
    given = [gift(1000, f"D{number}", day, number, counted=2025) for number, day in enumerate(days, 1)]
    given.append(gift(1000, "D5", position=5, counted=2024))
    lines.append(movement(5, 1000, mandate="M5", reference="E5"))
    insert(connection, record("a"), lines, given)
    assert donors_awaiting_return(connection, 2025) == set()
    waiting = [movement(number, -1000, mandate=f"M{number}", outcome="suspense") for number in range(1, 6)]
    insert(connection, record("b"), waiting)
    assert donors_awaiting_return(connection, 2025) == {"D2", "D3"}
    named = [
        movement(1, -1000, reference="E1", outcome="suspense"),
        movement(2, 700, reference="E4", outcome="suspense"),
    ]
    insert(connection, record("c"), named)
    assert donors_awaiting_return(connection, 2025) == {"D1", "D2", "D3"}
    assert donors_awaiting_return(connection, 2024) == {"D5"}
    insert(connection, record("d"), [], [gift(-1000, "D1", reverses=1)])
    assert "D1" not in donors_awaiting_return(connection, 2025)


def test_an_inventory_lists_the_files_of_documents_and_counts_what_there_is(connection: Connection):
    for name, journal in (("a", "journal/a"), ("b", None)):
        insert_document(
            connection, record(name, archive=f"documents/{name}" if name == "a" else None), [movement()], [gift()],
            journal=journal, journal_digest=journal and "j", posted_at="2026-01-05T10:00:00Z",
        )  # fmt: skip
    assert [tuple(one) for one in posted_files(connection)] == [("journal/a", "j"), ("documents/a", "file-a")]
    assert tuple(count_all(connection)) == (2, 2, 0)


@pytest.mark.parametrize(("contract", "found"), [
    ("ab 12 3", {"AB123": "G-1"}), ("ab 12", {}), ("", {}), ("abcdef", {"ABCDEF": "G-1"}),
])  # fmt: skip
def test_a_contract_is_looked_for_where_it_is_not_too_short(
    contract: str, found: dict[str, str], connection: Connection
):
    number = insert(connection, record("a"))
    save_grants(connection, number, [GrantContract("G-1", "F0001", "public", contract, "{}")])
    assert grant_contracts(connection) == found
    assert grant_keys(connection) == {"G-1": LineKeys(party="F0001")}
