"""The tie-out: the gift accounts are the receipts and each named reason, whatever was issued before or after."""

from dataclasses import replace

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.records import DonorKind, Nature
from receipts.decide.eligibility import DonorFact, GiftFact, Identifier, Policy, assess
from receipts.decide.tie import DUE, REVIEW, TieLine, tie

POLICY = Policy(frozenset({2024, 2025}))
DONORS = [
    DonorFact(key, DonorKind.NATURAL, has_name=True, has_first_name=True, has_address=True, identifier=Identifier.VALID)
    for key in ("D1", "D2", "D3")
]


def given_in(number: int, donor: str | None, cents: int, counted: int = 2025, booked: int = 2025, **more: object):
    return GiftFact(number, donor, cents, counted, booked, **more)


def lines(gifts: list[GiftFact], covered: dict[int, int], accounts: int, year: int = 2025):
    made = tie(assess(year, gifts, DONORS, POLICY), covered, accounts)
    return made, {line.code: (line.gifts, line.cents) for line in made.lines}


def test_before_the_issue_what_is_owed_is_due():
    made, found = lines([given_in(1, "D1", 50_00), given_in(2, None, 7_00)], {}, 57_00)
    assert found == {DUE: (1, 50_00), "anonymous": (1, 7_00)}
    assert made.difference == 0
    assert made.receipts_cents == 0


def test_after_the_issue_it_is_receipted():
    made, found = lines([given_in(1, "D1", 50_00), given_in(2, "D2", 39_99)], {1: 1}, 89_99)
    assert found == {"receipted": (1, 50_00), "below-threshold": (1, 39_99)}
    assert made.receipts_cents == 50_00


def test_a_gift_on_a_receipt_that_is_taken_back_is_to_be_reviewed():
    gifts = [given_in(1, "D1", 50_00), given_in(2, "D1", -50_00, reverses=1)]
    made, found = lines(gifts, {1: 1}, 0)
    assert found == {REVIEW: (1, 50_00), "fully-reversed": (1, -50_00)}
    assert (made.difference, made.receipts_cents) == (0, 50_00)


def test_a_gift_that_comes_after_the_receipt_makes_it_one_to_review_and_is_due_to_another_donor():
    gifts = [given_in(1, "D1", 50_00), given_in(2, "D1", 5_00), given_in(3, "D2", 60_00)]
    _, found = lines(gifts, {1: 1}, 115_00)
    assert found == {"receipted": (1, 50_00), REVIEW: (1, 5_00), DUE: (1, 60_00)}


def test_a_gift_booked_in_the_year_that_counts_for_another_has_its_line():
    made, found = lines([given_in(1, "D1", 50_00, counted=2024)], {}, 50_00)
    assert found == {"other-year": (1, 50_00)}
    assert made.difference == 0


def test_a_gift_booked_in_another_year_stands_apart_and_on_the_receipt():
    gifts = [given_in(1, "D1", 50_00), given_in(2, "D1", 10_00, booked=2026)]
    made, found = lines(gifts, {1: 1, 2: 1}, 50_00)
    assert found == {"receipted": (1, 50_00)}
    assert made.elsewhere == (TieLine("receipted", 1, 10_00),)
    assert (made.difference, made.receipts_cents) == (0, 60_00)


def test_a_cent_in_the_books_that_no_gift_explains_is_the_difference():
    made, _ = lines([given_in(1, "D1", 50_00)], {1: 1}, 50_01)
    assert made.difference == 1


def test_the_lines_stand_in_order_receipts_first():
    gifts = [
        given_in(1, None, 1_00),
        given_in(2, "D1", 50_00),
        given_in(3, "D2", 60_00),
        given_in(4, "D3", 9_00),
        given_in(5, "D1", 500_00, nature=Nature.LEGACY),
    ]
    made, _ = lines(gifts, {2: 1}, 620_00)
    assert [line.code for line in made.lines] == ["receipted", DUE, "legacy", "anonymous", "below-threshold"]


@pytest.mark.parametrize("language", ["fr", "nl", "de", "en"])
def test_every_line_has_its_words_in_every_language(language: str):
    words = {TieLine(code, 1, 1).label(language) for code in ("receipted", DUE, REVIEW, "legacy", "below-threshold")}
    assert len(words) == 5
    assert all(words)


@st.composite
def any_gifts(draw: st.DrawFn) -> list[GiftFact]:
    found: list[GiftFact] = []
    for number in range(1, draw(st.integers(1, 25)) + 1):
        taken = {gift.reverses for gift in found}
        open_ = [gift for gift in found if gift.cents > 0 and gift.id not in taken]
        if open_ and draw(st.booleans()):
            origin = draw(st.sampled_from(open_))
            back = origin._replace(
                id=number, cents=-origin.cents, reverses=origin.id, booked=draw(st.sampled_from([2025, 2026]))
            )
            found.append(back)
            continue
        found.append(
            given_in(
                number,
                draw(st.sampled_from(["D1", "D2", "D3", "D9", None])),
                draw(st.integers(1, 100_00)),
                draw(st.sampled_from([2024, 2025])),
                draw(st.sampled_from([2025, 2026])),
                nature=draw(st.sampled_from([Nature.MONEY, Nature.LEGACY, Nature.GOODS])),
            )
        )
    return found


@given(any_gifts(), st.data())
def test_whatever_was_given_taken_back_and_issued_every_cent_has_one_line(gifts: list[GiftFact], data: st.DataObject):
    on_receipts = data.draw(st.sets(st.sampled_from([gift.id for gift in gifts])))
    booked = sum(gift.cents for gift in gifts if gift.booked == 2025)
    made = tie(assess(2025, gifts, DONORS, POLICY), dict.fromkeys(on_receipts, 1), booked)
    assert made.difference == 0
    assert sum(line.gifts for line in (*made.lines, *made.elsewhere)) == len(gifts)
    assert sum(line.cents for line in (*made.lines, *made.elsewhere)) == sum(gift.cents for gift in gifts)
    assert replace(made, accounts_cents=booked + 1).difference == 1


@given(
    st.lists(
        st.tuples(
            st.sampled_from([None, "D1", "D2", "D3"]),
            st.integers(-90_00, 90_00),
            st.sampled_from([2024, 2025]),
            st.sampled_from([2024, 2025]),
            st.booleans(),
        ),
        max_size=40,
    )
)
def test_the_lines_are_the_groups_and_sums_that_pandas_makes(drawn: list[tuple[str | None, int, int, int, bool]]):
    """Each gift with its reason in a frame, grouped by pandas: count and cents of every line, here and elsewhere."""
    gifts = [given_in(number, *facts) for number, (*facts, _) in enumerate(drawn)]
    covered = {number: 1 for number, (donor, *_, issued) in enumerate(drawn) if issued and donor}
    assessment = assess(2025, gifts, DONORS, POLICY)
    made = tie(assessment, covered, 0)
    holders = {drawn[number][0] for number in covered}
    frame = pd.DataFrame(
        {
            "cents": [gift.cents for gift in gifts],
            "here": [gift.booked == 2025 for gift in gifts],
            "this": [gift.counted == 2025 for gift in gifts],
            "on": [gift.id in covered for gift in gifts],
            "held": [gift.donor in holders for gift in gifts],
            "free": [outcome is None for outcome in assessment.outcomes],
            "code": [getattr(outcome, "value", "") for outcome in assessment.outcomes],
        }
    )
    frame["code"] = frame["code"].where(~frame["free"], DUE).where(~(frame["free"] & frame["held"]), REVIEW)
    frame["code"] = frame["code"].where(~frame["on"], REVIEW).where(~(frame["on"] & frame["free"]), "receipted")
    frame["code"] = frame["code"].where(frame["this"], "other-year")
    for lines_of, where in ((made.lines, frame["here"]), (made.elsewhere, ~frame["here"])):
        groups = frame[where.astype(bool)].groupby("code")["cents"].agg(["size", "sum"])
        assert {line.code: (line.gifts, line.cents) for line in lines_of} == {
            str(code): (int(count), int(cents)) for code, count, cents in groups.itertuples()
        }
    assert made.receipts_cents == int(frame.loc[frame["on"].astype(bool), "cents"].sum())
    assert made.difference == -int(frame.loc[frame["here"].astype(bool), "cents"].sum())
