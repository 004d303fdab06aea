"""Pledges into the vault: what a register of pledges says of mandates, beside what Obole has learnt of them since."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

from sqlalchemy import Connection

from importers.registers import pledges as pledge_file
from importers.registers.pledges import PledgeRow
from ledger.errors import Fault, Severity, SourceRefused
from ledger.instalments import Pledge, PledgeState
from ledger.records import DocumentKind
from ledger.register import debits as debitbook
from ledger.vault.amendments import all_amendments, save_amendments
from ledger.vault.links import load_links
from ledger.vault.pledges import all_pledges, save_pledges
from obole.books.identities import known_donors
from obole.books.opened import Books
from obole.books.vault_rows import take_rows
from obole.debits.amendments import amended, refusals
from obole.outcome import Taken
from obole.words import _, many


def take_pledges(books: Books, path: Path) -> Taken:
    """Pledges into the vault, new or changed; a mandate that a return suspended or ended stays so until resumed."""
    file = pledge_file.read(path)
    with books.vault.connect() as connection:
        before = {pledge.mandate: pledge for pledge in all_pledges(connection)}
        changes = all_amendments(connection)
        owners = load_links(connection).mandates
    known = known_donors(books, {row.donor for row in file.rows})
    with books.register.connect() as connection:
        histories = debitbook.histories(connection, date.max)
    faults = list(_refusals(file.rows, known, owners))
    if file.ok:  # what replaces what is told from all rows
        faults += refusals(file.rows, before, histories)
    if faults or not file.ok:
        raise SourceRefused(path.name, tuple(sorted((*file.faults, *faults), key=lambda fault: fault.line or 0)))
    rows = [_pledge(row, before.get(row.mandate), file.columns) for row in file.rows]
    rows += _replaced(file.rows, before)
    changed = [row for row in rows if before.get(row.mandate) != row]
    amendments = amended(file.rows, before, histories, changes)

    def save(identities: Connection, pledges: Sequence[Pledge]) -> None:
        save_pledges(identities, pledges)
        save_amendments(identities, [row.mandate for row in file.rows], amendments)

    remarks = list(_kept(file.rows, rows))
    return take_rows(books, DocumentKind.PLEDGES, file, changed, remarks=remarks, save=save)


def _refusals(rows: Sequence[PledgeRow], known: set[str], owners: Mapping[str, str]) -> Iterator[Fault]:
    for row in rows:
        owner = owners.get(row.mandate, row.donor)
        if row.donor not in known:
            yield Fault(
                _("donor {donor} is not in the vault; import the donor register first").format(donor=row.donor), row.row
            )
        elif owner != row.donor:
            yield Fault(
                _("column `mandate` holds a mandate of {owner}; keep it with one donor").format(owner=owner), row.row
            )


def _replaced(rows: Sequence[PledgeRow], before: Mapping[str, Pledge]) -> list[Pledge]:
    """Return the mandates that others take the place of, ended: they are debited no more."""
    own = {row.mandate for row in rows}
    replaced = {row.replaces for row in rows if row.replaces and row.replaces not in own}
    return [replace(before[mandate], state=PledgeState.ENDED) for mandate in sorted(replaced)]


def _pledge(row: PledgeRow, before: Pledge | None, columns: frozenset[str]) -> Pledge:
    said = Pledge(
        mandate=row.mandate,
        donor=row.donor,
        iban=row.iban,
        holder=row.holder,
        signed=row.signed,
        cents=row.cents,
        months=row.months,
        first_due=row.first_due,
        last_due=row.last_due,
        state=row.state or PledgeState.ACTIVE,
    )
    if before is None:
        return said
    kept = {name: getattr(before, name) for name in ("holder", "months", "last_due") if name not in columns}
    if "amount" not in columns:
        kept["cents"] = before.cents
    resumed = row.resumed is not None and (before.changed is None or row.resumed >= before.changed)
    if resumed and row.state in (None, PledgeState.ACTIVE):
        # The day stands, so that an older return taken in later changes nothing.
        return replace(said, state=PledgeState.ACTIVE, changed=row.resumed, **kept)
    if row.state in (PledgeState.SUSPENDED, PledgeState.ENDED):
        return replace(said, reason=before.reason, changed=before.changed, **kept)
    return replace(said, state=before.state, reason=before.reason, changed=before.changed, **kept)


def _kept(rows: Sequence[PledgeRow], pledges: Sequence[Pledge]) -> Iterator[Fault]:
    """Yield one remark where the file says active and the vault knows better."""
    stopped = [
        pledge.mandate
        for row, pledge in zip(rows, pledges, strict=False)
        if row.state is PledgeState.ACTIVE and pledge.state is not PledgeState.ACTIVE
    ]
    if stopped:
        some = ", ".join(stopped[:3]) + (" ..." if len(stopped) > 3 else "")  # noqa: PLR2004 - a few to look at
        told = many(
            "{count} mandate is active in this file and stopped in the vault ({some}), which stays; "
            "write the day in the column `resumed` to collect it again",
            "{count} mandates are active in this file and stopped in the vault ({some}), which stays; "
            "write the day in the column `resumed` to collect them again",
            len(stopped),
        )
        yield Fault(told.format(count=len(stopped), some=some), severity=Severity.WARNING)
