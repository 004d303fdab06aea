"""Decisions one by one: what a gift and a line are made of, which line is taken at a glance, who is proposed."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest
from test_booking import (
    ANNE,
    BANK,
    COLLECTED,
    DAY,
    FEES,
    ISSUED,
    LUC,
    MONEY,
    OTHERS,
    POOLED,
    RECEIVABLE,
    SHARED,
    SUSPENSE,
    back,
    credit,
    desk,
    numbered,
    of,
    one,
    posted,
)
from test_booking_later import CLAIM, MASK, collection, debit
from test_rules import LINE

from importers.bank.records import Movement, Statement
from importers.deciding import booking
from importers.deciding.booking import Booked, Desk, channel_of, document_name
from importers.deciding.found import Found, claim_of, questions
from importers.deciding.proposals import Proposal, directory, propose
from importers.deciding.rules import GiftRule, Rule, Rulebook
from ledger.dimensions import LineKeys
from ledger.journal import Entry, Line
from ledger.records import Channel, Counterpart, DocumentKind, Gift, Nature
from ledger.register.debits import FailureKind
from ledger.register.documents import MovementRow
from ledger.vault.donors import Donor

EXECUTED, VALUE = date(2024, 12, 30), date(2024, 12, 31)
FOUND = Found("doc-1")


def book(made: Statement, known: Desk | None = None, found: Found = FOUND) -> Booked:
    return booking.book(made, known or desk(), found, "file")


def outcomes(booked: Booked) -> list[str]:
    return [row.outcome for row in booked.booking.movements]


# What a gift and its row are made of

DEBIT = credit(
    code="00550000", mandate="M-2", reference="E1", executed=EXECUTED, reason="R", name="Zoé", communication="don"
)._replace(value=VALUE)  # fmt: skip


def test_a_gift_and_its_row_hold_what_the_line_says():
    posts = book(of(DEBIT)).booking
    assert posts.gifts == [
        Gift("D0002", 50_00, DAY, 2024, MONEY, 1, channel=Channel.DIRECT_DEBIT, executed=EXECUTED, value=VALUE)
    ]
    assert posts.movements == [
        MovementRow(1, None, "2025-03-14", "2024-12-31", 50_00, "00550000", "E1", "M-2", "R", "gift", MONEY)
    ]


def test_a_gift_by_a_rule_holds_what_the_rule_says():
    made = GiftRule(POOLED, Nature.GOODS, Channel.PLATFORM, Counterpart.TOKEN, "trail", None)
    keys = LineKeys("P1", "D1", "F1")
    line = credit(account=ANNE, executed=EXECUTED)._replace(value=None)
    (gift,) = book(of(line), desk((Rule("Groupé", gift=made, keys=keys),))).booking.gifts
    assert gift == Gift(
        "D0003", 50_00, DAY, 2024, POOLED, 1, 0, Nature.GOODS, Channel.PLATFORM, Counterpart.TOKEN, None, EXECUTED,
        None, None, "trail", "F1", project="P1", department="D1",
    )  # fmt: skip
    own = replace(made, fund="F2")
    (other,) = book(of(line), desk((Rule("Groupé", gift=own, keys=keys),))).booking.gifts
    assert (other.fund, other.project, other.department) == ("F2", "P1", "D1")


def test_a_line_decided_step_by_step_has_the_same_row():
    line = DEBIT._replace(mandate="M-9")
    (row,) = book(of(line)).booking.movements
    assert row == MovementRow(
        1, None, "2025-03-14", "2024-12-31", 50_00, "00550000", "E1", "M-9", "R", "suspense", SUSPENSE
    )
    transfer = line._replace(code="00150000", value=None, reason=None)
    (row,) = book(of(transfer)).booking.movements
    assert row == MovementRow(1, None, "2025-03-14", None, 50_00, "00150000", None, None, None, "suspense", SUSPENSE)
    (row,) = book(of(line._replace(reference=""))).booking.movements
    assert row.reference is None


@pytest.mark.parametrize(
    ("code", "channel"),
    [
        ("00150000", Channel.TRANSFER),
        ("00450000", Channel.CARD),
        ("00550000", Channel.DIRECT_DEBIT),
        ("00950000", Channel.CASH),
        ("04040000", Channel.TRANSFER),
    ],
)
def test_the_family_of_a_code_is_the_channel(code: str, channel: Channel):
    assert channel_of(code) is channel


# Lines that one look-up knows


def left(*lines: Movement, batch: int = 0, made: Desk | None = None, found: Found = FOUND) -> list[int]:
    """The positions of the lines that are decided step by step."""
    sheet = booking._sheet(lines, made or desk(), found)
    sheet.credited.add("E9")
    return [movement.position for movement in booking._book_known(lines, sheet, batch)]


@pytest.mark.parametrize(
    "line",
    [
        credit(structured=ISSUED),
        credit(1, structured=ISSUED),
        credit(structured=ISSUED, mandate="M-9"),
        credit(structured=ISSUED, account=SHARED),
        credit(structured=ISSUED)._replace(code="10150000"),
        credit(communication=f"DON {ISSUED}"),
        credit(code="00550000", mandate="M-2", reference="E1"),
        credit(code="00550000", mandate="M-2", structured=ISSUED),
        credit(account=ANNE),
        credit(account=ANNE, communication="BONJOUR"),
    ],
)
def test_most_gifts_are_taken_at_a_glance(line: Movement):
    assert left(line) == []


def test_a_communication_paid_by_its_donor_is_taken_at_a_glance():
    links = replace(desk().links, communications={ISSUED: ("D0003", "spring")})
    assert left(credit(structured=ISSUED, account=ANNE), made=desk(links=links)) == []


@pytest.mark.parametrize(
    "line",
    [
        credit(0, structured=ISSUED),
        credit(-1, structured=ISSUED),
        credit(structured=ISSUED, account=ANNE),
        credit(structured=OTHERS, account=ANNE),
        credit(structured=OTHERS, mandate="M-2"),
        credit(code="10550000", structured=ISSUED),
        credit(code="00550000", account=ANNE),
        credit(code="00550000", mandate="M-9"),
        credit(code="00550000", mandate="M-2", reference="E9"),
        credit(code="10150000", account=ANNE),
        credit(code="20150000", account=ANNE),
        credit(code="00154000", structured=ISSUED),
        credit(code="00558000", mandate="M-2"),
        credit(structured=ISSUED)._replace(parent=7),
        credit(account=ANNE, communication="TRANCHE C-2025-1"),
        credit(account=SHARED),
        credit(),
    ],
)
def test_what_needs_more_than_a_glance_is_left(line: Movement):
    assert left(line) == [1]


def test_details_are_taken_at_a_glance_below_their_own_total_only():
    total, detail = credit(code="20150000"), credit(structured=ISSUED)._replace(position=2, parent=1)
    assert left(total, detail, batch=1) == [1]
    assert left(total, detail, batch=3) == [1, 2]
    assert left(total, detail) == [1, 2]
    assert left(credit(structured=ISSUED), detail) == [1, 2]
    assert left(credit(account=ANNE), made=desk((Rule("Tout", account="740000"),))) == [1]


def test_the_total_of_our_collection_is_split_though_it_says_more():
    line = credit(20_00, "10550000", reference="B", structured=ISSUED)
    assert outcomes(book(of(line), found=collection(debit(1)))) == ["batch", "instalment"]
    by_mandate = credit(20_00, "10550000", reference="B", mandate="M-2")
    assert outcomes(book(of(by_mandate), found=collection(debit(1)))) == ["gift"]
    detailed = of(credit(20_00, "10550000", reference="B"), credit(20_00, "50550000")._replace(position=2, parent=1))
    assert outcomes(book(detailed, found=collection(debit(1)))) == ["batch", "suspense"]


# One cent


def test_a_cent_is_money_on_either_side():
    pooled = GiftRule(POOLED, Nature.MONEY, Channel.PLATFORM, Counterpart.NONE, None, None)
    rule = desk((Rule("Groupé", gift=pooled),))
    assert one(credit(-1), rule) == ("suspense", SUSPENSE, None)
    assert one(credit(1), rule) == ("gift", POOLED, None)
    assert one(credit(-1, structured=ISSUED)) == ("suspense", SUSPENSE, None)
    cent = {"E1": COLLECTED._replace(cents=1)}
    assert one(back(-1), originals=cent) == ("return", MONEY, "D0002")
    rules = Rulebook([Rule("In", "1", credit=True), Rule("Out", "2", credit=False)])
    assert [rules.first(LINE._replace(cents=cents)).account for cents in (1, -1, 0)] == ["1", "2", "2"]  # type: ignore[union-attr]
    asked = questions([back(-1), credit(1, "00550000", reference="E2", mandate="M-2")], desk().links, again=True)
    assert asked.references == {"E1", "E2"}


def test_a_debit_of_one_cent_named_a_second_time_stays_open():
    lines = numbered(credit(1, "00550000", reference="E1", mandate="M-2"))
    found = Found("again-1", originals={"E1": COLLECTED})
    assert booking.book_open(lines, desk(), found, "digest") is None


# Collections


def test_each_instalment_is_a_line_of_its_own_below_the_total():
    lines = numbered(credit(7_00), credit(50_00, "10550000", reference="B"), credit(8_00))
    first, second = debit(1), debit(2, 30_00)._replace(mandate="M-9", donor="D0009")
    booked = book(of(*lines), found=collection(first, second))
    assert [(*row[:2], *row[3:5], row.mandate, row.outcome) for row in booked.booking.movements] == [
        (1, None, "2025-03-14", 7_00, None, "suspense"),
        (2, None, "2025-03-14", 50_00, None, "batch"),
        (4, 2, "2025-03-14", 20_00, "M-2", "instalment"),
        (5, 2, "2025-03-14", 30_00, "M-9", "instalment"),
        (3, None, "2025-03-14", 8_00, None, "suspense"),
    ]
    assert [(gift.donor, gift.batch, gift.position) for gift in booked.booking.gifts] == [
        ("D0002", 2, 4), ("D0009", 2, 5)
    ]  # fmt: skip
    assert booked.booking.batches == {2: "Domiciliations encaissées"}
    assert booked.booking.batch_lines == {2: ()}
    assert booked.booking.record.summary.counts == {"gift": 2, "suspense": 2}
    assert booked.booking.record.summary.cents == {"gift": 50_00, "suspense": 15_00}


@pytest.mark.parametrize(
    ("cents", "told"),
    [
        (35_00, "is 35.00 EUR, -5.00 EUR away from the 40.00 EUR of 2 of its 3 instalments not rejected or booked"),
        (61_00, "is 61.00 EUR, 21.00 EUR away from the 40.00 EUR of 2 of its 3 instalments not rejected or booked"),
    ],
)
def test_a_total_of_another_amount_is_told_with_the_difference(cents: int, told: str):
    found = collection(debit(1), debit(2), debit(3, rejected=True))
    booked = book(of(credit(cents, "10550000", reference="B", line=7)), found=found)
    (fault,) = booked.faults
    assert (fault.line, fault.severity) == (7, "warning")
    assert told in fault.message
    assert posted(booked) == {BANK: cents, SUSPENSE: -cents}
    assert [behind.position for behind in booked.counterparties] == [1]


def test_details_of_a_collection_leave_out_what_is_booked_already():
    total = credit(40_00, "10550000", reference="B")
    parts = [
        credit(20_00, "50550000", mandate="M-2", reference=f"E{number}", line=3)._replace(position=number + 1, parent=1)
        for number in (1, 2)
    ]
    booked = book(of(total, *parts), found=collection(debit(1, credited=True), debit(2)))
    assert outcomes(booked) == ["batch", "suspense", "gift"]
    assert [(fault.line, fault.message) for fault in booked.faults] == [
        (3, "movement 2 brings an instalment that is booked already; it waits on suspense")
    ]
    assert posted(booked) == {BANK: 40_00, MONEY: -20_00, SUSPENSE: -20_00}
    unnamed = book(of(total._replace(reference=""), *parts), found=collection(debit(1, credited=True), debit(2)))
    assert posted(unnamed) == {BANK: 40_00, MONEY: -40_00}
    other = book(of(total._replace(code="10150000"), *parts), found=collection(debit(1, credited=True), debit(2)))
    assert posted(other) == {BANK: 40_00, MONEY: -40_00}


# Totals


def batch_of(*parts: Movement, code: str = "20150000", cents: int | None = None) -> Statement:
    below = [part._replace(position=number, parent=part.parent or 1) for number, part in enumerate(parts, 2)]
    whole = sum(part.cents for part in below if part.parent == 1) if cents is None else cents
    return of(Movement(1, None, DAY, DAY, whole, code, line=5), *below)


@pytest.mark.parametrize(
    ("code", "label"),
    [
        ("10550000", "Domiciliations encaissées"),
        ("10552000", "Domiciliations encaissées"),
        ("10503000", "Domiciliations revenues impayées"),
        ("10505000", "Domiciliations revenues impayées"),
        ("20150000", "Versement groupé"),
    ],
)
def test_a_total_is_called_by_its_code(code: str, label: str):
    unknown = book(batch_of(credit(30_00), credit(20_00), code=code)).booking
    assert unknown.entries == [
        Entry(
            DAY,
            label,
            (Line(BANK, 50_00), Line(SUSPENSE, -50_00, {"lines": 2, "text": "En attente d’attribution"})),
            links=("doc-1",),
            meta={"position": 1},
        )
    ]
    assert (unknown.batches, unknown.batch_lines) == ({}, {})
    known = book(batch_of(credit(30_00, structured=ISSUED), credit(20_00), code=code)).booking
    assert known.entries == []
    assert known.batches == {1: label}
    assert known.batch_lines == {1: (Line(SUSPENSE, -20_00, {"lines": 1, "text": "En attente d’attribution"}),)}


def test_a_total_with_only_some_gifts_of_a_statement_is_one_by_itself():
    lines = (
        credit(5_00, structured=ISSUED),
        Movement(2, None, DAY, DAY, 3_00, "20150000"),
        credit(3_00)._replace(position=3, parent=2),
    )
    posts = book(of(*lines)).booking
    assert (posts.batches, len(posts.entries)) == ({}, 1)
    assert posts.gift_debits == {0: BANK}


def test_details_without_money_and_below_what_is_decided_as_one_are_kept():
    parts = (
        credit(50_00, structured=ISSUED),
        credit(30_00)._replace(parent=2),
        credit(0),
        credit(4_00)._replace(parent=4),
        credit(10_00),
        credit(4_00)._replace(parent=6),
        credit(6_00, structured=ISSUED)._replace(parent=6),
    )
    booked = book(batch_of(*parts))
    assert [(row.position, row.outcome) for row in booked.booking.movements] == [
        (1, "batch"), (2, "gift"), (3, "detail"), (4, "nothing"), (5, "detail"), (6, "batch"), (7, "suspense"),
        (8, "gift"),
    ]  # fmt: skip
    assert posted(booked) == {BANK: 60_00, MONEY: -56_00, SUSPENSE: -4_00}


def test_a_total_that_does_not_add_up_says_so_at_its_line():
    booked = book(batch_of(credit(30_00, structured=ISSUED), credit(20_00)._replace(parent=2), cents=31_00))
    (fault,) = booked.faults
    assert (fault.line, fault.message[:45]) == (5, "the details of movement 1 do not add up to it")
    assert outcomes(booked) == ["suspense", "detail", "detail"]


def test_a_total_without_details_has_none_that_could_fail_to_add_up():
    booked = book(of(credit(code="20150000")))
    assert (outcomes(booked), booked.faults) == (["suspense"], ())


def test_what_is_on_suspense_says_what_it_was_sent_with():
    lines = numbered(credit(structured=OTHERS), credit(communication="texte", structured=OTHERS), credit())
    assert [behind[4] for behind in book(of(*lines)).counterparties] == [OTHERS, f"texte {OTHERS}", ""]


# The document


def test_a_document_covers_the_days_of_its_lines_and_of_its_balance():
    early, late = DAY - timedelta(days=9), DAY + timedelta(days=3)
    total = Movement(1, None, DAY, DAY, 5_00, "20150000")
    far = credit(5_00)._replace(position=2, parent=1, booked=DAY - timedelta(days=99))
    second = credit(5_00)._replace(position=3, booked=early)
    made = of(total, far, second, closing_date=late, digest="content")
    record = book(made).booking.record
    assert (record.first_day, record.last_day, record.closing_date, record.opening_date) == (early, late, late, DAY)
    assert (record.bank, record.sequence, record.opening, record.closing) == ("current", "073", 1_000_00, 1_010_00)
    assert (record.kind, record.name, record.digest, record.file_digest) == (
        DocumentKind.CODA, "doc-1", "content", "file"
    )  # fmt: skip
    assert book(replace(made, closing_date=None)).booking.record.closing_date == DAY
    undated = book(replace(made, closing_date=None, opening_date=None)).booking.record
    assert (undated.closing_date, undated.last_day) == (DAY, DAY)


def test_a_statement_without_a_day_is_named_by_its_number():
    assert document_name("current", of(credit(), closing_date=None)) == "coda-current-073"
    assert document_name("current", of(credit(), sequence="073+")) == "coda-current-2025-073b"
    assert document_name("current", of(credit(), sequence="000+")) == "coda-current-2025-0314"


def test_an_entry_names_its_line_and_its_grant():
    (entry,) = book(of(credit(communication="C-2025-1"))).booking.entries
    assert entry == Entry(
        DAY, "Tranche de subside échue", (Line(BANK, 50_00), Line(RECEIVABLE, -50_00)), links=("doc-1",),
        meta={"position": 1, "code": "00150000", "grant": "G1"},
    )  # fmt: skip
    (plain,) = book(of(credit(-5_00, "08037000"))).booking.entries
    assert plain.meta == {"position": 1, "code": "08037000"}


@pytest.mark.parametrize(
    ("line", "known", "outcome"),
    [
        (credit(communication="C-2025-1"), {}, "suspense"),
        (credit(communication="C-2025-1", structured=OTHERS), None, "suspense"),
        (credit(communication=""), {"": "G1"}, "suspense"),
        (credit(communication="C 2025-1X"), None, "suspense"),
        (credit(communication="XC - 2025-1 C - 2025 - 1"), None, "grant"),
        (credit(-1, communication="C-2025-1"), None, "suspense"),
    ],
)
def test_a_grant_is_known_by_its_contract_alone(line: Movement, known: dict[str, str] | None, outcome: str):
    made = desk() if known is None else desk(grants=known)
    assert outcomes(book(of(line), made)) == [outcome]


def test_no_line_without_an_account_is_a_gift_of_nobody_s_account():
    links = replace(desk().links, ibans={"": "D0009", ANNE: "D0003"})
    assert outcomes(book(of(credit(structured=OTHERS)), desk(links=links))) == ["suspense"]
    assert outcomes(book(of(credit(code="00550000", account=ANNE)), desk())) == ["gift"]


# Returns


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        (back()._replace(return_type="1"), FailureKind.REJECT),
        (back()._replace(return_type="4", code="00505000"), FailureKind.REFUND),
        (back()._replace(return_type="1", code="00505000"), FailureKind.REJECT),
        (back()._replace(return_type="2", code="00101000"), FailureKind.RETURN),
    ],
)
def test_a_return_is_told_by_its_mark_else_by_its_code(line: Movement, kind: FailureKind):
    (told,) = book(of(line)).returns
    assert told.kind is kind


def test_a_return_is_a_gift_taken_back_with_what_its_line_says():
    line = back()._replace(executed=EXECUTED, value=VALUE)
    known = COLLECTED._replace(project="P1", department="D1", certificate_elsewhere=True)
    booked = book(batch_of(line, code="10503000"), found=Found("doc-1", originals={"E1": known}))
    assert booked.booking.gifts == [
        Gift(
            "D0002", -60_00, DAY, 2024, MONEY, 2, 1, channel=Channel.DIRECT_DEBIT, executed=EXECUTED, value=VALUE,
            campaign="winter", fund="F2", reverses=7, certificate_elsewhere=True, project="P1", department="D1",
        )
    ]  # fmt: skip
    assert outcomes(
        book(of(credit(-60_00, "00101000", reference="E1")), found=Found("c", originals={"E1": known}))
    ) == ["suspense"]


def test_a_masked_return_looks_only_where_its_reference_says_nothing():
    other = COLLECTED._replace(id=8, cents=60_00)
    found = Found("c", originals={"NOTPROVIDED": other}, claimed={CLAIM: (COLLECTED,)})
    assert [gift.reverses for gift in book(of(MASK), found=found).booking.gifts] == [8]
    left_over = Found("c", claimed={CLAIM: (COLLECTED, other)})
    named = back(reference="E1")
    both = book(of(named, MASK), found=replace(left_over, originals={"E1": COLLECTED}))
    assert [gift.reverses for gift in both.booking.gifts] == [7, 8]
    assert claim_of(back(reference="")._replace(mandate=None), replace(desk().links, mandates={None: "D1"})) is None  # type: ignore[dict-item]


def test_questions_are_of_lines_not_of_their_details():
    lines = numbered(
        credit(20_00, "10550000", reference="B1", mandate="M-2"),
        credit(20_00, "50550000", reference="B2")._replace(parent=1),
        credit(20_00, "10552000", reference="B3"),
        credit(-20_00, "00550000", reference="B4"),
        credit(20_00, "20550000", reference=""),
        credit(-20_00, "00101000", reference="E5", mandate="M-2"),
        credit(20_00, "00550000", reference="E6"),
        credit(0, "00550000", reference="E7", mandate="M-2"),
    )
    asked = questions(lines, desk().links, again=True)
    assert asked.collections == {"B1", "B3", "B4", "E6"}
    assert asked.references == {"B1", "E5"}  # a payment that names a mandate of ours may take a debit back


# Open lines again


def test_open_totals_that_are_known_now_bring_their_instalments():
    lines = numbered(
        credit(20_00, "10550000", reference="B"),
        credit(5_00),
        credit(30_00, "10550000", reference="C"),
        credit(-2_00, "08037000"),
    )
    found = replace(collection(debit(1)), collections={
        "B": collection(debit(1)).collections["B"], "C": collection(debit(2, 30_00)).collections["B"],
    })  # fmt: skip
    again = booking.book_open(lines, desk(), found, "digest")
    assert again is not None
    assert again.decided == (1, 3, 4)
    posts = again.booking
    assert [(row.position, row.parent) for row in posts.movements] == [(1, None), (5, 1), (3, None), (6, 3), (4, None)]
    assert set(posts.batches) == set(posts.batch_lines) == {1, 3}
    assert [line.account for entry in posts.entries for line in entry.lines] == [SUSPENSE, FEES]
    assert posts.record.summary.cents == {"gift": 50_00, "rule": -2_00}
    assert posts.gift_debits == {1: SUSPENSE, 3: SUSPENSE}


# Rules


@pytest.mark.parametrize(
    ("conditions", "fits"),
    [
        ({}, True),
        ({"iban": LINE.account}, True),
        ({"iban": LUC}, False),
        ({"name": re.compile("BANQUE")}, True),
        ({"name": re.compile("FRAIS")}, False),
        ({"communication": re.compile("FRAIS")}, True),
        ({"communication": re.compile("BANQUE")}, False),
        ({"iban": LINE.account, "name": re.compile("X")}, False),
    ],
)
def test_a_rule_fits_or_not(conditions: dict[str, object], fits: bool):
    rule = Rule("Frais", **conditions)  # type: ignore[arg-type]
    assert rule.fits(LINE) is fits
    assert rule.concerns("8037", credit=False) is True


# Proposals


def known(*names: str, **fields: str) -> object:
    return directory(
        Donor(f"D{number:04d}", "natural", last, first, **fields)
        for number, (first, _, last) in enumerate((name.partition(" ") for name in names), 1)
    )


def scores(name: str, *names: str, text: str = "", **fields: str) -> list[tuple[str, float]]:
    return [(found.donor, found.score) for found in propose(name, text, known(*names, **fields))]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("asked", "there", "score"),
    [
        ("dupont", "dupont", 1.0),
        ("marie", "marin", 0.72),  # 2 x 4 of 10 letters alike: 0.8, of which nine tenths
        ("marine", "mari", 0.72),
        ("abcdef", "abcdefgh", 0.771),  # 12 of 14
        ("abcdefghij", "abcdefgh", 0.8),  # 16 of 18
        ("abcdef", "abcdefghi", None),  # three letters more: another word
        ("abcdefghi", "abcdef", None),
        ("marie", "parie", None),  # another first letter
        ("marie", "mabcd", None),
        ("abcdef", "abfedc", None),  # the same letters in another order
        ("désirée", "Desiree", 1.0),
        ("désirée", "De\u0301sire\u0301e", 1.0),
        ("jean-luc", "luc jean", 1.0),
    ],
)
def test_a_word_counts_by_how_much_of_it_is_alike(asked: str, there: str, score: float | None):
    assert scores(asked, there) == ([] if score is None else [("D0001", score)])


@pytest.mark.parametrize(
    ("asked", "there", "score"),
    [
        ("zoé dupont", "zoé dupont", 1.0),
        ("zoé dupont albert", "zoé dupont", 0.667),
        ("zoé dupont", "zoé dupont albert", 0.667),
        ("zoé dupont", "zoé", None),
        ("zoé martin marten", "zoé martin", 0.917),  # 1 and 1, and nine tenths of 10 of 12 letters: 2.75 of 3
    ],
)
def test_a_name_counts_by_the_longer_of_both(asked: str, there: str, score: float | None):
    assert scores(asked, there) == ([] if score is None else [("D0001", score)])


def test_words_of_the_address_add_to_a_name_up_to_one():
    place = {"street": "Rue Verte 1", "municipality": "Namur"}
    assert scores("dupont albert", "zoé dupont", text="à Namur", **place) == [("D0001", 0.55)]
    assert scores("dupont albert", "zoé dupont", text="rue verte, Namur", **place) == [("D0001", 0.65)]
    assert scores("zoé dupont", "zoé dupont", text="namur", **place) == [("D0001", 1.0)]
    (found,) = propose("dupont albert", "Namur", known("zoé dupont", **place))  # type: ignore[arg-type]
    assert found.reasons == ("name 50 %", "1 word of the address")
    (plain,) = propose("zoé dupont albert", "", known("zoé dupont", **place))  # type: ignore[arg-type]
    assert plain.reasons == ("name 67 %",)


def test_what_else_speaks_for_a_donor_is_added_to_the_likeness_of_the_name():
    evidence: Sequence[Proposal] = [Proposal("D0001", 0.6, ("account",)), Proposal("D0009", 0.5, ("number",))]
    found = propose("zoé dupont albert", "", known("zoé dupont"), evidence=evidence)  # type: ignore[arg-type]
    assert found == [
        Proposal("D0001", 0.867, ("account", "name 67 %")),  # 1 - 0.4 x 0.333
        Proposal("D0009", 0.5, ("number",)),
    ]
    assert propose("", "", known("zoé dupont"), evidence=evidence) == list(evidence)  # type: ignore[arg-type]
    assert len(propose("zoé dupont", "", known(*["zoé dupont"] * 5), limit=2)) == 2  # type: ignore[arg-type]
