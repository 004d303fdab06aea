"""Two keys of one donor made one: what leads to either leads to the key that is kept; both keys stay as they are.

Nothing is posted: the gifts stand under the keys they were posted with, and receipts follow the key that is kept. What
was open because two donors had the same account may be known now.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy import Connection

from importers.deciding.booking import BookedAgain
from importers.deciding.proposals import alike_names
from ledger.errors import OboleError
from ledger.register.gifts import gifts_standing
from ledger.register.receipts import Held, receipts_held, receipts_with_gifts_of
from ledger.vault.donors import Donor, merge_into, whole_donors
from obole.books.opened import Books, changing
from obole.suspense.again import reconsider
from obole.words import N_, _


class NotMerged(OboleError):
    """Two donors that cannot be made one, or not yet."""


@dataclass(frozen=True, slots=True)
class KeyOf:
    """A donor key: its name and place, how many gifts stand under it and how much they are, what leads to it."""

    key: str
    name: str
    place: str
    gifts: int
    cents: int
    accounts: int
    mandates: int
    references: int


@dataclass(frozen=True, slots=True)
class OneDonor:
    """The outcome of merging: both keys, what is worth knowing, and what of the open lines is known by it."""

    keep: KeyOf
    gone: KeyOf
    dry_run: bool = False
    parted: bool = False
    remarks: tuple[str, ...] = ()
    decided: Sequence[BookedAgain] = ()
    recovered: tuple[str, ...] = field(default=())


def merge_donors(
    books: Books, keep: str, gone: str, *, although_issued: bool = False, dry_run: bool = False
) -> OneDonor:
    """Make two keys of one donor one; NotMerged where they are two persons, or receipts stand against it."""
    with changing(books, dry_run=dry_run) as change:
        merged = _merge(change.books, keep, gone, although_issued)
        return replace(merged, dry_run=dry_run, recovered=tuple(change.recovered))


def part_donors(books: Books, keep: str, gone: str, *, dry_run: bool = False) -> OneDonor:
    """Take a merging back; NotMerged where there is none, or a receipt of the one has gifts of the other."""
    with changing(books, dry_run=dry_run) as change:
        parted = _part(change.books, keep, gone)
        return replace(parted, dry_run=dry_run, recovered=tuple(change.recovered))


def _merge(books: Books, keep: str, gone: str, although_issued: bool) -> OneDonor:
    kept, other = _both(books, keep, gone)
    for one in (kept, other):
        if one.merged_into is not None:
            message = _("donor {key} was merged into {into}; merge with {into}, or take that back first.")
            raise NotMerged(message.format(key=one.key, into=one.merged_into))
    _refuse_two_persons(kept, other)
    with books.register.connect() as connection:
        remarks = [*_receipts(connection, keep, gone, although_issued), *_lacking(kept, other)]
        told = _key_of(connection, kept), _key_of(connection, other)
    if not alike_names(_name(kept), _name(other)):
        remarks.insert(0, _("their names have no word in common: look at both once more"))
    with books.vault.begin() as identities:
        merge_into(identities, gone, keep)
    decided = reconsider(books)
    return OneDonor(*told, remarks=tuple(remarks), decided=decided)


def _part(books: Books, keep: str, gone: str) -> OneDonor:
    kept, other = _both(books, keep, gone)
    if other.merged_into != keep:
        message = _("donor {gone} is not merged into {keep}; nothing is taken back.")
        raise NotMerged(message.format(gone=gone, keep=keep))
    with books.register.connect() as connection:
        held = receipts_with_gifts_of(connection, keep, gone)
        if held:
            message = _(
                "receipts {receipts} were issued to {keep} with gifts of {gone}: they would be wrong, so the two keys "
                "stay one; write a new key for the other person and decide later gifts in the sheet of `obole match`."
            )
            raise NotMerged(message.format(receipts=_numbers(held), keep=keep, gone=gone))
        told = _key_of(connection, kept), _key_of(connection, other)
    with books.vault.begin() as identities:
        merge_into(identities, gone, None)
    remark = _("gifts that were decided meanwhile stay with the key they were given to")
    return OneDonor(*told, parted=True, remarks=(remark,))


def _both(books: Books, keep: str, gone: str) -> tuple[Donor, Donor]:
    if keep == gone:
        raise NotMerged(_("{key}: one key is no two donors; give the key to keep and the other one.").format(key=keep))
    with books.vault.connect() as identities:
        found = whole_donors(identities, books.sealer, (keep, gone))
    for key in (keep, gone):
        if key not in found:
            message = _("{key}: no such donor in the vault; give keys of the donor register.")
            raise NotMerged(message.format(key=key))
    return found[keep], found[gone]


def _refuse_two_persons(kept: Donor, other: Donor) -> None:
    """Raise NotMerged for what makes two donors two persons."""
    keys = {"keep": kept.key, "gone": other.key}
    if kept.kind != other.kind:
        message = _("{keep} and {gone}: one is a natural person, the other a legal one; correct the kind if not so.")
        raise NotMerged(message.format(**keys))
    if kept.national_number and other.national_number and kept.national_number != other.national_number:
        message = _("{keep} and {gone}: have two national numbers; correct the one that is wrong, or leave both.")
        raise NotMerged(message.format(**keys))
    if kept.enterprise_number and other.enterprise_number and kept.enterprise_number != other.enterprise_number:
        message = _("{keep} and {gone}: have two enterprise numbers; correct the one that is wrong, or leave both.")
        raise NotMerged(message.format(**keys))


def _receipts(connection: Connection, keep: str, gone: str, although_issued: bool) -> Iterator[str]:
    """Yield what follows for receipts issued; NotMerged where a person must want that first."""
    held, of_gone = receipts_held(connection, keep), receipts_held(connection, gone)
    years = {one.year for one in held}
    both = [one for one in of_gone if one.year in years]
    values = {"keep": keep, "gone": gone}
    if of_gone and not held:
        message = _(
            "receipts {receipts} were issued to {gone} and none to {keep}; merge the other way round, so that they "
            "stay right: `obole donors merge {gone} {keep}`."
        )
        raise NotMerged(message.format(receipts=_numbers(of_gone), **values))
    if not of_gone:
        return
    wrong = sorted({*of_gone, *(one for one in held if one.year in {other.year for other in both})})
    if not although_issued:
        message = _(
            "receipts {receipts} were issued to {keep} and {gone}. Each is right for its key; merged, they stand as "
            "they were issued and no receipt is made for both together. Leave the keys apart, or merge with "
            "--although-issued."
        )
        raise NotMerged(message.format(receipts=_numbers(sorted({*held, *of_gone})), **values))
    message = _("they stand as issued, for the keys of before; `obole check` goes on naming them: receipts {receipts}")
    yield message.format(receipts=_numbers(wrong))


_FIELDS = (
    (N_("street"), "street"),
    (N_("email"), "email"),
    (N_("national_number"), "national_number"),
    (N_("enterprise_number"), "enterprise_number"),
)


def _lacking(kept: Donor, other: Donor) -> Iterator[str]:
    """Yield what only the key has that goes: what is printed and asked is of the key that is kept."""
    for word, name in _FIELDS:
        if getattr(other, name) and not getattr(kept, name):
            message = _("only {gone} has the {field}: write it with {keep} in the donor register")
            yield message.format(gone=other.key, keep=kept.key, field=_(word))


def _key_of(connection: Connection, one: Donor) -> KeyOf:
    gifts = gifts_standing(connection, [one.key])
    place = " ".join(part for part in (one.postcode, one.municipality) if part)
    cents = sum(gift.gift.cents for gift in gifts)
    links = len(one.ibans), len(one.mandates), len(one.communications)
    return KeyOf(one.key, _name(one), place, len(gifts), cents, *links)


def _name(one: Donor) -> str:
    return f"{one.first_name} {one.last_name}".strip()


def _numbers(held: Sequence[Held]) -> str:
    return ", ".join(f"{one.year}/{one.number:06d}" for one in held)
