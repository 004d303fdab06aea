"""Draw who gives what and when, over both years: transfers, monthly collections, returns, and money without a donor.

`plan` decides every gift before a line of a bank file exists, so that it can be promised that each donor owed a receipt
keeps 40 EUR or more in 2025 after all returns, whichever date decides the year of a gift, and that the others do not.
Legacies are not decided here: they are what the published total leaves.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import accumulate
from random import Random
from typing import NamedTuple

from obole.demo.bankdays import bank_days, on_or_after
from obole.demo.people import RECEIPTABLE, Habit, Person, Role
from obole.demo.records import split, stream
from obole.demo.targets import YEARS

THRESHOLD = 40_00  # of a receipt, per calendar year (art. 145/33 CIR 92)
MOST_DONORS = 100_000

_MONTHS = (7, 5, 6, 7, 6, 6, 4, 4, 7, 8, 12, 28)  # when people give: the year-end weighs most
_MONTHLY: dict[int, float] = {5_00: 30, 7_00: 10, 7_50: 10, 8_00: 10, 10_00: 25, 12_50: 5, 15_00: 6, 20_00: 3, 25_00: 1}
_ONE_OFF: dict[int, float] = {
    10_00: 14, 15_00: 10, 20_00: 20, 25_00: 18, 30_00: 8, 40_00: 10, 50_00: 10, 75_00: 4, 100_00: 3, 150_00: 1.5,
    250_00: 1, 500_00: 0.5,
}  # fmt: skip
_TIMES: dict[int, float] = {1: 22, 2: 20, 3: 18, 4: 16, 5: 12, 6: 12}
_COMPANY: dict[int, float] = {250_00: 20, 500_00: 25, 750_00: 10, 1_000_00: 20, 1_500_00: 10, 2_500_00: 10, 5_000_00: 5}
_SMALL: dict[int, float] = {5_00: 20, 10_00: 40, 15_00: 20, 20_00: 20}

# Shares: mandates signed in the two years, collections returned, refunds among them, monthly donors who give once more,
# one-off donors who are new in the second year.
_NEW_MANDATES, _RETURNED, _REFUNDED, _EXTRA, _NEWCOMERS = 0.08, 0.011, 0.25, 0.12, 0.15

# Above this sum of gifts of known donors the amounts are drawn smaller, so that legacies stay in the total.
_CEILING = 5_000_000_00
_MEAN, _FRUGAL_MEAN = 130_00, 46_00  # per donor owed a receipt, with the others that come beside them


class Transfer(NamedTuple):
    """A gift by transfer: the donor's place in the list, and whether it left the donor's account the year before."""

    donor: int
    cents: int
    late: bool = False


class DebitRun(NamedTuple):
    """A run of direct debits: its day and its (place in the list, cents, first of the mandate)."""

    day: date
    details: list[tuple[int, int, bool]]


class ReturnedGift(NamedTuple):
    """A collected gift that goes back: refunds by the donor's bank (05/05), returns of unpaid ones (05/03)."""

    donor: int
    cents: int
    collected: date
    refund: bool
    reason: str


class Stranger(NamedTuple):
    """Money of someone never identified, whose name resembles that of a donor (a place in the list)."""

    like: int
    cents: int


@dataclass(slots=True)
class Giving:
    """The plan. `counted` are the cents of each donor in each calendar year, by the day the money left the donor."""

    transfers: dict[date, list[Transfer]] = field(default_factory=lambda: defaultdict(list))
    collections: dict[date, DebitRun] = field(default_factory=dict)
    returns: dict[date, list[ReturnedGift]] = field(default_factory=lambda: defaultdict(list))
    strangers: dict[date, list[Stranger]] = field(default_factory=lambda: defaultdict(list))
    payouts: dict[date, int] = field(default_factory=dict)
    boxes: dict[date, int] = field(default_factory=dict)
    counted: dict[int, list[int]] = field(default_factory=dict)
    booked: dict[int, list[int]] = field(default_factory=dict)

    def known(self, year: int) -> int:
        """Cents of known donors booked in a year, net of returns."""
        return sum(self.booked[year])

    def nameless(self, year: int) -> int:
        """Cents of gifts without a donor: strangers, a pooled platform, collecting boxes."""
        strangers = sum(one.cents for day, some in self.strangers.items() if day.year == year for one in some)
        pooled = sum(cents for gifts in (self.payouts, self.boxes) for day, cents in gifts.items() if day.year == year)
        return strangers + pooled


def plan(donors: list[Person], wanted: int, seed: int) -> Giving:
    """Plan both years for a population that holds `wanted` donors owed a receipt."""
    return _Planner(donors, wanted, stream(seed, "giving")).plan()


class _Planner:
    def __init__(self, donors: list[Person], wanted: int, random: Random) -> None:
        self._donors = donors
        self._wanted = wanted
        self._random = random
        self._giving = Giving()
        for ledger in (self._giving.counted, self._giving.booked):
            ledger.update({year: [0] * len(donors) for year in YEARS})
        excess = _MEAN * wanted - _CEILING
        self._frugal = max(0.0, excess / ((_MEAN - _FRUGAL_MEAN) * wanted))
        self._days = {year: _weighted_days(year) for year in YEARS}

    def plan(self) -> Giving:
        runs = [on_or_after(date(year, month, day)) for year in YEARS for month in range(1, 13) for day in (5, 20)]
        self._giving.collections = {day: DebitRun(day, []) for day in runs}
        for place, donor in enumerate(self._donors):
            if donor.collected:
                self._monthly(place, donor, runs[donor.number % 2 :: 2])
            else:
                self._one_off(place, donor)
        self._late()
        self._strangers()
        self._pooled()
        return self._giving

    def _draw(self, table: dict[int, float]) -> int:
        return self._random.choices(list(table), cum_weights=_cumulated(table))[0]

    def _give(self, place: int, day: date, cents: int) -> None:
        self._giving.transfers[day].append(Transfer(place, cents))
        self._giving.counted[day.year][place] += cents
        self._giving.booked[day.year][place] += cents

    # Monthly donors

    def _monthly(self, place: int, donor: Person, runs: list[date]) -> None:
        random = self._random
        frugal = random.random() < self._frugal
        cents = 3_50 if frugal else self._draw(_MONTHLY)
        months = len(runs)
        started, stopped = 0, months
        if place == 0:
            cents = 10_00
        elif donor.role is Role.LAPSED:
            stopped = random.randint(3, 11)
        elif not frugal and random.random() < _NEW_MANDATES:
            started = random.randint(1, 14)
        in_last_year = months - max(started, months // 2)
        if donor.role in RECEIPTABLE and cents * in_last_year < THRESHOLD:
            cents = 5_00
        for day in runs[started:stopped]:
            self._giving.collections[day].details.append((place, cents, day == runs[started] and started > 0))
            self._giving.counted[day.year][place] += cents
            self._giving.booked[day.year][place] += cents
        for day in runs[started:stopped]:
            if random.random() < _RETURNED:
                self._return(place, day, cents, refund=random.random() < _REFUNDED)
        if place == 0:  # collected in December, refunded in January: even the smallest demonstration crosses the year
            self._return(place, runs[months // 2 - 1], cents, refund=True)
        if not frugal and donor.role is Role.MONTHLY and random.random() < _EXTRA:
            self._give(place, self._day(random.choice(YEARS)), self._draw(_ONE_OFF))

    def _return(self, place: int, collected: date, cents: int, *, refund: bool) -> None:
        later = collected + timedelta(self._random.randint(14, 50) if refund else self._random.randint(2, 8))
        if later.year not in YEARS:
            return  # after the end of these books
        booked = on_or_after(later)
        giving = self._giving
        for ledger, year in ((giving.counted, collected.year), (giving.booked, booked.year)):
            kept = ledger[year][place] - cents
            if kept < THRESHOLD and year == YEARS[1] and self._donors[place].role in RECEIPTABLE:
                return
        reason = "MD06" if refund else self._random.choices(("AM04", "MS03", "AC04", "AC06"), (60, 25, 10, 5))[0]
        giving.counted[collected.year][place] -= cents
        giving.booked[booked.year][place] -= cents
        giving.returns[booked].append(ReturnedGift(place, cents, collected, refund, reason))

    # Everyone else who is known

    def _one_off(self, place: int, donor: Person) -> None:
        newcomer = donor.role is Role.ONE_OFF and self._random.random() < _NEWCOMERS
        for year in YEARS:
            if donor.role is Role.IN_KIND or (newcomer and year == YEARS[0]):
                continue
            if donor.role is Role.LAPSED and year == YEARS[1]:
                continue
            for cents in self._amounts(donor, year):
                self._give(place, self._day(year), cents)

    def _amounts(self, donor: Person, year: int) -> list[int]:
        random = self._random
        if donor.role is Role.BELOW:
            if year == YEARS[1] and donor.number % 10 == 0:
                return [39_99]  # one cent below
            return [self._draw(_SMALL)]
        if random.random() < self._frugal:
            return [random.choice((40_00, 40_00, 45_00))]
        if donor.role is Role.COMPANY:
            return [self._draw(_COMPANY) for _ in range(random.randint(1, 2))]
        # Who pays from an unknown account does so once a year: after that the account is known.
        times = 1 if donor.habit is Habit.UNKNOWN else self._draw(_TIMES)
        usual = self._draw(_ONE_OFF)
        amounts = [usual] * times
        if sum(amounts) < THRESHOLD:
            amounts[-1] += THRESHOLD - sum(amounts)
        return amounts

    def _day(self, year: int) -> date:
        days, weights = self._days[year]
        return self._random.choices(days, cum_weights=weights)[0]

    def _late(self) -> None:
        """Gifts that left the donor on 31 December 2024 and reach the books on the first bank day of 2025."""
        first = bank_days(YEARS[1])[0]
        for place in range(0, self._wanted, 500):
            if self._donors[place].role in {Role.MONTHLY, Role.ONE_OFF}:
                cents = self._draw(_ONE_OFF)
                self._giving.transfers[first].append(Transfer(place, cents, late=True))
                self._giving.counted[YEARS[0]][place] += cents
                self._giving.booked[YEARS[1]][place] += cents

    # Gifts without a donor

    def _strangers(self) -> None:
        for year in YEARS:
            for _ in range(3 + self._wanted // 400):
                like = self._random.randrange(max(1, self._wanted - self._wanted // 100))
                cents = self._random.choice((20_00, 25_00, 30_00, 50_00, 75_00, 100_00))
                self._giving.strangers[self._day(year)].append(Stranger(like, cents))

    def _pooled(self) -> None:
        random = self._random
        for year in YEARS:
            days = [on_or_after(date(year, month, day)) for month in range(1, 13) for day in (3, 17)]
            amounts = split(600_00 + 97 * self._wanted, [random.uniform(0.5, 1.5) for _ in days])
            self._giving.payouts.update(zip(days, amounts, strict=True))
            for month in (2, 4, 6, 8, 10, 12):
                self._giving.boxes[on_or_after(date(year, month, 11))] = random.randint(50_00, 400_00)


def _weighted_days(year: int) -> tuple[tuple[date, ...], list[float]]:
    days = bank_days(year)
    in_month = [sum(day.month == month for day in days) for month in range(1, 13)]
    return days, list(accumulate(_MONTHS[day.month - 1] / in_month[day.month - 1] for day in days))


def _cumulated(table: dict[int, float]) -> list[float]:
    return list(accumulate(table.values()))
