"""Rendering: the PDFs of the receipts issued, each with its hash in the register; proof that a re-print is the same.

A PDF is made from the frozen sheet alone. Files are written in batches, synced once a batch, and only then are their
hashes written down: killed at any time, the next run makes what has no hash yet. The books are held only for that:
two runs at a time make the same bytes under names of their own and write the same hashes.
"""

import hashlib
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Engine

from ledger.errors import OboleError
from ledger.register import receipts as receiptbook
from ledger.vault.key import Sealer
from ledger.vault.sheets import frozen_sheets
from receipts.paper.sheet import Sheet, from_json
from receipts.paper.typeset import render_many
from receipts.words import _

_BATCH = 500
_FEW = 100  # PDFs that one process makes sooner than several
_END_OF_PDF = b"%%EOF"  # ISO 32000-2, 7.5.5; a power cut leaves a file without it
_LEFT = 600  # seconds after which a temporary file is nobody's


class NotIssued(OboleError):
    """A year or a number without a receipt."""


class Altered(OboleError):
    """A print that is not what was issued."""


@dataclass(slots=True)
class Rendered:
    """The outcome of a run: PDFs made, PDFs that were there, and receipts that cannot be printed with their reason."""

    made: int = 0
    there: int = 0
    bytes: int = 0
    failed: list[tuple[int, str]] = field(default_factory=list)


def pdf_path(folder: Path, year: int, number: int, version: int) -> Path:
    """Return where the PDF of a receipt lies: `receipts/2025/000123.pdf`, later versions `000123-v2.pdf`."""
    return folder / str(year) / (f"{number:06d}.pdf" if version == 1 else f"{number:06d}-v{version}.pdf")


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
    with gifts.connect() as connection:
        rows = {row.number: row for row in receiptbook.receipts_of(connection, year)}
    if not rows:
        raise NotIssued(
            _("no receipts of {year} were issued; run `obole receipts issue --year {year}` first.").format(year=year)
        )
    wanted = {number: row for number, row in rows.items() if _is_wanted(folder, row)}
    result = Rendered(there=len(rows) - len(wanted))
    (folder / str(year)).mkdir(parents=True, exist_ok=True)
    _sweep(folder / str(year))
    batch: list[tuple[int, int, str, int]] = []
    jobs = _jobs(identities, sealer, year, wanted)
    outcomes = render_many(jobs, workers if len(wanted) > _FEW else 1)
    for done, (number, outcome) in enumerate(outcomes, 1):
        try:
            batch.append(_keep(folder, wanted[number], outcome))
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
    if progress is not None:
        progress(len(wanted), len(wanted))
    return result


def _is_wanted(folder: Path, row: receiptbook.ReceiptRow) -> bool:
    return row.pdf_digest is None or not pdf_path(folder, row.year, row.number, row.version).exists()


def _jobs(
    identities: Engine, sealer: Sealer, year: int, wanted: Mapping[int, receiptbook.ReceiptRow]
) -> Iterator[tuple[int, Sheet]]:
    """Yield the frozen sheet of each receipt that is wanted; Altered where it is not the one registered."""
    for number, sheet in _sheets(identities, sealer, year):
        row = wanted.get(number)
        if row is not None and sheet.version == row.version:
            _check_sheet(sheet, row)
            yield number, sheet


def _keep(folder: Path, row: receiptbook.ReceiptRow, outcome: bytes | OboleError) -> tuple[int, int, str, int]:
    """Write a PDF; its number, version, hash and size. Altered where it is not the one issued."""
    if isinstance(outcome, OboleError):
        raise outcome
    digest = hashlib.sha256(outcome).hexdigest()
    if row.pdf_digest is not None and row.pdf_digest != digest:
        raise Altered(
            _(
                "receipt {year}/{number:06d}: made again it is not the document issued; was typst or the layout "
                "updated? Restore the file from your backup."
            ).format(year=row.year, number=row.number)
        )
    path = pdf_path(folder, row.year, row.number, row.version)
    _refuse_another(path, digest, row)
    temporary = path.with_suffix(f".{os.getpid()}.new")
    temporary.write_bytes(outcome)
    temporary.replace(path)
    return row.number, row.version, digest, len(outcome)


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
    """Yield PDFs and frozen sheets that are missing or are not those issued."""
    with gifts.connect() as connection:
        rows = receiptbook.receipts_of(connection, year)
    digests: dict[tuple[int, int], str] = {}
    with identities.connect() as connection:
        for number, version, text in frozen_sheets(connection, sealer, year):
            digests[number, version] = hashlib.sha256(text.encode()).hexdigest()
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
        if row.pdf_digest is None:
            continue
        path = pdf_path(folder, year, row.number, row.version)
        if not path.exists():
            yield _("{place}: its PDF is missing; `obole receipts render --year {year}` makes it again").format(
                place=place, year=year
            )
        elif hashlib.sha256(path.read_bytes()).hexdigest() != row.pdf_digest:
            yield _(
                "{place}: its PDF was changed; remove the file and run `obole receipts render --year {year}`"
            ).format(place=place, year=year)
