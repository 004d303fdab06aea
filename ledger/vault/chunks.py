"""Bytes of any length under one key: AES-256-GCM over numbered chunks, so that they are written and read as a stream.

Chunks of 1 MiB and 16 bytes: the nonce is the chunk's number and whether it is the last, and every chunk is bound to
what stands above it. A byte changed, a chunk lost or moved, an end cut off or added to is noticed. A key serves one
file only, so that a number is never used twice under it (NIST SP 800-38D section 8.2.1).
"""

from collections.abc import Callable
from io import RawIOBase
from typing import Any, BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

CHUNK = 1 << 20
_TAG = 16


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])


class ChunkWriter(RawIOBase):
    """Writes what it is given into `out`, encrypted; `close` writes the last chunk, without which nothing opens.

    `bound` stands in clear before the chunks; `out` stays open.
    """

    def __init__(self, out: BinaryIO, key: bytes, bound: bytes) -> None:
        self._out = out
        self._cipher = AESGCM(key)
        self._bound = bound
        self._waiting = bytearray()
        self._number = 0
        out.write(bound)

    def writable(self) -> bool:
        """Tell that this can be written to."""
        return True

    def write(self, data: Any) -> int:
        """Take bytes; whole chunks are written as soon as more follows."""
        taken = memoryview(data)
        start = 0
        while len(self._waiting) + len(taken) - start > CHUNK:
            end = start + CHUNK - len(self._waiting)
            self._put(self._filled(taken[start:end]), last=False)
            start = end
        self._waiting += taken[start:]
        return len(taken)

    def close(self) -> None:
        """Write the last chunk."""
        if not self.closed:
            self._put(bytes(self._waiting), last=True)
        super().close()

    def _filled(self, data: memoryview) -> bytes:
        chunk = bytes(self._waiting) + data
        self._waiting.clear()
        return chunk

    def _put(self, chunk: bytes, *, last: bool) -> None:
        self._out.write(self._cipher.encrypt(_nonce(self._number, last=last), chunk, self._bound))
        self._number += 1


class ChunkReader(RawIOBase):
    """Reads from `file` what a ChunkWriter wrote behind `bound`; raises `broken` for a chunk that is not as written."""

    def __init__(self, file: BinaryIO, key: bytes, bound: bytes, broken: Callable[[], Exception]) -> None:
        self._file = file
        self._cipher = AESGCM(key)
        self._bound = bound
        self._broken = broken
        self._number = 0
        self._next = file.read(CHUNK + _TAG)
        self._plain = memoryview(b"")

    def readable(self) -> bool:
        """Tell that this can be read from."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer as far as the chunk at hand goes; 0 at the end of the last."""
        while not self._plain and (self._next or not self._number):
            self._take()
        count = min(len(buffer), len(self._plain))
        buffer[:count] = self._plain[:count]
        self._plain = self._plain[count:]
        return count

    def _take(self) -> None:
        chunk, self._next = self._next, self._file.read(CHUNK + _TAG)
        nonce = _nonce(self._number, last=not self._next)
        try:
            self._plain = memoryview(self._cipher.decrypt(nonce, chunk, self._bound))
        except (InvalidTag, ValueError):  # ValueError: shorter than its tag
            raise self._broken() from None
        self._number += 1
