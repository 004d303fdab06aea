"""What is no file, or none that can be read or written, where a command is given one (issue 8, kind 12).

Expected by POSIX: opening a FIFO for reading waits for a writer (open(2)), so nothing may be opened before it is known.
"""

import os
import signal
import socket
import sys
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import pytest

from ledger.errors import OboleError
from ledger.given import NoFile, digest_of_file, require_file, require_target, told_by_system, write_out
from obole.books.opened import open_books
from obole.books.policies import policy_for
from obole.cli import main
from obole.importing import _digest
from receipts.issue import changed_receipts, preview
from receipts.paper import proof
from tests.obole.small_books import Obole, Statement, given

_LONGEST = 300  # letters: no file system here takes as many


@contextmanager
def no_wait() -> Iterator[None]:
    """Fail instead of waiting for what never comes."""

    def stop(*_args: object) -> None:
        raise AssertionError("it waits")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(120)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def odd(folder: Path, kind: str) -> Path:
    """Make something that is no file to be read."""
    path = folder / kind
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as listening:
            here = Path.cwd()
            os.chdir(folder)  # the name of a socket may have 108 letters only
            listening.bind(kind)
            os.chdir(here)
    elif kind == "folder":
        path.mkdir()
    elif kind == "dangling":
        path.symlink_to("nowhere/at-all")
    elif kind == "loop":
        path.symlink_to(kind)
    elif kind == "long":
        path = folder / ("x" * _LONGEST)
    return Path("/dev/zero") if kind == "device" else path


READ = ("import", "inspect", "opening", "restore", "receipts set-aside --belcotax", "check --belcotax", "init --config")
WRITTEN = (
    "report balance-sheet --year 2025 --format csv -o",
    "match -o",
    "receipts list --year 2025 --format csv -o",
    "receipts specimen --year 2025 -o",
    "receipts belcotax --year 2025 --format csv -o",
    "collect --month 2025-03 -o",
    "backup",
)


@pytest.mark.parametrize("kind", ["fifo", "socket", "device", "dangling", "loop", "long"])
def test_what_is_no_file_is_refused_before_it_is_opened(kind: str, issued: Obole, tmp_path: Path):
    path = odd(tmp_path, kind)
    before = issued.state()
    with no_wait():
        for command in READ:
            rest = [str(tmp_path / "new")] if command.startswith(("restore", "init")) else []
            told = issued(*command.split(), path, *rest)
            assert told.exit_code in (1, 2), (command, told.output)
            assert told.stderr.startswith(("obole: ", "Usage")), command
            assert len(told.stderr) < 10 * _LONGEST
    assert issued.state() == before
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("kind", ["fifo", "socket", "device", "folder", "long", "loop"])
def test_nothing_is_written_where_no_file_can_be(kind: str, issued: Obole, tmp_path: Path):
    path = odd(tmp_path, kind)
    with no_wait():
        for command in WRITTEN:
            if kind == "folder" and command.startswith("collect"):
                continue  # it wants one
            told = issued(*command.split(), path)
            assert told.exit_code in (1, 2), (command, told.output)
    assert kind != "folder" or not list(path.iterdir())


@pytest.mark.parametrize("kind", ["fifo", "socket", "loop", "long"])
def test_books_that_are_no_folder_are_refused(kind: str, tmp_path: Path):
    path = odd(tmp_path, kind)
    with no_wait():
        for command in ("check", "upgrade", "backup b.obole", "receipts status --year 2025", "import a.cod", "serve"):
            told = Obole(path)(*command.split())
            assert told.exit_code == 1, (command, told.output)
            assert told.stderr.startswith("obole: ")


def test_a_command_whose_streams_are_closed_does_its_work(issued: Obole, monkeypatch: pytest.MonkeyPatch):
    """POSIX leaves a closed descriptor to whatever is opened next; Python has None in its place."""
    for name in ("stdin", "stdout", "stderr"):
        monkeypatch.setattr(sys, name, None)
    before = issued.state()
    for words, status in ((["documents"], 0), (["receipts", "issue", "--year", "2026", "--date", "2026-05-05"], 1)):
        with pytest.raises(SystemExit) as ended:
            main(["--books", str(issued.books), *words])
        assert ended.value.code == status
    assert issued.state() == before


@pytest.mark.parametrize(
    "address",
    [
        "postgresql+pg8000://u:Geheim1@127.0.0.1:1/x",
        "postgresql+pg8000://u:a/Geheim1:b@h:Geheim1/x",
        "mysql+nothing://u:Geheim1@h/x",
        "Geheim1",
    ],
)
def test_a_password_in_the_address_of_a_store_is_told_nowhere(address: str, issued: Obole, tmp_path: Path):
    settings = issued.books / "obole.toml"
    settings.write_text(f'register_url = "{address}"\n{settings.read_text(encoding="utf-8")}', encoding="utf-8")
    for command in (
        "check",
        "report balance-sheet --year 2025",
        f"import {tmp_path}",
        f"backup {tmp_path / 'b'}",
        "upgrade",
    ):
        told = issued(*command.split())
        assert told.exit_code in (1, 2), command
        assert "Geheim1" not in told.output + told.stderr
    inside = (path for path in issued.books.rglob("*") if path.is_file() and path != settings)
    assert not [path for path in inside if b"Geheim1" in path.read_bytes()]


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("fifo", "is a device, a pipe or a socket"),
        ("device", "is a device, a pipe or a socket"),
        ("folder", "is a folder; name a file in it"),
        ("dangling", "is a link to what is not there"),
        ("loop", "links that lead to each other"),
        ("long", "choose a shorter name"),
        ("missing", "there is no such file; check the name"),
    ],
)
def test_each_is_told_what_it_is_and_what_to_do(kind: str, told: str, tmp_path: Path):
    with pytest.raises(NoFile, match=told):
        require_file(odd(tmp_path, kind))


def test_what_the_shell_hands_over_is_read_once_where_that_is_enough():
    reading, writing = os.pipe()
    try:
        require_file(Path(f"/dev/fd/{reading}"), piped=True)
        with pytest.raises(NoFile):
            require_file(Path(f"/dev/fd/{reading}"))
    finally:
        os.close(reading)
        os.close(writing)


def test_the_device_that_keeps_nothing_may_be_written_to():
    require_target(Path("/dev/null"))
    with pytest.raises(NoFile):
        require_target(Path("/dev/full"))


@pytest.mark.skipif(sys.platform != "linux", reason="/dev/full is a device of Linux")
def test_a_full_disk_is_told_with_a_remedy_and_leaves_no_half_file(tmp_path: Path):
    target = tmp_path / "report.csv"
    target.write_bytes(b"before")
    with pytest.raises(OSError) as failure:  # noqa: PT011, SIM117 - as the system raises it
        with Path("/dev/full").open("wb", buffering=0) as full:
            full.write(b"x")
    failure.value.filename = str(target)
    assert told_by_system(failure.value) == (
        "report.csv: No space left on device; make room on that disk, then do it again."
    )
    write_out(target, b"after")
    assert target.read_bytes() == b"after"
    assert [one.name for one in tmp_path.iterdir()] == ["report.csv"]


def test_a_file_that_may_not_grow_is_not_left_half(tmp_path: Path):
    """RLIMIT_FSIZE (setrlimit(2)): the write that would pass it fails with EFBIG."""
    import resource  # noqa: PLC0415 - not on every system

    target = tmp_path / "report.csv"
    target.write_bytes(b"before")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        with pytest.raises(OSError, match="File too large") as failure:
            write_out(target, b"x" * 10_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "raise the limit, or choose another disk" in told_by_system(failure.value)
    assert target.read_bytes() == b"before"
    assert [one.name for one in tmp_path.iterdir()] == ["report.csv"]


def test_a_large_file_is_hashed_in_little_memory(tmp_path: Path):
    large = tmp_path / "large.cod"
    with large.open("wb") as out:
        out.truncate(64 * 2**20)
    expected = sha256(bytes(64 * 2**20)).hexdigest()
    tracemalloc.start()
    try:
        assert digest_of_file(large) == expected
        assert _digest(large) == expected
        assert tracemalloc.get_traced_memory()[1] < 4 * 2**20
    finally:
        tracemalloc.stop()


def test_receipts_no_longer_right_are_found_by_sums_as_by_every_gift(issued: Obole, tmp_path: Path):
    """The quick way of `check` and Belcotax, against the preview, which decides each gift of the year."""

    def both() -> tuple[object, object]:
        books = open_books(issued.books)
        policy = policy_for(books.config, 2025)
        with books.register.connect() as gifts, books.vault.connect() as identities:
            return (
                changed_receipts(gifts, identities, 2025, policy),
                preview(gifts, identities, books.sealer, 2025, policy).changed,
            )

    quick, whole = both()
    assert quick == whole == ()
    issued.takes_well(Statement(74, 1_247_50, (given(11_00, 1), given(12_00, 2))).write(tmp_path))
    quick, whole = both()
    assert quick == whole
    assert quick


def test_letters_that_were_printed_once_are_not_typeset_again(monkeypatch: pytest.MonkeyPatch):
    from receipts.paper.sheet import Addressee, Institution  # noqa: PLC0415

    typeset = []
    monkeypatch.setattr(proof, "unprintable", lambda sheet: typeset.append(sheet.addressee.last_name) or "")
    monkeypatch.setattr(proof, "_seen_in_names", set())
    monkeypatch.setattr(proof, "_seen_in_lines", set())
    issuer = Institution("Fondation", "", "Rue 1", "1000", "Bruxelles", "0999999922")
    for name in ("Дмитрий", "Дим", "Борис"):
        donor = Addressee("natural", name, "Ада", "Rue des Essais 1", "1000", "Bruxelles", "BE", "fr")
        assert proof.refusal(donor, issuer) == ""
    assert typeset == ["Дмитрий", "Борис"]


def test_an_error_of_the_system_without_a_remedy_says_that_nothing_more_was_done():
    assert told_by_system(OSError(9999, "Odd")) == "Odd; nothing more was done."
    assert issubclass(NoFile, OboleError)
