"""The names under which a bank gives the total of a collection: any of its reference fields may hold one.

A standard message says PmtInfId of the batch. Banks write it, or the MsgId, into the one detail of the total, into its
EndToEndId or their own reference, or into the text (Febelfin, Standard CODA 2.6, record 2.2; ISO 20022, camt.053
`NtryDtls/Btch` and `TxDtls/Refs`).
"""

import re
from collections.abc import Iterable, Iterator

from importers.bank.records import Movement

_SHORTEST, _LONGEST = 4, 35  # Max35Text of ISO 20022; a word of a text is looked up from four characters on


# A name that `obole collect` gave, which a bank may write in other letters.
_OURS = re.compile(r"(collection-[0-9]{4}-[0-9]{2}-[0-9]+)(-[a-z]{0,4})?", re.IGNORECASE)


def names_of(movement: Movement, further: Iterable[str] = ()) -> tuple[str, ...]:
    """Return what may name a collection in a line, the surest first; `further` are references that its file has."""
    return tuple(dict.fromkeys(_names(movement, further)))


def _names(movement: Movement, further: Iterable[str]) -> Iterator[str]:
    words = (word.strip(".,;:()'\"/") for word in movement.communication.split())
    texts = (movement.communication, *(word for word in words if len(word) >= _SHORTEST))
    for name in (movement.reference, *further, movement.bank_reference, *texts):
        if not name or len(name) > _LONGEST:
            continue
        yield name
        if ours := _OURS.fullmatch(name):
            yield ours[1].lower() + (ours[2] or "").upper()
