"""Fundraising events: what is sold gives no receipt, what is put off waits for its year, and each event has its net.

Sources: facts on receipts, section 3 (a ticket, a raffle, sponsoring: consideration, no receipt, "not even for the
excess"; an own extra gift paid separately: yes), art. 145/33 CIR 92; KB/AR 29.4.2019 art. 3:171 (income and charges of
a later year), annex 3 (accounts); code TVA/BTW art. 53 (invoice, credit note). Every amount is worked out by hand.
"""

import csv
import io
import json
import shutil
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import openpyxl
import pytest
import stores
from small_books import OPENING, SETTINGS, Line, Obole, Statement, iban, new_books, write_csv, write_donors

HEADINGS = (
    *("reference", "event", "event_name", "event_date", "kind", "date", "donor", "party", "description", "quantity"),
    *("unit_price", "amount", "vat_rate", "vat", "account", "paid", "platform", "paid_with"),
)
PARTIES = (
    ("party", "kind", "name"),
    [("C0001", "customer", "Brasserie Exemple"), ("S0012", "supplier", "Traiteur Exemple")],
)
PLATFORM = '\n[platforms.billets]\naccount = "416200"\n'

SAID = ("event", "name", "date", "gifts", "tickets", "sponsoring", "sales", "costs", "net", "later")

Row = Mapping[str, str]


def row(reference: str, kind: str, day: str, amount: str, paid: str, **more: str) -> Row:
    return {"reference": reference, "kind": kind, "date": day, "amount": amount, "paid": paid, **more}


def sheet(path: Path, events: Mapping[str, Sequence[Row]], held: Mapping[str, str]) -> Path:
    """A register of these events, the name and day of each in its first row."""
    rows = []
    for event, some in events.items():
        for number, one in enumerate(some):
            told = {"event_name": f"Soirée {event}", "event_date": held[event]} if number == 0 else {}
            cells = {"event": event, **told, **one}
            rows.append([cells.get(name, "") for name in HEADINGS])
    return write_csv(path, HEADINGS, rows)


def one_sheet(path: Path, *rows: Row, event: str = "GALA-26", held: str = "2026-05-09") -> Path:
    return sheet(path, {event: rows}, {event: held})


def new_obole(folder: Path, settings: str = SETTINGS + PLATFORM) -> Obole:
    """Books with donors, third parties and the accounts of VAT."""
    obole = Obole(new_books(folder / "books", settings))
    chart = obole.books / "chart.beancount"
    opened = "".join(
        f'2025-01-01 open {root}:{code[:2]}-TVA:{code}-TVA EUR\n  code: "{code}"\n  label-fr: "TVA"\n'
        for root, code in (("Liabilities", "451000"), ("Assets", "411000"))
        if f'code: "{code}"' not in chart.read_text(encoding="utf-8")
    )
    chart.write_text(f"{chart.read_text(encoding='utf-8')}\n{opened}", encoding="utf-8")
    obole.takes_well(write_donors(folder / "donors.csv"), write_csv(folder / "parties.csv", *PARTIES))
    return obole


def reported(obole: Obole, *more: str) -> dict[str, dict[str, str]]:
    """What `obole events` says of each event, nil left out."""
    told = obole("events", "--format", "json", "--lang", "en", *more)
    assert told.exit_code == 0, told.output
    rows = {one["event"]: one for one in json.loads(told.output)}
    return {key: {name: one[name] for name in SAID if one[name] != "0.00"} for key, one in rows.items()}


def figures(obole: Obole, event: str, *more: str) -> dict[str, str]:
    """The amounts of one event, nil left out."""
    told = reported(obole, *more).get(event, {})
    return {name: cell for name, cell in told.items() if name not in ("event", "name", "date")}


# Each event: its day, its rows, the balance of each account under its project, what `obole events` says of it.
CASES: dict[str, tuple[str, list[Row], dict[str, str], dict[str, str]]] = {
    # facts on receipts, section 3: concert and dinner tickets are consideration (scwitch.be, 11.be)
    "TICKET": (
        "2025-06-14",
        [row("TI-1", "ticket", "2025-06-14", "120.00", "cash", donor="D0001", quantity="2", unit_price="60")],
        {"570000": "120.00", "743200": "-120.00"},
        {"tickets": "120.00", "net": "120.00"},
    ),
    # section 3: "not even for the excess"; both come in one transfer
    "DINER": (
        "2025-09-20",
        [
            row("DI-1", "ticket", "2025-09-01", "80.00", "bank", donor="D0002"),
            row("DI-2", "gift", "2025-09-01", "70.00", "bank", donor="D0002", paid_with="DI-1"),
        ],
        {"400000": "150.00", "731100": "-70.00", "743200": "-80.00"},
        {"gifts": "70.00", "tickets": "80.00", "net": "150.00"},
    ),
    # section 3: the organiser's or guest's own extra gift, paid apart, is a gift (scaledogs.be)
    "COURSE": (
        "2025-10-05",
        [
            row("CO-1", "ticket", "2025-10-05", "15.00", "cash", donor="D0006"),
            row("CO-2", "gift", "2025-10-05", "45.00", "cash", donor="D0006"),
            row("CO-3", "gift", "2025-10-05", "230.50", "cash", description="Boîte de collecte"),
        ],
        {"570000": "290.50", "731100": "-45.00", "731300": "-230.50", "743200": "-15.00"},
        {"gifts": "275.50", "tickets": "15.00", "net": "290.50"},
    ),
    # a sponsor's logo is a service at 21 %: 6 050 with VAT is 5 000 and 1 050 (cases/books F12)
    "MECENE": (
        "2025-11-15",
        [row("ME-1", "sponsoring", "2025-10-01", "6050.00", "invoice", party="C0001", vat_rate="21")],
        {"400000": "6050.00", "451000": "-1050.00", "743100": "-5000.00"},
        {"sponsoring": "5000.00", "net": "5000.00"},
    ),
    # code TVA/BTW art. 53: a credit note takes VAT back with it, 605 is 500 and 105
    "AVOIR": (
        "2025-11-16",
        [
            row("AV-1", "sponsoring", "2025-10-01", "6050.00", "invoice", party="C0001", vat="1050.00", vat_rate="21"),
            row("AV-2", "sponsoring", "2025-12-01", "-605.00", "invoice", party="C0001", vat="-105.00"),
        ],
        {"400000": "5445.00", "451000": "-945.00", "743100": "-4500.00"},
        {"sponsoring": "4500.00", "net": "4500.00"},
    ),
    # art. 3:171: sold in November 2025 for March 2026, income of 2026
    "PRINTEMPS": (
        "2026-03-21",
        [row("PR-1", "ticket", "2025-11-28", "400.00", "bank", quantity="10", unit_price="40")],
        {"400000": "400.00", "493000": "0.00", "743200": "-400.00"},
        {"tickets": "400.00", "net": "400.00"},
    ),
    # section 3: raffle tickets are consideration too
    "TOMBOLA": (
        "2025-12-06",
        [row("TO-1", "tombola", "2025-12-06", "250.00", "cash", quantity="125", unit_price="2", donor="D0001")],
        {"570000": "250.00", "743200": "-250.00"},
        {"tickets": "250.00", "net": "250.00"},
    ),
    # a cancelled concert: what was sold is paid back, the hire of the hall stays
    "ANNULE": (
        "2025-08-30",
        [
            row("AN-1", "ticket", "2025-07-01", "90.00", "bank"),
            row("AN-2", "ticket", "2025-08-25", "-90.00", "bank", description="Remboursement"),
            row("AN-3", "cost", "2025-07-02", "200.00", "invoice", party="S0012", account="610000"),
        ],
        {"400000": "0.00", "440000": "-200.00", "610000": "200.00", "743200": "0.00"},
        {"costs": "200.00", "net": "-200.00"},
    ),
    # annex 3: VAT that is not deductible is a part of the cost
    "TRAITEUR": (
        "2025-05-10",
        [row("TR-1", "cost", "2025-05-12", "1210.00", "invoice", party="S0012", account="613200", vat_rate="21")],
        {"440000": "-1210.00", "613200": "1210.00"},
        {"costs": "1210.00", "net": "-1210.00"},
    ),
    # art. 3:160: paintings given for the auction are a gift in kind, and what they bring is a sale
    "ENCHERES": (
        "2025-04-12",
        [row("EN-1", "auction", "2025-04-12", "800.00", "cash", description="Tableau")],
        {"570000": "800.00", "731200": "-500.00", "743000": "-800.00"},
        {"gifts": "500.00", "sales": "800.00", "costs": "500.00", "net": "800.00"},
    ),
    # the platform owes it until its payout
    "CONCERT": (
        "2025-06-01",
        [row("CN-1", "ticket", "2025-05-20", "500.00", "platform", platform="billets")],
        {"416200": "500.00", "743200": "-500.00"},
        {"tickets": "500.00", "net": "500.00"},
    ),
    # over New Year: begun in 2025, so that nothing is put off; the bar of 1 January is of 2026
    "REVEILLON": (
        "2025-12-31",
        [
            row("RE-1", "ticket", "2025-12-10", "600.00", "cash"),
            row("RE-2", "sale", "2026-01-01", "300.00", "cash", description="Bar"),
            row("RE-3", "cost", "2026-01-05", "150.00", "bank"),
        ],
        {"570000": "900.00", "440000": "-150.00", "644000": "150.00", "743000": "-300.00", "743200": "-600.00"},
        {"tickets": "600.00", "sales": "300.00", "costs": "150.00", "net": "750.00"},
    ),
    # art. 3:171: the hall of next year, and a sponsor of next year
    "SALLE": (
        "2026-02-14",
        [
            row("SA-1", "cost", "2025-12-01", "1000.00", "bank", account="610000"),
            row("SA-2", "sponsoring", "2025-12-02", "242.00", "bank", vat="42.00"),
        ],
        {"400000": "242.00", "440000": "-1000.00", "451000": "-42.00", "490000": "0.00", "493000": "0.00",
         "610000": "1000.00", "743100": "-200.00"},
        {"sponsoring": "200.00", "costs": "1000.00", "net": "-800.00"},
    ),
    # drinks at 21 %: of 121 for 21, rounded half up to the cent (here 99.99: 17.35)
    "BUVETTE": (
        "2025-06-21",
        [row("BU-1", "sale", "2025-06-21", "99.99", "cash", vat_rate="21")],
        {"451000": "-17.35", "570000": "99.99", "743000": "-82.64"},
        {"sales": "82.64", "net": "82.64"},
    ),
    # two entries and an extra of one buyer in one payment, all on one claim
    "GROUPE": (
        "2025-10-18",
        [
            row("GR-1", "ticket", "2025-10-02", "50.00", "bank", donor="D0001"),
            row("GR-2", "sale", "2025-10-02", "12.00", "bank", donor="D0001", paid_with="GR-1"),
        ],
        {"400000": "62.00", "743000": "-12.00", "743200": "-50.00"},
        {"tickets": "50.00", "sales": "12.00", "net": "62.00"},
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def season(tmp_path_factory: pytest.TempPathFactory) -> Obole:
    """Every event of CASES in one file, and the paintings of the auction in the register of gifts in kind."""
    folder = tmp_path_factory.mktemp("season")
    obole = new_obole(folder)
    rows = {event: case[1] for event, case in CASES.items()}
    file = sheet(folder / "events.csv", rows, {event: case[0] for event, case in CASES.items()})
    headings = (
        "reference",
        "date",
        "donor",
        "category",
        "description",
        "value",
        "valuation",
        "evidence",
        "account",
        "project",
    )
    kind = (
        "NAT-1",
        "2025-04-02",
        "D0005",
        "goods",
        "Deux tableaux",
        "500.00",
        "appraisal",
        "EXP-1",
        "613190",
        "ENCHERES",
    )
    obole.takes_well(file, write_csv(folder / "in-kind.csv", headings, [kind]))
    return obole


@pytest.fixture(scope="module")
def turnover(season: Obole) -> dict[str, dict[str, int]]:
    """The balance of each account by project, in cents, both years together."""
    found: dict[str, dict[str, int]] = {}
    for year in ("2025", "2026"):
        told = season("report", "trial-balance", "--year", year, "--by", "project", "--format", "json", "--lang", "en")
        for one in json.loads(told.output):
            of = found.setdefault(one["project"], {})
            of[one["code"]] = of.get(one["code"], 0) + round(float(one["balance"]) * 100)
    return found


@pytest.fixture(scope="module")
def told(season: Obole) -> dict[str, dict[str, str]]:
    return reported(season)


@pytest.mark.parametrize("event", CASES)
def test_an_event_is_booked_and_told(
    event: str, turnover: dict[str, dict[str, int]], told: dict[str, dict[str, str]]
) -> None:
    held, _rows, accounts, says = CASES[event]
    assert turnover[event] == {code: round(float(amount) * 100) for code, amount in accounts.items()}
    assert told[event] == {"event": event, "name": f"Soirée {event}", "date": held, **says}


def test_books_and_register_agree_in_every_year(season: Obole) -> None:
    checked = season("check")
    assert checked.exit_code == 0, checked.output
    for year in ("2025", "2026"):
        tied = json.loads(season("report", "tie-out", "--year", year, "--format", "json", "--lang", "en").output)
        accounts = sum(round(float(one["amount"]) * 100) for one in tied if one["code"] == "accounts")
        parts = sum(round(float(one["amount"]) * 100) for one in tied if one["code"] not in ("accounts", ""))
        assert accounts == parts > 0


def test_of_all_that_was_paid_one_gift_is_on_a_receipt(season: Obole) -> None:
    """45.00 of D0006, handed over apart from the ticket; nothing of D0001 and D0002, who bought."""
    said = season("receipts", "preview", "--year", "2025", "--lang", "en").output
    assert "1 receipt of 2025 is due, 45.00 EUR" in " ".join(said.split()), said
    assert "0 receipts of 2026 are due" in season("receipts", "preview", "--year", "2026", "--lang", "en").output


def test_what_is_put_off_is_told_in_its_year(season: Obole) -> None:
    assert figures(season, "PRINTEMPS", "--year", "2025") == {"later": "400.00"}
    assert figures(season, "PRINTEMPS", "--year", "2026") == {"tickets": "400.00", "net": "400.00"}
    assert figures(season, "SALLE", "--year", "2025") == {"later": "-800.00"}


@pytest.mark.parametrize(
    ("language", "headings"),
    [
        ("en", "Event,Name,Date,Gifts,Tickets,Sponsoring,Sales,Costs,Net,Put off"),
        ("fr", "Événement,Nom,Date,Dons,Billets,Parrainage,Ventes,Frais,Net,Reporté"),
        ("nl", "Evenement,Naam,Datum,Giften,Tickets,Sponsoring,Verkoop,Kosten,Netto,Overgedragen"),
        ("de", "Veranstaltung,Name,Datum,Spenden,Eintritte,Sponsoring,Verkäufe,Kosten,Netto,Abgegrenzt"),
    ],
)
def test_the_report_speaks_four_languages_in_a_workbook(
    season: Obole, tmp_path: Path, language: str, headings: str
) -> None:
    assert season("events", "--lang", language, "--format", "xlsx", "-o", tmp_path / "e.xlsx").exit_code == 0
    cells = [list(one) for one in openpyxl.load_workbook(tmp_path / "e.xlsx").active.values]
    assert headings.split(",") in [[cell for cell in one if cell] for one in cells]


def test_the_report_as_csv_and_text(season: Obole) -> None:
    rows = list(csv.DictReader(io.StringIO(season("events", "--format", "csv", "--lang", "en").output)))
    assert [one["event"] for one in rows][:2] == ["ENCHERES", "TRAITEUR"]  # by their days
    assert "TOTAL" in season("events", "--lang", "en").output


# One file in time: it grows, a row changes, a row goes


@pytest.fixture(scope="module")
def _template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return new_obole(tmp_path_factory.mktemp("template")).books


@pytest.fixture
def books(_template: Path, tmp_path: Path) -> Obole:
    """Books of their own, to be changed at will."""
    if stores.current().name != "sqlite":
        return new_obole(tmp_path)
    shutil.copytree(_template, tmp_path / "books")
    return Obole(tmp_path / "books")


FIRST = row("GA-1", "ticket", "2026-04-02", "60.00", "bank", donor="D0001")
SECOND = row("GA-2", "ticket", "2026-04-03", "120.00", "cash")


def test_the_same_file_brings_nothing_and_a_longer_one_what_is_new(books: Obole, tmp_path: Path) -> None:
    file = one_sheet(tmp_path / "e.csv", FIRST)
    books.takes_well(file)
    before = books.state()
    books.takes_well(file)
    assert books.state() == before
    books.takes_well(one_sheet(tmp_path / "longer.csv", FIRST, SECOND))
    assert (books.balance("400000"), books.balance("570000"), books.balance("743200")) == (60_00, 120_00, -180_00)
    assert books.checks().exit_code == 0


def test_a_changed_row_tells_the_command_that_mends_it(books: Obole, tmp_path: Path) -> None:
    books.takes_well(one_sheet(tmp_path / "e.csv", FIRST, SECOND))
    document = books.documents()[-1]
    changed = one_sheet(tmp_path / "changed.csv", FIRST, {**SECOND, "amount": "100.00"})
    said = " ".join(books.refuses(changed).split())
    assert (
        f"line 3: GA-2 of 2026-04-03 was posted before with another content; `obole undo {document} --voucher GA-2`"
        in said
    )
    assert books("undo", document, "--voucher", "GA-2").exit_code == 0
    assert (books.balance("570000"), books.balance("400000"), books.balance("743200")) == (0, 60_00, -60_00)
    books.takes_well(changed)
    assert (books.balance("570000"), books.balance("743200")) == (100_00, -160_00)
    assert books.checks().exit_code == 0


def test_a_row_under_another_day_tells_the_command_too(books: Obole, tmp_path: Path) -> None:
    books.takes_well(one_sheet(tmp_path / "e.csv", FIRST))
    said = " ".join(books.refuses(one_sheet(tmp_path / "moved.csv", {**FIRST, "date": "2026-04-05"})).split())
    assert "GA-1 was posted on 2026-04-02, which this file does not have any more" in said
    assert f"`obole undo {books.documents()[-1]} --voucher GA-1`" in said


def test_an_event_put_off_within_its_year_or_named_anew_changes_no_row(books: Obole, tmp_path: Path) -> None:
    early = row("EB-1", "ticket", "2025-12-01", "35.00", "cash")
    books.takes_well(one_sheet(tmp_path / "e.csv", early))
    books.takes_well(one_sheet(tmp_path / "later.csv", early, SECOND, held="2026-10-10"))
    assert reported(books)["GALA-26"]["date"] == "2026-10-10"
    assert figures(books, "GALA-26") == {"tickets": "155.00", "net": "155.00"}


def test_an_early_ticket_is_undone_in_both_years(books: Obole, tmp_path: Path) -> None:
    file = one_sheet(tmp_path / "e.csv", row("EB-1", "ticket", "2025-12-01", "35.00", "cash"))
    books.takes_well(file)
    sold, back = (name for name in books.documents() if name.startswith("events-"))
    said = " ".join(books("undo", sold, "--voucher", "EB-1").output.split())
    assert f"{back} has the other year of the same rows" in said
    assert books("undo", back, "--voucher", "EB-1").exit_code == 0
    assert (books.balance("493000"), books.balance("743200"), books.balance("570000")) == (0, 0, 0)
    assert books.checks().exit_code == 0
    books.takes_well(file)
    assert (books.balance("493000"), books.balance("743200"), books.balance("570000")) == (0, -35_00, 35_00)


def test_a_ticket_of_an_event_two_years_away_comes_back_once_its_year_is_near(
    books: Obole, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("obole.intake.events.today", lambda: date(2025, 12, 1))
    file = one_sheet(tmp_path / "e.csv", row("EB-1", "ticket", "2025-12-01", "35.00", "cash"), held="2027-05-01")
    books.takes_well(file)
    assert (books.balance("493000"), figures(books, "GALA-26")) == (-35_00, {"later": "35.00"})
    monkeypatch.setattr("obole.intake.events.today", lambda: date(2026, 1, 2))
    books.takes_well(file)
    assert (books.balance("493000"), books.balance("743200")) == (0, -35_00)
    said = books.refuses(
        one_sheet(tmp_path / "far.csv", row("EB-2", "ticket", "2026-01-01", "5.00", "cash"), held="2062-05-01")
    )
    assert "dated 2062-05-01, which is years away" in said


def test_rows_of_every_kind_are_undone_one_by_one_or_whole_and_come_again(books: Obole, tmp_path: Path) -> None:
    kinds = ("ticket", "sponsoring", "sale", "cost", "gift")
    rows = [row(f"X-{kind}", kind, "2026-05-09", "50.00", "cash", vat_rate="0") for kind in kinds]
    file = one_sheet(tmp_path / "e.csv", *rows, row("X-back", "ticket", "2026-05-09", "-20.00", "cash"))
    books.takes_well(file)
    whole = {"gifts": "50.00", "tickets": "30.00", "sponsoring": "50.00", "sales": "50.00", "costs": "50.00"}
    assert figures(books, "GALA-26") == {**whole, "net": "130.00"}
    document = books.documents()[-1]
    for kind in (*kinds, "back"):
        assert books("undo", document, "--voucher", f"X-{kind}").exit_code == 0
    assert (reported(books), books.balance("570000")) == ({}, 0)
    books.takes_well(file)
    assert books("undo", books.documents()[-1]).exit_code == 0
    assert (reported(books), books.balance("570000")) == ({}, 0)
    books.takes_well(file)
    assert figures(books, "GALA-26") == {**whole, "net": "130.00"}
    assert books.checks().exit_code == 0


# Money that the bank brings


def test_a_line_that_bears_a_ticket_is_no_gift_of_a_known_donor(books: Obole, tmp_path: Path) -> None:
    """D0001 pays by an account that the vault knows; a person puts it against the claim, and no receipt follows."""
    books.takes_well(OPENING.write(tmp_path), one_sheet(tmp_path / "e.csv", FIRST))
    paid = Line(60_00, "00150000", "BILLET GA-1", name="ZOE DUPONT", iban=iban(7350000001))
    gift = Line(25_00, "00150000", "MERCI", name="ZOE DUPONT", iban=iban(7350000001))
    books.takes_well(Statement(parts=(paid, gift)).write(tmp_path))
    assert [one.cents for one in books.waiting()] == [60_00]
    assert "open invoice GA-1 of that amount" in " ".join(books("match", "--lang", "en").output.split())
    books("match", "-o", tmp_path / "open.csv", "--prefill", "90", "--lang", "en")
    with (tmp_path / "open.csv").open(encoding="utf-8-sig") as file:
        [line] = csv.DictReader(file, delimiter=";")
    assert line["account"] == "400000"
    decided = (line["document"], line["position"], "400000", "2026-04-20")
    books.takes_well(write_csv(tmp_path / "d.csv", ("document", "position", "account", "date"), [decided]))
    assert (books.balance("400000"), books.waiting(), books.given_by()) == (0, [], {"D0001": 85_00})
    assert [one.gift.nature for one in books.posted()] == ["ticket", "money"]
    assert books.checks().exit_code == 0


def test_a_payment_of_a_ticket_and_a_gift_is_one_open_claim(books: Obole, tmp_path: Path) -> None:
    extra = row("GA-3", "gift", "2026-04-02", "40.00", "bank", donor="D0001", paid_with="GA-1")
    books.takes_well(OPENING.write(tmp_path), one_sheet(tmp_path / "e.csv", FIRST, extra))
    books.takes_well(Statement(parts=(Line(100_00, "00150000", "GA-1 + DON", name="Z"),)).write(tmp_path))
    assert "400000" in books("match", "--lang", "en").output
    document = next(name for name in books.documents() if name.startswith("events-"))
    assert books("undo", document, "--voucher", "GA-3").exit_code == 0
    assert "400000" not in books("match", "--lang", "en").output  # 60 are open now, 100 came
    assert books.checks().exit_code == 0


def test_a_ticket_that_came_as_a_gift_before_is_told(books: Obole, tmp_path: Path) -> None:
    paid = Line(60_00, "00150000", "GALA", name="ZOE DUPONT", iban=iban(7350000001))
    books.takes_well(OPENING.write(tmp_path), Statement(parts=(paid,)).write(tmp_path))
    ticket = row("GA-1", "ticket", "2025-03-10", "60.00", "bank", donor="D0001")
    told = " ".join(books.takes_well(one_sheet(tmp_path / "e.csv", ticket, held="2025-04-01")).output.split())
    assert "a gift of D0001 of the same amount stands at line 1 of coda-current-2025-073" in told
    assert books("undo", "coda-current-2025-073", "--line", "1").exit_code == 0
    [open_line] = books.waiting()
    decided = (open_line.document, open_line.position, "400000", "2025-03-20")
    books.takes_well(write_csv(tmp_path / "d.csv", ("document", "position", "account", "date"), [decided]))
    assert books.balance("400000") == 0
    assert "0 receipts of 2025 are due" in books("receipts", "preview", "--year", "2025", "--lang", "en").output


def test_a_gift_by_bank_is_told_and_its_line_counts_by_its_project(books: Obole, tmp_path: Path) -> None:
    """Money counts as a gift once it is paid (art. 145/33): the statement brings it, the sheet says what it is of."""
    gift = row("DO-1", "gift", "2025-03-10", "35.00", "bank", donor="D0001")
    told = " ".join(books.takes_well(one_sheet(tmp_path / "e.csv", SECOND, gift)).output.split())
    assert "1 gift of GALA-26 (row 3) is not posted from here" in told
    books.takes_well(OPENING.write(tmp_path))
    paid = Line(35_00, "00150000", "MERCI", name="ZOE DUPONT", iban=iban(7350000001))
    entry = Line(20_00, "00150000", "ENTREE", name="UN AUTRE")
    books.takes_well(Statement(parts=(paid, entry)).write(tmp_path))
    headings = ("document", "position", "donor", "nature", "project", "date")
    decided = (
        ("coda-current-2025-073", "1", "D0001", "", "GALA-26", "2025-03-20"),
        ("coda-current-2025-073", "2", "", "ticket", "GALA-26", "2025-03-20"),
    )
    books.takes_well(write_csv(tmp_path / "d.csv", headings, decided))
    assert figures(books, "GALA-26") == {"gifts": "35.00", "tickets": "140.00", "net": "175.00"}
    assert books.checks().exit_code == 0


def test_a_platform_s_row_that_bears_a_ticket_is_nobody_s_gift(tmp_path: Path) -> None:
    """The shop of the platform says who paid; that D0001 bought a ticket puts nothing on a receipt."""
    source = 'reference = "id", paid = "day", gross = "sum", donor = "who", communication = "what"'
    obole = new_obole(tmp_path, f"{SETTINGS}{PLATFORM}\n[sources.boutique]\ncolumns = {{ {source} }}\n")
    obole.takes_well(one_sheet(tmp_path / "e.csv", {**FIRST, "paid": "cash"}))
    bought = ("1", "2026-04-02", "60.00", "D0001", "Billet GA-1")
    given = ("2", "2026-04-02", "40.00", "D0001", "Don")
    obole.takes_well(write_csv(tmp_path / "b.csv", ("id", "day", "sum", "who", "what"), (bought, given)))
    assert [(one.gift.donor, one.gift.cents, one.gift.nature) for one in obole.posted()] == [
        ("D0001", 60_00, "ticket"),
        (None, 60_00, "money"),
        ("D0001", 40_00, "money"),
    ]
    assert (
        "1 receipt of 2026 is due, 40.00 EUR" in obole("receipts", "preview", "--year", "2026", "--lang", "en").output
    )


# Refused, everything told together


def test_what_is_wrong_is_told_by_row_all_together(books: Obole, tmp_path: Path) -> None:
    rows = (
        FIRST,
        row("GA-1", "ticket", "2026-04-02", "10.00", "cash"),
        row("B-1", "ticket", "2026-04-02", "100.00", "cash", quantity="1", unit_price="60"),
        row("B-2", "sponsoring", "2026-04-02", "121.00", "invoice", vat_rate="21"),
        row("B-3", "sale", "2026-04-02", "121.00", "cash", vat_rate="21", vat="12.00"),
        row("B-4", "gift", "2026-04-02", "-5.00", "cash"),
        row("B-5", "ticket", "2026-04-02", "0.00", "cash"),
        row("B-6", "gift", "2026-04-02", "40.00", "bank", paid_with="B-99"),
        row("B-7", "sale", "2026-04-02", "10.00", "cash", vat_rate="0.21"),
    )
    said = " ".join(books.refuses(one_sheet(tmp_path / "e.csv", *rows)).split())
    for told in (
        "line 3: column `reference` is that of row 2 again",
        "line 4: column `amount` is 100.00 but quantity times unit price is 60.00; write what was given above",
        "line 5: column `party` is empty; an invoice needs the key",
        "line 6: column `vat` is 12.00 but the rate makes 21.00",
        "line 7: column `amount` is negative; a gift is paid back by undoing its row",
        "line 8: column `amount` is nil",
        "line 9: column `paid_with` is not the reference of another row",
        "line 10: column `vat_rate` is no rate in percent",
    ):
        assert told in said, told


def test_what_the_books_do_not_know_is_told_by_row_all_together(books: Obole, tmp_path: Path) -> None:
    rows = (
        row("C-1", "ticket", "2026-04-02", "10.00", "cash", donor="D9999"),
        row("C-2", "ticket", "2026-04-02", "10.00", "cash", account="731100"),
        row("C-3", "cost", "2026-04-02", "10.00", "cash", account="743000"),
        row("C-4", "sale", "2026-04-02", "10.00", "cash", account="644000"),
        row("C-5", "ticket", "2026-04-02", "10.00", "platform", platform="autre"),
        row("C-6", "gift", "2026-04-02", "10.00", "cash", account="743000"),
        row("C-7", "sponsoring", "2026-04-02", "10.00", "invoice", party="C0099", vat_rate="0"),
        row("C-8", "sale", "2024-04-02", "10.00", "cash"),
    )
    said = " ".join(books.refuses(one_sheet(tmp_path / "e.csv", *rows)).split())
    for told in (
        "line 2: donor D9999 is not in the vault",
        "line 3: account 731100 is kept by the register of gifts",
        "line 4: account 743000 is no charge or asset",
        "line 5: account 644000 is no income",
        "line 6: column `platform` is none of billets",
        "line 7: account 743000 takes no gift of money",
        "line 8: third party C0099",
        "line 9: dated 2024-04-02, before the first day",
    ):
        assert told in said, told


def test_an_event_has_one_name_and_one_day(books: Obole, tmp_path: Path) -> None:
    other = {**SECOND, "event_name": "Autre nom", "event_date": "2026-05-10"}
    said = " ".join(books.refuses(one_sheet(tmp_path / "e.csv", FIRST, other)).split())
    assert "line 3: column `event_name` is not that of row 2 for event GALA-26" in said
    assert "line 3: column `event_date` is not that of row 2 for event GALA-26" in said
    said = books.refuses(one_sheet(tmp_path / "none.csv", {**FIRST, "event_date": ""}))
    assert "column `event_date` is empty in every row of event GALA-26" in " ".join(said.split())


def test_vat_needs_its_account_and_sponsoring_says_whether_it_has_some(tmp_path: Path) -> None:
    obole = Obole(new_books(tmp_path / "books"))
    sponsor = row("SP-1", "sponsoring", "2026-04-02", "121.00", "cash", vat_rate="21")
    assert "account 451000 is not in the chart" in obole.refuses(one_sheet(tmp_path / "e.csv", sponsor))
    plain = one_sheet(tmp_path / "p.csv", {**sponsor, "vat_rate": ""})
    assert "sponsoring without VAT: it is a service" in " ".join(obole.takes_well(plain).output.split())


def test_an_event_is_a_project_that_is_declared_where_projects_are(tmp_path: Path) -> None:
    declared = SETTINGS + '\n[[project]]\nkey = "GALA-26"\nfrom = 2026-01-01\n'
    obole = Obole(new_books(tmp_path / "books", declared))
    obole.takes_well(one_sheet(tmp_path / "e.csv", SECOND))
    said = " ".join(
        obole.refuses(one_sheet(tmp_path / "o.csv", {**SECOND, "reference": "O-1"}, event="RUN-26")).split()
    )
    assert "line 2: project `RUN-26` is not declared" in said
    assert '[[project]] with key = "RUN-26"' in said


def test_vat_on_costs_is_a_claim_where_it_is_deductible(tmp_path: Path) -> None:
    obole = new_obole(tmp_path, SETTINGS + "\n[events]\nvat_deductible = true\n")
    cost = row("CT-1", "cost", "2026-04-02", "121.00", "invoice", party="S0012", vat_rate="21")
    obole.takes_well(one_sheet(tmp_path / "e.csv", cost))
    assert (obole.balance("644000"), obole.balance("411000"), obole.balance("440000")) == (100_00, 21_00, -121_00)


def test_a_workbook_in_french_is_read_and_inspected(books: Obole, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(
        ["référence", "événement", "nom_événement", "date_événement", "type", "date", "montant", "paiement"]
    )
    book.active.append(["GA-9", "GALA-26", "Soirée", "2026-05-09", "tombola", "2026-05-09", 12.5, "espèces"])
    book.save(tmp_path / "e.xlsx")
    told = " ".join(books("--lang", "en", "inspect", tmp_path / "e.xlsx").output.split())
    assert "tickets: 12.50" in told
    books.takes_well(tmp_path / "e.xlsx")
    assert books.balance("743200") == -12_50


def test_wrong_headings_are_told_as_nearest_to_the_register(books: Obole, tmp_path: Path) -> None:
    wrong = write_csv(tmp_path / "w.csv", [*HEADINGS[:4], "genre", *HEADINGS[5:15], "mode"], [])
    said = " ".join(books.refuses(wrong).split())
    assert "it comes nearest to" in said
    assert "missing: `kind`, `paid`" in said
