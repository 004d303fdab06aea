"""The demonstration: the source files of "Fondation Démo", a foundation that does not exist, for 2024 and 2025.

`generate` writes obole.toml and `sources/`: bank statements, registers, journals. What each part invents stands in the
docstring of its module; what it does not invent are the totals of `data/targets.csv`, the printed statements of a real
foundation, on which the files end to the cent at every number of donors. The same seed gives the same bytes.

    people      donors, companies, estates              giving      who gives what and when
    operations  purchases, payroll, closing             grants, in_kind, parties  the other registers
    treasury    both bank accounts, day by day          coda_writer, workbook, journals  the file formats
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from ledger.errors import OboleError
from ledger.records import DocumentKind
from obole.books.settings import FILE_NAME, Config, load
from obole.demo.bankdays import bank_days
from obole.demo.coda_writer import CodaLine, Holder
from obole.demo.giving import MOST_DONORS, THRESHOLD, Giving, plan
from obole.demo.grants import grant_receipts, write_grants
from obole.demo.identifiers import BIC, creditor_identifier
from obole.demo.in_kind import write_in_kind
from obole.demo.journals import write_journals
from obole.demo.operations import operations
from obole.demo.parties import write_parties
from obole.demo.people import COLUMNS, NEVER_OWED, Person, estates, population, register_rows
from obole.demo.records import Cash, split, stream
from obole.demo.targets import MONEY_GIFTS, YEARS, end, targets
from obole.demo.treasury import Treasury
from obole.demo.workbook import write_workbook

__all__ = ["YEARS", "DemoError", "Expected", "Manifest", "SourceFile", "generate"]

Progress = Callable[[str, int, int], None]

_LARGEST_LEGACY = 180_000_00
_FEWEST_LEGACIES = 6


class DemoError(OboleError):
    """The demonstration cannot be made there or so."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file to import; `year` is None for registers of both years, `rows` counts rows or bank lines with details."""

    path: Path
    kind: DocumentKind
    year: int | None
    rows: int


@dataclass(frozen=True, slots=True)
class Expected:
    """The figures the books of a year must show: cents by account on 31 December (debit positive), gifts, receipts.

    `gifts` counts gifts in money, without returns; `receipts` the donors owed a receipt and `receipted` their cents, by
    the day the money left the donor (policies `executed` and `value`).
    """

    balances: dict[str, int]
    gifts: int
    returns: int
    receipts: int
    receipted: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """The files in the order of import, and what they must give."""

    folder: Path
    donors: int
    sources: tuple[SourceFile, ...]
    expected: dict[int, Expected]


def generate(folder: Path, donors: int, seed: int = 2025, progress: Progress | None = None) -> Manifest:
    """Write obole.toml and sources/ into `folder` for `donors` donors owed a receipt for 2025 (companies among them).

    DemoError where the folder holds sources already, or for a number of donors the printed total cannot carry.
    """
    sources_folder = folder / "sources"
    if sources_folder.exists() and any(sources_folder.iterdir()):
        raise DemoError(f"{sources_folder} is not empty: choose a new folder, or remove it first.")
    if not 1 <= donors <= MOST_DONORS:
        raise DemoError(f"--donors {donors}: choose 1 to {MOST_DONORS}; more would give more than the printed total.")
    people = population(donors, seed)
    giving = plan(people, donors, seed)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / FILE_NAME).write_text(_settings(), encoding="utf-8")
    config = load(folder)

    legacies = {year: _legacies(year, giving, seed) for year in YEARS}
    heirs = estates(sum(map(len, legacies.values())), len(people), seed)
    people += heirs
    sources = _registers(sources_folder, people)
    treasury = Treasury(_holders(config), people, giving, creditor_identifier(config.organisation.enterprise_number))
    steps = _Steps(progress, sum(len(bank_days(year)) for year in YEARS))
    expected: dict[int, Expected] = {}
    for year, entries, ordinary in operations(seed):
        cash = [*ordinary, *grant_receipts(year), *_legacy_lines(year, legacies[year], heirs)]
        heirs = heirs[len(legacies[year]) :]
        place = sources_folder / str(year)
        written = treasury.write_year(year, cash, place, steps.tick)
        in_kind = place / "in-kind.xlsx"
        sources += [
            SourceFile(path, DocumentKind.JOURNAL, year, rows) for path, rows in write_journals(place, year, entries)
        ]
        sources.append(SourceFile(in_kind, DocumentKind.IN_KIND, year, write_in_kind(in_kind, year, people, seed)))
        sources += [SourceFile(path, DocumentKind.CODA, year, rows) for path, rows in written.files]
        sources.append(SourceFile(place / "assignments.csv", DocumentKind.ASSIGNMENT, year, written.assigned))
        expected[year] = _expected(year, giving, people, sum(legacies[year]), written.gifts)
    return Manifest(folder, donors, tuple(sources), expected)


def _registers(folder: Path, people: list[Person]) -> list[SourceFile]:
    """Write the registers of both years."""
    donors, parties, grants = (folder / f"{name}.xlsx" for name in ("donors", "parties", "grants"))
    rows = write_workbook(donors, [("donors", COLUMNS, register_rows(people))])
    return [
        SourceFile(donors, DocumentKind.DONORS, None, rows),
        SourceFile(parties, DocumentKind.PARTIES, None, write_parties(parties)),
        SourceFile(grants, DocumentKind.GRANTS, None, write_grants(grants)),
    ]


@dataclass(slots=True)
class _Steps:
    progress: Progress | None
    total: int
    done: int = 0

    def tick(self) -> None:
        self.done += 1
        if self.progress is not None:
            self.progress("sources", self.done, self.total)


def _settings() -> str:
    return (files("obole.demo") / "data" / FILE_NAME).read_text(encoding="utf-8")


def _holders(config: Config) -> dict[str, Holder]:
    organisation = config.organisation
    descriptions = {"current": "Compte courant", "gifts": "Compte dons"}
    return {
        bank.alias: Holder(
            bank.iban, descriptions[bank.alias], organisation.name.upper(), BIC, organisation.enterprise_number
        )
        for bank in config.bank
    }


def _legacies(year: int, giving: Giving, seed: int) -> list[int]:
    """Return what the gifts leave of the published total, as legacies."""
    left = -end(MONEY_GIFTS, year) - giving.known(year) - giving.nameless(year)
    if left <= 0:
        raise DemoError(f"the gifts of {year} exceed the printed total: take fewer donors or another seed.")
    random = stream(seed, f"legacies/{year}")
    count = max(_FEWEST_LEGACIES, -(-left // _LARGEST_LEGACY))
    return split(left, [random.uniform(0.4, 1.6) for _ in range(count)])


def _legacy_lines(year: int, legacies: list[int], heirs: list[Person]) -> list[Cash]:
    days = bank_days(year)[6:-8]
    lines = []
    for number, (cents, estate) in enumerate(zip(legacies, heirs, strict=False), 1):
        # The notary pays from an account kept for the estate; that account, not an OGM, names it.
        text = f"SUCCESSION DOSSIER {year}-{number:03d}"
        name = f"ETUDE NOTARIALE MODELE {number % 3 + 1}"
        day = days[(number - 1) * len(days) // len(legacies)]
        lines.append(Cash(day, "current", CodaLine(cents, "00150000", text, name=name, iban=estate.iban, bic=BIC)))
    return lines


def _expected(year: int, giving: Giving, people: list[Person], legacies: int, gifts: int) -> Expected:
    balances = {account: target.ends[year] for account, target in targets().items()}
    del balances[MONEY_GIFTS]
    balances |= {"731100": -giving.known(year), "731300": -giving.nameless(year), "732000": -legacies}
    owed = [
        cents
        for donor, cents in zip(people, giving.counted[year], strict=False)
        if donor.role not in NEVER_OWED and cents >= THRESHOLD
    ]
    returns = sum(len(some) for day, some in giving.returns.items() if day.year == year)
    return Expected(balances, gifts, returns, len(owed), sum(owed))
