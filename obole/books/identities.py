"""Donors of the vault by their keys, as the commands look them up."""

from collections.abc import Sequence

from ledger.instalments import Instalment
from ledger.vault.donors import Donor, find_donors
from obole.books.opened import Books


def donors_of(books: Books, instalments: Sequence[Instalment]) -> dict[str, Donor]:
    """Look up the donors of instalments, by key."""
    keys = {one.donor for one in instalments}
    with books.vault.connect() as identities:
        return {donor.key: donor for donor in find_donors(identities, None, keys)}


def known_donors(books: Books, keys: set[str]) -> set[str]:
    """Those of these keys that the vault has."""
    if not keys:
        return set()
    with books.vault.connect() as connection:
        return {donor.key for donor in find_donors(connection, None, keys)}
