"""The financial year is a setting: the case given (F08) and our own, every figure worked out by hand.

Sources: CBN/CNC advice 2010/10 (a longer or shorter year is allowed as an exception), art. 3:3 section 2 of the royal
decree of 29.4.2019 (a year opens with what the one before closed on; its annex 6: 14P), WER III.87 (numbers without a
gap per journal and year), art. 145/33 CIR 92 (receipts by calendar year); in public, ERPNext 26761, 23497 and 21553.

Books of July to June: 1 000.00 at the bank on 1.7.2024; gifts of 50.00 on 15.11.2024, 85.00 on 14.3.2025 and 40.00 on
15.10.2025; fees of 30.00 on 31.12.2024 and of 20.00 on 10.9.2025. So 2025 has gifts of 135.00 and a result of 105.00;
2026 has 40.00 and 20.00, and carries 125.00.
"""

import json
import re
import shutil
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest
from fava.application import create_app
from small_books import SETTINGS, Journal, Obole, Statement, given, new_books, write_donors
from test_cases_closing import closes, refused, seal_of, verified
from test_cases_events import PLATFORM, new_obole, one_sheet, reported, row

from ledger.register.receipts import receipts_of

CASES = Path(__file__).parent / "cases"
F08 = CASES / "years" / "F08-long-first-year.csv"
LONG = "\n[financial_year]\nperiods = [{ label = 2025, first = 2024-10-01, last = 2025-12-31 }]\n"
JUNE = '\n[financial_year]\nends = "06-30"\n'
SHORT = '\n[financial_year]\nends = "06-30"\nperiods = [{ label = 2025, first = 2025-01-01, last = 2025-06-30 }]\n'
BANK, FEES, OWED, OTHER = "550000", "616000", "440000", "743000"


SHORT_2026 = (2026, "2026-01-01", "2026-06-30")


def periods(*listed: tuple[int, str, str]) -> str:
    some = ", ".join(f"{{ label = {label}, first = {first}, last = {last} }}" for label, first, last in listed)
    return f"periods = [{some}]"


def entries(folder: Path, name: str, *lines: tuple[str, str, int]) -> Path:
    """A journal of (day, account, cents), the lines of a day one voucher."""
    rows = [
        (day, account, *(f"{abs(cents) / 100:.2f}" if sign * cents > 0 else "" for sign in (1, -1)), "Pièce", day)
        for day, account, cents in lines
    ]
    return Journal(rows, name).write(folder)


def say(obole: Obole, text: str) -> None:
    """Write the settings of the financial year anew."""
    path = obole.books / "obole.toml"
    path.write_text(path.read_text(encoding="utf-8").partition("\n[financial_year]")[0] + text, encoding="utf-8")


def figures(obole: Obole, what: str, year: int, *words: str) -> Mapping[str, tuple[str | None, str | None]]:
    """The lines of a statement that are not nil, each with its amount and that of the year before."""
    told = obole("report", what, "--year", str(year), "--format", "json", "--lang", "en", "--scheme", "full", *words)
    assert told.exit_code == 0, told.output
    found = {one["code"]: (one["amount"], one["previous"]) for one in json.loads(told.stdout) if one["code"]}
    return {code: both for code, both in found.items() if {*both} - {"0.00", None}}


def text(obole: Obole, what: str, year: int, language: str = "fr") -> str:
    told = obole("report", what, "--year", str(year), "--lang", language)
    assert told.exit_code == 0, told.output
    return told.stdout


# The case given: a foundation whose first year lasts fifteen months


@pytest.fixture(scope="module", name="long_source")
def _long_source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    settings = (CASES / "closing" / "base.toml").read_text(encoding="utf-8").replace("2024-01-01", "2024-10-01")
    books = new_books(tmp_path_factory.mktemp("long") / "books", settings + LONG)
    Obole(books).takes_well(F08)
    return books


@pytest.fixture
def long(long_source: Path, tmp_path: Path) -> Obole:
    shutil.copytree(long_source, tmp_path / "books")
    return Obole(tmp_path / "books")


def test_books_given_case_f08_a_long_first_year_is_one_year(long: Obole):
    """9 000 earned, 4 000 spent: 5 000 is the result, (14) and 14."""
    assert long.checks().exit_code == 0
    income = figures(long, "income-statement", 2025)
    assert (income["74"], income["61"], income["9904"]) == (("9000.00", None), ("4000.00", None), ("5000.00", None))
    assert figures(long, "appropriation", 2025)["(14)"] == ("5000.00", None)
    balance = figures(long, "balance-sheet", 2025)
    assert (balance["14"], balance["10"], balance["10/49"]) == (
        ("5000.00", None),
        ("50000.00", None),
        ("59000.00", None),
    )
    for what in ("income-statement", "trial-balance", "general-ledger"):
        assert "exercice du 01/10/2024 au 31/12/2025" in text(long, what, 2025)
    assert "Geschäftsjahr vom 01.10.2024 bis 31.12.2025" in text(long, "income-statement", 2025, "de")
    assert "boekjaar van 01/10/2024 tot 31/12/2025" in text(long, "income-statement", 2025, "nl")


def test_books_given_case_f08_without_the_setting_it_is_told_that_2024_is_left_out(long: Obole):
    say(long, "")
    said = "2025 : l’affectation prend aussi un résultat de -4000.00 EUR d’avant le 2025-01-01"
    for what in ("income-statement", "appropriation"):
        assert said in text(long, what, 2025).replace("\n", " ")
    checked = long("--lang", "fr", "check")
    assert (checked.exit_code, said in checked.output) == (0, True)


def test_own_case_a_long_first_year_is_closed_and_sealed_as_one(long: Obole):
    for words in (("events",), ("documents",)):
        assert "2024 is no financial year of these books; they are 2025, 2026" in refused(
            long, *words, "--year", "2024"
        )
    assert "they have 2025" in long("report", "balance-sheet", "--year", "2024").stderr
    assert "2024 lies before the first day of these books" in refused(long, "close", "2024")
    assert "entries: 4, documents: 1" in closes(long, 2025)
    seal = seal_of(long, 2025)
    assert (seal.period.first, seal.period.last) == (date(2024, 10, 1), date(2025, 12, 31))
    assert seal.balances["616000"] == 4_000_00
    verified(long)


@pytest.fixture(scope="module")
def sealed(long_source: Path, tmp_path_factory: pytest.TempPathFactory) -> Obole:
    """The same with its year closed; only its settings may be changed."""
    books = tmp_path_factory.mktemp("sealed") / "books"
    shutil.copytree(long_source, books)
    obole = Obole(books)
    closes(obole, 2025)
    return obole


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("", "would last from 2025-01-01 to 2025-12-31"),
        (LONG.replace("2024-10-01", "2024-10-02"), "would last from 2024-10-02 to 2025-12-31"),
        (JUNE, "would last from 2024-07-01 to 2025-06-30"),
        (
            "\n[financial_year]\nperiods = [{ label = 2024, first = 2024-10-01, last = 2025-12-31 }]\n",
            "2025 is closed and sealed from 2024-10-01 to 2025-12-31, and no year is called so",
        ),
    ],
)
def test_own_case_a_setting_that_moves_days_of_a_sealed_year_is_refused(sealed: Obole, setting: str, said: str):
    say(sealed, setting)
    for words in (("check",), ("report", "balance-sheet", "--year", "2025"), ("verify",)):
        told = refused(sealed, *words)
        assert "financial_year: 2025 is closed and sealed from 2024-10-01 to 2025-12-31" in told
        assert said in told
        assert "periods that begins on 2026-01-01" in told


def test_own_case_what_the_refusal_says_can_be_done(sealed: Obole):
    """A change of the closing day is a year in periods that begins after the sealed one."""
    say(sealed, '\n[financial_year]\nends = "06-30"\n' + periods((2025, "2024-10-01", "2025-12-31"), SHORT_2026))
    assert sealed.checks().exit_code == 0
    verified(sealed)


def test_own_case_a_closed_year_that_was_wrong_is_reopened_then_changed(long: Obole):
    closes(long, 2025)
    assert long("reopen", "2025", "--reason", "premier exercice du 1.9.2024", "--by", "AB").exit_code == 0
    say(long, LONG.replace("2024-10-01", "2024-09-01"))
    assert "This is closing number 2" in closes(long, 2025)
    assert seal_of(long, 2025).period.first == date(2024, 9, 1)
    verified(long)


def test_own_case_an_entry_of_the_other_calendar_year_is_in_the_closed_year(long: Obole, tmp_path: Path):
    closes(long, 2025)
    late = entries(tmp_path, "late.csv", ("2024-12-31", FEES, 10_00), ("2024-12-31", OWED, -10_00))
    assert "dated 2024-12-31, but 2025 is closed" in long.refuses(late)
    with (long.books / "manual" / "2024.beancount").open("a", encoding="utf-8") as out:
        out.write('2024-12-31 * "Oubli"\n  Expenses:61-Services-et-biens-divers:616000-Honoraires  1.00 EUR\n'
                  "  Liabilities:44-Dettes-commerciales:440000-Fournisseurs  -1.00 EUR\n")  # fmt: skip
    assert "2025 is closed: it was closed without this entry of 2024-12-31" in long.faults()


def test_own_case_the_page_shows_the_long_year_and_its_days(long: Obole):
    client = create_app([long.books / "main.beancount"], load=True, read_only=True).test_client()
    page = "/fondation-essai/extension/Statements/"
    html = client.get(page, query_string={"lang": "fr", "year": "2025"}).text
    assert "exercice du 01/10/2024 au 31/12/2025" in html
    assert "time=2024-10-01+to+2025-12-31" in html
    for asked in ("2024-11", "2025", "2024-10-01 to 2025-12-31"):  # Fava's filter: the year in which it begins
        html = client.get(page, query_string={"lang": "fr", "time": asked}).text
        assert re.search(r'scope="col" class="amount">2025<', html), asked
    say(long, "")
    html = client.get(page, query_string={"lang": "fr", "year": "2025"}).text
    assert "exercice du" not in html
    assert "l’affectation prend aussi un résultat de -4000.00 EUR" in html


# July to June, gifts of two calendar years


@pytest.fixture(scope="module", name="june_source")
def _june_source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("june")
    settings = SETTINGS.replace("2025-01-01", "2024-07-01").replace("from_year = 2025", "from_year = 2024")
    obole = Obole(new_books(folder / "books", settings.replace("to_year = 2030", "to_year = 2029") + JUNE))
    made = entries(
        folder,
        "made.csv",
        *(("2024-07-01", BANK, 1000_00), ("2024-07-01", "100000", -1000_00)),
        *(("2024-12-31", FEES, 30_00), ("2024-12-31", OWED, -30_00)),
        *(("2025-06-30", "692000", 105_00), ("2025-06-30", "140000", -105_00)),
        *(("2025-09-10", FEES, 20_00), ("2025-09-10", OWED, -20_00)),
        *(("2026-06-30", "140000", 105_00), ("2026-06-30", "790000", -105_00)),
        *(("2026-06-29", "692000", 125_00), ("2026-06-29", "140000", -125_00)),
    )
    obole.takes_well(
        write_donors(folder / "donors.csv"),
        made,
        Statement(73, 1000_00, (given(50_00, 1),), date(2024, 11, 15)).write(folder),
        Statement(12, 1050_00, (given(85_00, 2),), date(2025, 3, 14)).write(folder),
        Statement(50, 1135_00, (given(40_00, 1),), date(2025, 10, 15)).write(folder),
    )
    return obole.books


@pytest.fixture
def june(june_source: Path, tmp_path: Path) -> Obole:
    shutil.copytree(june_source, tmp_path / "books")
    return Obole(tmp_path / "books")


def test_own_case_july_to_june_has_its_statements_and_the_year_before(june: Obole):
    assert june.checks().exit_code == 0
    assert figures(june, "income-statement", 2026)["9904"] == ("20.00", "105.00")
    balance = figures(june, "balance-sheet", 2026)
    assert (balance["14"], balance["44"], balance["54/58"]) == (
        ("125.00", "105.00"),
        ("50.00", "30.00"),
        ("1175.00", "1135.00"),
    )
    appropriation = figures(june, "appropriation", 2026)
    assert (appropriation["(14)"], appropriation["14P"]) == (("125.00", "105.00"), ("105.00", "0.00"))
    assert "Bilan au 30/06/2026" in text(june, "balance-sheet", 2026)
    told = text(june, "income-statement", 2026).replace("\n", " ")
    assert "2026 : du 01/07/2025 au 30/06/2026; 2025 : du 01/07/2024 au 30/06/2025" in told


def test_own_case_a_trial_balance_opens_on_the_first_of_july(june: Obole):
    told = june("report", "trial-balance", "--year", "2026", "--format", "json", "--lang", "fr").stdout
    rows = {one["code"]: (one["opening"], one["debit"], one["credit"], one["closing"]) for one in json.loads(told)}
    assert rows["731100"] == ("0.00", "0.00", "40.00", "-40.00")  # nothing of the year before
    assert rows[BANK] == ("1135.00", "40.00", "0.00", "1175.00")
    assert rows["140000"] == ("-105.00", "105.00", "125.00", "-125.00")
    ledger = june("report", "general-ledger", "--year", "2026", "--format", "json", "--lang", "fr").stdout
    assert {one["date"] for one in json.loads(ledger) if one["number"] == ""} == {"2025-07-01"}


def test_own_case_receipts_and_their_tie_out_stay_calendar(june: Obole):
    """2024: 50.00 of D0001. 2025, of two financial years: 85.00 of D0002 and 40.00 of D0001, the limit."""
    sums = {}
    for year in (2024, 2025):
        told = json.loads(june("report", "tie-out", "--year", str(year), "--format", "json").stdout)
        sums[year] = {one["code"]: one["amount"] for one in told}
        assert sums[year]["difference"] == "0.00"
        assert june("receipts", "issue", "--year", str(year), "--date", f"{year + 1}-02-13").exit_code == 0
    assert [sums[year]["accounts"] for year in sums] == ["50.00", "125.00"]
    with june.register() as connection:
        issued = {
            year: sorted((one.donor, one.cents) for one in receipts_of(connection, year)) for year in (2024, 2025)
        }
    assert issued == {2024: [("D0001", 50_00)], 2025: [("D0001", 40_00), ("D0002", 85_00)]}
    closes(june, 2025)
    counts = {tree.kind: tree.leaves for tree in seal_of(june, 2025).trees}
    assert (counts["gift"], counts["receipt"]) == (2, 1)  # the receipts of 2024, the tax year that ends in it
    closes(june, 2026)
    counts = {tree.kind: tree.leaves for tree in seal_of(june, 2026).trees}
    assert (counts["gift"], counts["receipt"]) == (1, 2)
    verified(june)


def test_own_case_the_gift_accounts_of_each_financial_year_are_the_registers(june: Obole):
    journal = next((june.books / "journal").rglob("coda-current-2025-012.beancount"))
    journal.write_text(journal.read_text(encoding="utf-8").replace("85.00", "86.00"), encoding="utf-8")
    assert "2025: the gift accounts differ from the register by 1.00 EUR" in june.faults()


def test_own_case_numbers_run_from_one_in_each_financial_year(june: Obole):
    bank = [one.text for one in june.entry_numbers() if one.journal == "BNK-CURRENT"]
    assert bank == ["BNK-CURRENT-2025-000001", "BNK-CURRENT-2025-000002", "BNK-CURRENT-2026-000001"]
    documents = [name for name in june.documents() if name.startswith("journal-")]
    assert sorted(name[:12] for name in documents) == ["journal-2025", "journal-2026"]


def test_own_case_years_close_in_their_order_and_when_they_are_over(june: Obole, monkeypatch: pytest.MonkeyPatch):
    assert "2025 is open: `obole close 2025` comes first" in refused(june, "close", "2026")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1751270400")  # 30.6.2025
    assert "it is not over before 2025-07-01" in refused(june, "close", "2025")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1751353200")  # 1.7.2025
    assert "it is not over" not in june("close", "2025", "--dry-run").output


def test_own_case_after_the_closing_the_rest_of_the_calendar_year_is_open(june: Obole, tmp_path: Path):
    closes(june, 2025)
    open_ = entries(tmp_path, "open.csv", ("2025-07-01", FEES, 1_00), ("2025-07-01", OWED, -1_00))
    june.takes_well(open_)
    shut = entries(tmp_path, "shut.csv", ("2025-06-28", FEES, 1_00), ("2025-06-28", OWED, -1_00))
    assert "dated 2025-06-28, but 2025 is closed" in june.refuses(shut)
    assert "2025 is closed" in refused(june, "undo", "coda-current-2025-012")
    assert june("undo", "coda-current-2025-050").exit_code == 0


def test_own_case_an_unknown_label_names_those_known(june: Obole):
    assert "they have 2025, 2026" in refused(june, "report", "balance-sheet", "--year", "2019")
    assert "there is nothing to reopen. Closed are: none" in refused(
        june, "reopen", "2024", "--reason", "x", "--by", "y"
    )
    listed = json.loads(june("documents", "--year", "2026", "--format", "json").stdout)
    assert [one["name"] for one in listed if one["name"].startswith("coda")] == ["coda-current-2025-050"]


# From the calendar year to July to June by a short year


def test_own_case_a_change_of_the_closing_day_gives_one_short_year(tmp_path: Path):
    """2024: 300 earned. January to June 2025: 80 spent. July 2025 to June 2026: 50 earned, 10 spent; 14 ends at 260."""
    obole = Obole(new_books(tmp_path / "books", SETTINGS.replace("2025-01-01", "2024-01-01")))
    first = entries(
        tmp_path,
        "first.csv",
        *(("2024-01-02", "570000", 1000_00), ("2024-01-02", "100000", -1000_00)),
        *(("2024-05-01", "570000", 300_00), ("2024-05-01", OTHER, -300_00)),
        *(("2024-12-31", "692000", 300_00), ("2024-12-31", "140000", -300_00)),
        *(("2025-02-01", FEES, 80_00), ("2025-02-01", OWED, -80_00)),
    )
    obole.takes_well(first)
    closes(obole, 2024)
    say(obole, JUNE)
    assert "2024 is closed and sealed from 2024-01-01 to 2024-12-31" in refused(obole, "check")
    say(obole, SHORT)
    second = entries(
        tmp_path,
        "second.csv",
        *(("2025-06-29", "140000", 300_00), ("2025-06-29", "790000", -300_00)),
        *(("2025-06-30", "692000", 220_00), ("2025-06-30", "140000", -220_00)),
        *(("2025-11-01", "570000", 50_00), ("2025-11-01", OTHER, -50_00)),
        *(("2026-03-01", FEES, 10_00), ("2026-03-01", OWED, -10_00)),
        *(("2026-06-29", "140000", 220_00), ("2026-06-29", "790000", -220_00)),
        *(("2026-06-30", "692000", 260_00), ("2026-06-30", "140000", -260_00)),
    )
    obole.takes_well(second)
    assert figures(obole, "income-statement", 2025)["9904"] == ("-80.00", "300.00")
    assert figures(obole, "income-statement", 2026)["9904"] == ("40.00", "-80.00")
    assert figures(obole, "balance-sheet", 2026)["14"] == ("260.00", "220.00")
    assert figures(obole, "appropriation", 2026)["14P"] == ("220.00", "300.00")
    closes(obole, 2025)
    closes(obole, 2026)
    assert [seal_of(obole, year).period.last.isoformat() for year in (2024, 2025, 2026)] == [
        *("2024-12-31", "2025-06-30", "2026-06-30")
    ]
    verified(obole)


# What is put off to another year


def test_own_case_what_is_sold_before_the_year_of_the_event_waits_for_its_first_day(tmp_path: Path):
    """KB/AR 29.4.2019 art. 3:171: tickets of May for September, one calendar year and two of July to June."""
    obole = new_obole(tmp_path, SETTINGS + PLATFORM + JUNE)
    obole.takes_well(
        one_sheet(tmp_path / "e.csv", row("T-1", "ticket", "2025-05-02", "100.00", "bank"), held="2025-09-20")
    )
    assert reported(obole, "--year", "2025")["GALA-26"] == {**_told("2025-09-20"), "later": "100.00"}
    assert reported(obole, "--year", "2026")["GALA-26"]["tickets"] == "100.00"
    back = next((obole.books / "journal").rglob("events-2026-*.beancount"))
    assert "2025-07-01" in back.read_text(encoding="utf-8")


def _told(held: str) -> dict[str, str]:
    return {"event": "GALA-26", "name": "Soirée GALA-26", "date": held}


def test_own_case_the_opening_of_books_that_begin_in_july_carries_both_results(tmp_path: Path):
    """The old software's balances at 30.6.2024 and 30.6.2023; art. 3:3 section 2: 14 opens at 70.00, 14P is 70.00."""
    obole = Obole(new_books(tmp_path / "books", SETTINGS.replace("2025-01-01", "2024-07-01") + JUNE))
    headings = "account;debit;credit\n"
    before = tmp_path / "balance-2023.csv"
    before.write_text(f"{headings}570000;150.00;\n100000;;100.00\n743000;;50.00\n", encoding="utf-8")
    eve = tmp_path / "balance-2024.csv"
    eve.write_text(f"{headings}570000;170.00;\n100000;;100.00\n140000;;50.00\n743000;;20.00\n", encoding="utf-8")
    told = obole("opening", eve, "--before", before)
    assert told.exit_code == 0, told.output
    assert figures(obole, "income-statement", 2024)["9904"] == ("20.00", "50.00")
    assert figures(obole, "balance-sheet", 2024)["14"] == ("70.00", "50.00")
    assert obole.checks().exit_code == 0


# Settings


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ('ends = "31/12"', "financial_year.ends: `31/12` is no day; write month and day, such as 06-30"),
        (
            "periods = [{ label = 2025, first = 2024-01-01, last = 2025-12-31 }]",
            "2025 lasts from 2024-01-01 to 2025-12-31; a financial year lasts at most 24 months less a day",
        ),
        (
            'ends = "06-30"\nperiods = [{ label = 2025, first = 2024-10-01, last = 2025-12-31 }]',
            '2025 ends on 2025-12-31, and the years after it on 06-30; write ends = "12-31"',
        ),
        (
            periods((2024, "2023-05-01", "2024-12-31"), (2025, "2024-12-01", "2025-12-31")),
            "2024 ends on 2024-12-31 and 2025 begins on 2024-12-01; let 2025 begin on 2025-01-01",
        ),
        (
            periods((2024, "2023-05-01", "2024-12-31"), (2026, "2025-03-01", "2026-12-31")),
            "are no whole years; list the year that begins on 2025-01-01 too",
        ),
        (
            periods((2025, "2024-07-01", "2025-06-30"), (2025, "2025-07-01", "2025-12-31")),
            "2025 is there twice; give the year from 2025-07-01 to 2025-12-31 another label",
        ),
        ("begins = 2024-10-01", "financial_year.begins"),
    ],
)
def test_own_case_a_wrong_setting_says_field_expectation_and_remedy(long: Obole, setting: str, said: str):
    say(long, f"\n[financial_year]\n{setting}\n")
    told = refused(long, "--lang", "en", "check")
    assert "financial_year" in told
    assert said in told
    for language in ("fr", "nl", "de"):
        assert said not in refused(long, "--lang", language, "check") or setting.startswith("begins")
