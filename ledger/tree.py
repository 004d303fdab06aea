"""The hash tree `obole-tree-1` of a closed year (RFC 6962, section 2.1): a tree per kind of fact, one over these.

A leaf is H(0x00 || data), a node H(0x01 || left || right), an odd node is carried up. The data is a JSON array of
strings that ends in a salt, so that the hash of a neighbour in a proof tells nothing of it. Pure: no store, no file.
"""

import hmac
import json
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from typing import NamedTuple

from ledger.errors import OboleError
from ledger.words import _

_LEAF, _SALT, _TOP = "obole-leaf-1", "obole-salt-1", "obole-tree-1"
_SALT_DIGITS = 32
NOTHING = sha256(b"").digest()
_encoded = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class NotSealable(OboleError):
    """A fact that cannot stand in a tree: it is no text, or two have one key."""


class Tree(NamedTuple):
    """The tree over the facts of one kind: how many they are, and its root in hexadecimal digits."""

    kind: str
    leaves: int
    root: str


def text_of(fields: Sequence[str] | Sequence[Sequence[str]]) -> str:
    """Return an array of strings, or of such arrays, as the text that is hashed."""
    return _encoded(fields)


def salt_of(year_key: bytes, kind: str, key: str) -> str:
    """Return the salt of a leaf: it follows from the year's key, which stays in the house."""
    return hmac.digest(year_key, _bytes(_encoded([_SALT, kind, key])), "sha256").hex()[:_SALT_DIGITS]


def leaf_data(kind: str, key: str, fields: Sequence[str], salt: str) -> bytes:
    """Return what is hashed of a leaf; NotSealable where a text is no Unicode."""
    return _bytes(_encoded([_LEAF, kind, key, *fields, salt]))


def leaf_hash(data: bytes) -> bytes:
    """Return the hash of a leaf."""
    return sha256(b"\0" + data).digest()


def _bytes(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:  # a lone surrogate
        raise NotSealable(
            _("{text}: holds a sign that is no letter; correct it, then close the year.").format(
                text=text.encode(errors="backslashreplace").decode()
            )
        ) from None


def _node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\1" + left + right).digest()


def root_of(leaves: Iterable[bytes]) -> bytes:
    """Return the root over leaf hashes in their order; keeps as many in memory as the tree is high."""
    whole: list[tuple[int, bytes]] = []  # whole trees of 2^height leaves, the highest first
    for one in leaves:
        height, hashed = 0, one
        while whole and whole[-1][0] == height:
            hashed = _node(whole.pop()[1], hashed)
            height += 1
        whole.append((height, hashed))
    if not whole:
        return NOTHING
    root = whole.pop()[1]
    while whole:
        root = _node(whole.pop()[1], root)
    return root


def path_of(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """Return the hashes that lead from a leaf to the root, from the bottom; ValueError where there is no such leaf."""
    if not 0 <= index < len(leaves):
        raise ValueError(f"no leaf {index} in a tree of {len(leaves)}")
    if len(leaves) == 1:
        return []
    middle = 1 << (len(leaves) - 1).bit_length() - 1  # the largest power of two below
    if index < middle:
        return [*path_of(leaves[:middle], index), root_of(leaves[middle:])]
    return [*path_of(leaves[middle:], index - middle), root_of(leaves[:middle])]


def proves(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Return whether a path leads from a leaf to the root of a tree of `size` leaves (RFC 9162, section 2.1.3.2).

    ValueError where the path is too long or too short for that place.
    """
    if not 0 <= index < size:
        raise ValueError(f"no leaf {index} in a tree of {size}")
    place, last, hashed = index, size - 1, leaf
    for beside in path:
        if last == 0:
            raise ValueError("the path is too long")
        if place & 1 or place == last:
            hashed = _node(beside, hashed)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            hashed = _node(hashed, beside)
        place, last = place >> 1, last >> 1
    if last:
        raise ValueError("the path is too short")
    return hashed == root


def top_leaf(year: int, tree: Tree) -> bytes:
    """Return the hash of a kind's tree as a leaf of the tree over kinds: the count stands in it."""
    return leaf_hash(_bytes(_encoded([_TOP, str(year), tree.kind, str(tree.leaves), tree.root])))


def seal_root(year: int, trees: Iterable[Tree]) -> str:
    """Return the root over the trees of all kinds, in hexadecimal digits."""
    in_order = sorted(trees, key=lambda tree: tree.kind.encode())
    return root_of(top_leaf(year, tree) for tree in in_order).hex()


class Hashed(NamedTuple):
    """A leaf by its key, with its hash."""

    key: str
    hash: bytes


def in_order(leaves: Iterable[Hashed]) -> Iterator[Hashed]:
    """Yield leaves that stand in the order of their keys; NotSealable where two have one key or the order is another.

    The order is that of the bytes of the keys in UTF-8.
    """
    before: bytes | None = None
    for one in leaves:
        key = _bytes(one.key)
        if before is not None and key <= before:
            raise NotSealable(_("{key}: two facts of the year have this key; run `obole check`.").format(key=one.key))
        before = key
        yield one
