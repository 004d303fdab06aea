"""The sums of loaded books, written as a bookkeeper would write them."""

import textwrap
from datetime import date

import pytest
from beancount import loader
from beancount.core import data

from ledger.chart import accounts_of
from reports.scheme import load_scheme
from reports.statements import statement
from reports.totals import NotInEuro, Turnover, totals_of

OPENS = """
2023-01-01 open Assets:55-Banque:550000-Banque
2023-01-01 open Assets:51-Titres:510000-Titres
2023-01-01 open Equity:10-Fonds:100000-Patrimoine
2023-01-01 open Equity:13-Fonds:130000-Investissements
2023-01-01 open Equity:13-Fonds:139100-Innovation
2023-01-01 open Equity:14-Resultats:140000-Reporte
2023-01-01 open Equity:69-Affectations:691000-Aux-fonds
2023-01-01 open Equity:69-Affectations:692000-A-reporter
2023-01-01 open Equity:79-Affectations:791000-Sur-fonds
2023-01-01 open Income:73-Dons:731100-Dons
2023-01-01 open Expenses:61-Services:610000-Locaux
2023-01-01 open Assets:Sans-code
"""


def load(text: str):
    entries, errors, _ = loader.load_string(OPENS + textwrap.dedent(text))
    assert not errors, errors
    accounts = accounts_of(entry for entry in entries if isinstance(entry, data.Open))
    return totals_of(entries, accounts)


GIFTS = """
    2024-01-01 * "ouverture"
      Assets:55-Banque:550000-Banque      100.00 EUR
      Equity:10-Fonds:100000-Patrimoine  -100.00 EUR
    2024-05-01 * "dons"
      Assets:55-Banque:550000-Banque   40.00 EUR
      Income:73-Dons:731100-Dons      -40.00 EUR
    2025-03-01 * "dons"
      Assets:55-Banque:550000-Banque   25.50 EUR
      Income:73-Dons:731100-Dons      -25.50 EUR
    2025-03-02 * "don repris"
      Assets:55-Banque:550000-Banque   -5.50 EUR
      Income:73-Dons:731100-Dons        5.50 EUR
    """


def test_movements_of_a_year_and_balances_until_it():
    totals = load(GIFTS)
    assert totals.years == (2024, 2025)
    assert totals.in_year(2025) == {"550000": 2000, "731100": -2000}
    assert totals.until(2025) == {"550000": 16000, "100000": -10000, "731100": -6000}
    assert totals.until(2023) == {}


def test_a_reversal_adds_to_the_other_side_and_never_nets():
    assert load(GIFTS).movements(2025)["731100"] == Turnover(0, 550, 2550, 2)


def test_income_and_expenses_open_each_year_at_nil_and_balances_with_what_they_were():
    movements = load(GIFTS).movements(2025)
    assert movements["550000"] == Turnover(14000, 2550, 550, 2)
    assert movements["550000"].closing == 16000
    assert movements["731100"].opening == 0
    assert movements["100000"] == Turnover(-10000, 0, 0, 0)


def test_postings_are_counted_per_account():
    totals = load(GIFTS)
    assert totals.counts()["550000"] == 4
    assert totals.counts(2025) == {"550000": 2, "731100": 2}


def test_results_that_were_never_appropriated_are_told():
    assert load(GIFTS).unappropriated_before(2025) == -4000


def test_securities_count_at_cost_and_prices_in_euro():
    totals = load("""
        2025-01-02 * "titres"
          Assets:51-Titres:510000-Titres   3 FUND {10.10 EUR}
          Assets:55-Banque:550000-Banque  -30.30 EUR
        2025-01-03 * "devises"
          Assets:55-Banque:550000-Banque   10.00 USD @ 0.90 EUR
          Income:73-Dons:731100-Dons       -9.00 EUR
        """)
    assert totals.in_year(2025) == {"510000": 3030, "550000": -3030 + 900, "731100": -900}


def test_a_posting_in_another_currency_is_refused_with_its_place():
    with pytest.raises(NotInEuro, match=r"line \d+.*cost or price in EUR"):
        load("""
            2025-01-03 * "devises"
              Assets:55-Banque:550000-Banque   10.00 USD
              Income:73-Dons:731100-Dons      -10.00 USD
            """)


def test_a_fraction_of_a_cent_is_refused_with_its_place():
    with pytest.raises(NotInEuro, match="whole cents"):
        load("""
            2025-01-03 * "tiers de cent"
              Assets:55-Banque:550000-Banque   10.005 EUR
              Income:73-Dons:731100-Dons      -10.005 EUR
            """)


def test_an_account_without_a_code_stands_among_those_to_be_cleared():
    totals = load("""
        2025-01-03 * "?"
          Assets:Sans-code              7.00 EUR
          Income:73-Dons:731100-Dons   -7.00 EUR
        """)
    line = statement("balance-sheet", load_scheme("published"), 2025, totals).line("suspense-assets")
    assert line.shown
    assert [(of.code, of.cents) for of in line.accounts] == [("Assets:Sans-code", 700)]


def test_allocations_are_told_by_fund_and_the_opening_of_a_fund_is_none():
    totals = load("""
        2025-01-01 * "ouverture"
          Assets:55-Banque:550000-Banque            90.00 EUR
          Equity:13-Fonds:130000-Investissements   -90.00 EUR
        2025-05-01 * "dons"
          Assets:55-Banque:550000-Banque   100.00 EUR
          Income:73-Dons:731100-Dons      -100.00 EUR
        2025-12-31 * "affectation"
          Equity:69-Affectations:691000-Aux-fonds   60.00 EUR
          Equity:13-Fonds:130000-Investissements   -40.00 EUR
          Equity:13-Fonds:139100-Innovation        -15.00 EUR
          Equity:10-Fonds:100000-Patrimoine         -5.00 EUR
        2025-12-31 * "prélèvement"
          Equity:13-Fonds:130000-Investissements    10.00 EUR
          Equity:79-Affectations:791000-Sur-fonds  -10.00 EUR
        2025-12-31 * "report"
          Equity:69-Affectations:692000-A-reporter  50.00 EUR
          Equity:14-Resultats:140000-Reporte       -50.00 EUR
        """)
    of = statement("appropriation", load_scheme("published"), 2025, totals)
    assert {line.key: line.cents for line in of.lines} == {
        "prior": 0,
        "result-of-year": 10000,
        "fund-investments": -3000,
        "fund-social": 0,
        "fund-innovation": -1500,
        "fund-fundraising": 0,
        "fund-other": -500,
        "carried-forward": 5000,
    }
    assert totals.unappropriated_before(2026) == 0


def test_before_closing_the_result_stands_apart_in_balance_sheet_and_appropriation():
    totals = load(GIFTS)
    for name in ("published", "full", "abbreviated", "micro"):
        scheme = load_scheme(name)
        assert statement("balance-sheet", scheme, 2024, totals).line("open").cents == 4000
        assert statement("appropriation", scheme, 2024, totals).line("open-appropriation").shown


def test_dates_are_what_decides_the_year():
    assert load(GIFTS).in_year(date(2024, 12, 31).year) == {"550000": 14000, "100000": -10000, "731100": -4000}
