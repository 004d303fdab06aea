"""Books begin where the old software ended: trial balances taken over, and what does not fit said.

Sources: annex 3 and art. 3:3, 3:4 and 3:171 of KB/AR 29.4.2019 (appropriation 690 to 692, 790 to 792; opening balance =
previous closing balance; two columns); the exports named are those of Belgian software, which print balances on two
sides, signed, or as turnovers, with totals among them. Every amount is worked out by hand.
"""

import csv
import gzip
import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import openpyxl
import pytest
from small_books import SETTINGS, Journal, Obole, Statement, given, new_books, write_csv, write_donors

DATA = Path(__file__).parents[1] / "reports" / "data"
HEADINGS = ("account", "label", "debit", "credit")
# 2025 before appropriation: 14 opens with 200, gifts 900, rent 400: a result of 500.
BALANCE_2025 = (
    ("550000", "Banque", "1500.00", ""),
    ("100000", "Patrimoine", "", "800.00"),
    ("140000", "Résultat reporté", "", "200.00"),
    ("610000", "Loyer", "400.00", ""),
    ("731100", "Dons", "", "900.00"),
)
# 2024: gifts 700, rent 500 (a result of 200), 14 begins at nil.
BALANCE_2024 = (
    ("550000", "Banque", "1000.00", ""),
    ("100000", "Patrimoine", "", "800.00"),
    ("610000", "Loyer", "500.00", ""),
    ("731100", "Dons", "", "700.00"),
)


def trial(folder: Path, rows: Sequence[Sequence[str]] = BALANCE_2025, name: str = "old.csv", headings=HEADINGS) -> Path:
    return write_csv(folder / name, headings, rows)


def books_from(folder: Path, first: str = "2026-01-01", settings: str = SETTINGS) -> Obole:
    return Obole(new_books(folder / "books", settings.replace("first_day = 2025-01-01", f"first_day = {first}")))


@pytest.fixture
def begun(tmp_path: Path) -> Obole:
    """Books that begin on 1 January 2026, empty."""
    return books_from(tmp_path)


def lines(obole: Obole, what: str, year: int) -> dict[str, tuple[str, str | None]]:
    """The amounts of a statement that are not nil, by code and label."""
    told = obole("report", what, "--year", str(year), "--format", "json", "--lang", "fr")
    assert told.exit_code == 0, told.output
    return {
        f"{one['code']} {one['label']}".strip(): (one["amount"], one["previous"])
        for one in json.loads(told.output)
        if one["amount"] != "0.00" or one["previous"] not in (None, "0.00")
    }


def opens(obole: Obole, *words: str | Path) -> str:
    told = obole("opening", *words)
    assert told.exit_code == 0, told.output
    assert obole.checks().exit_code == 0, obole.checks().output
    return told.output


def refuses(obole: Obole, *words: str | Path) -> str:
    """What is said of an opening that is refused, which must change nothing."""
    before = obole.state()
    told = obole("opening", *words)
    assert told.exit_code == 1, told.output
    assert obole.state() == before
    return " ".join(told.output.split())


# The published statements


def printed(what: str) -> list[tuple[str, int, int]]:
    carried = {427607: 427606, 393765: 393764, 609596: 609595} if what == "appropriation" else {}
    with (DATA / "statements.csv").open(encoding="utf-8", newline="") as stream:
        rows = [one for one in csv.DictReader(stream) if one["statement"] == what and one["kind"] != "heading"]
    figures = [(int(one["y2025"] or 0), int(one["y2024"] or 0)) for one in rows]
    return [(row["label_fr"], carried.get(now, now), carried.get(before, before))
            for row, (now, before) in zip(rows, figures, strict=True)]  # fmt: skip


def test_the_published_trial_balances_give_the_printed_statements(begun: Obole):
    opens(begun, DATA / "trial-balance-2025.csv", "--before", DATA / "trial-balance-2024.csv", "--open")
    for what in ("balance-sheet", "income-statement", "appropriation"):
        told = json.loads(begun("report", what, "--year", "2025", "--format", "json", "--lang", "fr").output)
        assert [(one["label"], one["printed"], one["printed_previous"]) for one in told] == printed(what)


def test_the_next_year_has_them_as_its_comparison_and_the_result_on_14(begun: Obole, tmp_path: Path):
    opens(begun, DATA / "trial-balance-2025.csv", "--before", DATA / "trial-balance-2024.csv", "--open")
    rent = (
        ("2026-02-01", "610000", "100.00", "", "Loyer", "ACH-1"),
        ("2026-02-01", "440000", "", "100.00", "", "ACH-1"),
    )
    begun.takes_well(Journal(rent).write(tmp_path))
    sheet = lines(begun, "balance-sheet", 2026)
    assert sheet["14 Résultat reporté"][1] == "609595.00"
    assert sheet["TOTAL ACTIF"] == ("7824725.00", "7824725.00")
    income = lines(begun, "income-statement", 2026)
    assert income["73 Dons en espèces"] == ("0.00", "5680505.25")
    assert income["61 Locaux"] == ("100.00", "319712.00")


# The given case F23


def test_books_f23_the_totals_of_the_year_before_give_the_comparison(tmp_path: Path):
    """Gift accounts too: the first statement has its column N-1 (KB/AR 29.4.2019, art. 3:3)."""
    obole = books_from(tmp_path, "2025-01-01")
    rows = (
        ("550000", "120000,00", ""),
        ("620000", "80000,00", ""),
        ("731100", "", "150000,00"),
        ("100000", "", "50000,00"),
    )
    opens(obole, trial(tmp_path, rows, headings=("compte", "débit", "crédit")))
    rent = (
        ("2025-03-01", "610000", "100.00", "", "Loyer", "ACH-1"),
        ("2025-03-01", "440000", "", "100.00", "", "ACH-1"),
    )
    obole.takes_well(Journal(rent).write(tmp_path))
    income = lines(obole, "income-statement", 2025)
    assert income["73 Dons en espèces"] == ("0.00", "150000.00")
    sheet = lines(obole, "balance-sheet", 2025)
    assert sheet["14 Résultat reporté"][1] == "70000.00"


def test_books_f23_the_journal_names_the_command(tmp_path: Path):
    obole = books_from(tmp_path, "2024-01-01")
    rows = (
        ("2024-12-31", "550000", "150000.00", "", "Reprise", "REP"),
        ("2024-12-31", "731100", "", "150000.00", "", "REP"),
    )
    assert "`obole opening FILE`" in obole.refuses(Journal(rows).write(tmp_path))


# Own cases: an opening (kind 11)


def test_a_result_that_was_not_appropriated_is_carried_to_14_and_said(begun: Obole, tmp_path: Path):
    said = opens(begun, trial(tmp_path))
    assert "the result of 2025, 500.00 EUR, was not appropriated: it is carried to 14, which then holds 700.00" in said
    assert lines(begun, "balance-sheet", 2025)["14 Résultat reporté"] == ("700.00", None)
    assert begun.balance("692000") == 700_00
    assert begun.balance("790000") == -200_00


def test_a_loss_is_carried_by_690_and_792(begun: Obole, tmp_path: Path):
    """14 opens with a debit of 50, a loss of 100 follows: D 690 50 / C 14, D 14 / C 792 150 (CBN 2011/7, 2021/15)."""
    rows = (
        ("550000", "", "650.00", ""),
        ("100000", "", "", "800.00"),
        ("140000", "", "50.00", ""),
        ("610000", "", "400.00", ""),
        ("731100", "", "", "300.00"),
    )
    opens(begun, trial(tmp_path, rows))
    assert (begun.balance("690000"), begun.balance("792000"), begun.balance("140000")) == (50_00, -150_00, 150_00)


def test_a_balance_with_its_appropriation_is_taken_as_it_is(begun: Obole, tmp_path: Path):
    """The board put 300 of the result of 500 into a fund: D 691 / C 130, and 14 holds 400."""
    rows = (
        *BALANCE_2025[:2],
        ("140000", "", "", "400.00"),
        ("130000", "", "", "300.00"),
        *BALANCE_2025[3:],
        ("790000", "", "", "200.00"),
        ("691000", "", "300.00", ""),
        ("692000", "", "400.00", ""),
    )
    said = opens(begun, trial(tmp_path, rows))
    assert "was not appropriated" not in said
    assert lines(begun, "balance-sheet", 2025)["14 Résultat reporté"] == ("400.00", None)


def test_an_appropriation_that_takes_a_part_only_is_refused(begun: Obole, tmp_path: Path):
    rows = (*BALANCE_2025[:1], ("100000", "", "", "600.00"), *BALANCE_2025[2:], ("790000", "", "", "200.00"))
    said = refuses(begun, trial(tmp_path, rows))
    assert "the appropriation (69, 79) leaves 700.00 of the result of 2025 (500.00) open" in said


def test_a_balance_whose_14_holds_the_result_already_says_that_this_is_the_difference(begun: Obole, tmp_path: Path):
    rows = (*BALANCE_2025[:2], ("140000", "", "", "700.00"), *BALANCE_2025[3:])
    said = refuses(begun, trial(tmp_path, rows))
    assert "debits 1900.00, credits 2400.00, difference -500.00; the difference is the result of the year" in said


def test_a_balance_that_lacks_an_account_says_that_its_totals_differ(begun: Obole, tmp_path: Path):
    said = refuses(begun, trial(tmp_path, BALANCE_2025[:4]))
    assert "its totals are not equal: debits 1900.00, credits 1000.00, difference 900.00; export every account" in said


def test_a_balance_after_closing_has_no_income_statement_and_says_so(begun: Obole, tmp_path: Path):
    rows = (*BALANCE_2025[:2], ("140000", "", "", "700.00"))
    said = opens(begun, trial(tmp_path, rows))
    assert "the income statement will have no figures of 2025" in said
    assert lines(begun, "balance-sheet", 2025)["14 Résultat reporté"] == ("700.00", None)


def test_an_unknown_account_is_named_with_how_to_open_it_and_open_does_it(begun: Obole, tmp_path: Path):
    rows = (*BALANCE_2025[:3], ("610500", "Local de réserve", "400.00", ""), BALANCE_2025[4])
    path = trial(tmp_path, rows)
    said = refuses(begun, path)
    assert "line 5: account 610500 is not in the chart of these books: open it in chart.beancount below 61 (" in said
    assert "or let `--open` do it" in said
    opens(begun, path, "--open")
    chart = (begun.books / "chart.beancount").read_text(encoding="utf-8")
    assert (
        '2025-12-31 open Expenses:61-Services-et-biens-divers:610500-Local-de-reserve  EUR\n  code: "610500"' in chart
    )


def test_an_account_that_no_chart_has_is_refused_with_open_too(begun: Obole, tmp_path: Path):
    rows = (*BALANCE_2025[:3], ("995000", "Divers", "400.00", ""), BALANCE_2025[4])
    assert "no account of annex 3 begins so; correct the code" in refuses(begun, trial(tmp_path, rows), "--open")


def test_a_bank_that_differs_from_its_first_statement_is_refused(begun: Obole, tmp_path: Path):
    first = Statement(1, 1_499_00, (given(50_00, 1),), date(2026, 1, 5))
    begun.takes_well(write_donors(tmp_path / "donors.csv"), first.write(tmp_path))
    said = refuses(begun, trial(tmp_path))
    assert (
        "line 2: bank account current (550000) has 1500.00 EUR, its first statement, coda-current-2026-001, opens with "
        "1499.00 EUR" in said
    )


def test_a_first_statement_that_differs_from_the_opening_is_told_at_import(begun: Obole, tmp_path: Path):
    opens(begun, trial(tmp_path))
    first = Statement(1, 1_499_00, (given(50_00, 1),), date(2026, 1, 5))
    said = begun.takes_well(write_donors(tmp_path / "donors.csv"), first.write(tmp_path)).output
    assert "opens with 1499.00 EUR, but opening-2025-" in said
    assert "has 1500.00 EUR on 550000" in said


def test_a_first_statement_that_fits_leaves_check_clean(begun: Obole, tmp_path: Path):
    opens(begun, trial(tmp_path))
    first = Statement(1, 1_500_00, (given(50_00, 1),), date(2026, 1, 5))
    said = begun.takes_well(write_donors(tmp_path / "donors.csv"), first.write(tmp_path)).output
    assert "opens with" not in said
    assert begun.checks().exit_code == 0


def test_a_year_before_whose_result_does_not_arrive_on_14_is_refused(begun: Obole, tmp_path: Path):
    before = trial(
        tmp_path, (*BALANCE_2024[:1], ("100000", "", "", "900.00"), ("610000", "", "600.00", ""), BALANCE_2024[3])
    )
    said = refuses(begun, trial(tmp_path, name="2025.csv"), "--before", before)
    assert "14 begins 2025 with 200.00 EUR, but 2024 leaves 100.00 EUR there after its result" in said


def test_both_years_give_both_columns_and_the_movement_between(begun: Obole, tmp_path: Path):
    opens(begun, trial(tmp_path, name="b25.csv"), "--before", trial(tmp_path, BALANCE_2024, "b24.csv"))
    assert lines(begun, "balance-sheet", 2025)["14 Résultat reporté"] == ("700.00", "200.00")
    assert lines(begun, "income-statement", 2025)["73 Dons en espèces"] == ("900.00", "700.00")
    assert lines(begun, "appropriation", 2025)["Résultat de l'exercice"] == ("500.00", "200.00")


@pytest.mark.parametrize(
    ("headings", "rows"),
    [
        (("rekening", "omschrijving", "debetsaldo", "creditsaldo"), BALANCE_2025),
        (("konto", "bezeichnung", "saldo"), [(a, t, d or f"-{c}") for a, t, d, c in BALANCE_2025]),
        # Turnovers: what was paid out stands on the other side.
        (("compte", "libellé", "débit", "crédit"), [("550000", "", "1900.00", "400.00"), *BALANCE_2025[1:]]),
        # Turnovers without what the year began with, beside balances: the balances count.
        (
            ("compte", "débit", "crédit", "solde débiteur", "solde créditeur"),
            [(a, "7.00", "3.00", d, c) for a, _, d, c in BALANCE_2025],
        ),
    ],
    ids=["nl-two-balances", "de-signed", "fr-turnovers", "fr-turnovers-and-balances"],
)
def test_exports_of_each_shape_give_the_same_balance(begun: Obole, tmp_path: Path, headings, rows):
    opens(begun, trial(tmp_path, rows, headings=headings))
    assert (begun.balance("550000"), begun.balance("731100")) == (1_500_00, -900_00)


def test_rows_of_totals_are_left_out_and_said(begun: Obole, tmp_path: Path):
    rows = (
        *BALANCE_2025[:3],
        ("61", "Services et biens divers", "400.00", ""),
        *BALANCE_2025[3:],
        ("", "TOTAL", "1900.00", "1900.00"),
        ("Total classe 7", "", "", "900.00"),
    )
    said = opens(begun, trial(tmp_path, rows))
    assert "the rows 5, 8, 9 are totals and were left out" in said
    assert begun.balance("610000") == 400_00


def test_a_total_that_may_be_an_account_is_refused_as_doubtful(begun: Obole, tmp_path: Path):
    rows = (*BALANCE_2025[:3], ("610", "", "400.00", ""), ("610000", "", "300.00", ""), ("610900", "", "100.00", ""),
            ("731100", "", "", "900.00"))  # fmt: skip
    assert "610 holds what the accounts below it add up to" in refuses(begun, trial(tmp_path, rows))


def test_an_account_on_two_rows_is_refused(begun: Obole, tmp_path: Path):
    rows = (*BALANCE_2025[:3], ("610000", "", "300.00", ""), ("610000", "", "100.00", ""), BALANCE_2025[4])
    assert "line 6: account 610000 stands on row 5 too" in refuses(begun, trial(tmp_path, rows))


def test_codes_with_other_zeros_are_the_same_accounts(begun: Obole, tmp_path: Path):
    rows = (("55000000", "", "1500.00", ""), ("100", "", "", "800.00"), ("14", "", "", "200.00"), *BALANCE_2025[3:])
    said = opens(begun, trial(tmp_path, rows))
    assert "3 accounts have other zeros at their end here: 55000000 = 550000, 100 = 100000, 14 = 140000" in said


def test_what_waited_in_the_old_software_does_not_go_on_suspense(begun: Obole, tmp_path: Path):
    rows = (*BALANCE_2025[:3], ("499000", "Attente", "400.00", ""), BALANCE_2025[4])
    assert "line 5: account 499000 is kept by the list of open lines" in refuses(begun, trial(tmp_path, rows))


def test_a_name_in_a_label_does_not_come_into_the_chart(begun: Obole, tmp_path: Path):
    begun.takes_well(write_donors(tmp_path / "donors.csv"))
    rows = (*BALANCE_2025[:3], ("416500", "Avance Zoé Dupont", "400.00", ""), BALANCE_2025[4])
    assert "the name of a donor stands here" in refuses(begun, trial(tmp_path, rows), "--open")


def test_the_year_that_a_file_says_must_be_that_of_the_eve(begun: Obole, tmp_path: Path):
    rows = [(*row, "2024") for row in BALANCE_2025]
    said = refuses(begun, trial(tmp_path, rows, headings=(*HEADINGS, "year")))
    assert "the file says 2024, and it is taken as the balance of 2025-12-31; first_day in obole.toml" in said


def test_a_name_of_another_year_is_told(begun: Obole, tmp_path: Path):
    said = opens(begun, trial(tmp_path, name="balance-2023.csv"))
    assert "its name says 2023, and it is taken as the balance of 2025-12-31" in said


def test_books_that_begin_within_a_year_go_on_with_its_income(tmp_path: Path):
    """From 1 July: half a year's gifts are in the statement of the year, none of them in the register."""
    obole = books_from(tmp_path, "2026-07-01")
    said = opens(obole, trial(tmp_path))
    assert "receipts of 2026 for gifts before 2026-07-01 come from the old software" in said
    assert lines(obole, "income-statement", 2026)["73 Dons en espèces"] == ("900.00", None)
    assert obole("report", "tie-out", "--year", "2026", "--format", "csv").output.count("900") == 0


def test_a_workbook_is_taken_too(begun: Obole, tmp_path: Path):
    book = openpyxl.Workbook()
    for row in (HEADINGS, *((a, t, float(d or 0), float(c or 0)) for a, t, d, c in BALANCE_2025)):
        book.active.append(row)
    book.save(tmp_path / "old.xlsx")
    opens(begun, tmp_path / "old.xlsx")
    assert begun.balance("731100") == -900_00


# first_day as a trap


def test_what_lies_before_the_first_day_is_sent_to_the_opening(begun: Obole, tmp_path: Path):
    rows = (("2025-12-31", "550000", "1.00", "", "", "OUV"), ("2025-12-31", "100000", "", "1.00", "", "OUV"))
    said = begun.refuses(Journal(rows).write(tmp_path))
    assert (
        "before the first day of these books (2026-01-01, first_day in obole.toml); what was there on the eve" in said
    )
    assert "`obole opening FILE`" in said


def test_a_trial_balance_given_to_import_is_told_the_command(begun: Obole, tmp_path: Path):
    said = begun.refuses(trial(tmp_path))
    assert "a trial balance: accounts and balances without dates; take it over with `obole opening old.csv`" in said
    assert "opening" in begun("inspect", trial(tmp_path)).output


def test_documents_of_before_a_later_first_day_stand_against_an_opening(small: Obole, tmp_path: Path):
    settings = small.books / "obole.toml"
    settings.write_text(settings.read_text().replace("first_day = 2025-01-01", "first_day = 2026-01-01"))
    told = small("opening", trial(tmp_path))
    assert told.exit_code == 1
    assert "posts on 2025-" in told.output
    assert "set first_day back" in told.output


def test_a_first_day_set_back_is_named_and_mended_by_upgrade(begun: Obole, tmp_path: Path):
    settings = begun.books / "obole.toml"
    settings.write_text(settings.read_text().replace("first_day = 2026-01-01", "first_day = 2025-01-01"))
    rent = (
        ("2025-02-01", "610000", "100.00", "", "Loyer", "ACH-1"),
        ("2025-02-01", "440000", "", "100.00", "", "ACH-1"),
    )
    path = Journal(rent).write(tmp_path)
    said = begun.refuses(path)
    assert "chart.beancount opens its accounts on 2026-01-01 only" in said
    assert "are open since 2025-01-01 now" in begun("upgrade", "--no-backup", "--yes").output
    begun.takes_well(path)
    assert begun.checks().exit_code == 0


def test_an_opening_of_another_first_day_stands_against_a_new_one(begun: Obole, tmp_path: Path):
    opens(begun, trial(tmp_path))
    settings = begun.books / "obole.toml"
    settings.write_text(settings.read_text().replace("first_day = 2026-01-01", "first_day = 2024-01-01"))
    told = begun("opening", trial(tmp_path))
    assert told.exit_code == 1
    assert (
        "is the balance of 2025-12-31, but first_day in obole.toml says that the books begin on 2024-01-01"
        in told.output
    )


def test_an_opening_entry_of_the_journal_stands_against_a_second_one(tmp_path: Path):
    obole = books_from(tmp_path)
    rows = (
        ("2026-01-01", "550000", "1500.00", "", "Ouverture", "OUV"),
        ("2026-01-01", "100000", "", "800.00", "", "OUV"),
        ("2026-01-01", "140000", "", "700.00", "", "OUV"),
    )
    obole.takes_well(Journal(rows).write(tmp_path))
    said = refuses(obole, trial(tmp_path))
    name = obole.documents()[0]
    assert f"an entry of 2026-01-01 has 2 of these balances already; run `obole undo {name}` first" in said
    obole("undo", name)
    opens(obole, trial(tmp_path))
    assert "would count them twice" in obole.refuses(Journal(rows, "again.csv").write(tmp_path))


# Preview, undo, again, closing


def test_a_dry_run_says_all_and_writes_nothing(begun: Obole, tmp_path: Path):
    before = begun.state()
    rows = (*BALANCE_2025[:3], ("610500", "Réserve", "400.00", ""), BALANCE_2025[4])
    told = begun("opening", trial(tmp_path, rows), "--open", "--dry-run")
    assert told.exit_code == 0
    assert "would be taken as opening-2025-" in told.output
    assert "result brought forward on 14: 700.00 EUR" in told.output
    assert begun.state() == before


def test_the_same_file_again_changes_nothing_and_another_is_refused(begun: Obole, tmp_path: Path):
    path = trial(tmp_path)
    opens(begun, path)
    before = begun.state()
    assert "taken before as opening-2025-" in begun("opening", path).output
    assert begun.state() == before
    other = trial(tmp_path, [(*BALANCE_2025[0][:2], "1400.00", ""), *BALANCE_2025[1:3], ("610000", "", "500.00", ""),
                             BALANCE_2025[4]], "corrected.csv")  # fmt: skip
    said = refuses(begun, other)
    name = begun.documents()[0]
    assert f"the balance of 2025-12-31 was taken from another file before; run `obole undo {name}` first" in said
    assert "can be taken anew with `obole opening FILE`" in begun("undo", name).output
    assert begun.checks().exit_code == 0
    opens(begun, other)
    assert lines(begun, "balance-sheet", 2025)["14 Résultat reporté"] == ("600.00", None)


def test_the_year_before_can_come_later_and_go_alone(begun: Obole, tmp_path: Path):
    now, before = trial(tmp_path, name="b25.csv"), trial(tmp_path, BALANCE_2024, "b24.csv")
    opens(begun, now)
    opens(begun, now, "--before", before)
    assert lines(begun, "balance-sheet", 2025)["14 Résultat reporté"] == ("700.00", "200.00")
    begun("undo", next(name for name in begun.documents() if name.startswith("opening-2024")))
    assert begun.checks().exit_code == 0
    assert lines(begun, "balance-sheet", 2025)["14 Résultat reporté"][0] == "700.00"


def test_entries_of_an_opening_have_numbers_in_a_journal_of_their_own(begun: Obole, tmp_path: Path):
    opens(begun, trial(tmp_path, name="b25.csv"), "--before", trial(tmp_path, BALANCE_2024, "b24.csv"))
    numbers = [(one.journal, one.year, one.number) for one in begun.entry_numbers()]
    assert sorted(numbers) == [("OPN", 2024, 1), ("OPN", 2024, 2), ("OPN", 2025, 1), ("OPN", 2025, 2), ("OPN", 2025, 3)]


def test_a_line_changed_by_hand_is_found(begun: Obole, tmp_path: Path):
    opens(begun, trial(tmp_path))
    [journal] = (begun.books / "journal").rglob("opening-*.beancount")
    text = journal.read_text(encoding="utf-8")
    journal.write_text(text.replace("-900.00", "-901.00").replace("400.00", "401.00"), encoding="utf-8")
    faults = begun.faults()
    assert "the books have 901.00 EUR, the register of gifts 900.00 EUR" in faults


def test_what_a_closed_year_began_with_does_not_change(tmp_path: Path):
    """The first year can be closed, though those before were closed elsewhere; its seal holds the opening."""
    obole = books_from(tmp_path, "2025-01-01")
    path = trial(tmp_path, name="old-2024.csv")
    opens(obole, path)
    [name] = obole.documents()
    rows = (
        ("2025-06-01", "610000", "100.00", "", "Loyer", "ACH-1"),
        ("2025-06-01", "440000", "", "100.00", "Loyer", "ACH-1"),
        ("2025-12-31", "140000", "100.00", "", "Affectation", "AFF"),
        ("2025-12-31", "790000", "", "700.00", "Affectation", "AFF"),
        ("2025-12-31", "692000", "600.00", "", "Affectation", "AFF"),
    )
    obole.takes_well(Journal(rows).write(tmp_path))
    assert "2024 lies before the first day of these books" in obole("close", "2024").output
    closed = obole("close", "2025")
    assert closed.exit_code == 0, closed.output
    leaves = gzip.decompress((obole.books / "seals" / "2025.leaves.gz").read_bytes()).decode()
    assert f'["document","{name}",' in leaves
    assert '["entry","OPN-2024-000001",' in leaves
    assert "2025 is closed" in obole("undo", name).output
    assert "2025 is closed" in obole("opening", path).output
    assert obole.checks().exit_code == 0


def test_a_backup_brings_an_opening_along(begun: Obole, tmp_path: Path):
    opens(begun, trial(tmp_path))
    phrase = tmp_path / "phrase"
    phrase.write_text("eine lange Losung\n")
    told = begun("backup", tmp_path / "all.obole", "--passphrase-file", phrase)
    assert told.exit_code == 0, told.output
    back = begun("restore", tmp_path / "all.obole", tmp_path / "back", "--passphrase-file", phrase)
    assert back.exit_code == 0, back.output
    assert Obole(tmp_path / "back").checks().exit_code == 0
