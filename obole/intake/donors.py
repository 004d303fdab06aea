"""The donor register into the vault."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from sqlalchemy import Connection

from importers.deciding.proposals import same_name
from importers.registers import donors as donor_file
from importers.registers.donors import DonorRow
from ledger.errors import Fault, Severity
from ledger.records import DocumentKind
from ledger.vault.donors import Donor, find_donors, save_donors, whole_donors
from ledger.vault.links import load_links, owners_of_numbers, signs_of_donors, survivors
from obole.books.opened import Books
from obole.books.vault_rows import laid_over, take_rows
from obole.intake.guards import refuse_file, refuse_where
from obole.outcome import Taken
from obole.words import N_, _, many


def take_donors(books: Books, path: Path) -> Taken:
    """Take donors into the vault: what the file has a column for replaces what the vault had, the rest stays.

    None is forgotten; a file that was taken in before and changes nothing posts nothing.
    """
    file = donor_file.read(path)
    refuse_file(path, file)
    with books.vault.connect() as connection:
        before = whole_donors(connection, books.sealer, (row.key for row in file.rows))
    refuse_where(path, [*_taken_links(books, file.rows), *_taken_numbers(books, file.rows)])
    rows = [_donor(row, before.get(row.key), file.columns, books.config.organisation.language) for row in file.rows]
    changed = [row for row in rows if before.get(row.key) != row]

    def save(identities: Connection, donors: Sequence[Donor]) -> None:
        save_donors(identities, books.sealer, donors)

    remarks = [*_emptied(rows, before), *_second_keys(books, file.rows, changed)]
    return take_rows(books, DocumentKind.DONORS, file, changed, remarks=remarks, save=save)


def _taken_links(books: Books, rows: Sequence[DonorRow]) -> list[Fault]:
    """Find mandates and references of these rows that a donor outside this file has: each belongs to one donor."""
    named = {row.key for row in rows}
    with books.vault.connect() as connection:
        links = load_links(connection)
    faults = []
    for row in rows:
        for one in row.mandates:
            owner = links.mandates.get(one, row.key)
            if owner not in named:
                message = _("column `mandates` holds a mandate of {owner}; keep it with one donor").format(owner=owner)
                faults.append(Fault(message, row.row))
        for one in row.communications:
            owner = links.communications.get(one, (row.key, None))[0]
            if owner not in named:
                message = _("column `references` holds an OGM/VCS of {owner}; keep it with one donor")
                faults.append(Fault(message.format(owner=owner), row.row))
    return faults


def _taken_numbers(books: Books, rows: Sequence[DonorRow]) -> list[Fault]:
    """Find national numbers of these rows that a donor outside this file has."""
    named = {row.key for row in rows}
    with books.vault.connect() as connection:
        owners = owners_of_numbers(connection)
    faults = []
    for row in rows:
        owner = owners.get(books.sealer.mark(row.national_number)) if row.national_number else None
        if owner is not None and owner not in named:
            message = _("column `national_number` is that of {owner} too; correct it, or keep one of the two donors")
            faults.append(Fault(message.format(owner=owner), row.row))
    return faults


def _second_keys(books: Books, rows: Sequence[DonorRow], changed: Sequence[Donor]) -> list[Fault]:
    """Tell new or changed donors that have name and account, address of e-mail or number of another key."""
    if not changed:
        return []
    signs = {row.key: list(_signs(row)) for row in changed}
    wanted = {sign for some in signs.values() for sign in some}
    with books.vault.connect() as connection:
        merged = survivors(connection)
        there: dict[tuple[str, str], set[str]] = {}
        for sign, key in signs_of_donors(connection):
            if sign in wanted:
                there.setdefault(sign, set()).add(key)
        for key, some in signs.items():
            for sign in some:
                there.setdefault(sign, set()).add(key)
        shared = {key for keys in there.values() if len(keys) > 1 for key in keys}
        names = {one.key: _name(one) for one in find_donors(connection, None, shared)} if shared else {}
    names |= {row.key: _name(row) for row in changed}
    places = {row.key: row.row for row in rows}
    return [
        _second(keep, gone, sign, places[max((keep, gone), key=lambda key: places.get(key, 0))])
        for (keep, gone), sign in sorted(_pairs(signs, there, names, merged).items())
    ]


def _pairs(
    signs: Mapping[str, Sequence[tuple[str, str]]],
    there: Mapping[tuple[str, str], set[str]],
    names: Mapping[str, str],
    merged: Mapping[str, str],
) -> dict[tuple[str, str], str]:
    """Return the keys that share a sign and the words of their name, the first of them to keep, with the sign."""
    found: dict[tuple[str, str], str] = {}
    for key, some in signs.items():
        for sign in some:
            for other in there[sign]:
                one = merged.get(key, key) == merged.get(other, other)
                if other == key or one or not same_name(names.get(key, ""), names.get(other, "")):
                    continue
                found.setdefault((min(key, other), max(key, other)), sign[0])
    return found


def _signs(row: Donor) -> Iterator[tuple[str, str]]:
    """Yield what, with the same name, makes two keys likely to be one donor."""
    for account in row.ibans:
        yield "iban", account
    if row.email:
        yield "email", row.email.strip().casefold()
    if row.enterprise_number:
        yield "number", row.enterprise_number


def _second(keep: str, gone: str, sign: str, row: int) -> Fault:
    said = {
        "iban": _("{gone} has the name and the account of {keep}"),
        "email": _("{gone} has the name and the e-mail address of {keep}"),
        "number": _("{gone} has the name and the enterprise number of {keep}"),
    }[sign].format(keep=keep, gone=gone)
    message = _("{said}: if they are one donor, `obole donors merge {keep} {gone}` (first with --dry-run)")
    return Fault(message.format(said=said, keep=keep, gone=gone), row, Severity.WARNING)


def _name(one: Donor) -> str:
    return f"{one.first_name} {one.last_name}".strip()


# Columns of the donor register whose field of a Donor has another name.
_FIELDS = {"donor": "key", "references": "communications"}


_TOLD_EMPTY = (
    N_("street"),
    N_("postcode"),
    N_("municipality"),
    N_("email"),
    N_("national_number"),
    N_("ibans"),
    N_("mandates"),
    N_("communications"),
)


def _donor(row: DonorRow, before: Donor | None, columns: frozenset[str], language: str) -> Donor:
    """Return the donor as the row says, and for columns the file does not have as the vault has them."""
    said = Donor(
        key=row.key,
        kind=row.kind.value,
        last_name=row.last_name,
        first_name=row.first_name,
        street=row.street,
        postcode=row.postcode,
        municipality=row.municipality,
        country=row.country,
        language=row.language or (before.language if before else language),
        email=row.email,
        delivery=row.delivery.value,
        national_number=row.national_number,
        enterprise_number=row.enterprise_number,
        consent=row.consent,
        origin=row.origin,
        since=row.since,
        ibans=tuple(sorted(row.ibans)),
        mandates=tuple(sorted(row.mandates)),
        communications=tuple(sorted(row.communications)),
    )
    return laid_over(said, before, columns, _FIELDS)


def _emptied(rows: Sequence[Donor], before: Mapping[str, Donor]) -> list[Fault]:
    """Return one remark per field that an empty cell takes from donors who had it."""
    faults = []
    for name in _TOLD_EMPTY:
        lost = [
            row.key for row in rows if row.key in before and getattr(before[row.key], name) and not getattr(row, name)
        ]
        if lost:
            some = ", ".join(lost[:3]) + (" ..." if len(lost) > 3 else "")  # noqa: PLR2004 - a few to look at
            message = many(
                "empty cells take the {name} from {count} donor that had it ({some})",
                "empty cells take the {name} from {count} donors that had it ({some})",
                len(lost),
            ).format(name=_(name), count=len(lost), some=some)
            faults.append(Fault(message, severity=Severity.WARNING))
    return faults
