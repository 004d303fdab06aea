"""Pictures that receipts bear, kept encrypted by the SHA-256 that frozen sheets name."""

import base64
from collections.abc import Mapping
from contextlib import suppress

from sqlalchemy import Connection, insert, select

from ledger.vault.key import KeyMissing, Sealer
from ledger.vault.tables import printed_image


def keep_images(connection: Connection, sealer: Sealer, images: Mapping[str, bytes]) -> None:
    """Keep pictures by their digest; those that are kept already stay as they are."""
    known = set(connection.execute(select(printed_image.c.digest)).scalars())
    for digest, content in images.items():
        if digest not in known:
            sealed = sealer.seal(base64.b64encode(content).decode(), f"picture {digest}")
            connection.execute(insert(printed_image).values(digest=digest, image=sealed))


def kept_images(connection: Connection, sealer: Sealer) -> dict[str, bytes]:
    """Return the pictures that receipts bear, by digest; one that was changed is left out, as if it were not there."""
    found = {}
    for row in connection.execute(select(printed_image)):
        with suppress(KeyMissing):
            found[row.digest] = base64.b64decode(sealer.open_sealed(row.image, f"picture {row.digest}"))
    return found
