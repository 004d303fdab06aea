"""Trial balance and general ledger: what auditors take, adding up to nil and to each other."""

import csv
import io
from datetime import date
from decimal import Decimal

import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from report_books import accounts, published_entries, published_totals, totals

from reports.formats import write_csv
from reports.ledger_listing import general_ledger, ledger_table
from reports.scheme import SCHEMES, load_scheme
from reports.sheets import write_xlsx
from reports.totals import Turnover
from reports.trial import trial_balance, trial_table


def published_trial(name="published"):
    return trial_balance(published_totals(), accounts(), 2025, load_scheme(name))


def test_a_closed_year_adds_up_to_nil_on_both_ends():
    total = published_trial().total
    assert (total.opening, total.closing) == (0, 0)
    assert total.debit == total.credit


def test_each_account_is_led_by_its_rubric():
    rubrics = {row.code: row.rubric.label("fr") for row in published_trial().rows}
    assert rubrics["550"] == "Valeurs disponibles"
    assert rubrics["7312"] == "Dons en nature"
    assert rubrics["790"] == "Résultat reporté de l'exercice antérieur"


@pytest.mark.parametrize("name", SCHEMES)
def test_every_account_in_use_has_a_rubric(name):
    assert all(row.rubric for row in published_trial(name).rows)


def test_opening_is_the_closing_of_the_year_before():
    rows = {row.code: row.movement for row in published_trial().rows}
    assert rows["14"] == Turnover(-427_606_00, 427_606_00 - 427_606_00, 181_989_00, 1)
    assert rows["164"] == Turnover(-318_489_00, 85_125_00, 0, 1)


def test_earlier_results_not_appropriated_make_a_row_of_their_own():
    books = totals((2024, {"570": 500, "743": -500}), (2025, {"570": 100, "743": -100}))
    trial = trial_balance(books, accounts(), 2025, load_scheme("full"))
    assert [(row.code, row.movement.opening) for row in trial.rows] == [("570", 500), ("743", 0), ("", -500)]
    assert (trial.total.opening, trial.total.closing) == (0, 0)


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(st.sampled_from([2024, 2025]), st.integers(-(10**9), 10**9)), min_size=1))
def test_openings_and_closings_always_add_up_to_nil(amounts):
    books = totals(*((year, {"570": cents, "743": -cents}) for year, cents in amounts))
    total = trial_balance(books, accounts(), 2025, load_scheme("full")).total
    assert (total.opening, total.closing) == (0, 0)
    assert total.debit == total.credit


def test_the_general_ledger_runs_from_opening_to_closing_of_the_trial_balance():
    entries = published_entries()
    movements = published_totals().movements(2025)
    for of in general_ledger(entries, accounts(), 2025, published_totals()):
        lines = list(of.lines())
        closing = lines[-1].balance if lines else of.opening
        assert of.opening == movements[of.code].opening
        assert closing == movements[of.code].closing
        assert len(lines) == movements[of.code].postings


def test_a_line_of_the_ledger_names_its_document_and_date():
    ledger = {of.code: of for of in general_ledger(published_entries(), accounts(), 2025, published_totals())}
    line = next(ledger["7311"].lines())
    assert (line.date, line.document, line.narration) == (date(2025, 12, 30), "journal-2025", "year 2025")
    assert (line.cents, line.balance) == (-5_680_505_25, -5_680_505_25)


def test_the_ledger_as_csv_has_one_row_per_posting_and_per_opening():
    totals_held = published_totals()
    table = ledger_table(general_ledger(published_entries(), accounts(), 2025, totals_held), 2025, "fr")
    stream = io.StringIO(newline="")
    write_csv(table, stream)
    rows = list(csv.DictReader(io.StringIO(stream.getvalue(), newline="")))
    counts = totals_held.counts(2025)
    assert len(rows) == sum(counts.values()) + len(totals_held.movements(2025))
    assert [row["credit"] for row in rows if row["account"] == "7312"] == ["", "788564.25"]


def test_the_totals_of_the_ledgers_workbook_are_formulas_over_their_account(tmp_path):
    table = ledger_table(general_ledger(published_entries(), accounts(), 2025, published_totals()), 2025, "fr")
    write_xlsx(table, tmp_path / "ledger.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "ledger.xlsx").active
    for row in sheet.iter_rows(min_row=5):
        if str(row[3].value).startswith("Total "):
            formula = row[4].value
            first, last = (
                int(part.lstrip("E")) for part in formula.removeprefix("=SUBTOTAL(9,").rstrip(")").split(":")
            )
            assert {sheet.cell(line, 1).value for line in range(first, last + 1)} == {row[0].value}
            assert last == row[0].row - 1


def test_the_trial_balance_as_csv_has_lines_only():
    stream = io.StringIO(newline="")
    write_csv(trial_table(published_trial(), "en"), stream)
    rows = list(csv.DictReader(io.StringIO(stream.getvalue(), newline="")))
    assert len(rows) == len(published_trial().rows)
    assert rows[0]["rubric"] == "10 Foundation funds"


def test_the_ledgers_rows_are_made_as_they_are_asked_for():
    table = ledger_table(general_ledger(published_entries(), accounts(), 2025, published_totals()), 2025, "fr")
    assert iter(table.rows) is table.rows
    assert next(table.rows).cells[0] == "100"


def test_the_ledger_grouped_by_pandas_is_the_trial_balance():
    """The export as an auditor would read it: sums by account of the csv, against the trial balance."""
    stream = io.StringIO(newline="")
    table = ledger_table(general_ledger(published_entries(), accounts(), 2025, published_totals()), 2025, "fr")
    write_csv(table, stream)
    frame = pd.read_csv(io.StringIO(stream.getvalue()), dtype=str, keep_default_na=False)
    cents = frame[["debit", "credit", "balance"]].replace("", "0").map(lambda text: int(Decimal(text) * 100))
    moved = cents.groupby(frame["account"]).agg({"debit": "sum", "credit": "sum", "balance": "last"})
    rows = published_trial().rows
    assert {str(code): tuple(map(int, sums)) for code, *sums in moved.itertuples()} == {
        row.code: (row.movement.debit, row.movement.credit, row.movement.closing) for row in rows if row.code
    }
    assert moved["debit"].sum() == moved["credit"].sum() > 0
