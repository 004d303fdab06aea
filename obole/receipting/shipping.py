"""The shipment of a year to Belcotax: what of it is sound, what is held back, and that no second original is made.

Each shipment written leaves a record beside the receipts of its year, without names: `receipts/2025/shipment-1.json`.
"""

import hashlib
import json
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

from ledger.clock import posting_time
from ledger.engines import few_pages
from ledger.errors import Fault, OboleError, Severity
from ledger.given import digest_of_file
from ledger.money import to_decimal
from ledger.register import receipts as receiptbook
from ledger.register.stand import SetAside, numbers_set_aside
from ledger.vault.donors import find_donors
from ledger.vault.links import survivors
from obole.books.days import refuse_far
from obole.books.opened import Books, settle
from obole.books.policies import belcotax_institution, belcotax_settings, policy_for
from obole.books.watch import Watch
from obole.receipting.records import keep_record, record_paths
from obole.words import _, many
from receipts.decide.claims import Changed
from receipts.decide.papers import in_ranges
from receipts.filing import belcotax
from receipts.filing.belcotax import Slip
from receipts.filing.shipment import corrected, slips_of, withdrawn_numbers
from receipts.issue import changed_receipts

_RECORD = "shipment"


class SecondOriginal(OboleError):
    """A shipment of a year of which one was written before, and nobody said that it was never sent."""


@dataclass(frozen=True, slots=True)
class Shipped:
    """A file written, or (`again`) one that holds these slips already; `held` says why `left_out` are not in it."""

    path: Path
    summary: belcotax.Summary
    held: tuple[Fault, ...] = ()
    left_out: int = 0
    again: bool = False


@dataclass(slots=True)
class _Sifting:
    """The slips of a year on their way into a file: those held back with the reason, and a digest of the others."""

    books: Books
    year: int
    changed: dict[int, Changed]
    gaps: set[int]
    held: list[Fault] = field(default_factory=list)
    told: list[Fault] = field(default_factory=list)
    digest: Any = field(default_factory=hashlib.sha256)
    figures: list[int] = field(default_factory=lambda: [0, 0, 0, 0])
    left_out: int = 0
    last: int = 0
    _donors: dict[int, str] | None = None

    def slips(self) -> Iterator[Slip]:
        """Yield the slips that may be reported; one that is refused as the donor was corrected since."""
        books, config = self.books, self.books.config
        institution, settings = belcotax_institution(config), belcotax_settings(config)
        for slip in slips_of(books.register, books.vault, books.sealer, self.year):
            place = _("receipt {year}/{number:06d}").format(year=self.year, number=slip.number)
            less = self.changed.get(slip.number)
            if less is not None and less.too_much:
                self._hold(slip, (_less(place, less),))
                continue
            faults = belcotax.refusals(slip, institution, settings, place)
            sound = _as_corrected(books, slip, self.donors[slip.number]) if faults else slip
            if sound is None or (faults and belcotax.refusals(sound, institution, settings, place)):
                self._hold(slip, faults)
                continue
            if faults:
                message = _("{place}: reported with name and address as corrected since the receipt was issued")
                self.told.append(Fault(message.format(place=place), severity=Severity.WARNING))
            self._count(sound)
            yield sound

    @property
    def donors(self) -> dict[int, str]:
        """Return whose each receipt is; asked where one is refused."""
        if self._donors is None:
            with self.books.register.connect() as connection:
                rows = receiptbook.numbered_receipts(connection, self.year)
                self._donors = {row.number: row.donor for row in rows}
        return self._donors

    def _hold(self, slip: Slip, faults: tuple[Fault, ...]) -> None:
        self.gaps.add(slip.number)
        self.left_out += 1
        self.held += faults

    def _count(self, slip: Slip) -> None:
        self.digest.update(repr(slip).encode())
        self.last = slip.number
        missing = not (slip.national_number or slip.enterprise_number)
        self.figures = [old + new for old, new in zip(self.figures, (1, slip.number, slip.cents, missing), strict=True)]


def write_belcotax(
    books: Books, year: int, day: date, output: Path | None, *, never_sent: str = "", listed: bool = False
) -> Shipped:
    """Write the 281.71 file of a year, or with `listed` the same as CSV; what Belcotax refuses is held back and told.

    SecondOriginal where one with other slips was written before; `never_sent` is who says that it was not, and why.
    """
    if listed:
        return _write_list(books, year, output)
    problem = Watch(books).problem(never_sent)
    if problem is not None:
        raise OboleError(_("--never-sent: {problem}; it is kept in clear.").format(problem=problem))
    if output is None:
        _refuse_here(books)
    with books.writing(), few_pages(books.register), few_pages(books.vault):
        settle(books)  # nothing leaves the house of an issue that a killed run may still take back
        return _write_shipment(books, year, day, output, never_sent)


def _write_shipment(books: Books, year: int, day: date, output: Path | None, never_sent: str) -> Shipped:
    _refuse_date(books, year, day)
    institution = belcotax_institution(books.config)
    earlier = _earlier(books, institution, year)
    if earlier and not never_sent:
        same = _held_already(books, year, earlier[-1], output)
        if same is not None:
            return same
    if output is not None:
        books.require_new(output)
    path = output or _next_file(institution, year, {one["file"] for one in earlier} if never_sent else set())
    sifting = _sifting(books, year)

    def record(made: Path) -> None:  # before the file has its name: none leaves the house that nobody wrote down
        if not earlier or never_sent:
            _record(books, _Made(path.name, digest_of_file(made)), sifting, never_sent, earlier)

    summary = belcotax.write_file(
        sifting.slips(), institution, belcotax_settings(books.config), day, path, withdrawn=sifting.gaps, before=record
    )
    return Shipped(
        path,
        replace(summary, notes=(*_grown(sifting), *sifting.told, *summary.notes)),
        tuple(sifting.held),
        sifting.left_out,
    )


def _refuse_date(books: Books, year: int, day: date) -> None:
    """Raise OboleError where the file would be dated before a receipt in it, or on a day that is not near."""
    refuse_far("--date", day)
    last = max((row.issued_on for row in _receipts(books, year)), default=day)
    if day < last:
        message = _("--date {day}: receipts of {year} were issued until {last}; date the file on that day or later.")
        raise OboleError(message.format(day=day, year=year, last=last))


def _receipts(books: Books, year: int) -> list[receiptbook.ReceiptRow]:
    with books.register.connect() as connection:
        return receiptbook.receipts_of(connection, year)


def _sifting(books: Books, year: int) -> _Sifting:
    with books.register.connect() as gifts, books.vault.connect() as identities:
        changed = changed_receipts(gifts, identities, year, policy_for(books.config, year))
        aside = numbers_set_aside(gifts, year)
    gaps = withdrawn_numbers(books.register, year) | {one.number for one in aside}
    return _Sifting(books, year, {one.number: one for one in changed}, gaps, told=list(_told_aside(year, aside)))


def _told_aside(year: int, aside: list[SetAside]) -> Iterator[Fault]:
    """Say which numbers are not in the file because they were set aside, and what is to be done about them."""
    if aside:
        message = many(
            "number {numbers} of {year} is not in the file: it was set aside, as {file} tells. Where a donor keeps "
            "its paper and it was not filed before, enter its slip on the Belcotax website",
            "numbers {numbers} of {year} are not in the file: they were set aside, as {file} tells. Where donors keep "
            "these papers and they were not filed before, enter their slips on the Belcotax website",
            len(aside),
        )
        numbers = in_ranges([one.number for one in aside])
        told = message.format(numbers=numbers, year=year, file=aside[0].evidence)
        yield Fault(told, severity=Severity.WARNING)


def _refuse_here(books: Books) -> None:
    """OboleError where the current folder, in which the file would be written, lies inside the books."""
    if Path.cwd().resolve().is_relative_to(books.folder.root):
        raise OboleError(
            _(
                "the current folder lies inside the books, and the file has names and national numbers: say with -o "
                "where it is written, or run the command in a folder outside them."
            )
        )


def _write_list(books: Books, year: int, output: Path | None) -> Shipped:
    if output is None:
        raise OboleError(_("the list has names and national numbers: say with -o where it is written."))
    books.require_new(output)
    with books.writing():
        settle(books)  # a list of half the books would pass for the whole
    sifting = _sifting(books, year)
    rows = list(sifting.slips())
    with output.open("wb") as out:
        output.chmod(0o600)
        summary = belcotax.write_csv(rows, out)
    return Shipped(
        output, replace(summary, notes=(*_grown(sifting), *sifting.told)), tuple(sifting.held), sifting.left_out
    )


def _less(place: str, changed: Changed) -> Fault:
    message = _(
        "{place}: issued for {issued} EUR, its gifts are now {now} EUR; not reported. Ask the donor to send it back "
        "and not to use it; where it was filed before, correct its slip on the Belcotax website"
    )
    return Fault(
        message.format(place=place, issued=to_decimal(changed.issued_cents), now=to_decimal(changed.now_cents))
    )


def _grown(sifting: _Sifting) -> Iterator[Fault]:
    """Yield the receipts that are reported for less than was given."""
    message = _("receipt {year}/{number:06d}: its gifts are not those it was issued for any more; reported as issued")
    for one in sifting.changed.values():
        if not one.too_much:
            yield Fault(message.format(year=sifting.year, number=one.number), severity=Severity.WARNING)


def _as_corrected(books: Books, slip: Slip, donor: str) -> Slip | None:
    """Return a slip with what the donor register says now; None where the donor is not in it any more."""
    with books.vault.connect() as identities:
        key = survivors(identities).get(donor, donor)
        found = next(iter(find_donors(identities, books.sealer, {key})), None)
    return None if found is None else corrected(slip, found)


# Shipments written before


def _earlier(books: Books, institution: belcotax.Declarant, year: int) -> list[dict[str, Any]]:
    """Return the records of the originals of a year; of a file that has none, its name and day."""
    records = _recorded(books, year)
    with books.register.connect() as gifts:  # what was filed by books that a copy was put back over
        filed = {one.evidence for one in numbers_set_aside(gifts, year) if one.evidence.lower().endswith(".xml")}
    known = {record["file"] for record in records}
    pattern = belcotax.file_name(institution, year).removesuffix("-1.xml") + "-*.xml"
    unknown = sorted(({path.name for path in books.folder.root.glob(pattern)} | filed) - known)
    return [{"file": name, "slips_digest": ""} for name in unknown] + records


def _recorded(books: Books, year: int) -> list[dict[str, Any]]:
    return [json.loads(path.read_text(encoding="utf-8")) for path in record_paths(books, year, _RECORD)]


def _held_already(books: Books, year: int, last: dict[str, Any], output: Path | None) -> Shipped | None:
    """Return the file of before where it holds just these slips; None to write these slips once more elsewhere.

    SecondOriginal where the slips are others.
    """
    sifting = _sifting(books, year)
    for _slip in sifting.slips():
        pass
    if sifting.digest.hexdigest() != last["slips_digest"]:
        raise SecondOriginal(
            _(
                "{file}: an original of {year} was written before with other receipts, and the tax office takes one "
                "original. If it was never sent, say so with `--never-sent REASON`: it stays, and a "
                "new one is written. If it was sent, these receipts go into a correction: enter them on the Belcotax "
                "website."
            ).format(file=last["file"], year=year)
        )
    path = Path.cwd() / last["file"]
    if output is not None or not _is(path, last["sha256"]):
        return None
    slips, numbers, cents, missing = sifting.figures
    summary = belcotax.Summary(slips, numbers, cents, missing, (*_grown(sifting), *sifting.told))
    return Shipped(path, summary, tuple(sifting.held), sifting.left_out, again=True)


def _is(path: Path, digest: str) -> bool:
    return path.is_file() and digest_of_file(path) == digest


class _Made(NamedTuple):
    """A file that is about to be put where it belongs."""

    name: str
    digest: str


def _record(books: Books, made: _Made, sifting: _Sifting, never_sent: str, earlier: list[dict[str, Any]]) -> None:
    """Write down what was shipped; who said that those before were never sent stands in it."""
    slips, _numbers, cents, _missing = sifting.figures
    record = {
        "format": 1,
        "year": sifting.year,
        "written": posting_time(),
        "file": made.name,
        "sha256": made.digest,
        "slips": slips,
        "last": sifting.last,
        "amount": str(to_decimal(cents)),
        "slips_digest": sifting.digest.hexdigest(),
        "never_sent": [one["file"] for one in earlier] if never_sent else [],
        "said": never_sent,
    }
    keep_record(books, sifting.year, _RECORD, record)


def _next_file(institution: belcotax.Declarant, year: int, taken: Collection[str]) -> Path:
    """Return the first name in the current folder that no file written before has: what was sent stays as it is."""
    paths = (Path.cwd() / belcotax.file_name(institution, year, number) for number in count(1))
    return next(path for path in paths if path.name not in taken and not path.exists())


# Files that an earlier Obole wrote into the books

_WRITTEN = re.compile(r"belcotax-28171-[0-9]+-[0-9]{4}-[0-9]+\.xml")


def in_the_books(books: Books) -> list[Path]:
    """Return the files for Belcotax that lie in the books, where an earlier Obole wrote them."""
    return sorted(path for path in books.folder.root.glob("belcotax-28171-*.xml") if _WRITTEN.fullmatch(path.name))


def to_move(books: Books) -> list[Path]:
    """Return those files that can be moved beside the books: no other has the name there."""
    return [path for path in in_the_books(books) if _may_go(path, books.folder.root.parent / path.name)]


def _may_go(path: Path, target: Path) -> bool:
    return not target.exists() or _is(target, digest_of_file(path))


def move_out(books: Books) -> list[Path]:
    """Move those files beside the books, each recorded as written first."""
    moved = []
    for path in to_move(books):
        target = books.folder.root.parent / path.name
        year = int(path.name.split("-")[3])
        if all(path.name != record["file"] for record in _recorded(books, year)):
            written = {"format": 1, "year": year, "file": path.name, "sha256": digest_of_file(path)}
            keep_record(books, year, _RECORD, {**written, "slips_digest": ""})
        path.replace(target)
        moved.append(target)
    return moved
