"""What a receipt lists: each donor gave in a way of their own, and the rows are those that the donor would recognise.

More of the kind of receipts 01 to 04 and 11, told on one set of books from statement to frozen sheet. Expected rows are
worked out by hand: day and cents of each gift, what was paid back below zero. Sources stand with each case; `facts` are
the project's own, an issue is a public thread of people who do this job with another program.
"""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest
from small_books import (
    HEADINGS,
    OPENING,
    SETTINGS,
    Line,
    Obole,
    Statement,
    collected,
    collection,
    iban,
    national_number,
    new_books,
    ogm,
    returned,
    write_csv,
    write_donors,
)

from ledger.vault.sheets import frozen_sheets
from obole.books.opened import open_books
from receipts.paper.sheet import from_json

SOURCES = """
[platforms.pay]
account = "416100"
fee_account = "616100"
[sources.pay]
timezone = "UTC"
kinds = { gift = "gift", refund = "refund", chargeback = "chargeback", won = "chargeback-reversed" }
[sources.pay.columns]
reference = "Ref"
payment = "Payment"
paid = "Moment"
gross = "Amount"
kind = "Kind"
donor = "Key"
"""
DECISION = ("document", "position", "donor", "nature", "date", "refund_of")
COUPLE = iban(7361111111)
NEW_YEAR = date(2026, 1, 2)


def person(serial: int) -> tuple[str, ...]:
    made = {
        "donor": f"D{serial:04d}", "kind": "natural", "last_name": f"Donateur{serial}", "first_name": "Jean",
        "street": "Rue A 1", "postcode": "1000", "municipality": "Bruxelles", "language": "fr",
        "ibans": COUPLE if serial in {21, 22} else iban(7360000000 + serial), "mandates": f"M-{serial}",
        "references": ogm(serial), "national_number": national_number(f"85{serial % 12 + 1:02d}15", serial),
    }  # fmt: skip
    return tuple(made.get(heading, "") for heading in HEADINGS)


def gave(cents: int, serial: int, **days: date) -> Line:
    return Line(cents, "00150000", ogm(serial), structured="101", name="X", iban=iban(7359999999), **days)


def paid_back(cents: int, serial: int) -> Line:
    return Line(-cents, "00101000", "REMBOURSEMENT", name="X", iban=iban(7360000000 + serial))


class Year:
    """Books to which statements and reports are given one after the other."""

    def __init__(self, folder: Path, settings: str) -> None:
        self.folder, self.balance, self.number, self.files = folder, 1_000_00, 0, 0
        self.obole = Obole(new_books(folder / "books", settings))
        self.obole.takes_well(write_donors(folder / "donors.csv", [person(n) for n in range(1, 23)]))
        self.obole.takes_well(OPENING.write(folder))

    def statement(self, day: date, *parts: Line | tuple[Line, Sequence[Line]]) -> str:
        self.number = 1 if day.year == 2026 and self.number > 2 else self.number + 1
        made = Statement(self.number, self.balance, parts, day)
        self.balance += sum((part if isinstance(part, Line) else part[0]).cents for part in parts)
        self.obole.takes_well(made.write(self.folder))
        return made.document

    def table(self, headings: Sequence[str], *rows: Sequence[str]) -> None:
        self.files += 1
        self.obole.takes_well(write_csv(self.folder / f"table-{self.files}.csv", headings, rows))

    def pay(self, *rows: tuple[str, str, str, str, str, str]) -> None:
        self.table(("Ref", "Payment", "Moment", "Amount", "Kind", "Key"), *rows)

    def listed(self, year: int) -> dict[str, list[tuple[str, int]]]:
        """Day and cents of each row, by donor."""
        donor_of = {row.number: row.donor for row in self.obole.receipts(year)}
        books = open_books(self.obole.books)
        with books.vault.connect() as identities:
            sheets = [(n, from_json(text)) for n, _v, text in frozen_sheets(identities, books.sealer, year)]
        return {donor_of[n]: [(one.date.isoformat(), one.cents) for one in sheet.gifts] for n, sheet in sheets}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, list[tuple[str, int]]], str, Obole]:
    """What the receipts of 2025 list, what the preview said, and the books."""
    year = Year(tmp_path_factory.mktemp("rows"), SETTINGS + SOURCES)
    march = year.statement(
        date(2025, 3, 3), gave(100_00, 1), gave(50_00, 3), gave(50_00, 3), gave(60_00, 5), gave(90_00, 7),
        Line(80_00, "00150000", "DON", name="COUPLE", iban=COUPLE),
    )  # fmt: skip
    first = year.statement(date(2025, 12, 10), paid_back(20_00, 1))
    last = date(2025, 12, 31)
    both = (collected(40_00, "M-8", "E8", settled=last), collected(45_00, "M-9", "E9", settled=last))
    year.statement(last, collection(*both))
    late = collected(41_00, "M-12", "E12", settled=last, day=last)
    year.statement(
        NEW_YEAR,
        gave(70_00, 10, value=last),
        gave(70_00, 11, value=NEW_YEAR),
        collection(late, reference="COLL-2"),
        returned(-45_00, "M-9", "E9"),
    )
    second = year.statement(date(2026, 1, 15), paid_back(30_00, 1))
    year.table(DECISION, (first, "1", "D0001", "", "2025-12-15", ""))
    year.table(DECISION, (march, "6", "D0021", "", "2025-03-10", ""))
    year.table(DECISION, (second, "1", "D0001", "", "2026-01-16", f"{march}:1"))
    year.table(DECISION, (march, "4", "D0005", "ticket", "2025-04-01", ""))
    year.pay(
        ("a13", "a13", "2025-12-31 23:30:00", "50.00", "gift", "D0013"),
        ("a14", "a14", "2025-12-31 22:30:00", "50.00", "gift", "D0014"),
        ("a15", "a15", "2025-11-01 10:00:00", "100.00", "gift", "D0015"),
        ("a16", "a16", "2025-11-02 10:00:00", "100.00", "gift", "D0016"),
        ("a17", "a17", "2025-11-05 10:00:00", "60.00", "gift", "D0017"),
        ("b17", "b17", "2025-11-05 10:05:00", "60.00", "gift", "D0017"),
    )
    year.pay(
        ("c15", "a15", "2025-12-20 10:00:00", "-100.00", "chargeback", "D0015"),
        ("r16", "a16", "2025-12-28 10:00:00", "-25.00", "refund", "D0016"),
        ("s16", "a16", "2026-01-03 10:00:00", "-25.00", "refund", "D0016"),
        ("r17", "a17", "2025-11-06 10:00:00", "-60.00", "refund", "D0017"),
    )
    year.pay(("w15", "a15", "2026-01-20 10:00:00", "100.00", "won", "D0015"))
    line = ("undo", march, "--line", "5")
    assert year.obole(*line).exit_code == 0
    undone = year.obole.documents()[-1]
    year.table(DECISION, (undone, "1", "D0007", "", "2026-01-20", ""))
    said = year.obole("receipts", "preview", "--year", "2025", "--lang", "en").output
    assert year.obole("receipts", "issue", "--year", "2025", "--date", "2026-02-10").exit_code == 0
    return year.listed(2025), said, year.obole


NONE: list[tuple[str, int]] = []
ROWS: dict[str, tuple[str, list[tuple[str, int]]]] = {
    # correction-cases A01 twice, over New Year; opencollective 5171: the receipt must say what was refunded
    "paid back by transfer in two parts, in December and in January": (
        "D0001",
        [("2025-03-03", 100_00), ("2025-12-10", -20_00), ("2026-01-15", -30_00)],
    ),
    # openpetra 448: one of two donations of the same day from the same donor is missing on the annual receipt
    "two equal gifts on one day": ("D0003", [("2025-03-03", 50_00), ("2025-03-03", 50_00)]),
    # art. 145/33 CIR 92, facts on receipts: what buys a seat is no gift
    "found out to be a ticket": ("D0005", NONE),
    # correction-cases J04 and J05: a line taken back and decided again, in the year after
    "the line taken back by hand and given again to the same donor": ("D0007", [("2025-03-03", 90_00)]),
    # facts on formats: the day of a collection is that of its settlement
    "collected on the last day of the year": ("D0008", [("2025-12-31", 40_00)]),
    # correction-cases A13: a return in January of a debit of December belongs to the year of the debit
    "collected on the last day, returned in January": ("D0009", NONE),
    # facts on receipts, date of the gift: the value date where nothing earlier is evidenced
    "value date 31 December, booked on 2 January": ("D0010", [("2025-12-31", 70_00)]),
    # facts on receipts, date of the gift; 1 January is no day of TARGET: an order for it is executed on the 2nd
    "a standing order for New Year's Day, executed on 2 January": ("D0011", NONE),
    # EPC016-06: the settlement date of the collection, which the bank's line of 2 January names
    "collected on 31 December, booked on 2 January": ("D0012", [("2025-12-31", 41_00)]),
    # Charitable 57 and 446, planningcenter 773: a moment in UTC shown as the local day
    "half an hour after midnight here, 23:30 UTC on 31 December": ("D0013", NONE),
    "half an hour before midnight here": ("D0014", [("2025-12-31", 50_00)]),
    # correction-cases A17: a chargeback won back in the new year is the same gift
    "a dispute lost in December and won in January": ("D0015", [("2025-11-01", 100_00)]),
    # mozilla/donate.mozilla.org 1937, twice and over New Year
    "refunded by a platform in two parts over New Year": (
        "D0016",
        [("2025-11-02", 100_00), ("2025-12-28", -25_00), ("2026-01-03", -25_00)],
    ),
    # opencollective 571: clicked twice, one of the two given back; nothing tells which, so that all three are listed
    "given twice by mistake, one refunded": (
        "D0017",
        [("2025-11-05", 60_00), ("2025-11-05", 60_00), ("2025-11-06", -60_00)],
    ),
    # facts on receipts: each spouse their own receipt; an account of both says nothing of who gave
    "a couple's account, decided for one of them": ("D0021", [("2025-03-03", 80_00)]),
    "the other of the couple": ("D0022", NONE),
}


@pytest.mark.parametrize("what", ROWS)
def test_own_case_rows(told: tuple[dict[str, list[tuple[str, int]]], str, Obole], what: str):
    donor, rows = ROWS[what]
    assert told[0].get(donor, NONE) == rows


def test_own_case_what_is_told_of_new_year_is_what_is_listed(
    told: tuple[dict[str, list[tuple[str, int]]], str, Obole],
):
    """One function for day and year: the count of receipts to look at is that of the gifts shown (issue 8, kind 2)."""
    said = told[1]
    assert "to look at: 2 receipts with straddles-years" in said
    assert said.count("; other days of it: ") == 2
    assert "D0010: 70.00 EUR counts for 2025 by 2025-12-31; other days of it: 2026-01-02" in said
    assert told[2].checks().exit_code == 0


def test_receipts_11_the_day_listed_is_that_of_the_policy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The case given: with `booked` the gift of 31 December counts for 2026, on the day it was booked, and is told."""
    year = Year(tmp_path, f'{SETTINGS}\n[receipts]\ngift_date_policy = "booked"\n')
    year.statement(NEW_YEAR, gave(50_00, 1, value=date(2025, 12, 31)))
    said = year.obole("receipts", "preview", "--year", "2026", "--lang", "en").output
    assert "D0001: 50.00 EUR counts for 2026 by 2026-01-02; other days of it: 2025-12-31" in said
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1801526400")  # 2.2.2027
    assert year.obole("receipts", "issue", "--year", "2026", "--date", "2027-02-01").exit_code == 0
    assert year.listed(2026) == {"D0001": [("2026-01-02", 50_00)]}
