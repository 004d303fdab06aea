"""The register of legacies, case by case: what each event posts, what is refused, what comes again, what is undone.

Sources: CBN/CNC 2020/10 ex. 1-4, 10-11 and 14-17 (bequeathed goods, at cost or at market value, sold), 2010/16 ex. 7
(cash, current use; a right that is certain is a receivable), 2018/24 (duo legacy, gross), 2016/4 (what is not certain
is nothing yet), KB/AR WVV art. 3:160; law of 6.7.2017 art. 98-100 (no authorisation for legacies since); art. 145/33
CIR 92 (no receipt). The figures of the opinions are theirs, all others are worked out by hand.
"""

import csv
import json
import re
import shutil
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook
from small_books import SETTINGS, Line, Obole, Statement, iban, new_books, write_csv, write_donors

HEADINGS = (
    *("legacy", "event", "date", "testator", "notary", "party", "deed", "share", "use", "asset", "asset_kind"),
    *("description", "amount", "valued_at", "account", "surplus_account", "authorised", "due", "line", "document"),
    *("donor", "project"),
)
OPENED = (
    ("Assets", "221800", "Plus-value de constructions léguées"),
    ("Assets", "260800", "Plus-value de biens légués"),
    ("Assets", "510000", "Titres"),
)
NOTARY = iban(7351111111)
BANK = "coda-current-2025-073"

Row = dict[str, str]


def row(event: str, day: str, legacy: str = "L-1", **cells: str) -> Row:
    return {"legacy": legacy, "event": event, "date": day, **cells}


def sheet(folder: Path, *rows: Row, name: str = "legs.csv") -> Path:
    return write_csv(folder / name, HEADINGS, [[one.get(column, "") for column in HEADINGS] for one in rows])


OPENING = row("opening", "2025-01-10", testator="Paul Martin", notary="Anne Modele", deed="ACTE-7", party="N0001")
DURABLE = {**OPENING, "use": "durable"}
CASH = row("asset", "2025-01-10", asset="cash", asset_kind="money", amount="75000.00")
ACCEPTED = row("acceptance", "2025-02-01")
FORMS = {"asset": "house", "asset_kind": "real-estate", "amount": "455000.00"}
HOUSE = row("asset", "2025-01-10", **FORMS)
DUTIES = row("duties", "2025-02-20", amount="31850.00", due="2025-05-10")


@pytest.fixture(scope="module")
def _made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Books with a notary, donors, and the accounts that the examples of the opinions use."""
    folder = tmp_path_factory.mktemp("legacies")
    obole = Obole(new_books(folder / "books", SETTINGS))
    chart = obole.books / "chart.beancount"
    opened = "".join(
        f'\n2025-01-01 open {root}:{code[:2]}-Ouvert:{code}-Ouvert EUR\n  code: "{code}"\n  label-fr: "{label}"\n'
        for root, code, label in OPENED
    )
    chart.write_text(chart.read_text(encoding="utf-8") + opened, encoding="utf-8")
    headings = ("party", "kind", "name", "first_name", "street", "postcode", "municipality", "iban")
    notary = ("N0001", "customer", "Modele", "Anne", "Rue 1", "1000", "Bruxelles", NOTARY)
    obole.takes_well(write_donors(folder / "donors.csv"), write_csv(folder / "parties.csv", headings, [notary]))
    return obole.books


@pytest.fixture
def books(_made: Path, tmp_path: Path) -> Obole:
    shutil.copytree(_made, tmp_path / "books")
    return Obole(tmp_path / "books")


def came(*lines: Line, sequence: int = 73, opening: int = 0) -> Statement:
    return Statement(sequence, opening, lines)


def paid_over(cents: int, text: str = "SUCCESSION", name: str = "NOTAIRE") -> Line:
    return Line(cents, "00150000", text, name=name, iban=iban(7352222222))


def report(obole: Obole, *words: str, year: int = 2025) -> list[dict[str, str]]:
    told = obole("report", "legacies", "--year", str(year), "--format", "json", "--lang", "en", *words)
    assert told.exit_code == 0, told.output
    return [one for one in json.loads(told.output) if isinstance(one, dict)]


def tie(obole: Obole, year: int = 2025) -> dict[str, str]:
    """The lines of the tie-out that are not nil, by code."""
    told = obole("report", "tie-out", "--year", str(year), "--format", "json", "--lang", "en")
    assert told.exit_code == 0, told.output
    return {one["code"]: one["amount"] for one in json.loads(told.output) if one["code"] and one["amount"] != "0.00"}


def assert_tied(obole: Obole, expected: dict[str, str], year: int = 2025) -> None:
    checked = obole("check")
    assert checked.exit_code == 0, checked.output
    found = tie(obole, year)
    accounts = Decimal(found.pop("accounts", "0"))
    assert found == expected
    assert accounts == sum(map(Decimal, expected.values()))


# Each: rows, balances (debit positive, cents), how the gift accounts of the year are explained.
CASES: dict[str, tuple[Sequence[Row], dict[str, int], dict[str, str]]] = {
    # CBN/CNC 2020/10 ex. 1: durable, at acquisition value: the duties
    "durable_house_at_cost": (
        (DURABLE, {**HOUSE, "valued_at": "cost"}, ACCEPTED, DUTIES),
        {"221000": 31_850_00, "489000": -31_850_00, "101000": 0, "732000": 0},
        {},
    ),
    # ex. 2: durable, at market value, the difference on a sub-account of the asset
    "durable_house_at_market_value": (
        (DURABLE, {**HOUSE, "surplus_account": "221800"}, ACCEPTED, DUTIES),
        {"221000": 31_850_00, "221800": 423_150_00, "489000": -31_850_00, "101000": -423_150_00, "732000": 0},
        {},
    ),
    # ex. 3: the same, not durable, at acquisition value
    "house_at_cost": (
        (OPENING, {**HOUSE, "valued_at": "cost"}, ACCEPTED, DUTIES),
        {"260000": 31_850_00, "489000": -31_850_00, "732000": 0},
        {},
    ),
    # ex. 4: not durable, at market value
    "house_at_market_value": (
        (OPENING, {**HOUSE, "surplus_account": "260800"}, ACCEPTED, DUTIES),
        {"260000": 31_850_00, "260800": 423_150_00, "489000": -31_850_00, "732000": -423_150_00},
        {"legacy": "455000.00", "transfer": "-31850.00"},
    ),
    # the same on one account, as a person enters it by voucher (given case F10)
    "house_on_one_account": (
        (OPENING, HOUSE, ACCEPTED, DUTIES),
        {"260000": 455_000_00, "489000": -31_850_00, "732000": -423_150_00},
        {"legacy": "455000.00", "transfer": "-31850.00"},
    ),
    # CBN/CNC 2010/16: a right that is certain is a receivable (given case F10b)
    "receivable": ((OPENING, CASH, ACCEPTED), {"416000": 75_000_00, "732000": -75_000_00}, {"legacy": "75000.00"}),
    # 2010/16, 2016/4: what is neither accepted nor measurable is nothing yet
    "not_certain_yet": ((OPENING, CASH), {"416000": 0, "732000": 0}, {}),
    # 2010/16: measured again where the estate turns out smaller
    "measured_lower": (
        (OPENING, CASH, ACCEPTED, row("measured", "2025-09-01", asset="cash", amount="70000.00")),
        {"416000": 70_000_00, "732000": -70_000_00},
        {"legacy": "75000.00", "transfer": "-5000.00"},
    ),
    "measured_higher": (
        (OPENING, CASH, ACCEPTED, row("measured", "2025-09-01", asset="cash", amount="80000.00")),
        {"416000": 80_000_00, "732000": -80_000_00},
        {"legacy": "80000.00"},
    ),
    # an estimate that changes before the right posts nothing by itself
    "measured_before_acceptance": (
        (OPENING, CASH, row("measured", "2025-01-20", asset="cash", amount="60000.00"), ACCEPTED),
        {"416000": 60_000_00, "732000": -60_000_00},
        {"legacy": "60000.00"},
    ),
    # 2018/24: duo legacy, gross: what must be passed on is income and charge, the rest permanent means
    "duo_legacy": (
        (DURABLE, {**CASH, "amount": "500000.00"}, ACCEPTED, row("charge", "2025-03-01", amount="133625.00")),
        {"416000": 500_000_00, "101000": -366_375_00, "732000": -133_625_00, "644000": 133_625_00,
         "489000": -133_625_00},
        {"legacy": "133625.00"},
    ),
    # CBN 2018/24: no netting: duties on money are a charge, the legacy stays gross
    "duties_on_money": (
        (OPENING, CASH, ACCEPTED, {**DUTIES, "amount": "5250.00"}),
        {"416000": 75_000_00, "732000": -75_000_00, "644000": 5_250_00, "489000": -5_250_00},
        {"legacy": "75000.00"},
    ),
    # 2020/10 ex. 14-17: shares, durable, at market value
    "shares": (
        (DURABLE, row("asset", "2025-01-10", asset="shares", asset_kind="securities", amount="30000.00"), ACCEPTED),
        {"510000": 30_000_00, "101000": -30_000_00},
        {},
    ),
    # ex. 10-11: goods at market value, sold above it
    "cars_sold_above": (
        (OPENING, row("asset", "2025-01-10", asset="cars", asset_kind="goods", amount="48700.00", account="260800"),
         ACCEPTED, row("sale", "2025-04-01", asset="cars", amount="50000.00")),
        {"416000": 50_000_00, "260800": 0, "764000": -1_300_00, "732000": -48_700_00},
        {"legacy": "48700.00"},
    ),
    "cars_sold_below": (
        (OPENING, row("asset", "2025-01-10", asset="cars", asset_kind="goods", amount="48700.00"),
         ACCEPTED, row("sale", "2025-04-01", asset="cars", amount="48000.00")),
        {"416000": 48_000_00, "260000": 0, "664000": 700_00, "732000": -48_700_00},
        {"legacy": "48700.00"},
    ),
    # ex. 5-6 and 11: at cost nothing comes in, so that all of the price is a gain
    "sold_though_it_cost_nothing": (
        (OPENING, row("asset", "2025-01-10", asset="car", asset_kind="goods", amount="24500.00", valued_at="cost"),
         ACCEPTED, row("sale", "2025-04-01", asset="car", amount="24000.00")),
        {"416000": 24_000_00, "764000": -24_000_00, "732000": 0},
        {},
    ),
    # a legatee of a third; 100 000.01 / 3 = 33 333.336..
    "a_third_of_it": (
        ({**OPENING, "share": "1/3"}, {**CASH, "amount": "100000.01"}, ACCEPTED),
        {"416000": 33_333_34, "732000": -33_333_34},
        {"legacy": "33333.34"},
    ),
    # a share of its own of one asset: 25 % of 1 000.00 beside all of the money
    "a_share_of_one_asset": (
        (OPENING, CASH, row("asset", "2025-01-10", asset="land", asset_kind="real-estate", amount="1000.00",
                            share="25 %"), ACCEPTED),
        {"416000": 75_000_00, "260000": 250_00, "732000": -75_250_00},
        {"legacy": "75250.00"},
    ),
    # an asset found later is ours from the day it is known
    "asset_found_later": (
        (OPENING, CASH, ACCEPTED, row("asset", "2025-06-01", asset="book", asset_kind="money", amount="120.00")),
        {"416000": 75_120_00, "732000": -75_120_00},
        {"legacy": "75120.00"},
    ),
    # an authorisation that came later (old law of 27.6.1921 art. 16, a foreign estate): ours from that day
    "authorised_later": (
        (OPENING, CASH, {**ACCEPTED, "authorised": "2025-07-15"}),
        {"416000": 75_000_00, "732000": -75_000_00},
        {"legacy": "75000.00"},
    ),
    # money that came where no bank statement tells: in cash, at the notary's
    "received_in_cash": (
        (OPENING, CASH, ACCEPTED, row("received", "2025-03-01", amount="500.00", account="570000")),
        {"416000": 74_500_00, "570000": 500_00, "732000": -75_000_00},
        {"legacy": "75000.00"},
    ),
    # refused by the foundation (or too small to claim): closed without having been ours
    "never_accepted": ((OPENING, CASH, row("closing", "2025-05-01")), {"416000": 0, "732000": 0}, {}),
    # a testator who was a donor: still no receipt (art. 145/33 CIR 92)
    "testator_was_a_donor": (
        (OPENING | {"donor": "D0001", "testator": ""}, CASH, ACCEPTED),
        {"416000": 75_000_00, "732000": -75_000_00},
        {"legacy": "75000.00"},
    ),
}  # fmt: skip


def assert_balances(obole: Obole, balances: dict[str, int]) -> None:
    assert {account: obole.balance(account) for account in balances} == balances


def key_of(name: str) -> str:
    return f"L-{list(CASES).index(name) + 1:02d}"


def case_file(folder: Path, name: str) -> Path:
    return sheet(folder, *({**one, "legacy": key_of(name)} for one in CASES[name][0]), name=f"{name}.csv")


def balances_of(obole: Obole, name: str) -> dict[str, int]:
    """What the books have on the accounts of a case for its legacy alone."""
    found = dict.fromkeys(CASES[name][1], 0)
    for path in (obole.books / "journal").rglob("*.beancount"):
        for block in path.read_text(encoding="utf-8").split("\n\n"):
            words = [line.split() for line in block.splitlines() if f'legacy: "{key_of(name)}"' in block]
            for account, cents in ((one[0], one[1]) for one in words if len(one) == 3 and one[2] == "EUR"):
                code = account.split(":")[2][:6]
                found[code] = found.get(code, 0) + int(cents.replace(".", ""))
    return {code: found[code] for code in CASES[name][1]}


def added_up(names: Iterable[str]) -> dict[str, str]:
    sums: defaultdict[str, Decimal] = defaultdict(Decimal)
    for name in names:
        for code, amount in CASES[name][2].items():
            sums[code] += Decimal(amount)
    return {code: str(amount) for code, amount in sums.items()}


@pytest.fixture(scope="module")
def entered(_made: Path, tmp_path_factory: pytest.TempPathFactory) -> Obole:
    """Books into which the register of each case was taken, all at once."""
    folder = tmp_path_factory.mktemp("entered")
    shutil.copytree(_made, folder / "books")
    obole = Obole(folder / "books")
    obole.takes_well(*(case_file(folder, name) for name in CASES))
    return obole


@pytest.mark.parametrize("name", CASES)
def test_a_legacy_is_entered_as_the_opinions_say(entered: Obole, name: str) -> None:
    assert balances_of(entered, name) == CASES[name][1]


def test_all_of_it_is_tied_and_comes_again_without_effect(entered: Obole, tmp_path: Path) -> None:
    assert_tied(entered, added_up(CASES))
    before = entered.state()
    entered.takes_well(*(case_file(tmp_path, name) for name in CASES))
    assert entered.state() == before


UNDONE = ("house_at_market_value", "duo_legacy", "measured_lower", "cars_sold_above")


def test_each_row_is_undone_alone_and_comes_again(books: Obole, tmp_path: Path) -> None:
    files = [case_file(tmp_path, name) for name in UNDONE]
    books.takes_well(*files)
    documents = [one for one in books.documents() if one.startswith("legacies")]
    of = {key: one for one in documents for key in map(key_of, UNDONE) if holds(books, one, key)}
    for name in UNDONE:
        last = CASES[name][0][-1]
        row_alone = ":".join(filter(None, (key_of(name), last["event"], last.get("asset", ""))))
        for voucher in (row_alone, f"{key_of(name)}:acceptance"):
            told = books("undo", of[key_of(name)], "--voucher", voucher)
            assert told.exit_code == 0, told.output
        assert not any(balances_of(books, name).values())
    assert_tied(books, {})
    books.takes_well(*files)
    assert [balances_of(books, name) for name in UNDONE] == [CASES[name][1] for name in UNDONE]
    for document in [one for one in books.documents() if one.startswith("legacies")]:
        assert books("undo", document).exit_code == 0
    assert not any(cents for name in UNDONE for cents in balances_of(books, name).values())
    assert_tied(books, {})


def holds(obole: Obole, document: str, legacy: str) -> bool:
    path = obole.books / "journal" / "2025" / f"{document}.beancount"
    return f'legacy: "{legacy}"' in path.read_text(encoding="utf-8")


def test_the_day_of_an_event_is_that_of_its_voucher(books: Obole, tmp_path: Path) -> None:
    books.takes_well(
        sheet(tmp_path, OPENING, HOUSE, {**ACCEPTED, "authorised": "2025-07-15"}, DUTIES | {"date": "2025-08-01"})
    )
    entries = [
        line.split()[0]
        for path in (books.books / "journal").rglob("legacies-*.beancount")
        for line in path.read_text(encoding="utf-8").splitlines()
        if " * " in line
    ]
    assert entries == ["2025-07-15", "2025-08-01"]


def test_the_notarys_line_meets_the_receivable(books: Obole, tmp_path: Path) -> None:
    """CBN/CNC 2010/16 ex. 7: in the end D 550 / C 732; the rest is what the report says."""
    books.takes_well(came(paid_over(25_000_00), paid_over(50_000_00)).write(tmp_path))
    first = (OPENING, CASH, ACCEPTED, row("received", "2025-03-14", amount="25000.00", line=f"{BANK}:1"))
    books.takes_well(sheet(tmp_path, *first))
    assert_balances(books, {"416000": 50_000_00, "732000": -75_000_00, "499000": -50_000_00})
    [told] = report(books)
    assert (told["received"], told["open"], told["state"]) == ("25000.00", "50000.00", "accepted")
    second = row("received", "2025-03-14", amount="50000.00", line=f"{BANK}:2")
    books.takes_well(sheet(tmp_path, *first, second, row("closing", "2025-12-01")))
    assert_balances(books, {"550000": 75_000_00, "416000": 0, "732000": -75_000_00, "499000": 0})
    [told] = report(books)
    assert (told["received"], told["open"], told["state"]) == ("75000.00", "0.00", "closed")
    assert_tied(books, {"legacy": "75000.00"})


def test_a_line_is_found_where_its_statement_came_again(books: Obole, tmp_path: Path) -> None:
    """The register goes on naming the statement as it was before it was undone and imported again."""
    statement = came(paid_over(25_000_00)).write(tmp_path)
    books.takes_well(statement)
    assert books("undo", BANK).exit_code == 0
    books.takes_well(statement)
    rows = (OPENING, CASH, ACCEPTED, row("received", "2025-03-14", amount="25000.00", line=f"{BANK}:1"))
    books.takes_well(sheet(tmp_path, *rows))
    assert_balances(books, {"550000": 25_000_00, "416000": 50_000_00, "499000": 0})
    before = books.state()
    books.takes_well(sheet(tmp_path, *rows))
    assert books.state() == before


def test_duties_are_paid_from_the_bank(books: Obole, tmp_path: Path) -> None:
    """CBN/CNC 2020/10 ex. 1: D 489 / C 550."""
    books.takes_well(came(Line(-31_850_00, "00101000", "DROITS", name="SPF")).write(tmp_path))
    paid = row("paid", "2025-03-14", amount="31850.00", line=f"{BANK}:1")
    books.takes_well(sheet(tmp_path, DURABLE, {**HOUSE, "valued_at": "cost"}, ACCEPTED, DUTIES, paid))
    assert_balances(books, {"221000": 31_850_00, "489000": 0, "550000": -31_850_00, "499000": 0})
    [told] = report(books)
    assert (told["duties"], told["paid"], told["owed"]) == ("31850.00", "31850.00", "0.00")


def test_one_line_may_be_of_several_assets_and_is_undone_whole(books: Obole, tmp_path: Path) -> None:
    books.takes_well(came(paid_over(900_00)).write(tmp_path))
    account = row("asset", "2025-01-10", asset="savings", asset_kind="money", amount="600.00")
    rows = (
        *(OPENING, {**CASH, "amount": "300.00"}, account, ACCEPTED),
        row("received", "2025-03-14", asset="cash", amount="300.00", line=f"{BANK}:1"),
        row("received", "2025-03-14", asset="savings", amount="600.00", line=f"{BANK}:1"),
    )
    file = sheet(tmp_path, *rows)
    books.takes_well(file)
    assert [one["received"] for one in report(books, "--by", "asset")] == ["300.00", "600.00"]
    document = books.documents()[-1]
    for words in ([document, "--voucher", f"L-1:received:savings:{BANK}:1"], [BANK, "--line", "1"]):
        assert books.waiting() == []
        told = books("undo", *words)
        assert told.exit_code == 0, told.output
        assert [one.cents for one in books.waiting()] == [900_00]
        assert_balances(books, {"416000": 900_00, "499000": -900_00})
        books.takes_well(file)
    assert books.waiting() == []
    for whole in (books.documents()[-1], document):
        assert books("undo", whole).exit_code == 0
    assert [one.cents for one in books.waiting()] == [900_00]
    assert_balances(books, {"416000": 0, "732000": 0, "499000": -900_00})
    assert books("check").exit_code == 0


PROPOSED = {
    # what a notary writes: the number of the deed or of the file, their name, that of the deceased
    "by_reference": (Line(75_000_00, "00150000", "DOSSIER L-2025-01", name="ETUDE"), "L-2025-01:cash"),
    "by_deed": (Line(75_000_00, "00150000", "ACTE 7 SOLDE", name="ETUDE"), "L-2025-01:cash"),
    "by_the_notarys_account": (Line(75_000_00, "00150000", "SOLDE", name="ETUDE", iban=NOTARY), "L-2025-01:cash"),
    "by_the_notarys_name": (Line(75_000_00, "00150000", "SOLDE", name="MODELE ANNE"), "L-2025-01:cash"),
    "by_the_testators_name": (Line(75_000_00, "00150000", "SUCC MARTIN PAUL", name="ETUDE"), "L-2025-01:cash"),
    "a_part_by_reference": (Line(20_000_00, "00150000", "DOSSIER L-2025-01 ACOMPTE", name="ETUDE"), "L-2025-01"),
    "amount_alone": (Line(75_000_00, "00150000", "MERCI", name="ETUDE"), ""),
    "more_than_is_to_come": (Line(75_000_01, "00150000", "DOSSIER L-2025-01", name="ETUDE"), ""),
    "another_number": (Line(75_000_00, "00150000", "DOSSIER L-2025-012", name="ETUDE"), ""),
}


def test_the_receivable_is_proposed_for_a_notarys_line(books: Obole, tmp_path: Path) -> None:
    rows = [{**one, "legacy": "L-2025-01"} for one in (OPENING, CASH, ACCEPTED)]
    lines = came(*(line for line, _proposed in PROPOSED.values()))
    books.takes_well(sheet(tmp_path, *rows), lines.write(tmp_path))
    assert books("match", "-o", tmp_path / "open.csv", "--lang", "en").exit_code == 0
    with (tmp_path / "open.csv").open(encoding="utf-8-sig") as file:
        found = {one["position"]: one for one in csv.DictReader(file, delimiter=";")}
    for number, (name, (_line, legacy)) in enumerate(PROPOSED.items(), start=1):
        one = found[str(number)]
        assert (one["(proposal)"] == "416000") == bool(legacy), name
        assert (f"write {legacy} in a column `legacy`" in one["(why)"]) == bool(legacy), name


DECISION = ("document", "position", "account", "legacy", "date")


def decide(folder: Path, *rows: Sequence[str]) -> Path:
    return write_csv(folder / "decided.csv", DECISION, rows)


def test_a_decision_sets_a_line_against_a_legacy(books: Obole, tmp_path: Path) -> None:
    file = sheet(tmp_path, OPENING, CASH, ACCEPTED)
    books.takes_well(file, came(paid_over(25_000_00, "DOSSIER L-1")).write(tmp_path))
    decided = decide(tmp_path, (BANK, "1", "", "L-1", "2025-03-14"))
    books.takes_well(decided)
    assert_balances(books, {"416000": 50_000_00, "499000": 0})
    assert [one["received"] for one in report(books)] == ["25000.00"]
    before = books.state()
    books.takes_well(decided)
    books.takes_well(file)
    assert books.state() == before
    said = books.refuses(sheet(tmp_path, OPENING, CASH, ACCEPTED, row("closing", "2025-12-01"), name="closed.csv"))
    assert "50000.00 is still to come" in said
    again = row("received", "2025-03-14", amount="25000.00", line=f"{BANK}:1")
    said = " ".join(books.refuses(sheet(tmp_path, OPENING, CASH, ACCEPTED, again, name="twice.csv")).split())
    assert f"line {BANK}:1 was decided before, in assignment-2025-" in said
    assert books("undo", BANK, "--line", "1").exit_code == 0
    assert [one["received"] for one in report(books)] == ["0.00"]
    assert_tied(books, {"legacy": "75000.00"})


def test_a_dry_run_sees_what_it_would_have_taken_in(books: Obole, tmp_path: Path) -> None:
    files = (
        sheet(tmp_path, OPENING, CASH, ACCEPTED),
        came(paid_over(25_000_00)).write(tmp_path),
        decide(tmp_path, (BANK, "1", "", "L-1", "2025-03-14")),
    )
    before = books.state()
    told = books.takes(*files, dry_run=True)
    assert told.exit_code == 0, told.output
    assert books.state() == before
    books.takes_well(*files)
    assert_balances(books, {"416000": 50_000_00, "499000": 0})


def test_a_legacy_that_posts_nothing_is_undone_too(books: Obole, tmp_path: Path) -> None:
    books.takes_well(sheet(tmp_path, OPENING, CASH))
    told = books("undo", books.documents()[-1])
    assert told.exit_code == 0, told.output
    books.takes_well(sheet(tmp_path, OPENING, CASH, ACCEPTED))
    assert_balances(books, {"416000": 75_000_00})
    assert books("check").exit_code == 0


WRONG_DECISIONS = (
    ("L-9", "", "legacy L-9 stands in no register that was imported; those that do: L-1"),
    ("L-1:house", "", "write in `legacy` which asset of L-1 it is"),
    ("L-1:cash", "743000", "what comes of a legacy goes to 416000"),
    ("L-1:coins", "", "is above the 10.00 still to come of coins"),
    ("L-1", "", "as L-1:ASSET; still to come: cash 75000.00, coins 10.00"),
)


def test_what_a_decision_may_not_do(books: Obole, tmp_path: Path) -> None:
    coins = row("asset", "2025-01-10", asset="coins", asset_kind="money", amount="10.00")
    lines = came(*(paid_over(25_00 + number) for number in range(len(WRONG_DECISIONS))))
    books.takes_well(sheet(tmp_path, OPENING, CASH, coins, ACCEPTED), lines.write(tmp_path))
    rows = [(BANK, str(n), account, legacy, "2025-03-14") for n, (legacy, account, _t) in enumerate(WRONG_DECISIONS, 1)]
    said = " ".join(books.refuses(decide(tmp_path, *rows)).split())
    for number, (_legacy, _account, told) in enumerate(WRONG_DECISIONS, start=2):
        assert f"line {number}: " in said
        assert told in said


def test_no_name_leaves_the_vault(books: Obole, tmp_path: Path) -> None:
    books.takes_well(sheet(tmp_path, OPENING, CASH, ACCEPTED))
    kept = [path for path in books.files() if path.suffix in (".csv", ".beancount", ".json", ".toml")]
    assert any(path.name.startswith("legacies-2025") and path.suffix == ".csv" for path in kept)
    for path in (*kept, books.books / "register.sqlite3"):
        content = path.read_bytes()
        assert b"Martin" not in content, path
        assert b"Modele" not in content, path
    vault = (books.books / "vault.sqlite3").read_bytes()
    assert b"Paul Martin" in vault
    told = [books("report", "legacies", "--year", "2025", "--format", form).output for form in ("text", "csv", "json")]
    assert not any("Martin" in text or "Modele" in text for text in told)
    journal = write_csv(
        tmp_path / "j.csv",
        ("date", "account", "debit", "credit", "text", "document"),
        [
            ("2025-03-01", "612000", "5.00", "", "Timbres, Martin Paul", "A-1"),
            ("2025-03-01", "570000", "", "5.00", "", "A-1"),
        ],
    )
    assert "the name of a testator or notary stands here" in " ".join(books.refuses(journal).split())


def test_a_corrected_name_alone_posts_nothing(books: Obole, tmp_path: Path) -> None:
    books.takes_well(sheet(tmp_path, OPENING, CASH, ACCEPTED))
    documents = books.documents()
    books.takes_well(sheet(tmp_path, {**OPENING, "testator": "Paule Martin"}, CASH, ACCEPTED))
    assert books.documents() == documents
    assert b"Paule Martin" in (books.books / "vault.sqlite3").read_bytes()


def test_a_longer_register_brings_what_is_new_and_an_older_one_nothing(books: Obole, tmp_path: Path) -> None:
    older = sheet(tmp_path, OPENING, CASH, ACCEPTED, name="older.csv")
    longer = sheet(tmp_path, OPENING, CASH, ACCEPTED, {**DUTIES, "amount": "10.00"}, name="longer.csv")
    books.takes_well(older)
    assert "new                1" in books.takes_well(longer).output
    assert_balances(books, {"489000": -10_00, "416000": 75_000_00})
    before = books.state()
    books.takes_well(older)
    assert books.state() == before


CHANGED = (
    (
        {**CASH, "amount": "70000.00"},
        ACCEPTED,
        "L-1:acceptance:cash of 2025-02-01 was posted before with another content",
    ),
    (CASH, {**ACCEPTED, "date": "2025-02-02"}, "L-1:acceptance:cash was posted on 2025-02-01"),
)


@pytest.mark.parametrize(("cash", "accepted", "told"), CHANGED, ids=["amount", "day"])
def test_a_changed_row_tells_the_command_that_mends(
    books: Obole, tmp_path: Path, cash: Row, accepted: Row, told: str
) -> None:
    books.takes_well(sheet(tmp_path, OPENING, CASH, ACCEPTED))
    changed = sheet(tmp_path, OPENING, cash, accepted, name="changed.csv")
    said = " ".join(books.refuses(changed).split())
    assert told in said
    command = said.split("`obole ")[1].split("`")[0].split()
    assert books(*command).exit_code == 0
    books.takes_well(changed)
    assert_balances(books, {"416000": int(cash["amount"].replace(".", ""))})
    assert books("check").exit_code == 0


RECEIVED = row("received", "2025-03-14", amount="100.00", account="570000")
REFUSED: dict[str, tuple[Sequence[Row], int, str]] = {
    "no_opening": ((CASH,), 2, "legacy L-1 has no row `opening` of 2025-01-10 or before"),
    "opened_twice": ((OPENING, OPENING | {"date": "2025-01-11"}, CASH), 3, "is opened in row 2 already"),
    "before_the_acceptance": (
        (OPENING, CASH, ACCEPTED, {**RECEIVED, "date": "2025-01-31"}), 5,
        "is not ours yet on 2025-01-31",
    ),
    "before_the_authorisation": (
        (OPENING, CASH, {**ACCEPTED, "authorised": "2025-04-01"}, RECEIVED), 5, "is not ours yet on 2025-03-14",
    ),
    "nothing_accepted": ((OPENING, ACCEPTED), 3, "so nothing is accepted; write its assets"),
    "accepted_twice": (
        (OPENING, CASH, ACCEPTED, ACCEPTED | {"date": "2025-02-03"}), 5,
        "was accepted on 2025-02-01 already",
    ),
    "more_than_the_estimate": (
        (OPENING, CASH, ACCEPTED, {**RECEIVED, "amount": "75000.01"}), 5, "is above the 75000.00 still to come of cash",
    ),
    "more_than_our_share": (
        ({**OPENING, "share": "0,5"}, CASH, ACCEPTED, {**RECEIVED, "amount": "37500.01"}), 5,
        "is above the 37500.00 still to come of cash",
    ),
    "duties_above_the_house": (
        (OPENING, HOUSE, ACCEPTED, {**DUTIES, "amount": "455000.01"}), 5, "are above what it brought (455000.00)",
    ),
    "charges_above_the_money": (
        (OPENING, CASH, ACCEPTED, row("charge", "2025-03-01", amount="75000.01")), 5,
        "above the 75000.00 that it brought",
    ),
    "duties_of_which_asset": (
        (OPENING, CASH, HOUSE, ACCEPTED, DUTIES), 6,
        "name in `asset` the one these duties are on",
    ),
    "unknown_asset": (
        (OPENING, CASH, ACCEPTED, {**RECEIVED, "asset": "gold"}), 5,
        "has no asset gold on 2025-03-14; its assets are cash",
    ),
    "goods_bring_no_money": (
        (OPENING, HOUSE, ACCEPTED, {**RECEIVED, "asset": "house"}), 5, "was not sold, so that nothing is to come of it",
    ),
    "sold_twice": (
        (OPENING, HOUSE, ACCEPTED, row("sale", "2025-03-01", asset="house", amount="1.00"),
         row("sale", "2025-03-02", asset="house", amount="1.00")), 6, "or was sold before",
    ),
    "measured_below_what_came": (
        (OPENING, CASH, ACCEPTED, RECEIVED, row("measured", "2025-04-01", asset="cash", amount="99.00")), 6,
        "cannot be measured at 99.00",
    ),
    "paid_more_than_owed": (
        (OPENING, CASH, ACCEPTED, row("paid", "2025-03-01", amount="1.00", account="570000")), 5,
        "is above the 0.00 still to be paid",
    ),
    "closed_too_early": (
        (OPENING, CASH, ACCEPTED, row("closing", "2025-05-01")), 5,
        "75000.00 is still to come and 0.00 to be paid",
    ),
    "after_the_closing": (
        (OPENING, CASH, row("closing", "2025-01-20"), ACCEPTED), 5, "was closed on 2025-01-20",
    ),
    "a_bank_account": (
        (OPENING, CASH, ACCEPTED, {**RECEIVED, "account": "550000"}), 5,
        "whose statements bring the sum; name its line",
    ),
    "a_line_that_is_not_open": (
        (OPENING, CASH, ACCEPTED, row("received", "2025-03-14", amount="100.00", line="coda-current-2025-999:1")), 5,
        "line coda-current-2025-999:1 does not wait on suspense",
    ),
    "goods_on_an_income_account": ((OPENING, HOUSE | {"account": "743000"}, ACCEPTED), 3, "account 743000 is no asset"),
    "an_account_not_opened": ((OPENING, HOUSE | {"account": "220000"}, ACCEPTED), 3, "220000"),
    "a_column_that_says_nothing": (
        (OPENING, CASH, ACCEPTED | {"amount": "5.00"}), 4,
        "column `amount` says nothing in a row `acceptance`",
    ),
    "a_column_that_is_missing": (
        (OPENING, CASH | {"amount": ""}), 3,
        "column `amount` is empty; a row `asset` needs it",
    ),
    "neither_line_nor_account": (
        (OPENING, CASH, ACCEPTED, RECEIVED | {"account": ""}), 5,
        "write the bank line on suspense",
    ),
    "a_share_of_what": (({**OPENING, "share": "5/4"}, CASH), 2, "column `share` is no share of one"),
    "a_name_as_key": ((OPENING | {"legacy": "Paul Martin"},), 2, "column `legacy` is not a key"),
    "a_name_in_a_text": (
        (OPENING, CASH | {"description": "compte de Martin, Paul"}), 3,
        "the name of a testator or notary",
    ),
    "a_notary_nobody_knows": ((OPENING | {"party": "N0099"}, CASH), 2, "N0099"),
    "a_donor_nobody_knows": ((OPENING | {"donor": "D9999"}, CASH), 2, "donor D9999 is not in the vault"),
    "the_same_row_twice": ((OPENING, CASH, ACCEPTED, RECEIVED, RECEIVED), 6, "tell them apart by `document`"),
    "years_away": ((OPENING, CASH, ACCEPTED | {"date": "2095-02-01"}), 3, "which is years away"),
}  # fmt: skip


@pytest.fixture(scope="module")
def said(entered: Obole, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What is said of each file that is refused, all given at once."""
    folder = tmp_path_factory.mktemp("refused")
    told = entered.refuses(*(sheet(folder, *rows, name=f"{name}.csv") for name, (rows, _n, _t) in REFUSED.items()))
    parts = re.split(r"^(\w+)\.csv: refused", told, flags=re.MULTILINE)
    return {name: " ".join(part.split()) for name, part in zip(parts[1::2], parts[2::2], strict=True)}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_says_why_and_where(said: dict[str, str], name: str) -> None:
    _rows, line, told = REFUSED[name]
    assert f"line {line}: " in said[name]
    assert told in said[name]


def test_all_faults_are_told_together(books: Obole, tmp_path: Path) -> None:
    other = [{**one, "legacy": "L-2"} for one in (OPENING, CASH, ACCEPTED, {**RECEIVED, "amount": "80000.00"})]
    said = books.refuses(sheet(tmp_path, OPENING, CASH | {"amount": "x"}, ACCEPTED, *other))
    assert "line 3: " in said
    assert "line 8: " in said
    assert "line 4: " not in said  # what follows from the first fault says nothing new


def test_two_sums_of_one_day_are_told_apart_by_their_document(books: Obole, tmp_path: Path) -> None:
    twice = [RECEIVED | {"document": number} for number in ("R-1", "R-2")]
    books.takes_well(sheet(tmp_path, OPENING, CASH, ACCEPTED, *twice))
    assert_balances(books, {"570000": 200_00, "416000": 74_800_00})


@pytest.mark.parametrize(("cents", "day", "told"), [
    (99_00, "2025-03-14", "is 99.00 and the rows that name it are 100.00"),
    (-100_00, "2025-03-14", "is -100.00 and the rows that name it are 100.00"),
    (100_00, "2025-03-13", "was booked on 2025-03-14"),
], ids=["amount", "sign", "day"])  # fmt: skip
def test_a_line_is_what_the_rows_say(books: Obole, tmp_path: Path, cents: int, day: str, told: str) -> None:
    books.takes_well(came(Line(cents, "00150000", "X", name="Y"), opening=500_00).write(tmp_path))
    received = row("received", day, amount="100.00", line=f"{BANK}:1")
    assert told in " ".join(books.refuses(sheet(tmp_path, OPENING, CASH, ACCEPTED, received)).split())


def test_above_a_threshold_of_the_board_an_acceptance_waits(books: Obole, tmp_path: Path) -> None:
    settings = books.books / "obole.toml"
    settings.write_text(settings.read_text("utf-8") + "\n[legacies]\nauthorisation_above = 70000\n", "utf-8")
    told = books.takes_well(sheet(tmp_path, OPENING, CASH, ACCEPTED))
    assert "above the 70000.00 from which [legacies] wants an authorisation" in " ".join(told.output.split())
    assert_balances(books, {"416000": 0})
    later = sheet(tmp_path, OPENING, CASH, {**ACCEPTED, "authorised": "2025-04-02"}, name="later.csv")
    books.takes_well(later)
    assert_balances(books, {"416000": 75_000_00})
    assert [one["state"] for one in report(books)] == ["accepted"]


def test_what_was_ours_before_the_books_began_is_in_their_opening(books: Obole, tmp_path: Path) -> None:
    rows = [
        OPENING | {"date": "2024-03-01"},
        CASH | {"date": "2024-03-01"},
        ACCEPTED | {"date": "2024-04-01"},
        RECEIVED,
    ]
    told = books.takes_well(sheet(tmp_path, *rows))
    assert "before the first day of these books" in " ".join(told.output.split())
    assert_balances(books, {"416000": -100_00, "732000": 0, "570000": 100_00})
    assert [(one["recognised"], one["open"]) for one in report(books)] == [("75000.00", "74900.00")]


def test_a_legacy_gives_no_receipt(books: Obole, tmp_path: Path) -> None:
    books.takes_well(sheet(tmp_path, OPENING | {"donor": "D0001", "testator": ""}, CASH, ACCEPTED))
    told = books("receipts", "preview", "--year", "2025")
    assert told.exit_code == 0, told.output
    assert [(one.gift.donor, one.gift.nature) for one in books.posted()] == [("D0001", "legacy")]
    assert "receipted" not in tie(books)


def test_the_report_has_each_legacy_in_every_format(books: Obole, tmp_path: Path) -> None:
    second = [{**one, "legacy": "L-2"} for one in (DURABLE, HOUSE)]
    books.takes_well(sheet(tmp_path, OPENING, CASH, ACCEPTED, {**DUTIES, "amount": "500.00"}, *second))
    assert [
        (one["legacy"], one["state"], one["estimate"], one["recognised"], one["owed"]) for one in report(books)
    ] == [
        ("L-1", "accepted", "75000.00", "75000.00", "500.00"),
        ("L-2", "to be accepted", "455000.00", "0.00", "0.00"),
    ]
    out = tmp_path / "legs.xlsx"
    assert books("report", "legacies", "--year", "2025", "-o", out).exit_code == 0
    cells = [[cell.value for cell in line] for line in load_workbook(out, data_only=True).active.iter_rows()]
    assert any("L-2" in line and 455000 in line for line in cells)
    said = {
        language: books("report", "legacies", "--year", "2025", "--lang", language).output
        for language in ("fr", "nl", "de", "en")
    }
    titles = {
        "fr": "Legs au 31 décembre 2025",
        "nl": "Legaten op 31 december 2025",
        "de": "Vermächtnisse zum 31. Dezember 2025",
    }
    assert all(title in said[language] for language, title in titles.items())
    assert report(books, "--by", "asset")[1]["kind"] == "real estate"


FRENCH = ("legs", "événement", "date", "bien", "type_de_bien", "montant", "quote-part", "affectation", "acte")
DUTCH = ("legaat", "gebeurtenis", "datum", "goed", "soort_goed", "bedrag", "aandeel", "bestemming", "akte")
GERMAN = ("Vermächtnis", "Ereignis", "Datum", "Gut", "Art des Guts", "Betrag", "Anteil", "Verwendung", "Urkunde")
WORDS = {
    "fr": (FRENCH, ("ouverture", "bien", "acceptation", "argent", "durable")),
    "nl": (DUTCH, ("opening", "goed", "aanvaarding", "geld", "duurzaam")),
    "de": (GERMAN, ("Eröffnung", "Gut", "Annahme", "Geld", "dauerhaft")),
}


def written_in(language: str) -> Iterator[Sequence[str]]:
    headings, (opening, asset, acceptance, money, durable) = WORDS[language]
    yield headings
    yield ("L-3", opening, "2025-01-10", "", "", "", "1/2", durable, "A-1")
    yield ("L-3", asset, "2025-01-10", "kas", money, "2.000,00", "", "", "")
    yield ("L-3", acceptance, "2025-02-01", "", "", "", "", "", "")


@pytest.mark.parametrize("language", WORDS)
def test_headings_and_words_are_known_in_each_language(books: Obole, tmp_path: Path, language: str) -> None:
    workbook = Workbook()
    for line in written_in(language):
        workbook.active.append(list(line))
    path = tmp_path / "register.xlsx"
    workbook.save(path)
    seen = books("inspect", path)
    assert seen.exit_code == 0, seen.output
    books.takes_well(path)
    assert_balances(books, {"416000": 1_000_00, "101000": -1_000_00})


def test_a_register_with_a_wrong_heading_is_told_the_nearest_kind(books: Obole, tmp_path: Path) -> None:
    file = write_csv(
        tmp_path / "x.csv", ("legs", "événements", "testateur", "acte", "quote-part"), [("a", "b", "", "", "")]
    )
    said = " ".join(books.refuses(file).split())
    assert "it comes nearest to legacies" in said
    assert "missing: `event`, `date`" in said
