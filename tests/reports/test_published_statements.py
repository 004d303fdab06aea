"""The statements of 2025 and 2024 as the foundation printed them, figure by figure, from balanced ledgers."""

import csv
import io
import json

import pytest
from report_books import DATA, published_totals

from reports.formats import write_json
from reports.printing import statement_data
from reports.scheme import LineKind, load_scheme
from reports.statements import balance, differences, statement

# The appropriation block was printed one euro higher than the balance sheet in both years;
# no rounding of one exact amount gives both, so ours is the balance sheet's.
OURS = {427607: 427606, 393765: 393764, 609596: 609595}


def printed(what: str) -> list[dict[str, str]]:
    with (DATA / "statements.csv").open(encoding="utf-8", newline="") as stream:
        return [row for row in csv.DictReader(stream) if row["statement"] == what]


def figure(text: str, what: str) -> int:
    amount = int(text or 0)
    return OURS.get(amount, amount) if what == "appropriation" else amount


def published(what: str):
    return statement(what, load_scheme("published"), 2025, published_totals())


STATEMENTS = ["balance-sheet", "income-statement", "appropriation"]


@pytest.mark.parametrize("what", STATEMENTS)
def test_every_line_stands_in_its_place_under_its_printed_label(what):
    ours = [(line.section, str(line.kind), line.code, line.label("fr")) for line in published(what).lines]
    theirs = [(row["section"], row["kind"], row["code"], row["label_fr"]) for row in printed(what)]
    assert ours == theirs


@pytest.mark.parametrize("what", STATEMENTS)
def test_every_printed_figure_of_both_years_comes_out(what):
    lines = [line for line in published(what).lines if line.kind is not LineKind.HEADING]
    ours = [(line.label("fr"), line.euros, line.previous_euros) for line in lines]
    theirs = [
        (row["label_fr"], figure(row["y2025"], what), figure(row["y2024"], what))
        for row in printed(what)
        if row["kind"] != "heading"
    ]
    assert ours == theirs


def test_total_income_is_rounded_from_cents_and_not_added_from_rounded_lines():
    income = published("income-statement").line("income")
    assert income.cents == 9_595_111_00
    assert income.euros == 9_595_111


def test_the_one_euro_that_the_printed_lines_of_income_miss_is_named():
    found = differences(published("income-statement"))
    assert [(of.key, of.year, of.printed, of.added) for of in found] == [("income", 2025, 9_595_111, 9_595_110)]


def test_the_balance_sheet_and_the_appropriation_have_no_rounding_differences():
    assert differences(published("balance-sheet")) == []
    assert differences(published("appropriation")) == []


def test_assets_equal_liabilities_to_the_cent():
    now, before = balance(published("balance-sheet"))
    assert (now.assets, now.liabilities, now.difference) == (7_824_725_00, 7_824_725_00, 0)
    assert (before.assets, before.difference) == (7_866_281_00, 0)


def test_the_result_carried_forward_is_one_amount_in_balance_sheet_and_appropriation():
    carried = published("appropriation").line("carried-forward")
    in_balance_sheet = published("balance-sheet").line("14")
    assert (carried.cents, carried.previous) == (609_595_00, 427_606_00)
    assert (in_balance_sheet.cents, in_balance_sheet.previous) == (609_595_00, 427_606_00)
    assert published("appropriation").line("prior").previous == 393_764_00


def test_the_json_has_the_lines_and_totals_in_order_with_exact_and_printed_amounts():
    stream = io.StringIO()
    write_json(statement_data(published("income-statement"), "fr"), stream)
    objects = json.loads(stream.getvalue())
    assert len(objects) == len([row for row in printed("income-statement") if row["kind"] != "heading"])
    assert objects[0] == {
        "section": "income",
        "code": "73",
        "label": "Dotations et subsides",
        "amount": "2874250.25",
        "previous": "2882495.00",
        "printed": 2874250,
        "printed_previous": 2882495,
    }
    assert objects[4]["amount"] == "9595111.00"


def test_the_first_year_of_the_books_has_no_previous_year():
    first = statement("balance-sheet", load_scheme("published"), 2024, published_totals())
    assert not first.has_previous
    assert {line.previous for line in first.every} == {None}
    assert {row.cells[-1] for row in statement_data(first, "fr").rows} == {None}
    assert first.line("total-assets").euros == 7_866_281


# Totals of KB/AR of 29 April 2019, annex 3, by hand from the printed lines; the rest are printed figures.
STATUTORY = {
    "20/58": (7_824_725, 7_866_281),
    "21/28": (556_301, 958_231),
    "29/58": (7_268_424, 6_908_050),
    "10/15": (5_732_704, 5_550_715),
    "17/49": (1_858_657, 1_997_077),
    "42/48": (1_799_300, 1_915_087),
    "492/3": (49_505, 72_138),
    "9901": (151_447, 39_199),
    "9903": (209_004, 74_384),
    "9904": (181_989, 33_842),
    "9905": (181_989, 33_842),
    "9906": (609_595, 427_606),
    "(14)": (609_595, 427_606),
}


@pytest.mark.parametrize("name", ["full", "abbreviated", "micro"])
def test_the_statutory_schemes_give_the_reconciled_figures(name):
    totals = published_totals()
    lines = {
        line.key: (line.euros, line.previous_euros)
        for what in STATEMENTS
        for line in statement(what, load_scheme(name), 2025, totals).lines
    }
    assert {key: lines[key] for key in STATUTORY} == STATUTORY
