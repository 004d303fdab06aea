"""What a statement posts: the order in which a line is known by, what a total is, what a return takes back."""

import re
from dataclasses import replace
from datetime import date

import pytest
from coda_writer import Line, debit_text, encode, ogm, statement
from hypothesis import given
from hypothesis import strategies as st

from importers.bank import coda
from importers.bank.records import Movement, Statement
from importers.deciding import booking
from importers.deciding.booking import Booked, Desk, document_name
from importers.deciding.found import Found, questions
from importers.deciding.gifts import counted_year
from importers.deciding.rules import GiftRule, Rule
from ledger.dimensions import Dimension, DimensionKey, DimensionKeys, LineKeys
from ledger.posting import gift_entries
from ledger.records import Channel, Counterpart, Nature
from ledger.register.debits import Collected, Debit
from ledger.register.gifts import Original
from ledger.vault.links import Links

DAY = date(2025, 3, 14)
ISSUED, OTHERS = ogm(1), ogm(999)
ANNE, LUC, SHARED = "BE01000000000001", "BE02000000000002", "BE03000000000003"
LINKS = Links(
    communications={ISSUED: ("D0001", "spring")},
    mandates={"M-2": "D0002"},
    ibans={ANNE: "D0003", LUC: "D0004", SHARED: None},
)
BANK, MONEY, SUSPENSE, RECEIVABLE, FEES, POOLED = "550000", "731100", "499000", "413000", "657000", "731300"
FEE_RULE = Rule("Frais bancaires", account=FEES, credit=False, codes=("80",))


def desk(rules: tuple[Rule, ...] = (FEE_RULE,), **changes: object) -> Desk:
    """What the books know: one issued OGM, one mandate, two accounts and a shared one, the contract of a grant."""
    made = Desk(
        alias="current",
        account=BANK,
        money=MONEY,
        suspense=SUSPENSE,
        receivable=RECEIVABLE,
        links=LINKS,
        rules=rules,
        grants={"C-2025-1": "G1", "C-2025-12": "G12"},
        language="fr",
    )
    return replace(made, **changes)


def book(
    made: Statement,
    known: Desk,
    digest: str,
    originals: dict[str, Original] | None = None,
    collections: dict[str, Collected] | None = None,
) -> Booked:
    """A statement decided by a register that holds these gifts and collections: it is told what the lines ask."""
    asked = questions(made.movements, known.links)
    found = Found(
        document_name(known.alias, made),
        originals={one: gift for one, gift in (originals or {}).items() if one in asked.references},
        collections={one: held for one, held in (collections or {}).items() if one in asked.collections},
    )
    return booking.book(made, known, found, digest)


def credit(cents: int = 50_00, code: str = "00150000", **fields: object) -> Movement:
    return Movement(position=1, parent=None, booked=DAY, value=DAY, cents=cents, code=code, **fields)


def numbered(*movements: Movement) -> tuple[Movement, ...]:
    return tuple(movement._replace(position=number) for number, movement in enumerate(movements, 1))


def of(*movements: Movement, opening: int = 1_000_00, **fields: object) -> Statement:
    lines = movements if len({movement.position for movement in movements}) == len(movements) else numbered(*movements)
    closing = opening + sum(line.cents for line in lines if line.parent is None)
    made = Statement(BANK, "EUR", opening, DAY, closing, DAY, "073", lines)
    return replace(made, **fields)


def posted(booked) -> dict[str, int]:
    """Cents by account, debit positive, over every transaction the statement makes."""
    totals: dict[str, int] = {}
    for entry in (*gift_entries(booked.booking, "fr"), *booked.booking.entries):
        assert sum(line.cents for line in entry.lines) == 0
        for line in entry.lines:
            totals[line.account] = totals.get(line.account, 0) + line.cents
    return {account: cents for account, cents in totals.items() if cents}


def one(
    movement: Movement, made: Desk | None = None, originals: dict[str, Original] | None = None
) -> tuple[str, str | None, str | None]:
    """Outcome, account and donor of a single line."""
    posts = book(of(movement), made or desk(), "file", originals).booking
    [row] = posts.movements
    donor = posts.gifts[0].donor if posts.gifts else None
    return row.outcome, row.account, donor


# The order of certainty


def test_an_issued_communication_makes_the_gift_of_its_donor_and_campaign():
    booking = book(of(credit(structured=ISSUED)), desk(), "file").booking
    [gift] = booking.gifts
    assert (gift.donor, gift.campaign, gift.cents, gift.account) == ("D0001", "spring", 50_00, MONEY)


def test_an_issued_communication_paid_from_the_account_of_another_donor_waits_for_a_person():
    assert one(credit(structured=ISSUED, account=ANNE)) == ("suspense", SUSPENSE, None)


def test_an_issued_communication_goes_before_an_account_nobody_or_several_are_known_by():
    assert one(credit(structured=ISSUED, account=SHARED)) == ("gift", MONEY, "D0001")
    assert one(credit(structured=ISSUED, account="BE09000000000009")) == ("gift", MONEY, "D0001")


def test_an_issued_communication_goes_before_a_rule():
    rule = Rule("Tout", account="740000", credit=True)
    assert one(credit(structured=ISSUED), desk((rule,))) == ("gift", MONEY, "D0001")


@pytest.mark.parametrize(
    "text",
    [
        f"DON +++{ISSUED[:3]}/{ISSUED[3:7]}/{ISSUED[7:]}+++ MERCI",
        f"don {ISSUED[:3]}/{ISSUED[3:7]}/{ISSUED[7:]}",
        f"VCS {ISSUED}",
        f"{ISSUED[:3]} {ISSUED[3:7]} {ISSUED[7:]}",
    ],
)
def test_an_issued_communication_is_found_in_free_text_however_it_is_written(text: str):
    assert one(credit(communication=text)) == ("gift", MONEY, "D0001")


def test_twelve_bare_digits_that_were_never_issued_are_no_reference():
    assert one(credit(communication=f"FACTURE {OTHERS}")) == ("suspense", SUSPENSE, None)


def test_a_communication_never_issued_leaves_the_line_to_what_else_it_says():
    assert one(credit(structured=OTHERS)) == ("suspense", SUSPENSE, None)
    assert one(credit(structured=OTHERS, account=ANNE)) == ("gift", MONEY, "D0003")


def test_a_mandate_goes_before_the_account():
    assert one(credit(code="00550000", mandate="M-2", account=ANNE)) == ("gift", MONEY, "D0002")


def test_a_mandate_that_is_not_in_the_vault_is_for_a_person_to_look_at():
    assert one(credit(code="00550000", mandate="M-9", account=ANNE)) == ("suspense", SUSPENSE, None)


def test_a_grants_contract_goes_before_a_rule_and_the_account():
    rule = Rule("Tout", account="740000", credit=True)
    line = credit(communication="Convention c-2025 - 1 tranche 2", account=ANNE)
    assert one(line, desk((rule,))) == ("grant", RECEIVABLE, None)


def test_the_contract_of_one_grant_is_not_taken_for_the_beginning_of_another():
    [entry] = book(of(credit(communication="TRANCHE C-2025-12")), desk(), "file").booking.entries
    assert entry.meta["grant"] == "G12"


def test_the_line_of_a_grant_carries_what_the_grant_s_lines_do_by_itself_and_in_a_total():
    known = desk(grant_keys={"G12": LineKeys(project="ECOLES", party="F0007")})
    paid = credit(communication="TRANCHE C-2025-12")
    [alone] = book(of(paid), known, "file").booking.entries
    assert [line.meta for line in alone.lines] == [{}, {"project": "ECOLES", "party": "F0007"}]
    total = credit(code="10150000")
    [entry] = book(of(total, paid._replace(position=2, parent=1)), known, "file").booking.entries
    assert {"project": "ECOLES", "party": "F0007"}.items() <= entry.lines[1].meta.items()


def test_a_contract_number_inside_another_word_is_none():
    assert one(credit(communication="XC-2025-1")) == ("suspense", SUSPENSE, None)


def test_a_rule_goes_before_the_account():
    rule = Rule("Remboursement", account="416000", communication=None, iban=ANNE)
    assert one(credit(account=ANNE), desk((rule,))) == ("rule", "416000", None)


def test_a_rule_may_make_a_gift_whose_donor_is_unknown():
    pooled = GiftRule(POOLED, Nature.MONEY, Channel.PLATFORM, Counterpart.NONE, "trail", "F1")
    booking = book(of(credit(communication="PAYOUT")), desk((Rule("Groupé", gift=pooled),)), "file").booking
    [gift] = booking.gifts
    assert (gift.donor, gift.account, gift.channel, gift.campaign, gift.fund) == (
        *(None, POOLED, Channel.PLATFORM, "trail", "F1"),
    )


SCHOOLS = DimensionKey("SCHOOLS", {}, last=date(2025, 3, 14))
UNTIL_DAY = DimensionKeys({Dimension.PROJECT: {"SCHOOLS": SCHOOLS}})
OF_SCHOOLS = LineKeys(project="SCHOOLS")


@pytest.mark.parametrize("pooled", [False, True], ids=["account", "gift"])
def test_a_rule_whose_project_is_over_leaves_the_line_to_a_person_and_says_so(pooled: bool):
    made = GiftRule(POOLED, Nature.MONEY, Channel.PLATFORM, Counterpart.NONE, None, None)
    rule = Rule("Écoles", gift=made, keys=OF_SCHOOLS) if pooled else Rule("Écoles", account=FEES, keys=OF_SCHOOLS)
    known = desk((rule, Rule("Tout", account="740000")), dimensions=UNTIL_DAY)
    assert one(credit(account=LUC), known)[0] == ("gift" if pooled else "rule")
    late = book(of(credit(account=LUC)._replace(booked=date(2025, 3, 15))), known, "file")
    assert [row.outcome for row in late.booking.movements] == ["suspense"]
    [fault] = late.faults
    assert "movement 1 of 2025-03-15 waits on suspense: the rule `Écoles` carries project `SCHOOLS`" in fault.message
    assert "(until 2025-03-14)" in fault.message


def test_a_rule_that_makes_no_gift_of_a_payment_has_nothing_to_say_of_its_project():
    made = GiftRule(POOLED, Nature.MONEY, Channel.PLATFORM, Counterpart.NONE, None, None)
    known = desk((Rule("Écoles", gift=made, keys=OF_SCHOOLS),), dimensions=UNTIL_DAY)
    assert book(of(credit(-5_00)._replace(booked=date(2025, 3, 15))), known, "file").faults == ()


def test_a_rule_makes_no_gift_of_money_that_leaves():
    pooled = GiftRule(POOLED, Nature.MONEY, Channel.PLATFORM, Counterpart.NONE, None, None)
    assert one(credit(-5_00), desk((Rule("Groupé", gift=pooled),))) == ("suspense", SUSPENSE, None)


def test_the_account_of_exactly_one_donor_makes_the_gift():
    assert one(credit(account=LUC)) == ("gift", MONEY, "D0004")


def test_an_account_of_two_donors_waits_for_a_person():
    assert one(credit(account=SHARED)) == ("suspense", SUSPENSE, None)


def test_what_nothing_knows_waits_on_suspense_with_who_stands_behind_it():
    booked = book(of(credit(name="L. INCONNU", account="BE99", communication="COUCOU")), desk(), "file")
    [behind] = booked.counterparties
    assert behind == ("coda-current-2025-073", 1, "L. INCONNU", "BE99", "COUCOU")
    assert posted(booked) == {BANK: 50_00, SUSPENSE: -50_00}


@pytest.mark.parametrize("code", ["00154000", "00164000", "00187000", "00199000", "00254000", "00558000"])
def test_our_own_money_that_comes_back_is_no_gift_of_the_account_it_comes_from(code: str):
    assert one(credit(code=code, account=ANNE)) == ("suspense", SUSPENSE, None)
    rule = Rule("Retour", account="440000", codes=(code[1:5],))
    assert one(credit(code=code, account=ANNE), desk((rule,))) == ("rule", "440000", None)


def test_a_collection_that_we_pay_is_no_gift_and_no_return():
    ours = credit(-80_00, "00501000", mandate="M-2", reference="E2E-1")
    back = {"E2E-1": Original(7, "D0002", 80_00, 2025, MONEY, "direct-debit", None, None, False)}
    assert one(ours, originals=back) == ("suspense", SUSPENSE, None)


# Totals and their details


def total(cents: int, *details: Movement, code: str = "10550000", **fields: object) -> Statement:
    head = Movement(1, None, DAY, DAY, cents, code, **fields)
    return of(head, *(part._replace(position=number, parent=1) for number, part in enumerate(details, 2)))


def test_a_total_whose_details_add_up_is_decided_detail_by_detail():
    booked = book(
        total(
            105_00,
            credit(60_00, "50550000", mandate="M-2", reference="E1"),
            credit(45_00, "50550000", mandate="M-9", reference="E2"),
        ),
        desk(),
        "file",
    )
    assert [(row.cents, row.outcome) for row in booked.booking.movements] == [
        (105_00, "batch"),
        (60_00, "gift"),
        (45_00, "suspense"),
    ]
    assert posted(booked) == {BANK: 105_00, MONEY: -60_00, SUSPENSE: -45_00}
    assert booked.booking.gifts[0].batch == 1


def test_a_total_whose_details_do_not_add_up_is_one_amount_on_suspense_with_a_warning():
    booked = book(total(105_00, credit(60_00, "50550000", mandate="M-2")), desk(), "file")
    assert posted(booked) == {BANK: 105_00, SUSPENSE: -105_00}
    [fault] = booked.faults
    assert "movement 1" in fault.message
    assert fault.severity == "warning"
    assert [row.outcome for row in booked.booking.movements] == ["suspense", "detail"]


@pytest.mark.parametrize("code", ["10550000", "10150000", "20150000"])
def test_a_total_without_details_waits_though_its_account_is_known(code: str):
    assert one(credit(code=code, account=ANNE)) == ("suspense", SUSPENSE, None)


def test_a_rule_may_explain_a_total_as_one():
    rule = Rule("Salaires", account="455000", credit=False, codes=("0107",))
    parts = (credit(-60_00, "50107000"), credit(-45_00, "50107000"))
    booked = book(total(-105_00, *parts, code="10107000"), desk((rule,)), "file")
    assert posted(booked) == {BANK: -105_00, "455000": 105_00}
    assert [row.outcome for row in booked.booking.movements] == ["rule", "detail", "detail"]


def test_a_simple_line_with_its_charges_is_its_gross_amount_and_they():
    # CODA 2.6: type 3 is a line with details; category 100 is the gross amount, 013 the commission of the payment.
    head = Movement(1, None, DAY, DAY, 47_50, "30150000", structured=ISSUED)
    gross = Movement(2, 1, DAY, DAY, 50_00, "80150100")
    fee = Movement(3, 1, DAY, DAY, -2_50, "80150013")
    booked = book(of(head, gross, fee), desk(), "file")
    assert posted(booked) == {BANK: 47_50, MONEY: -50_00, FEES: 2_50}
    assert [row.outcome for row in booked.booking.movements] == ["batch", "gift", "fee"]
    assert booked.booking.gifts[0].donor == "D0001"


def test_details_of_a_simple_line_that_no_charge_explains_are_kept_and_told():
    head = Movement(1, None, DAY, DAY, 47_50, "30150000", structured=ISSUED)
    gross = Movement(2, 1, DAY, DAY, 50_00, "80150100")
    interest = Movement(3, 1, DAY, DAY, -2_50, "80150002")
    booked = book(of(head, gross, interest), desk(), "file")
    assert posted(booked) == {BANK: 47_50, MONEY: -47_50}
    assert [row.outcome for row in booked.booking.movements] == ["gift", "detail", "detail"]
    [told] = booked.faults
    assert "gross amount is 50.00 EUR, booked are 47.50 EUR" in told.message


def test_details_of_details_split_the_detail_where_they_add_up_to_it():
    lines = (
        Movement(1, None, DAY, DAY, 100_00, "20550000"),
        Movement(2, 1, DAY, DAY, 60_00, "70550000"),
        Movement(3, 2, DAY, DAY, 20_00, "90550000", mandate="M-2"),
        Movement(4, 2, DAY, DAY, 40_00, "90550000", mandate="M-2"),
        Movement(5, 1, DAY, DAY, 40_00, "70550000", mandate="M-2"),
        Movement(6, 5, DAY, DAY, 1_00, "90550000", mandate="M-2"),
    )
    booked = book(of(*lines), desk(), "file")
    assert [row.outcome for row in booked.booking.movements] == ["batch", "batch", "gift", "gift", "gift", "detail"]
    assert [gift.cents for gift in booked.booking.gifts] == [20_00, 40_00, 40_00]
    assert posted(booked) == {BANK: 100_00, MONEY: -100_00}


# Returns

COLLECTED = Original(7, "D0002", 60_00, 2024, MONEY, "direct-debit", "winter", "F2", False)


def back(cents: int = -60_00, reference: str = "E1", **fields: object) -> Movement:
    return credit(cents, "00503000", reference=reference, mandate="M-2", return_type="2", reason="MS03", **fields)


def test_a_return_takes_back_the_gift_of_its_endtoendid_in_the_year_that_it_counted_for():
    booked = book(of(back()), desk(), "file", {"E1": COLLECTED})
    [gift] = booked.booking.gifts
    assert (gift.reverses, gift.donor, gift.cents, gift.counted, gift.booked) == (7, "D0002", -60_00, 2024, DAY)
    assert (gift.campaign, gift.fund, gift.channel) == ("winter", "F2", Channel.DIRECT_DEBIT)
    assert posted(booked) == {BANK: -60_00, MONEY: 60_00}
    assert booked.booking.movements[0].reason == "MS03"


@pytest.mark.parametrize(
    ("line", "known"),
    [
        (back(reference="E9"), {"E1": COLLECTED}),
        (back(reference=""), {"": COLLECTED}),
        (back(), {"E1": COLLECTED._replace(reversed=True)}),
        (back(-59_99), {"E1": COLLECTED}),
    ],
    ids=["of nothing known", "without an EndToEndId", "already reversed", "of another amount"],
)
def test_a_return_that_fits_no_gift_waits_on_suspense(line: Movement, known: dict[str, Original]):
    assert one(line, originals=known) == ("suspense", SUSPENSE, None)


def test_one_gift_is_reversed_once_even_within_a_statement():
    booked = book(of(back(), back()), desk(), "file", {"E1": COLLECTED})
    assert [row.outcome for row in booked.booking.movements] == ["return", "suspense"]


def test_a_total_of_returns_takes_back_each_of_its_details():
    lines = (back(), back(-5_00, "E2"))
    known = {"E1": COLLECTED, "E2": COLLECTED._replace(id=8, cents=5_00)}
    booked = book(total(-65_00, *lines, code="10503000"), desk(), "file", known)
    assert [gift.reverses for gift in booked.booking.gifts] == [7, 8]
    assert posted(booked) == {BANK: -65_00, MONEY: 65_00}


# What is kept


def test_two_equal_gifts_on_one_day_stay_two():
    booked = book(of(credit(structured=ISSUED), credit(structured=ISSUED)), desk(), "file")
    assert [(gift.donor, gift.cents, gift.position) for gift in booked.booking.gifts] == [
        ("D0001", 50_00, 1),
        ("D0001", 50_00, 2),
    ]
    assert posted(booked) == {BANK: 100_00, MONEY: -100_00}


def test_the_endtoendid_of_a_transfer_is_not_kept_because_its_payer_wrote_it():
    rows = book(
        of(credit(reference="DON DE ZOE DUPONT", account=ANNE), credit(code="00550000", mandate="M-2", reference="E1")),
        desk(),
        "file",
    ).booking.movements
    assert [(row.reference, row.mandate) for row in rows] == [(None, None), ("E1", "M-2")]


def test_nothing_that_is_posted_holds_what_the_payer_wrote():
    line = credit(structured=ISSUED, name="ZOE DUPONT", account=ANNE, communication="POUR MAMAN")
    booked = book(of(line, line._replace(structured=None, account="")), desk(), "file")
    text = repr((booked.booking, gift_entries(booked.booking, "fr")))
    assert not [word for word in ("DUPONT", ANNE, "MAMAN") if word in text]


def test_news_without_money_posts_nothing():
    booked = book(of(credit(0, account=ANNE)), desk(), "file")
    assert (booked.booking.movements[0].outcome, booked.booking.entries, booked.booking.gifts) == ("nothing", [], [])


def test_a_line_known_to_nothing_of_ours_makes_a_transaction_of_its_own():
    booked = book(of(credit(-12_50, "08037000"), credit(-2_00, "08037000")), desk(), "file")
    assert [(entry.narration, entry.meta["position"]) for entry in booked.booking.entries] == [
        ("Frais bancaires", 1),
        ("Frais bancaires", 2),
    ]


def test_the_counts_and_sums_of_a_statement_are_told_by_outcome():
    summary = book(
        of(credit(structured=ISSUED), credit(7_00), credit(-12_50, "08037000")), desk(), "file"
    ).booking.record.summary
    assert summary.counts == {"gift": 1, "rule": 1, "suspense": 1}
    assert summary.cents == {"gift": 50_00, "rule": -12_50, "suspense": 7_00}


# The year a gift counts for


@pytest.mark.parametrize(
    ("policy", "executed", "value", "year"),
    [
        ("executed", date(2024, 12, 31), date(2025, 1, 2), 2024),
        ("executed", None, date(2024, 12, 31), 2024),
        ("executed", None, None, 2025),
        ("value", date(2024, 12, 31), date(2025, 1, 2), 2025),
        ("value", None, date(2024, 12, 31), 2024),
        ("value", None, None, 2025),
        ("booked", date(2024, 12, 31), date(2024, 12, 31), 2025),
    ],
)
def test_the_policy_says_which_day_decides_the_year(policy: str, executed: date, value: date, year: int):
    assert counted_year(policy, executed, value, date(2025, 1, 3)) == year
    line = credit(structured=ISSUED, executed=executed)._replace(value=value, booked=date(2025, 1, 3))
    [gift] = book(of(line), desk(date_policy=policy), "file").booking.gifts
    assert gift.counted == year


# The name of the document


@pytest.mark.parametrize(
    ("sequence", "day", "name"),
    [
        ("073", date(2025, 3, 14), "coda-current-2025-073"),
        ("001", date(2026, 1, 2), "coda-current-2026-001"),
        ("000", date(2025, 3, 14), "coda-current-2025-0314"),
    ],
)
def test_a_document_is_named_by_account_year_and_number_or_day(sequence: str, day: date, name: str):
    assert document_name("current", of(sequence=sequence, closing_date=day)) == name


# From a file


def test_a_statement_read_from_a_file_posts_the_figures_written_into_it():
    text = debit_text("M-2", settled=date(2024, 12, 31))
    parts = [
        Line(50_00, communication=f"101{ISSUED}", structured=True, name="QUELQU'UN"),
        Line(60_00, "10550000", details=(Line(60_00, "50550000", text, structured=True, reference="E1"),)),
        Line(-12_50, "08037000", "FRAIS"),
    ]
    [read] = coda.parse(encode(statement(parts))).statements
    booked = book(read, desk(), "file")
    assert posted(booked) == {BANK: 97_50, MONEY: -110_00, FEES: 12_50}
    assert [(gift.donor, gift.counted) for gift in booked.booking.gifts] == [("D0001", 2025), ("D0002", 2024)]


@st.composite
def any_line(draw: st.DrawFn) -> Movement:
    cents = draw(st.integers(-(10**7), 10**7))
    return credit(
        cents,
        draw(st.sampled_from(["00150000", "00550000", "00503000", "08037000", "10550000", "30150000", "00154000"])),
        structured=draw(st.sampled_from([None, ISSUED, OTHERS])),
        mandate=draw(st.sampled_from([None, "M-2", "M-9"])),
        account=draw(st.sampled_from(["", ANNE, SHARED])),
        reference=draw(st.sampled_from(["", "E1", "E9"])),
        communication=draw(st.sampled_from(["", "C-2025-1", "BONJOUR", f"DON {ISSUED}", f"DON {OTHERS}"])),
    )


@given(st.lists(any_line(), min_size=1, max_size=12))
def test_whatever_the_lines_are_the_bank_account_moves_by_what_the_bank_says(lines: list[Movement]):
    made = of(*numbered(*lines))
    booked = book(made, desk(), "file", {"E1": COLLECTED})
    assert posted(booked).get(BANK, 0) == made.closing - made.opening
    assert -posted(booked).get(MONEY, 0) == sum(gift.cents for gift in booked.booking.gifts)
    assert [row.position for row in booked.booking.movements] == list(range(1, len(lines) + 1))
    assert len({gift.reverses for gift in booked.booking.gifts if gift.reverses}) <= 1


# Most gifts are known by one look-up; what they post must not depend on it


@st.composite
def any_statement(draw: st.DrawFn) -> Statement:
    """Lines, some of them totals whose details may add up to them, and may have details themselves."""
    lines: list[Movement] = []
    for line in draw(st.lists(any_line(), min_size=1, max_size=8)):
        executed = draw(st.sampled_from([None, date(2024, 12, 31)]))
        lines.append(line._replace(position=len(lines) + 1, executed=executed))
        above = [lines[-1]]
        for detail in draw(st.lists(any_line(), max_size=3)) if draw(st.booleans()) else ():
            parent = draw(st.sampled_from(above))
            lines.append(detail._replace(position=len(lines) + 1, parent=parent.position))
            above.append(lines[-1])
        for total in reversed(above):
            below = sum(one.cents for one in lines if one.parent == total.position)
            if below and draw(st.booleans()):
                lines[total.position - 1] = lines[total.position - 1]._replace(cents=below)
    return of(*lines)


@given(any_statement(), st.sampled_from(["executed", "value", "booked"]))
def test_a_gift_known_by_one_look_up_is_what_the_steps_make_of_it(made: Statement, policy: str):
    rules = (FEE_RULE, Rule("Bonjour", account="740000", communication=re.compile("BONJOUR")))
    debits = [Debit(one, "M-2", "D0002", 50_00, DAY, rejected=False, credited=one == "E9") for one in ("E9", "E8")]
    collections = {"E9": Collected("E9", 100_00, tuple(debits))}
    known = desk(rules, date_policy=policy)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(booking, "_book_known", lambda movements, _sheet, _batch: iter(movements))
        step_by_step = book(made, known, "file", {"E1": COLLECTED}, collections)
    assert book(made, known, "file", {"E1": COLLECTED}, collections) == step_by_step
