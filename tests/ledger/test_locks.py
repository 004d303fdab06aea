"""One writer at a time: what a lock says of who holds it, how long it is waited for, and the lock of a server."""

import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socket import gethostname
from types import SimpleNamespace
from typing import Any

import pytest

import ledger.locks
from ledger.folder import Folder
from ledger.locks import Busy, Unreachable, writing

URL = "postgresql+pg8000://nobody@127.0.0.1:1/register"


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    (tmp_path / "books").mkdir()
    return Folder(tmp_path / "books")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that were made; each takes a second of a clock that stands still else."""
    pauses: list[float] = []
    monkeypatch.setattr(
        ledger.locks, "time", SimpleNamespace(monotonic=lambda: float(len(pauses)), sleep=pauses.append)
    )
    return pauses


def test_the_lock_says_who_holds_it_and_nothing_once_it_is_free(folder: Folder):
    path = folder.root / ".obole.lock"
    path.write_text("a much longer text than the one that will stand here " * 3, encoding="utf-8")
    with writing(folder):
        process, host, since = path.read_text(encoding="utf-8").split("|")
        assert (process, host) == (str(os.getpid()), gethostname()[:30])
        assert re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}", since)
        with pytest.raises(Busy) as busy, writing(folder):
            pass
    assert str(busy.value) == (
        f"books: another Obole is writing to these books (process {process} on {host}, since {since}); "
        "wait until it is done."
    )
    assert path.read_text(encoding="utf-8") == ""


def test_the_lock_is_everybodys_as_far_as_the_mask_lets_it(folder: Folder):
    mask = os.umask(0)
    try:
        with writing(folder):
            pass
    finally:
        os.umask(mask)
    assert stat.S_IMODE((folder.root / ".obole.lock").stat().st_mode) == 0o666


@pytest.mark.parametrize(("wait", "pauses"), [(0, 0), (1, 1), (2.5, 3)])
def test_it_is_waited_for_as_long_as_was_said(wait: float, pauses: int, folder: Folder, clock: list[float]):
    with writing(folder), pytest.raises(Busy), writing(folder, wait=wait):
        pass
    assert clock == [0.05] * pauses


def test_a_long_name_of_a_machine_is_cut(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(ledger.locks, "gethostname", lambda: "m" * 40)
    holder = ledger.locks._holder()
    assert holder.split("|")[1] == "m" * 30
    assert len(holder) <= 63


@pytest.mark.parametrize("written", ["", "psql", "x|y|z", "|host|since"])
def test_a_holder_that_is_not_ours_is_not_quoted(written: str):
    assert str(ledger.locks._busy("books", written)) == (
        "books: another Obole is writing to these books; wait until it is done."
    )


def test_a_holder_whose_name_was_cut_is_told_as_far_as_it_goes():
    assert "(process 12 on host, since )" in str(ledger.locks._busy("books", "12|host"))
    assert "(process 12 on h, since s)" in str(ledger.locks._busy("books", "12|h|s|more"))


def test_a_lock_that_cannot_be_read_says_nothing(tmp_path: Path):
    assert ledger.locks._written(tmp_path) == ""
    (tmp_path / "lock").write_bytes(b"12|\xff|s")
    assert ledger.locks._written(tmp_path / "lock") == "12|\ufffd|s"


# The lock of a server, as far as it is ours: the questions go to one who answers as PostgreSQL does.


class Server:
    """Answers for the lock: held by another for the first so many questions."""

    def __init__(self, held: int, holder: str | None = "12|host|since") -> None:
        self.held, self.holder = held, holder
        self.asked: list[tuple[str, Any]] = []

    def execute(self, query: Any, values: dict[str, Any]) -> Any:
        self.asked.append((re.search("pg_[a-z_]+|set_config", str(query))[0], values))
        free = sum(name == "pg_try_advisory_lock" for name, _ in self.asked) > self.held
        return SimpleNamespace(scalar_one=lambda: free, scalar=lambda: self.holder)


def serving(monkeypatch: pytest.MonkeyPatch, server: Server) -> None:
    @contextmanager
    def session(_url: str) -> Iterator[Server]:
        yield server

    monkeypatch.setattr(ledger.locks, "_session", session)


def test_the_lock_of_a_server_is_taken_named_and_given_back(folder: Folder, monkeypatch: pytest.MonkeyPatch):
    server = Server(0)
    serving(monkeypatch, server)
    with writing(folder, "sqlite:///x", URL, key="K"):
        assert [name for name, _ in server.asked] == ["pg_try_advisory_lock", "set_config"]
    number = server.asked[0][1]["number"]
    assert [name for name, _ in server.asked][2:] == ["pg_advisory_unlock"]
    assert server.asked[2][1] == {"number": number}
    assert server.asked[1][1]["holder"].startswith(f"{os.getpid()}|")
    assert number == 0xF39164FA95CDBEE5 - 2**64, "the first eight bytes of: printf 'obole K' | sha256sum"


@pytest.mark.parametrize(("held", "wait"), [(0, 0), (2, 2)])
def test_the_lock_of_a_server_is_waited_for(
    held: int, wait: int, folder: Folder, monkeypatch: pytest.MonkeyPatch, clock: list[float]
):
    serving(monkeypatch, Server(held))
    with writing(folder, URL, wait=wait):
        assert clock == [0.05] * held


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize(("held", "wait"), [(1, 0), (3, 2)])
def test_a_server_whose_lock_is_not_free_says_who_has_it(
    held: int, wait: int, folder: Folder, monkeypatch: pytest.MonkeyPatch
):
    server = Server(held)
    serving(monkeypatch, server)
    with pytest.raises(Busy, match=r"^books: .* \(process 12 on host, since since\)"), writing(folder, URL, wait=wait):
        pass
    assert [name for name, _ in server.asked][-1] == "pg_locks"
    assert "pg_advisory_unlock" not in [name for name, _ in server.asked]


def test_a_server_that_does_not_show_who_holds_the_lock(folder: Folder, monkeypatch: pytest.MonkeyPatch):
    serving(monkeypatch, Server(1, None))
    with pytest.raises(Busy, match=r"^books: another Obole is writing to these books; wait"), writing(folder, URL):
        pass


def test_a_server_that_does_not_answer_is_named_by_its_fault_alone(folder: Folder):
    said = r"^the server of a store cannot be reached \([A-Za-z]+\); check"
    with pytest.raises(Unreachable, match=said), writing(folder, URL):
        pass
