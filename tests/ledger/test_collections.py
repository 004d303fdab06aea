"""Which instalments fall due: months, first and last, what failed, and that nothing is ever asked for twice."""

from collections.abc import Sequence
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.iso7064 import mod_97_10

from ledger.bankdays import bank_day_from, is_bank_day
from ledger.identifiers import valid_creditor_identifier
from ledger.instalments import (
    Attempt,
    Fate,
    History,
    Instalment,
    Outcome,
    Pledge,
    PledgeState,
    Refusal,
    SequenceType,
    end_to_end,
)
from ledger.instalments import plan_month as plan

MARCH, APRIL, MAY = date(2025, 3, 1), date(2025, 4, 1), date(2025, 5, 1)
DUE = date(2025, 3, 5)


def pledge(**changes: object) -> Pledge:
    values: dict[str, object] = {
        "mandate": "M-1",
        "donor": "D0001",
        "iban": "BE47435000000080",
        "holder": "",
        "signed": date(2025, 1, 1),
        "cents": 15_00,
        "months": 1,
        "first_due": date(2025, 1, 1),
    }
    return Pledge(**{**values, **changes})  # type: ignore[arg-type]


def asked(one: Pledge, history: History | None = None, period: date = MARCH, attempts: int = 2) -> list[Instalment]:
    histories = {one.mandate: history} if history else {}
    return list(plan([one], histories, period, period.replace(day=5), attempts).instalments)


def refusal(one: Pledge, history: History | None = None, due: date = DUE) -> Refusal | None:
    histories = {one.mandate: history} if history else {}
    refused = plan([one], histories, MARCH, due, 2).refused
    return refused[0].why if refused else None


def before(*attempts: Attempt, begun: bool = True) -> History:
    return History(len(attempts), begun, attempts)


@pytest.mark.parametrize(
    ("months", "first", "due_in"),
    [
        (1, date(2025, 1, 31), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]),
        (1, date(2025, 11, 15), [11, 12]),
        (3, date(2025, 2, 1), [2, 5, 8, 11]),
        (6, date(2024, 10, 1), [4, 10]),
        (12, date(2020, 3, 1), [3]),
        (12, date(2026, 3, 1), []),
    ],
)
def test_an_instalment_falls_due_every_so_many_months(months: int, first: date, due_in: Sequence[int]):
    one = pledge(months=months, first_due=first)
    assert [month for month in range(1, 13) if one.falls_due(date(2025, month, 1))] == due_in


def test_nothing_falls_due_after_the_last_month():
    one = pledge(last_due=date(2025, 3, 31))
    assert [one.falls_due(period) for period in (MARCH, APRIL)] == [True, False]


def test_the_first_debit_of_a_mandate_is_a_first_one_and_the_next_is_not():
    assert asked(pledge())[0].kind is SequenceType.FIRST
    stood = before(Attempt(date(2025, 2, 1), 1, Outcome.STANDS))
    assert asked(pledge(), stood)[0].kind is SequenceType.RECURRENT


def test_the_last_debit_says_so_and_a_single_one_too():
    stood = before(Attempt(date(2025, 2, 1), 1, Outcome.STANDS))
    assert asked(pledge(last_due=date(2025, 3, 31)), stood)[0].kind is SequenceType.FINAL
    assert asked(pledge(first_due=MARCH, last_due=date(2025, 3, 31)))[0].kind is SequenceType.ONE_OFF


def test_a_first_debit_that_was_rejected_is_asked_for_as_a_first_one_again():
    rejected = before(Attempt(MARCH, 1, Outcome.REJECTED, again=True), begun=False)
    again = asked(pledge(), rejected)
    assert [(one.sequence, one.attempt, one.kind) for one in again] == [(2, 2, SequenceType.FIRST)]


def test_a_debit_that_came_back_is_tried_again_the_next_month_beside_the_new_one():
    returned = before(Attempt(MARCH, 1, Outcome.RETURNED, again=True))
    found = [(one.period, one.sequence, one.attempt, one.kind) for one in asked(pledge(), returned, APRIL)]
    assert found == [(MARCH, 2, 2, SequenceType.RECURRENT), (APRIL, 3, 1, SequenceType.RECURRENT)]


def test_what_stands_is_not_asked_for_again_and_what_failed_for_good_is_neither():
    for outcome in (Outcome.STANDS, Outcome.RETURNED, Outcome.REJECTED):
        assert asked(pledge(), before(Attempt(MARCH, 1, outcome))) == []
    assert plan([pledge()], {"M-1": before(Attempt(MARCH, 1, Outcome.STANDS))}, MARCH, DUE).already == 1


def test_an_instalment_is_tried_as_often_as_allowed_and_our_own_errors_do_not_count():
    soft = Attempt(MARCH, 1, Outcome.RETURNED, again=True)
    assert asked(pledge(), before(soft, soft._replace(number=2))) == []
    assert refusal(pledge(), before(soft, soft._replace(number=2))) is Refusal.EXHAUSTED
    ours = [Attempt(MARCH, number, Outcome.REJECTED, again=True, ours=True) for number in (1, 2, 3)]
    assert [one.attempt for one in asked(pledge(), before(*ours))] == [4]


def test_a_file_that_was_withdrawn_is_made_again_for_its_month_only():
    withdrawn = before(Attempt(MARCH, 1, Outcome.UNDONE), begun=False)
    assert [(one.period, one.attempt) for one in asked(pledge(), withdrawn)] == [(MARCH, 2)]
    assert [one.period for one in asked(pledge(), withdrawn, APRIL)] == [APRIL]
    assert [one.attempt for one in asked(pledge(), withdrawn, attempts=1)] == [2], "it never went to the bank"


def test_the_last_attempt_on_a_month_says_what_may_follow():
    undone = Attempt(MARCH, 1, Outcome.UNDONE)
    returned = Attempt(MARCH, 2, Outcome.RETURNED, again=True)
    assert [one.period for one in asked(pledge(), before(undone, returned), APRIL)] == [MARCH, APRIL]
    assert [one.period for one in asked(pledge(), before(returned, undone), APRIL)] == [APRIL]
    stands = Attempt(MARCH, 3, Outcome.STANDS)
    assert [one.period for one in asked(pledge(), before(returned, stands), APRIL)] == [APRIL]


def test_a_later_month_is_not_asked_for_before_its_time():
    later = before(Attempt(APRIL, 1, Outcome.RETURNED, again=True))
    assert [one.period for one in asked(pledge(), later)] == [MARCH]
    assert [one.period for one in asked(pledge(), later, APRIL)] == [APRIL]


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"state": PledgeState.ENDED}, Refusal.ENDED),
        ({"state": PledgeState.SUSPENDED}, Refusal.SUSPENDED),
        ({"donor": None}, Refusal.NO_DONOR),
        ({"iban": ""}, Refusal.NO_IBAN),
        ({"first_due": date(2025, 3, 6)}, Refusal.OUTSIDE),
        ({"last_due": date(2025, 3, 4)}, Refusal.OUTSIDE),
        ({}, None),
    ],
)
def test_what_stands_against_a_debit(changes: dict[str, object], why: Refusal | None):
    assert refusal(pledge(**changes)) is why


def test_an_instalment_that_failed_before_the_end_of_a_pledge_is_tried_again_after_it():
    one = pledge(last_due=date(2025, 3, 3))
    failed = before(Attempt(MARCH, 1, Outcome.RETURNED, again=True))
    assert refusal(one) is Refusal.OUTSIDE
    assert refusal(one, failed) is None
    assert [(each.period, each.attempt) for each in asked(one, failed)] == [(MARCH, 2)]
    assert refusal(pledge(last_due=DUE)) is None
    assert refusal(pledge(first_due=DUE)) is None
    assert refusal(pledge(first_due=date(2025, 3, 6))) is Refusal.OUTSIDE


def test_fates_say_what_becomes_of_the_mandate_and_the_instalment():
    assert [(fate.value, fate.state, fate.again) for fate in Fate] == [
        ("retry", None, True),
        ("suspend", PledgeState.SUSPENDED, False),
        ("end", PledgeState.ENDED, False),
        ("correct", None, True),
        ("keep", None, False),
    ]


def test_the_reference_of_an_instalment_fits_the_bank_and_does_not_tell_the_mandate():
    reference = end_to_end("M" * 35, 1234, MARCH)
    assert len(reference) <= 35
    assert "MMM" not in reference
    assert reference != end_to_end("M" * 35, 1235, MARCH)


@pytest.mark.parametrize(
    ("identifier", "valid"),
    [
        ("BE68ZZZ0123456789", True),  # its check digits computed without the business code
        ("BE68ABC0123456789", True),  # the three characters are the creditor's own choice
        ("BE69ZZZ0123456789", False),
        ("BE68ZZZ0123456798", False),
        ("BE68ZZZ123456789", False),
        ("DE98ZZZ09999999999", True),  # the test identifier of the German central bank
        ("", False),
    ],
)
def test_a_creditor_identifier_has_its_check_digits(identifier: str, valid: bool):
    assert valid_creditor_identifier(identifier) is valid


@given(st.from_regex(r"[01][0-9]{9}", fullmatch=True), st.from_regex(r"[A-Z0-9]{3}", fullmatch=True))
def test_creditor_identifiers_are_those_of_the_standard(number: str, business: str):
    check = mod_97_10.calc_check_digits(f"{number}BE")
    assert valid_creditor_identifier(f"BE{check}{business}{number}")


@pytest.mark.parametrize(
    ("day", "open_"),
    [
        (date(2025, 3, 5), True),
        (date(2025, 3, 8), False),
        (date(2025, 4, 18), False),  # Good Friday; Easter was on 20 April 2025
        (date(2025, 4, 21), False),
        (date(2025, 5, 1), False),
        (date(2025, 12, 26), False),
        (date(2024, 4, 1), False),  # Easter Monday; Easter was on 31 March 2024
        (date(2026, 4, 3), False),  # Good Friday; Easter is on 5 April 2026
        (date(2026, 7, 21), True),  # the national holiday is a bank day in TARGET
    ],
)
def test_bank_days_are_those_of_target(day: date, open_: bool):
    assert is_bank_day(day) is open_


@given(st.dates(date(2000, 1, 1), date(2099, 12, 1)))
def test_a_bank_day_is_never_far(day: date):
    found = bank_day_from(day)
    assert is_bank_day(found)
    assert timedelta(0) <= found - day <= timedelta(days=5)


@given(
    st.sampled_from((1, 3, 6, 12)),
    st.dates(date(2024, 1, 1), date(2025, 6, 1)),
    st.lists(st.tuples(st.integers(1, 18), st.sampled_from([*Outcome]), st.booleans()), max_size=30),
)
def test_whatever_fails_each_month_has_one_debit_that_stands_at_most(
    months: int, first: date, runs: list[tuple[int, Outcome, bool]]
):
    """Collect months in any order, again and again; after each run every debit meets some fate."""
    one = pledge(months=months, first_due=first, signed=first)
    attempts: list[Attempt] = []
    keys: set[tuple[date, int]] = set()
    sequence = 0
    for number, outcome, again in runs:
        period = date(2024 + (number + 5) // 12, (number + 5) % 12 + 1, 1)
        begun = any(made.outcome in (Outcome.STANDS, Outcome.RETURNED) for made in attempts)
        history = History(sequence, begun, tuple(attempts))
        for made in plan([one], {one.mandate: history}, period, period.replace(day=28), 3).instalments:
            assert made.sequence == sequence + 1
            assert (made.period, made.attempt) not in keys
            assert not any(old.period == made.period and old.outcome is Outcome.STANDS for old in attempts)
            keys.add((made.period, made.attempt))
            sequence += 1
            attempts.append(Attempt(made.period, made.attempt, outcome, again=again))
    standing = [made.period for made in attempts if made.outcome is Outcome.STANDS]
    assert len(standing) == len(set(standing))


@pytest.mark.parametrize(
    ("months", "last", "is_last"),
    [
        (1, date(2025, 3, 1), True),
        (1, date(2025, 4, 1), False),
        (3, date(2025, 5, 31), True),
        (3, date(2025, 6, 1), False),
        (12, date(2026, 2, 1), True),
        (12, date(2026, 3, 1), False),
        (1, None, False),
    ],
)
def test_an_instalment_is_the_last_where_the_next_would_fall_after_the_end(
    months: int, last: date | None, is_last: bool
):
    assert pledge(months=months, last_due=last).is_last(MARCH) is is_last


def test_a_plan_adds_up_and_says_what_it_is_for():
    plan_ = plan([pledge(), pledge(mandate="M-2", donor=None), pledge(mandate="M-0")], {}, MARCH, DUE)
    assert (plan_.period, plan_.due, plan_.cents, plan_.already) == (MARCH, DUE, 30_00, 0)
    assert [(one.mandate, one.sequence, one.attempt, one.cents, one.due) for one in plan_.instalments] == [
        ("M-0", 1, 1, 15_00, DUE),
        ("M-1", 1, 1, 15_00, DUE),
    ]
    assert [(one.mandate, one.donor, one.cents, one.why) for one in plan_.refused] == [
        ("M-2", None, 15_00, Refusal.NO_DONOR)
    ]


def test_what_is_collected_already_is_counted_once():
    done = before(Attempt(MARCH, 1, Outcome.STANDS))
    plan_ = plan([pledge(), pledge(mandate="M-2")], {"M-1": done, "M-2": done}, MARCH, DUE)
    assert (plan_.already, plan_.instalments) == (2, ())
    earlier = before(Attempt(date(2025, 2, 1), 1, Outcome.STANDS))
    assert plan([pledge()], {"M-1": earlier}, MARCH, DUE).already == 0


@pytest.mark.parametrize(
    ("first", "months", "kind"),
    [
        (date(2025, 3, 1), 1, SequenceType.ONE_OFF),
        (date(2025, 2, 1), 1, SequenceType.FINAL),
        (date(2025, 1, 1), 3, SequenceType.ONE_OFF),
    ],
)
def test_the_only_instalment_is_a_single_one(first: date, months: int, kind: SequenceType):
    one = pledge(first_due=first, months=months, last_due=date(2025, 3, 31))
    (debit,) = asked(one, period=MARCH if months == 1 else date(2025, 1, 1))
    assert debit.kind is kind
