"""Rendering: the PDFs of the receipts issued, each with its hash in the register; proof that a re-print is the same.

A PDF is made from the frozen sheet alone. Files are written in batches, synced once a batch, and only then are their
hashes written down: killed at any time, the next run makes what has no hash yet. The books are held only for that:
two runs at a time make the same bytes under names of their own and write the same hashes.

Where typesetter or fonts are not those that a sheet names, and the PDF comes out otherwise, it is made once more as a
duplicate that says it is one, under a name and with a hash of its own.
"""

import hashlib
import os
import re
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from sqlalchemy import Engine

from ledger.clock import posting_time
from ledger.errors import OboleError
from ledger.given import digest_of_file
from ledger.register import receipts as receiptbook
from ledger.vault.images import kept_images
from ledger.vault.key import Sealer
from ledger.vault.sheets import frozen_sheets
from receipts.paper.images import digest_of_image
from receipts.paper.press import Press, present_press
from receipts.paper.sheet import Sheet, from_json
from receipts.paper.typeset import render_many
from receipts.words import _

_BATCH = 500
_FEW = 100  # PDFs that one process makes sooner than several
_END_OF_PDF = b"%%EOF"  # ISO 32000-2, 7.5.5; a power cut leaves a file without it
_NAMED = re.compile('"(?:logo|signature)":"([0-9a-f]{64})"')  # in the JSON of a sheet
_LEFT = 600  # seconds after which a temporary file is nobody's


class NotIssued(OboleError):
    """A year or a number without a receipt."""


class Altered(OboleError):
    """A print that is not what was issued."""


class _SetOtherwise(Exception):
    """A print that came out otherwise because typesetter or fonts are others now."""


@dataclass(slots=True)
class Rendered:
    """The outcome of a run: PDFs made, PDFs that were there, and receipts that cannot be printed with their reason.

    Of those made, `duplicates` are marked as such, because the typesetter is another one now.
    """

    made: int = 0
    there: int = 0
    duplicates: int = 0
    bytes: int = 0
    failed: list[tuple[int, str]] = field(default_factory=list)


def pdf_path(folder: Path, year: int, number: int, version: int) -> Path:
    """Return where the PDF of a receipt lies: `receipts/2025/000123.pdf`, later versions `000123-v2.pdf`."""
    return folder / str(year) / (f"{number:06d}.pdf" if version == 1 else f"{number:06d}-v{version}.pdf")


def duplicate_path(folder: Path, year: int, number: int, version: int) -> Path:
    """Return where the duplicate of a receipt lies that another typesetter made: `000123-duplicate.pdf`."""
    original = pdf_path(folder, year, number, version)
    return original.with_name(f"{original.stem}-duplicate.pdf")


def render(
    gifts: Engine,
    identities: Engine,
    sealer: Sealer,
    folder: Path,
    year: int,
    *,
    workers: int = 2,
    progress: Callable[[int, int], None] | None = None,
    recording: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> Rendered:
    """Make every PDF of a year that is missing or has no hash; NotIssued where the year has no receipts.

    `recording` holds the books for writing, each time for as long as hashes are written down.
    A PDF whose hash is known is made again only where its file is missing, and must come out the same: else it fails.
    """
    wanted, there = _wanted(gifts, folder, year)
    result = Rendered(there=there)
    (folder / str(year)).mkdir(parents=True, exist_ok=True)
    _sweep(folder / str(year))
    batch: list[tuple[int, int, str, int]] = []
    otherwise: dict[int, receiptbook.ReceiptRow] = {}
    images = _images(identities, sealer) if wanted else {}
    outcomes = render_many(_jobs(identities, sealer, year, wanted), workers if len(wanted) > _FEW else 1, images)
    for done, ((number, press), outcome) in enumerate(outcomes, 1):
        try:
            batch.append(_keep(folder, wanted[number], outcome, press))
        except _SetOtherwise:
            otherwise[number] = wanted[number]
            continue
        except OboleError as reason:
            result.failed.append((number, str(reason)))
            continue
        result.made += 1
        result.bytes += batch[-1][-1]
        if len(batch) >= _BATCH:
            _settle(gifts, year, batch, recording)
            batch = []
        if progress is not None and done % 50 == 0:
            progress(done, len(wanted))
    _settle(gifts, year, batch, recording)
    if otherwise:
        duplicates = render_many(_marked(_jobs(identities, sealer, year, otherwise)), workers=1, images=images)
        _settle_duplicates(gifts, _keep_duplicates(folder, otherwise, duplicates, result), recording)
    if progress is not None:
        progress(len(wanted), len(wanted))
    return result


def _wanted(gifts: Engine, folder: Path, year: int) -> tuple[dict[int, receiptbook.ReceiptRow], int]:
    """Return the receipts of a year whose PDF is to be made, by number, and how many have theirs."""
    with gifts.connect() as connection:
        rows = receiptbook.receipts_of(connection, year)
        duplicates = receiptbook.duplicates_of(connection, year)
    if not rows:
        raise NotIssued(
            _("no receipts of {year} were issued; run `obole receipts issue --year {year}` first.").format(year=year)
        )
    wanted = {}
    for row in rows:
        place = (folder, year, row.number, row.version)
        stands_in = (row.number, row.version) in duplicates and duplicate_path(*place).exists()
        if row.pdf_digest is None or not (stands_in or pdf_path(*place).exists()):
            wanted[row.number] = row
    return wanted, len(rows) - len(wanted)


def _images(identities: Engine, sealer: Sealer) -> dict[str, bytes]:
    with identities.connect() as connection:
        return kept_images(connection, sealer)


def _jobs(
    identities: Engine, sealer: Sealer, year: int, wanted: Mapping[int, receiptbook.ReceiptRow]
) -> Iterator[tuple[tuple[int, Press], Sheet]]:
    """Yield the frozen sheet of each receipt that is wanted, by its number and the press it was made for.

    Altered where it is not the one registered.
    """
    for number, sheet in _sheets(identities, sealer, year):
        row = wanted.get(number)
        if row is not None and sheet.version == row.version:
            _check_sheet(sheet, row)
            yield (number, sheet.press), sheet


def _marked(jobs: Iterable[tuple[tuple[int, Press], Sheet]]) -> Iterator[tuple[int, Sheet]]:
    """Yield sheets as duplicates that say they are."""
    return ((number, replace(sheet, duplicate=True)) for (number, _press), sheet in jobs)


def _keep(
    folder: Path, row: receiptbook.ReceiptRow, outcome: bytes | OboleError, press: Press
) -> tuple[int, int, str, int]:
    """Write a PDF; its number, version, hash and size. Altered where it is not the one issued."""
    if isinstance(outcome, OboleError):
        raise outcome
    digest = hashlib.sha256(outcome).hexdigest()
    if row.pdf_digest is not None and row.pdf_digest != digest:
        if press != present_press():
            raise _SetOtherwise
        raise Altered(
            _(
                "receipt {year}/{number:06d}: made again it is not the document issued, though typesetter and fonts "
                "are the same; restore the file from your backup, and report this with the version of Obole."
            ).format(year=row.year, number=row.number)
        )
    path = pdf_path(folder, row.year, row.number, row.version)
    _refuse_another(path, digest, row)
    _write(path, outcome)
    return row.number, row.version, digest, len(outcome)


def _keep_duplicates(
    folder: Path,
    rows: Mapping[int, receiptbook.ReceiptRow],
    outcomes: Iterable[tuple[int, bytes | OboleError]],
    result: Rendered,
) -> list[receiptbook.Duplicate]:
    """Write the PDFs of duplicates; what the register is to know of them."""
    press, kept = present_press(), []
    for number, outcome in outcomes:
        if isinstance(outcome, OboleError):
            result.failed.append((number, str(outcome)))
            continue
        row = rows[number]
        _write(duplicate_path(folder, row.year, number, row.version), outcome)
        result.made += 1
        result.duplicates += 1
        result.bytes += len(outcome)
        kept.append(
            receiptbook.Duplicate(
                year=row.year,
                number=number,
                version=row.version,
                pdf_digest=hashlib.sha256(outcome).hexdigest(),
                pdf_bytes=len(outcome),
                typst=press.typst,
                fonts=press.fonts,
                made_at=posting_time(),
            )
        )
    return kept


def _write(path: Path, document: bytes) -> None:
    temporary = path.with_suffix(f".{os.getpid()}.new")
    temporary.write_bytes(document)
    temporary.replace(path)


def _refuse_another(path: Path, digest: str, row: receiptbook.ReceiptRow) -> None:
    """Raise Altered where a whole PDF stands in the place of one that was never made: it may have been sent."""
    if row.pdf_digest is not None or not path.exists():
        return
    there = path.read_bytes()
    if there.rstrip().endswith(_END_OF_PDF) and hashlib.sha256(there).hexdigest() != digest:
        raise Altered(
            _(
                "receipt {year}/{number:06d}: another PDF stands in its place, {file}, which may have been sent; it is "
                "not written over. Were register and vault put back from an older copy? Else move the file away."
            ).format(year=row.year, number=row.number, file=path.name)
        )


def _sweep(folder: Path) -> None:
    """Remove what a killed run left under its own names; a run that goes on needs a file of those for an instant."""
    for left in folder.glob("*.new"):
        with suppress(FileNotFoundError):
            if left.stat().st_mtime < time.time() - _LEFT:
                left.unlink()


def _settle(
    gifts: Engine,
    year: int,
    batch: list[tuple[int, int, str, int]],
    recording: Callable[[], AbstractContextManager[None]],
) -> None:
    if batch:
        os.sync()  # one for the batch: an fsync per file costs 4 ms each
        with recording(), gifts.begin() as connection:
            receiptbook.record_documents(connection, year, batch)


def _settle_duplicates(
    gifts: Engine,
    rows: list[receiptbook.Duplicate],
    recording: Callable[[], AbstractContextManager[None]],
) -> None:
    if rows:
        os.sync()
        with recording(), gifts.begin() as connection:
            receiptbook.record_duplicates(connection, rows)


def _sheets(identities: Engine, sealer: Sealer, year: int) -> Iterator[tuple[int, Sheet]]:
    with identities.connect() as connection:
        for number, _version, text in frozen_sheets(connection, sealer, year):
            yield number, from_json(text)


def _check_sheet(sheet: Sheet, row: receiptbook.ReceiptRow) -> None:
    if sheet.cents != row.cents or sheet.number != row.number:
        raise Altered(
            _(
                "receipt {year}/{number:06d}: the frozen sheet says another amount than the register; run `obole "
                "check`."
            ).format(year=row.year, number=row.number)
        )


def document_faults(gifts: Engine, identities: Engine, sealer: Sealer, folder: Path, year: int) -> Iterator[str]:
    """Yield PDFs, frozen sheets and their pictures that are missing or are not those issued."""
    with gifts.connect() as connection:
        rows = receiptbook.receipts_of(connection, year)
        duplicates = receiptbook.duplicates_of(connection, year)
    digests: dict[tuple[int, int], str] = {}
    named: dict[str, int] = {}
    with identities.connect() as connection:
        for number, version, text in frozen_sheets(connection, sealer, year):
            digests[number, version] = hashlib.sha256(text.encode()).hexdigest()
            for digest in _NAMED.findall(text):
                named.setdefault(digest, number)
    yield from _picture_faults(identities, sealer, year, named)
    for row in rows:
        place = _("receipt {year}/{number:06d}").format(year=year, number=row.number)
        frozen = digests.get((row.number, row.version))
        if frozen is None:
            yield _("{place}: what it prints is not in the vault; restore the vault from your backup").format(
                place=place
            )
        elif frozen != row.sheet_digest:
            yield _("{place}: what it prints was changed in the vault; restore the vault from your backup").format(
                place=place
            )
        if row.pdf_digest is not None:
            yield from _pdf_faults(folder, row, place, duplicates.get((row.number, row.version), set()))


def _picture_faults(identities: Engine, sealer: Sealer, year: int, named: Mapping[str, int]) -> Iterator[str]:
    """Yield the pictures that sheets name, each with the first receipt that does, which the vault has not."""
    kept = _images(identities, sealer) if named else {}
    for digest, number in named.items():
        if digest not in kept or digest_of_image(kept[digest]) != digest:
            yield _(
                "receipt {year}/{number:06d}: a picture that it prints (logo or signature) is not in the vault as it "
                "was; restore the vault from your backup"
            ).format(year=year, number=number)


def _pdf_faults(folder: Path, row: receiptbook.ReceiptRow, place: str, duplicates: Collection[str]) -> Iterator[str]:
    """Yield what is wrong with the PDF of a receipt; a duplicate that says it is one stands in for it."""
    changed = _("{place}: its PDF was changed; remove the file and run `obole receipts render --year {year}`")
    path = pdf_path(folder, row.year, row.number, row.version)
    duplicate = duplicate_path(folder, row.year, row.number, row.version)
    if path.exists():
        if digest_of_file(path) != row.pdf_digest:
            yield changed.format(place=place, year=row.year)
    elif not duplicates or not duplicate.exists():
        yield _("{place}: its PDF is missing; `obole receipts render --year {year}` makes it again").format(
            place=place, year=row.year
        )
    if duplicates and duplicate.exists() and digest_of_file(duplicate) not in duplicates:
        yield changed.format(place=place, year=row.year)
