"""The web page's content: words and figures in the language, accounts to open, what differs and why."""

import dataclasses
from xml.etree import ElementTree as ET

import pytest
from report_books import accounts, published_totals, totals

from reports.page import StatementsPage, statements_page
from reports.scheme import SCHEMES, LineKind, load_scheme
from reports.totals import Totals
from reports.words import named, text_in


def page(language: str = "fr", scheme: str = "published", year: int = 2025) -> StatementsPage:
    return statements_page(published_totals(), accounts(), load_scheme(scheme), year, language)


def line(of: StatementsPage, key: str):
    return next(line for block in of.blocks for line in block.lines if line.key == key)


def test_figures_stand_in_the_marks_of_the_language():
    assert line(page("fr"), "income-statement-income").printed == "9\u202f595\u202f111"
    assert line(page("nl"), "income-statement-income").printed == "9.595.111"
    assert line(page("de"), "income-statement-income").exact == "9.595.111,00"
    assert line(page("en"), "income-statement-income").printed_previous == "9,306,258"


def test_nothing_is_printed_as_a_dash():
    assert line(page(), "balance-sheet-26").printed_previous == "–"


def test_a_line_opens_on_its_accounts_with_the_way_to_each():
    row = line(page("nl"), "income-statement-73-kind").accounts[0]
    assert (row.code, row.label, row.path) == ("7312", "7312 nl", "Income:7312")
    assert (row.amount, row.previous) == ("788.564,25", "780.971,00")


def test_the_blocks_follow_the_statements():
    assert [(str(block.statement), block.section) for block in page().blocks] == [
        ("balance-sheet", "assets"),
        ("balance-sheet", "liabilities"),
        ("income-statement", "income"),
        ("income-statement", "expenses"),
        ("income-statement", "result"),
        ("appropriation", ""),
    ]


def test_the_one_euro_of_rounding_is_explained_in_each_language():
    for language, words in {"fr": "imprimés", "nl": "afgedrukt", "de": "gedruckt", "en": "printed"}.items():
        (note,) = page(language).notes
        assert words in note
        assert f"({named('income', language)})" in note
        assert "2025" in note


def test_assets_equal_liabilities_is_said_for_both_years():
    checks = page().checks
    assert [(check.year, check.holds) for check in checks] == [(2025, True), (2024, True)]
    assert checks[0].assets == "7\u202f824\u202f725,00"


def test_an_account_without_a_rubric_is_noted():
    books = totals((2025, {"570": 500, "494": -500}))
    held = accounts() | {}
    of = statements_page(books, held, load_scheme("full"), 2025, "fr")
    assert any("494" in note for note in of.notes)
    cleared = totals((2024, {"570": 500, "494": -500}), (2025, {"570": -500, "494": 500}))
    assert statements_page(cleared, held, load_scheme("full"), 2025, "fr").notes == ()


def test_the_first_year_has_no_second_column():
    of = page(year=2024)
    assert of.previous_year is None
    assert {row.printed_previous for block in of.blocks for row in block.lines} == {None}
    assert {row.previous for block in of.blocks for each in block.lines for row in each.accounts} == {None}


def test_the_page_names_its_year_the_one_before_and_its_columns():
    of = page("en")
    assert (of.year, of.previous_year, of.language) == (2025, 2024, "en")
    assert (of.title, of.column_code, of.column_label) == (
        text_in("en", "Annual accounts {year}").format(year=2025), text_in("en", "Code"), text_in("en", "Line")
    )  # fmt: skip
    assert [choice.label for choice in of.schemes] == [named(name, "en") for name in SCHEMES]


def test_a_line_is_shown_in_whole_euros_and_opens_on_the_cents():
    books = totals((2024, {"550": 10_50, "7311": -10_50}), (2025, {"550": 500_25, "7311": -500_25}))
    of = statements_page(books, accounts(), load_scheme("full"), 2025, "en")
    row = line(of, "income-statement-73")
    assert (row.code, row.printed, row.printed_previous, row.exact, row.exact_previous) == (
        "73", "500", "11", "500.25", "10.50"
    )  # fmt: skip
    (account,) = row.accounts
    assert (account.amount, account.previous) == ("500.25", "10.50")
    shown = [row for block in page("en").blocks for row in block.lines]
    heading = next(row for row in shown if row.kind is LineKind.HEADING)
    assert (heading.printed, heading.exact, heading.printed_previous, heading.exact_previous) == ("", "", None, None)
    unknown = statements_page(books, {}, load_scheme("full"), 2025, "en")
    assert unknown.years == (2025, 2024)
    (account,) = line(unknown, "income-statement-73").accounts
    assert (account.code, account.label, account.path) == ("", "7311", "7311")


def test_a_rounding_of_the_appropriation_is_told_under_its_name():
    books = totals((2025, {"550": 50, "7311": -50}), (2025, {"14": 50, "790": -50}))  # 0.50 and 0.50 carry 1.00
    of = statements_page(books, accounts(), load_scheme("full"), 2025, "en")
    assert any(f"({named('appropriation', 'en')})" in note for note in of.notes)


def test_books_that_do_not_balance_are_told_with_the_difference():
    opened = Totals({2025: {"550": (5_00, 0, 1), "100": (0, 4_00, 1)}}, {})
    (check,) = statements_page(opened, accounts(), load_scheme("full"), 2025, "en").checks
    assert (check.year, check.holds, check.assets, check.liabilities, check.difference) == (
        2025, False, "5.00", "4.00", "1.00"
    )  # fmt: skip
    assert check.sentence == "2025: assets (€ 5.00) and liabilities (€ 4.00) differ by € 1.00."
    assert page("en").checks[0].sentence == "2025: assets equal liabilities, to the cent (€ 7,824,725.00)."


def test_the_years_are_those_of_the_books_newest_first():
    assert page().years == (2025, 2024)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("language", ["fr", "nl", "de", "en"])
def test_every_scheme_and_language_makes_a_page_with_keys_of_its_own(scheme, language):
    of = page(language, scheme)
    keys = [line.key for block in of.blocks for line in block.lines]
    assert len(keys) == len(set(keys))
    assert [choice.name for choice in of.schemes if choice.chosen] == [scheme]
    assert dataclasses.asdict(of)


def test_the_picture_is_an_image_with_words():
    root = ET.fromstring(page().picture)
    space = "{http://www.w3.org/2000/svg}"
    assert root.attrib["role"] == "img"
    assert root.find(f"{space}title").text == "Produits par source, 2025 / 2024"
    assert "Dons en espèces 5\u202f680\u202f505 € / 5\u202f532\u202f943 €" in root.find(f"{space}desc").text
    widths = [float(bar.attrib["width"]) for bar in root.findall(f"{space}rect")[2:]]
    assert len(widths) == 8
    assert widths[0] / widths[4] == pytest.approx(2_874_250.25 / 5_680_505.25, abs=0.001)


def test_without_income_there_is_no_picture():
    books = totals((2025, {"570": -500, "640": 500}))
    assert statements_page(books, accounts(), load_scheme("full"), 2025, "fr").picture == ""
