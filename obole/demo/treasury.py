"""The two bank accounts day by day: the plan as CODA statements, and the transfers that keep both afloat.

The gifts account is swept to the current account; the current account places what it has too much of on term deposit
and takes back what it lacks. On the last bank day of a year the three end on the published balances.
"""

import csv
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from obole.demo.bankdays import bank_days
from obole.demo.coda_writer import CodaLine, Holder, StatementWriter, direct_debit
from obole.demo.giving import Giving, ReturnedGift, Stranger, Transfer
from obole.demo.identifiers import BIC, belgian_iban, printed_ogm
from obole.demo.people import Habit, Person
from obole.demo.records import Assignment, Cash
from obole.demo.targets import end, targets

_BEFORE = date(2023, 12, 29)  # the last statement before these books
_DETAILS = 4_000  # direct debits in one globalised total
_NAMELESS = "731300"
_UNREGISTERED = 60_000_000  # account numbers that no donor of the register has

# Cents. The current account is kept between low and high, the gifts account between its own.
_LOW, _REFILLED, _HIGH, _LOWERED = 150_000_00, 350_000_00, 1_600_000_00, 1_200_000_00
_GIFTS_LOW, _GIFTS_LEFT, _GIFTS_HIGH = 2_000_00, 15_000_00, 40_000_00
_ROUND = 50_000_00
_ROUND_SWEEP = 1_000_00

_WORDS = (
    "DON",
    "Don pour les enfants",
    "Gift",
    "Steun",
    "",
    "Bon courage à toute l'équipe",
    "Spende",
    "Merci pour votre travail",
)
_TYPED = (
    "don {printed}",
    "{slashed}",
    "gift {digits}",
    "Pour les enfants, avec tous nos encouragements et nos voeux {printed}",
)
_PAID_CODES = {"MD06": "3", "MS03": "2", "AM04": "4", "AC04": "4", "AC06": "4"}  # field 4 of communication 127


@dataclass(slots=True)
class Written:
    """The content of a year's statements."""

    files: list[tuple[Path, int]] = field(default_factory=list)
    gifts: int = 0
    assigned: int = 0


@dataclass(slots=True)
class Treasury:
    """The state that goes from day to day: balances, deposits, statement numbers."""

    holders: dict[str, Holder]
    donors: list[Person]
    giving: Giving
    creditor: str
    balances: dict[str, int] = field(
        default_factory=lambda: {"current": targets()["550000"].opening, "gifts": targets()["551000"].opening}
    )
    deposits: int = field(default_factory=lambda: targets()["530000"].opening)
    opened: dict[str, date] = field(default_factory=lambda: {"current": _BEFORE, "gifts": _BEFORE})

    def write_year(self, year: int, cash: list[Cash], folder: Path, tick: Callable[[], None]) -> Written:
        """Write the statements of a year below `folder`/coda and the assignments of its unknown payments."""
        by_day: dict[date, list[Cash]] = defaultdict(list)
        for one in cash:
            by_day[one.day].append(one)
        written = Written()
        assigned: list[tuple[str, int, str, str, str]] = []
        sequences = dict.fromkeys(self.holders, 0)
        (folder / "coda").mkdir(parents=True, exist_ok=True)
        days = bank_days(year)
        for day in days:
            writers = {
                bank: StatementWriter(holder, sequences[bank] + 1, self.balances[bank], self.opened[bank], day)
                for bank, holder in self.holders.items()
            }
            waiting = list(self._fill(day, writers, by_day.pop(day, []), written))
            self._balance(writers, last=day == days[-1])
            assigned += [_assigned(bank, sequences[bank] + 1, position, day, to) for bank, position, to in waiting]
            for bank, writer in writers.items():
                if writer.position:
                    sequences[bank] += 1
                    self.balances[bank], self.opened[bank] = writer.closing, day
                    path = folder / "coda" / f"{bank}-{day}.cod"
                    path.write_bytes(writer.encoded())
                    written.files.append((path, writer.position))
                    if writer.closing < 0:
                        raise ValueError(f"{path.name} ends below zero: the plan of the demonstration is not payable")
            tick()
        if by_day:
            raise ValueError(f"bank lines on days the bank is closed: {sorted(map(str, by_day))}")
        self._prove(year)
        written.assigned = _write_assignments(folder / "assignments.csv", assigned)
        return written

    def _prove(self, year: int) -> None:
        for account, cents in (("550000", self.balances["current"]), ("551000", self.balances["gifts"])):
            if cents != end(account, year):
                raise ValueError(f"{account} ends {year} on {cents} cents instead of {end(account, year)}")

    # The lines of a day

    def _fill(
        self, day: date, writers: dict[str, StatementWriter], cash: list[Cash], written: Written
    ) -> Iterator[tuple[str, int, Assignment]]:
        gifts, giving = writers["gifts"], self.giving
        for transfer in giving.transfers.get(day, ()):
            donor = self.donors[transfer.donor]
            position = gifts.add(_transfer(donor, transfer, day))
            written.gifts += 1
            if donor.habit is Habit.UNKNOWN and not transfer.late:
                yield "gifts", position, Assignment(donor=donor.key)
        for number, stranger in enumerate(giving.strangers.get(day, ())):
            position = gifts.add(self._stranger(stranger, day, number))
            written.gifts += 1
            yield "gifts", position, Assignment(account=_NAMELESS)
        written.gifts += self._collect(day, gifts)
        self._give_back(day, gifts)
        if payout := giving.payouts.get(day):
            line = CodaLine(payout, "00150000", f"PAYOUT PDEMO-{day:%Y%m%d}", name="PLATEFORME DEMO SA", bic=BIC)
            gifts.add(line._replace(iban=belgian_iban(80)))
            written.gifts += 1
        if box := giving.boxes.get(day):
            gifts.add(CodaLine(box, "00950000", "COLLECTE ANONYME"))
            written.gifts += 1
        for one in cash:
            position = writers[one.bank].add(one.line)
            written.gifts += one.line.communication.startswith("SUCCESSION")
            if one.assigned is not None:
                yield one.bank, position, one.assigned

    def _collect(self, day: date, gifts: StatementWriter) -> int:
        details = self.giving.collections[day].details if day in self.giving.collections else []
        for number, start in enumerate(range(0, len(details), _DETAILS), 1):
            some = details[start : start + _DETAILS]
            lines = [self._collected(day, self.donors[place], cents, first) for place, cents, first in some]
            total = CodaLine(sum(line.cents for line in lines), "10550000", reference=f"COLL-{day:%Y%m%d}-{number:02d}")
            gifts.add_total(total, lines)
        return len(details)

    def _collected(self, day: date, donor: Person, cents: int, first: bool) -> CodaLine:
        content = direct_debit(
            day, self.creditor, donor.mandate, sequence="3" if first else "1", text=f"DON MENSUEL {day:%m/%Y}"
        )
        return CodaLine(
            cents,
            "50550000",
            content,
            "127",
            name=donor.bank_name,
            iban=donor.iban,
            bic=BIC,
            reference=_end_to_end(day, donor),
            purpose="CHAR",
        )

    def _give_back(self, day: date, gifts: StatementWriter) -> None:
        returns = self.giving.returns.get(day, ())
        refunds = [one for one in returns if one.refund]
        for one in returns:
            if not one.refund:
                gifts.add(self._returned(day, one, "00503000"))
        if len(refunds) == 1:
            gifts.add(self._returned(day, refunds[0], "00505000"))
        elif refunds:
            lines = [self._returned(day, one, "50505000") for one in refunds]
            gifts.add_total(
                CodaLine(sum(line.cents for line in lines), "10505000", reference=f"RMB-{day:%Y%m%d}"), lines
            )

    def _returned(self, day: date, one: ReturnedGift, code: str) -> CodaLine:
        donor = self.donors[one.donor]
        kind = "3" if one.refund else "2"
        content = direct_debit(
            day, self.creditor, donor.mandate, paid=_PAID_CODES[one.reason], r=kind, reason=one.reason
        )
        return CodaLine(
            -one.cents,
            code,
            content,
            "127",
            name=donor.bank_name,
            iban=donor.iban,
            bic=BIC,
            reference=_end_to_end(one.collected, donor),
            return_type=kind,
            reason=one.reason,
        )

    def _stranger(self, stranger: Stranger, day: date, number: int) -> CodaLine:
        like = self.donors[stranger.like]
        serial = _UNREGISTERED + day.toordinal() * 10 + number
        line = CodaLine(stranger.cents, "00150000", "DON", name=f"{like.bank_name.rsplit(' ', 1)[0]} X."[:35], bic=BIC)
        return _with_address(line, like)._replace(iban=belgian_iban(serial))

    # Keeping the accounts afloat

    def _balance(self, writers: dict[str, StatementWriter], *, last: bool) -> None:
        gifts, current = writers["gifts"], writers["current"]
        year = gifts.booked.year
        if last:
            swept = gifts.closing - end("551000", year)
            placed = end("530000", year) - self.deposits
        else:
            swept = _sweep(gifts.closing)
            placed = self._placement(current.closing + swept)
        if swept:
            words = f"VIREMENT INTERNE {gifts.booked:%d/%m/%Y}"
            gifts.add(_own(-swept, words, self.holders["current"]))
            current.add(_own(swept, words, self.holders["gifts"]))
        if placed:
            self.deposits += placed
            current.add(_own(-placed, f"DEPOT A TERME {gifts.booked:%d/%m/%Y}", self.holders["current"]))

    def _placement(self, balance: int) -> int:
        """Return what goes to term deposit (negative: what comes back), in round amounts."""
        if balance > _HIGH:
            return (balance - _LOWERED) // _ROUND * _ROUND
        if balance < _LOW:
            wanted = -((balance - _REFILLED) // _ROUND) * _ROUND
            return -min(wanted, self.deposits)
        return 0


def _sweep(balance: int) -> int:
    if balance > _GIFTS_HIGH or balance < _GIFTS_LOW:
        return (balance - _GIFTS_LEFT) // _ROUND_SWEEP * _ROUND_SWEEP
    return 0


def _own(cents: int, communication: str, other: Holder) -> CodaLine:
    """Return a transfer between own accounts: 01/13 out, 01/64 in."""
    code = "00164000" if cents > 0 else "00113000"
    return CodaLine(cents, code, communication, name=other.name.upper(), iban=other.iban, bic=other.bic)


def _end_to_end(day: date, donor: Person) -> str:
    return f"C{day:%y%m%d}-{donor.mandate}"


def _transfer(donor: Person, transfer: Transfer, day: date) -> CodaLine:
    instant = (donor.number + transfer.cents // 100) % 10 == 0
    line = CodaLine(
        transfer.cents,
        "00250000" if instant else "00150000",
        name=donor.bank_name,
        iban=donor.iban,
        bic=BIC,
        value=date(day.year - 1, 12, 31) if transfer.late else None,
    )
    if donor.habit is Habit.STRUCTURED or transfer.late:
        return line._replace(structured="102" if donor.number % 89 == 0 else "101", communication=donor.ogm)
    if donor.habit is Habit.TYPED:
        printed = printed_ogm(donor.ogm)
        words = _TYPED[donor.number % len(_TYPED)]
        return line._replace(communication=words.format(printed=printed, slashed=printed.strip("+"), digits=donor.ogm))
    line = line._replace(communication=_WORDS[(donor.number + day.day) % len(_WORDS)])
    if donor.habit is Habit.UNKNOWN:
        other = belgian_iban(_UNREGISTERED - 2 * donor.number - day.year % 2)
        return _with_address(line._replace(iban=other), donor)
    return line


def _with_address(line: CodaLine, donor: Person) -> CodaLine:
    locality = f"{donor.postcode} {donor.municipality}".upper()[:35]
    return line._replace(street=donor.street.upper()[:35], locality=locality)


def _assigned(bank: str, sequence: int, position: int, day: date, to: Assignment) -> tuple[str, int, str, str, str]:
    """Finance staff find out within three weeks, and before the year ends."""
    found = min(day + timedelta(20), date(day.year, 12, 31))
    return f"coda-{bank}-{day.year}-{sequence:03d}", position, to.donor, to.account, found.isoformat()


def _write_assignments(path: Path, rows: list[tuple[str, int, str, str, str]]) -> int:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(("document", "position", "donor", "account", "date"))
        writer.writerows(rows)
    return len(rows)
