"""Who gets a receipt: the decision table of law and circulars row by row, and every cent in one line."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.records import Channel, Counterpart, DonorKind, Nature
from receipts.decide.eligibility import (
    RECEIPTED,
    Assessment,
    DonorFact,
    FactsRefused,
    GiftFact,
    Identifier,
    Policy,
    Reason,
    Warn,
    assess,
    label,
    obstacles,
    partition,
    source,
)
from receipts.decide.tie import tie

SHARED = Path(__file__).parents[2].parent / "shared"
YEAR = 2025
POLICY = Policy(recognised=frozenset({2024, 2025, 2026}))
PERSON = DonorFact("D0000001", DonorKind.NATURAL, True, True, True, Identifier.VALID)
COMPANY = DonorFact("D0000002", DonorKind.LEGAL, True, False, True, Identifier.VALID)


def gift(number=1, cents=100_00, donor=PERSON.key, counted=YEAR, booked=YEAR, **others: object):
    return GiftFact(number, donor, cents, counted, booked, **others)


def codes(gifts, donors=(PERSON, COMPANY), policy=POLICY, year=YEAR):
    return {line.code: line.cents for line in partition(assess(year, gifts, donors, policy))}


# Kind of income (as the facts name it), the gifts it makes, the donors, what each cent becomes, source.
TRANSFER = [gift()]
TABLE = [
    ("Bank transfer by the donor", TRANSFER, [PERSON], {RECEIPTED: 100_00}, "fin.belgium.be dons [12]"),
    ("Cash handed over by", [gift(channel=Channel.CASH)], [PERSON], {RECEIPTED: 100_00}, "fin.belgium.be dons [12]"),
    (
        "Standing order / SEPA direct debit",
        [gift(number, 10_00, channel=Channel.DIRECT_DEBIT) for number in range(1, 5)],
        [PERSON],
        {RECEIPTED: 40_00},
        "fin.belgium.be dons [12], fosopenscouting.be [20]",
    ),
    ("Card / Bancontact", [gift(channel=Channel.CARD)], [PERSON], {RECEIPTED: 100_00}, "circ. 42/2014 [21][22]"),
    ("PayPal, Mollie", [gift(channel=Channel.PLATFORM)], [PERSON], {RECEIPTED: 100_00}, "circ. 2019/C/83 [22]"),
    (
        "Facebook-type collection",
        [gift(donor=None, channel=Channel.PLATFORM)],
        [],
        {Reason.ANONYMOUS: 100_00},
        "tijd.be 2019 [24]",
    ),
    ("Crowdfunding platform", [gift(channel=Channel.PLATFORM)], [PERSON], {RECEIPTED: 100_00}, "circ. 2019/C/83 [22]"),
    (
        "Amount to print for a platform gift",  # 40.00 given, 38.84 paid out: the gift is 40.00
        [gift(cents=40_00, channel=Channel.PLATFORM)],
        [PERSON],
        {RECEIPTED: 40_00},
        "circ. 2019/C/83 [22][52]",
    ),
    (
        "Donor total under 40 EUR",
        [gift(1, 20_00), gift(2, 19_99)],
        [PERSON],
        {Reason.BELOW_THRESHOLD: 39_99},
        "art. 145/33 § 1 [1]",
    ),
    (
        "Partial counterpart",
        [gift(counterpart=Counterpart.REAL)],
        [PERSON],
        {Reason.COUNTERPART: 100_00},
        "fin.belgium.be dons [12], kindergeluk.be [25]",
    ),
    (
        "Trifling thank-you",
        [gift(counterpart=Counterpart.TOKEN)],
        [PERSON],
        {Reason.COUNTERPART_UNDECIDED: 100_00},
        "UNSURE: a person decides",
    ),
    (
        "Membership fee",
        [gift(nature=Nature.MEMBERSHIP)],
        [PERSON],
        {Reason.MEMBERSHIP: 100_00},
        "scwitch.be [26]",
    ),
    (
        "Magazine subscription",
        [gift(counterpart=Counterpart.REAL)],
        [PERSON],
        {Reason.COUNTERPART: 100_00},
        "scwitch.be [26]",
    ),
    ("Event, concert", [gift(nature=Nature.TICKET)], [PERSON], {Reason.TICKET: 100_00}, "[25][26][27]"),
    (
        "Sponsoring",
        [gift(nature=Nature.SPONSORING, donor=COMPANY.key)],
        [COMPANY],
        {Reason.SPONSORING: 100_00},
        "donorinfo.be [13][17]",
    ),
    ("Collection / collective action", [gift(donor=None)], [], {Reason.ANONYMOUS: 100_00}, "[12][27][28]"),
    (
        "Own extra gift by the organiser",
        [gift(1, 900_00, donor=None), gift(2, 100_00)],
        [PERSON],
        {Reason.ANONYMOUS: 900_00, RECEIPTED: 100_00},
        "scaledogs.be [28]",
    ),
    (
        "Money forwarded to another institution",
        [gift(certificate_elsewhere=True)],
        [PERSON],
        {Reason.CERTIFICATE_ELSEWHERE: 100_00},
        "11.be [27]",
    ),
    ("Anonymous gift", [gift(donor=None)], [], {Reason.ANONYMOUS: 100_00}, "restosducoeur.be [29]"),
    (
        "Gift in kind",
        [
            gift(1, nature=Nature.GOODS),
            gift(2, nature=Nature.SERVICES),
            gift(3, nature=Nature.PREMISES),
            gift(4, nature=Nature.SECURITIES),
        ],
        [PERSON],
        {Reason.IN_KIND: 300_00, Reason.SECURITIES: 100_00},
        "art. 145/33 § 1 [1][12]",
    ),
    (
        "Work of art",
        [gift(nature=Nature.GOODS, channel=Channel.IN_KIND)],
        [PERSON],
        {Reason.IN_KIND: 100_00},
        "art. 145/33 § 1 [1]",
    ),
    (
        "Medical goods, computers",
        [gift(nature=Nature.EQUIPMENT)],
        [PERSON],
        {Reason.IN_KIND: 100_00},
        "circ. 2020/C/104, 2020 only [18]",
    ),
    ("Legacy", [gift(nature=Nature.LEGACY)], [PERSON], {Reason.LEGACY: 100_00}, "derived from art. 145/33 [1]"),
    ("Gift by a company", [gift(donor=COMPANY.key)], [COMPANY], {RECEIPTED: 100_00}, "art. 200 [3][10][13]"),
    ("Gift by a self-employed person", TRANSFER, [PERSON], {RECEIPTED: 100_00}, "derived from art. 323/3 [3]"),
    (
        "Gift by a de-facto association without KBO",
        [gift(donor=COMPANY.key)],
        [COMPANY._replace(identifier=Identifier.MISSING)],
        {Reason.ENTERPRISE_NUMBER_MISSING: 100_00},
        "UNSURE: no identifier foreseen",
    ),
    ("Gift by a minor", TRANSFER, [PERSON], {RECEIPTED: 100_00}, "UNSURE: receipt to the account holder"),
    ("Gift by a couple", [gift(1, 20_00), gift(2, 20_00)], [PERSON], {RECEIPTED: 40_00}, "one receipt [1][29]"),
    (
        "Gift by a non-resident",
        TRANSFER,
        [PERSON._replace(identifier=Identifier.MISSING)],
        {RECEIPTED: 100_00},
        "circ. 2020/C/111 [18]",
    ),
    ("Pledge, promise, loan waived", [], [PERSON], {}, "nothing was paid, so nothing is in the register [1]"),
    (
        "Payment refused, reversed or refunded",
        [gift(1), gift(2, -100_00, reverses=1)],
        [PERSON],
        {Reason.FULLY_REVERSED: 0},
        "definitive and irrevocable [1][6]",
    ),
    (
        "Gift voucher",
        [gift(counterpart=Counterpart.TOKEN)],
        [PERSON],
        {Reason.COUNTERPART_UNDECIDED: 100_00},
        "UNSURE: question 521 of 2.6.2021 [9]; marked for a decision",
    ),
    ('Word "gift"/"don" missing', TRANSFER, [PERSON], {RECEIPTED: 100_00}, "sbb.be [21]"),
]


@pytest.mark.parametrize(("kind", "gifts", "donors", "expected", "why"), TABLE, ids=[row[0] for row in TABLE])
def test_the_decision_table(kind, gifts, donors, expected, why):
    assert codes(gifts, donors) == expected, f"{kind}: {why}"


def test_the_decision_table_is_that_of_the_facts():
    facts = SHARED / "facts" / "receipts.md"
    if not facts.exists():
        pytest.skip("the facts are not here")
    section = facts.read_text(encoding="utf-8").split("\n## 3.")[1].split("\n### ")[0]
    rows = [line.split("|")[1].strip() for line in section.splitlines() if line.startswith("|")][2:]
    assert len(rows) == len(TABLE)
    for title, (kind, *_) in zip(rows, TABLE, strict=True):
        assert title.startswith(kind)


@pytest.mark.parametrize(
    ("donor", "reason"),
    [
        (PERSON._replace(has_name=False), Reason.NAME_INCOMPLETE),
        (PERSON._replace(has_first_name=False), Reason.NAME_INCOMPLETE),
        (PERSON._replace(has_address=False), Reason.ADDRESS_INCOMPLETE),
        (PERSON._replace(identifier=Identifier.INVALID), Reason.IDENTIFIER_INVALID),
        (PERSON._replace(reversal_open=True), Reason.REVERSAL_OPEN),
        (PERSON._replace(key="D0000009"), Reason.DONOR_MISSING),
    ],
)
def test_a_donor_without_what_the_receipt_must_say_gets_none(donor, reason):
    assert codes([gift()], [donor]) == {reason: 100_00}


def test_a_legal_person_needs_no_first_name():
    assert codes([gift(donor=COMPANY.key)]) == {RECEIPTED: 100_00}


def test_the_threshold_is_reached_at_forty_euro():
    assert codes([gift(cents=40_00)]) == {RECEIPTED: 40_00}
    assert codes([gift(cents=39_99)]) == {Reason.BELOW_THRESHOLD: 39_99}


def test_a_missing_national_number_warns_in_2025_and_refuses_in_2026_unless_the_policy_says_otherwise():
    donor = PERSON._replace(identifier=Identifier.MISSING)
    (decision,) = assess(2025, [gift()], [donor], POLICY).decisions
    assert (decision.reason, decision.warnings) == (None, (Warn.NUMBER_MISSING,))
    later = [gift(counted=2026, booked=2026)]
    assert codes(later, [donor], year=2026) == {Reason.NATIONAL_NUMBER_MISSING: 100_00}
    lenient = Policy(POLICY.recognised, national_number_required=False)
    assert codes(later, [donor], lenient, 2026) == {RECEIPTED: 100_00}
    strict = Policy(POLICY.recognised, national_number_required=True)
    assert codes([gift()], [donor], strict) == {Reason.NATIONAL_NUMBER_MISSING: 100_00}


def test_a_year_without_recognition_gives_no_receipt():
    assert codes([gift()], policy=Policy(frozenset({2024}))) == {Reason.NOT_RECOGNISED: 100_00}


def test_a_token_thank_you_is_accepted_where_the_policy_says_so_and_told():
    policy = Policy(POLICY.recognised, token_eligible=True)
    assessment = assess(YEAR, [gift(counterpart=Counterpart.TOKEN)], [PERSON], policy)
    assert [(decision.cents, decision.warnings) for decision in assessment.due] == [
        (100_00, (Warn.THANK_YOU_ACCEPTED,))
    ]
    assert codes([gift(counterpart=Counterpart.REAL)], policy=policy) == {Reason.COUNTERPART: 100_00}


def test_a_gift_that_is_both_is_named_by_its_nature_first():
    assert codes([gift(nature=Nature.TICKET, counterpart=Counterpart.REAL, donor=None)]) == {Reason.TICKET: 100_00}


def test_a_reversal_takes_from_the_year_of_what_it_reverses():
    gifts = [
        gift(1, 60_00),
        gift(2, 50_00, counted=2024, booked=2024),
        gift(3, -50_00, counted=2024, booked=2025, reverses=2),
    ]
    assert codes(gifts) == {RECEIPTED: 60_00, Reason.OTHER_YEAR: 0}
    assert codes(gifts, year=2024) == {Reason.FULLY_REVERSED: 0, Reason.OTHER_YEAR: 60_00}


def test_a_reversal_follows_the_gift_in_everything_but_its_amount():
    membership = [gift(1, nature=Nature.MEMBERSHIP), gift(2, -100_00, reverses=1)]
    assert codes(membership) == {Reason.MEMBERSHIP: 0}
    unnamed = [gift(1), gift(2, -30_00, donor=None, reverses=1)]
    (decision,) = assess(YEAR, unnamed, [PERSON], POLICY).decisions
    assert (decision.cents, decision.gift_ids) == (70_00, (1, 2))


def test_a_reversal_of_a_reversal_gives_the_gift_back():
    gifts = [gift(1), gift(2, -100_00, reverses=1), gift(3, 100_00, reverses=2)]
    assert codes(gifts) == {RECEIPTED: 100_00}


def test_a_gift_given_to_its_donor_later_is_a_reversal_and_a_new_row():
    gifts = [gift(1, donor=None), gift(2, -100_00, donor=None, reverses=1), gift(3)]
    assert codes(gifts) == {Reason.ANONYMOUS: 0, RECEIPTED: 100_00}


def test_a_reversal_whose_gift_is_not_there_counts_and_is_told():
    gifts = [gift(1, 100_00), gift(2, -50_00, reverses=99)]
    (decision,) = assess(YEAR, gifts, [PERSON], POLICY).due
    assert (decision.cents, decision.warnings) == (50_00, (Warn.REVERSAL_UNMATCHED,))
    assert codes([gift(2, -50_00, reverses=99)]) == {Reason.OVER_REVERSED: -50_00}


def test_the_gifts_of_merged_keys_make_one_receipt_under_the_key_that_remains():
    donors = [
        PERSON._replace(key="D0000003", merged_into="D0000004", has_address=False),
        PERSON._replace(key="D0000004", merged_into=PERSON.key),
        PERSON,
    ]
    gifts = [gift(1, 15_00), gift(2, 15_00, donor="D0000003"), gift(3, 10_00, donor="D0000004")]
    (decision,) = assess(YEAR, gifts, donors, POLICY).due
    assert (decision.donor, decision.cents, decision.gift_ids) == (PERSON.key, 40_00, (1, 2, 3))


def test_contradictory_facts_are_refused():
    with pytest.raises(FactsRefused, match="once"):
        assess(YEAR, [gift(1), gift(1)], [PERSON], POLICY)
    with pytest.raises(FactsRefused, match="circle"):
        assess(YEAR, [gift(1, reverses=2), gift(2, reverses=1)], [PERSON], POLICY)
    with pytest.raises(FactsRefused, match="circle"):
        assess(YEAR, [gift(1)], [PERSON._replace(merged_into=PERSON.key)], POLICY)


def test_a_gift_counted_over_the_turn_of_the_year_is_listed_for_review():
    (decision,) = assess(YEAR, [gift(booked=2026)], [PERSON], POLICY).due
    assert decision.warnings == (Warn.STRADDLES_YEARS,)


def test_all_that_stands_against_one_receipt_is_told_at_once():
    donor = PERSON._replace(has_name=False, has_address=False, identifier=Identifier.INVALID)
    assert obstacles(YEAR, 40_00, donor, POLICY) == (
        Reason.NAME_INCOMPLETE,
        Reason.ADDRESS_INCOMPLETE,
        Reason.IDENTIFIER_INVALID,
    )
    assert obstacles(YEAR, 39_99, donor, POLICY) == (Reason.BELOW_THRESHOLD,)
    assert obstacles(YEAR, 40_00, PERSON, Policy(frozenset())) == (Reason.NOT_RECOGNISED,)
    assert obstacles(YEAR, 40_00, PERSON, POLICY) == ()


def test_what_is_set_aside_whoever_gave_it_is_told_by_gift():
    assessment = assess(YEAR, [gift(1, donor=None), gift(2, 10_00), gift(3, nature=Nature.GOODS)], [PERSON], POLICY)
    assert [(fact.id, reason) for fact, reason in assessment.set_aside()] == [
        (1, Reason.ANONYMOUS),
        (3, Reason.IN_KIND),
    ]


@pytest.mark.parametrize("code", [*Reason, RECEIPTED])
def test_every_reason_has_words_in_four_languages_and_a_source(code):
    assert all(label(code, language) for language in ("fr", "nl", "de", "en"))
    assert source(code)


KEYS = ["D0000001", "D0000002", "D0000003", None]
DONORS = st.lists(
    st.builds(
        DonorFact,
        key=st.sampled_from(KEYS[:3]),
        kind=st.sampled_from(DonorKind),
        has_name=st.booleans(),
        has_first_name=st.booleans(),
        has_address=st.booleans(),
        identifier=st.sampled_from(Identifier),
        merged_into=st.sampled_from([None, None, "D0000004"]),
        reversal_open=st.booleans(),
    ),
    unique_by=lambda donor: donor.key,
)
POLICIES = st.builds(
    Policy,
    recognised=st.frozensets(st.sampled_from([2024, 2025])),
    token_eligible=st.booleans(),
    national_number_required=st.sampled_from([None, True, False]),
)


@st.composite
def gift_lists(draw):
    gifts = []
    for number in range(1, draw(st.integers(0, 12)) + 1):
        reverses = draw(st.sampled_from([None, None, *(each.id for each in gifts), 99]))
        cents = draw(st.integers(1, 60_00))
        gifts.append(
            GiftFact(
                number,
                draw(st.sampled_from(KEYS)),
                cents if reverses is None else -cents,
                draw(st.sampled_from([2024, 2025])),
                draw(st.sampled_from([2024, 2025, 2026])),
                draw(st.sampled_from([Nature.MONEY, Nature.MONEY, *Nature])),
                draw(st.sampled_from([Counterpart.NONE, *Counterpart])),
                draw(st.sampled_from(Channel)),
                reverses,
                draw(st.sampled_from([False, False, True])),
            )
        )
    return draw(st.permutations(gifts))


@given(gift_lists(), DONORS, POLICIES)
def test_every_cent_falls_in_exactly_one_line(gifts, donors, policy):
    assessment = assess(YEAR, gifts, donors, policy)
    lines = partition(assessment)
    assert sum(line.cents for line in lines) == sum(each.cents for each in gifts)
    assert sum(line.gifts for line in lines) == len(gifts)
    assert len({line.code for line in lines}) == len(lines)
    receipted = sum(line.cents for line in lines if line.code == RECEIPTED)
    assert receipted == sum(decision.cents for decision in assessment.due)
    assert all(decision.cents >= 40_00 for decision in assessment.due)
    ids = [number for decision in assessment.decisions for number in decision.gift_ids]
    assert len(ids) == len(set(ids))
    assert {fact.id for fact, _ in assessment.set_aside()} == {each.id for each in gifts} - set(ids)


@given(gift_lists(), DONORS, POLICIES, st.data())
def test_the_order_of_the_gifts_changes_nothing(gifts, donors, policy, data):
    shuffled = data.draw(st.permutations(gifts))
    assert partition(assess(YEAR, gifts, donors, policy)) == partition(assess(YEAR, shuffled, donors, policy))


@pytest.mark.parametrize(("cents", "reason"), [
    (-1, Reason.OVER_REVERSED), (0, Reason.FULLY_REVERSED), (1, Reason.BELOW_THRESHOLD),
    (39_99, Reason.BELOW_THRESHOLD), (40_00, Reason.DONOR_MISSING),
])  # fmt: skip
def test_what_is_left_of_a_year_says_why_it_gives_no_receipt(cents: int, reason: Reason):
    assert obstacles(YEAR, cents, None, POLICY) == (reason,)


def test_a_reversal_of_a_reversal_is_what_its_gift_is_and_one_of_nothing_known_is_itself():
    gifts = [
        gift(1, nature=Nature.LEGACY),
        gift(2, -100_00, reverses=1),
        gift(3, 100_00, reverses=2),
        gift(4, -40_00, reverses=99),
    ]
    assert codes(gifts) == {Reason.LEGACY: 100_00, Reason.OVER_REVERSED: -40_00}
    (decision,) = assess(YEAR, gifts, [PERSON], POLICY).decisions
    assert decision.warnings == (Warn.REVERSAL_UNMATCHED,)


def test_an_assessment_whose_outcomes_are_not_those_of_its_gifts_is_no_assessment():
    broken = Assessment(YEAR, (), (gift(1), gift(2)), (None,))
    with pytest.raises(ValueError, match="argument 2 is"):
        partition(broken)
    with pytest.raises(ValueError, match="argument 2 is"):
        list(broken.set_aside())
    with pytest.raises(ValueError, match="argument 2 is"):
        tie(broken, {}, 0)


def test_of_several_obstacles_the_first_is_the_reason():
    bare = PERSON._replace(has_first_name=False, has_address=False, reversal_open=True)
    assert obstacles(YEAR, 100_00, bare, POLICY) == (
        Reason.NAME_INCOMPLETE,
        Reason.ADDRESS_INCOMPLETE,
        Reason.REVERSAL_OPEN,
    )
    (decision,) = assess(YEAR, [gift()], [bare], POLICY).decisions
    assert decision.reason is Reason.NAME_INCOMPLETE
