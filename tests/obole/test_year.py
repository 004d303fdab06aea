"""A year of gifts written as CODA, CAMT, pain and platform files that overlap, repeat and come in any order.

However the files are cut, shuffled and grouped, each euro is found once: register = books, suspense explained, the
platform's account cleared. Taken a second time, since details may have come before the total they split, all is there;
taken a third time, nothing changes any more.
"""

import csv
import random
import shutil
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import pytest
from camt_writer import Ntry, Stmt, Tx, encode
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small_books import (
    IBAN,
    OPENING,
    SETTINGS,
    Line,
    Obole,
    Statement,
    direct_debit,
    iban,
    new_books,
    ogm,
    write_csv,
    write_donors,
)

CREDITOR = "BE81ZZZ0123456749"
MORE = f"""
[collection]
creditor = "{CREDITOR}"
bank = "current"
bic = "KREDBEBB"

[platforms.stripe]
payer = "^STRIPE"
"""
PLEDGES = (
    ("M-2", "D0002", iban(7350000002), "2024-11-10", "15.00", "1", "2025-01-05"),
    ("M-6", "D0006", iban(7350000006), "2024-12-01", "25.00", "1", "2025-02-05"),
    ("M-9", "D0001", iban(7350000001), "2024-12-01", "60.00", "3", "2025-01-05"),
)
ISSUED = (1, 2, 5, 6)  # who has an OGM
STRANGER = iban(7359999999)


@dataclass(frozen=True)
class Event:
    """One line of the bank, with its details: (cents, mandate, EndToEndId)."""

    day: date
    cents: int
    kind: str  # gift, stranger, cost, collection, return, payout
    serial: int = 0
    reference: str = ""
    parts: tuple[tuple[int, str, str], ...] = ()

    def coda(self, *, details: bool) -> Line | tuple[Line, Sequence[Line]]:
        cents = self.cents
        simple = {
            "gift": Line(cents, "00150000", ogm(self.serial), structured="101", name="X", iban=STRANGER),
            "stranger": Line(cents, "00150000", "BON COURAGE", name="L. INCONNU", iban=iban(7358888888)),
            "cost": Line(cents, "08037000", "FRAIS"),
            "payout": Line(cents, "00150000", self.reference, name="STRIPE TECHNOLOGY EUROPE"),
        }
        match self.kind:
            case kind if kind in simple:
                return simple[kind]
            case "return":
                ((cents, mandate, reference),) = self.parts
                text = direct_debit(self.day, CREDITOR, mandate, paid="2", r="2", reason="AM04")
                return Line(
                    cents, "00503000", text, structured="127", reference=reference, return_type="2", reason="AM04"
                )
        total = Line(self.cents, "10550000", reference=self.reference)
        if not details:
            return total
        return total, [
            Line(cents, "50550000", direct_debit(self.day, CREDITOR, mandate), structured="127", reference=reference)
            for cents, mandate, reference in self.parts
        ]

    def camt(self, *, details: bool) -> Ntry:
        match self.kind:
            case "gift":
                return Ntry(self.cents, self.day, (Tx(self.cents, "X", STRANGER, ogm=ogm(self.serial)),))
            case "stranger":
                unknown = Tx(self.cents, "L. Inconnu", iban(7358888888), lines=("BON COURAGE",))
                return Ntry(self.cents, self.day, (unknown,))
            case "cost":
                return Ntry(self.cents, self.day, (Tx(-self.cents, lines=("FRAIS",)),), code="8037000")
            case "payout":
                paid = Tx(self.cents, "STRIPE TECHNOLOGY EUROPE", iban(7357777777), lines=(self.reference,))
                return Ntry(self.cents, self.day, (paid,))
            case "return":
                ((cents, mandate, reference),) = self.parts
                back = Tx(-cents, end_to_end=reference, mandate=mandate, reason="AM04")
                return Ntry(cents, self.day, (back,), code="0503000")
        parts = tuple(Tx(cents, end_to_end=reference, mandate=mandate) for cents, mandate, reference in self.parts)
        return Ntry(
            self.cents, self.day, parts if details else (), code="0550000", block=self.reference, count=len(parts)
        )


@dataclass
class Year:
    """What happened, whatever the files say of it."""

    events: list[Event] = field(default_factory=list)
    rejected: list[tuple[str, str]] = field(default_factory=list)  # EndToEndId, month
    charges: list[tuple[int, date, int, int, int, str]] = field(
        default_factory=list
    )  # nr, day, gross, fee, donor, payout
    payouts: dict[str, tuple[date, int]] = field(default_factory=dict)

    def given(self) -> Counter[str]:
        """Cents by donor."""
        total: Counter[str] = Counter()
        owner = {mandate: donor for mandate, donor, *_ in PLEDGES}
        for event in self.events:
            if event.kind == "gift":
                total[f"D000{event.serial}"] += event.cents
            elif event.kind in ("collection", "return"):
                for cents, mandate, _ in event.parts:
                    total[owner[mandate]] += cents
        for _, _, gross, _, donor, _ in self.charges:
            total[f"D000{donor}"] += gross
        return total


@pytest.fixture(scope="module")
def collected_books(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Books with donors, pledges and the collections of six months sent to the bank."""
    folder = tmp_path_factory.mktemp("year")
    obole = Obole(new_books(folder / "books", SETTINGS + MORE))
    headings = ("mandate", "donor", "iban", "signed", "amount", "months", "first_due")
    obole.takes_well(
        write_donors(folder / "donors.csv"),
        write_csv(folder / "pledges.csv", headings, PLEDGES),
        OPENING.write(folder),
    )
    for month in range(1, 7):
        assert obole("collect", "--month", f"2025-{month:02d}").exit_code == 0
    return obole.books


def year_of(chance: random.Random, instalments: Sequence[tuple[str, int, str, str, str]]) -> Year:
    """What donors, banks and platforms do in six months; `instalments` are the debits sent."""
    year = Year()
    for _ in range(chance.randint(5, 25)):
        day = date(2025, 1, 1) + timedelta(days=chance.randrange(180))
        cents = chance.choice((10_00, 10_00, 25_00, 40_00, 12_34))
        year.events.append(Event(day, cents, "gift", chance.choice(ISSUED)))
        if chance.random() < 0.3:
            year.events.append(year.events[-1])  # the same donor gives the same amount twice on a day
    for _ in range(chance.randint(0, 4)):
        day = date(2025, 1, 1) + timedelta(days=chance.randrange(180))
        year.events.append(Event(day, chance.choice((10_00, 33_00)), "stranger"))
        year.events.append(Event(day, -1_50, "cost"))
    blocks: dict[str, list[tuple[int, str, str]]] = defaultdict(list)
    due: dict[str, date] = {}
    for mandate, cents, collection, reference, day in instalments:
        if chance.random() < 0.1:
            year.rejected.append((reference, day[:7]))
            continue
        blocks[collection].append((cents, mandate, reference))
        due[collection] = date.fromisoformat(day)
        if chance.random() < 0.15:
            later = due[collection] + timedelta(days=chance.randint(1, 50))
            year.events.append(Event(later, -cents, "return", parts=((-cents, mandate, reference),)))
    for collection, parts in blocks.items():
        total = sum(cents for cents, _, _ in parts)
        year.events.append(Event(due[collection], total, "collection", reference=collection, parts=tuple(parts)))
    number = 0
    for week in range(chance.randint(0, 6)):
        payout, paid_out = f"po_{week}", date(2025, 1, 20) + timedelta(days=25 * week)
        net = 0
        for _ in range(chance.randint(1, 4)):
            number += 1
            gross = chance.choice((20_00, 50_00, 50_00))
            fee = chance.choice((55, 1_00))
            net += gross - fee
            day = paid_out - timedelta(days=chance.randint(2, 6))
            year.charges.append((number, day, gross, fee, chance.choice(ISSUED), payout))
        year.payouts[payout] = (paid_out, net)
        year.events.append(Event(paid_out, net, "payout", reference=payout))
    order = list(range(len(year.events)))
    year.events = [year.events[place] for place in sorted(order, key=lambda place: (year.events[place].day, place))]
    return year


@dataclass
class Files:
    """The files of a year, in all forms; `details` says whether a bank gives them with a collection's total."""

    year: Year
    folder: Path
    chance: random.Random

    def all(self) -> Iterator[Path]:
        days = sorted({event.day for event in self.year.events})
        numbers = {day: number for number, day in enumerate(days, start=1)}
        for day in days:
            if self.chance.random() < 0.6:
                yield self.coda(day, numbers[day])
        for _ in range(self.chance.randint(0, 3)):
            first, last = sorted(self.chance.choices(days, k=2))
            yield self.camt(first, last)
        yield self.camt(days[0], days[-1])
        for event in self.year.events:
            if event.kind == "collection":
                yield self.notification(event)
        months = {month for _, month in self.year.rejected}
        for month in sorted(months):
            yield self.status(month)
        weeks = len(self.year.payouts)
        for _ in range(self.chance.randint(1, 3)):
            first = self.chance.randint(0, weeks)
            yield self.stripe(first, self.chance.randint(first, weeks))
        yield self.stripe(0, weeks)

    def before(self, day: date) -> int:
        return 1_000_00 + sum(event.cents for event in self.year.events if event.day < day)

    def coda(self, day: date, number: int) -> Path:
        details = self.chance.random() < 0.5
        parts = [event.coda(details=details) for event in self.year.events if event.day == day]
        return Statement(number, self.before(day), parts, day).write(self.folder)

    def camt(self, first: date, last: date) -> Path:
        details = self.chance.random() < 0.5
        entries = [event.camt(details=details) for event in self.year.events if first <= event.day <= last]
        self.chance.shuffle(entries)
        statement = Stmt(entries, self.before(first), account=IBAN, sequence="", day=last)
        path = self.folder / f"camt-{first}-{last}.xml"
        path.write_bytes(encode([statement], self.chance.choice(("02", "04", "08"))))
        return path

    def notification(self, event: Event) -> Path:
        path = self.folder / f"054-{event.reference}.xml"
        path.write_bytes(
            encode([Stmt([event.camt(details=True)], account=IBAN, sequence="", day=event.day)], "02", "054")
        )
        return path

    def status(self, month: str) -> Path:
        rows = "".join(
            f"<TxInfAndSts><OrgnlEndToEndId>{reference}</OrgnlEndToEndId><TxSts>RJCT</TxSts>"
            "<StsRsnInf><Rsn><Cd>AM04</Cd></Rsn></StsRsnInf></TxInfAndSts>"
            for reference, of_month in self.year.rejected
            if of_month == month
        )
        path = self.folder / f"status-{month}.xml"
        path.write_text(
            '<?xml version="1.0" encoding="UTF-8"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.03">'
            f"<CstmrPmtStsRpt><GrpHdr><MsgId>S-{month}</MsgId></GrpHdr>"
            f"<OrgnlGrpInfAndSts><OrgnlMsgId>collection-{month}-1</OrgnlMsgId><OrgnlMsgNmId>pain.008</OrgnlMsgNmId>"
            "<GrpSts>PART</GrpSts></OrgnlGrpInfAndSts>"
            f"<OrgnlPmtInfAndSts><OrgnlPmtInfId>X</OrgnlPmtInfId>{rows}</OrgnlPmtInfAndSts>"
            "</CstmrPmtStsRpt></Document>",
            encoding="utf-8",
        )
        return path

    def stripe(self, first: int, last: int) -> Path:
        """The rows of whole payouts: exports overlap."""
        headings = (
            *("balance_transaction_id", "source_id", "charge_id", "created_utc", "available_on", "currency", "gross"),
            *("fee", "net", "reporting_category", "automatic_payout_id", "automatic_payout_effective_at"),
            "payment_metadata[ogm]",
        )
        wanted = {f"po_{week}" for week in range(first, last)}
        rows: list[list[str]] = []
        for number, day, gross, fee, donor, payout in self.year.charges:
            if payout in wanted:
                money = [f"{cents / 100:.2f}" for cents in (gross, fee, gross - fee)]
                rows.append(
                    [f"txn_{number}", f"ch_{number}", f"ch_{number}", f"{day} 12:00:00", f"{day} 12:00:00", "eur",
                     *money, "charge", payout, str(self.year.payouts[payout][0]), ogm(donor)]
                )  # fmt: skip
        for payout in sorted(wanted):
            day, net = self.year.payouts[payout]
            out = f"-{net / 100:.2f}"
            rows.append(
                [f"txn_{payout}", payout, "", f"{day} 00:00:00", f"{day} 00:00:00", "eur", out, "0.00", out, "payout",
                 payout, str(day), ""]
            )  # fmt: skip
        path = self.folder / f"stripe-{first}-{last}.csv"
        with path.open("w", encoding="utf-8", newline="") as out_file:
            csv.writer(out_file).writerows([headings, *rows])
        return path


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(chance=st.randoms(use_true_random=False))
def test_each_euro_of_a_year_is_found_once(
    chance: random.Random, collected_books: Path, tmp_path_factory: pytest.TempPathFactory
):
    folder = tmp_path_factory.mktemp("files")
    shutil.copytree(collected_books, folder / "books")
    obole = Obole(folder / "books")
    debits = sorted(obole.debits(), key=lambda one: (one[1].due, one[1].mandate))
    sent = [(one.mandate, one.cents, of, one.end_to_end, one.due.isoformat()) for of, one in debits]
    year = year_of(chance, sent)
    files = list(Files(year, folder, chance).all())
    shuffled = files + chance.sample(files, k=len(files) // 4)
    chance.shuffle(shuffled)
    while shuffled:
        cut = chance.randint(1, len(shuffled))
        obole.takes(*shuffled[:cut])
        del shuffled[:cut]
    obole.takes(*files)

    assert obole.bank_lines() == sorted((event.day, event.cents) for event in year.events)
    assert obole.balance("550000") == 1_000_00 + sum(event.cents for event in year.events)
    kept: Counter[str] = Counter()
    for donor, cents in obole.gifts():
        kept[str(donor)] += cents
    assert +kept == +year.given()
    waiting = sum(event.cents for event in year.events if event.kind == "stranger")
    assert obole.balance("499000") == -waiting
    assert obole.balance("416100") == 0
    result = obole.checks()
    assert result.exit_code == 0, result.output
    before = obole.state()
    obole.takes(*files)
    assert obole.state() == before
    shutil.rmtree(folder)
