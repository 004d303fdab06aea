"""Reading bank files ahead of the posting: a second process parses the next files while this one posts the last."""

import multiprocessing
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

from importers import coda
from importers.records import BankFile

_AHEAD = 4
# Below this, starting a process (0.4 s) costs more than it saves.
_WORTH_IT = 4_000_000


def read_ahead(paths: Sequence[Path]) -> Iterator[tuple[Path, bytes, BankFile]]:
    """Each file in order, with its bytes and what it holds."""
    if sum(path.stat().st_size for path in paths) < _WORTH_IT or (multiprocessing.cpu_count() or 1) < 2:  # noqa: PLR2004
        yield from (_inline(path) for path in paths)
        return
    pool = ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"))
    try:
        yield from _in_order(pool, paths)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _in_order(pool: ProcessPoolExecutor, paths: Iterable[Path]) -> Iterator[tuple[Path, bytes, BankFile]]:
    waiting: deque[tuple[Path, bytes, Future[BankFile]]] = deque()
    for path in paths:
        content = path.read_bytes()
        waiting.append((path, content, pool.submit(coda.parse, content)))
        if len(waiting) > _AHEAD:
            yield _next(waiting)
    while waiting:
        yield _next(waiting)


def _next(waiting: deque[tuple[Path, bytes, Future[BankFile]]]) -> tuple[Path, bytes, BankFile]:
    path, content, future = waiting.popleft()
    try:
        return path, content, future.result()
    except BrokenProcessPool:  # killed from outside, or out of memory: this process can do it too, only slower
        return path, content, coda.parse(content)


def _inline(path: Path) -> tuple[Path, bytes, BankFile]:
    content = path.read_bytes()
    return path, content, coda.parse(content)
