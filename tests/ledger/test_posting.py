"""Posting: a document goes into the register and the books together, whole or not at all, whatever happens between."""

import hashlib
import multiprocessing
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from beancount.core import data
from beancount.parser import parser
from hypothesis import given
from hypothesis import strategies as st
from invented import DAY, archive_in, gift, movement, record, register_in
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError

from ledger import journal
from ledger.chart import UnknownAccount, house
from ledger.folder import Folder
from ledger.journal import Entry, Line, Unbalanced
from ledger.locks import Busy, writing
from ledger.posting import Booking, FileInTheWay, Posting, file_faults, gift_entries, recover
from ledger.records import Channel
from ledger.register.documents import all_documents, find_document

pytestmark = pytest.mark.usefixtures("stores")

PATHS = {account.code: account.path for account in house()}
NAME = "coda-gifts-2025-073"
SOURCE = b"the statement as the bank sent it"
MEND = "`obole mend` makes it again, else restore it from your backup"
JOURNAL = f"journal/2025/{NAME}.beancount"
ARCHIVE = "documents/bank/073.cod"


class Killed(BaseException):
    """Ends the process at a place, as kill -9 does: nothing after it runs, not even what cleans up."""


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return register_in(tmp_path)


def booking(name: str = NAME, source: bytes = SOURCE, day: date = DAY, **more: Any) -> Booking:
    values: dict[str, Any] = {
        "movements": [movement(day=day)],
        "gifts": [gift(day=day)],
        "gift_debits": {0: "551000"},
    } | more
    return Booking(record(name, day, file_digest=hashlib.sha256(source).hexdigest()), **values)


def posting(folder: Folder, engine: Engine) -> Posting:
    return Posting(folder, engine, PATHS, "fr", archive=archive_in(folder.root))


def post(folder: Folder, engine: Engine, *bookings: Booking, archive: str = ARCHIVE, source: bytes = SOURCE) -> None:
    with posting(folder, engine) as work:
        for one in bookings or (booking(),):
            work.post(one, (folder.root / archive, source))


def files(folder: Folder) -> dict[str, bytes]:
    """What lies in the books but the stores."""
    return {
        path.relative_to(folder.root).as_posix(): path.read_bytes()
        for path in sorted(folder.root.rglob("*"))
        if path.is_file() and "sqlite3" not in path.name and path.name != ".obole.lock"
    }


def names(engine: Engine) -> list[str]:
    with engine.connect() as connection:
        return [row.name for row in all_documents(connection)]


def faults(folder: Folder, engine: Engine) -> list[str]:
    with engine.connect() as connection:
        return list(file_faults(folder, connection, archive_in(folder.root)))


def recovered(folder: Folder, engine: Engine) -> list[str]:
    with engine.connect() as connection:
        return recover(folder, connection, archive_in(folder.root))


# Whole or not at all


def test_a_document_stands_in_the_register_the_journal_and_the_archive(folder: Folder, engine: Engine):
    post(folder, engine)
    assert files(folder).keys() == {JOURNAL, ARCHIVE}
    assert SOURCE not in files(folder)[ARCHIVE], "an archived source never stands there in clear"
    assert archive_in(folder.root).read(folder.root / ARCHIVE) == SOURCE
    with engine.connect() as connection:
        row = find_document(connection, NAME)
        assert row is not None
        assert (row.journal, row.archive) == (JOURNAL, ARCHIVE)
        assert row.journal_digest == hashlib.sha256(files(folder)[JOURNAL]).hexdigest()
    assert faults(folder, engine) == []
    assert recovered(folder, engine) == []


def test_a_document_that_posts_nothing_has_no_journal_file(folder: Folder, engine: Engine):
    with posting(folder, engine) as work:
        work.post(Booking(record("donors-2025-1")))
    assert names(engine) == ["donors-2025-1"]
    assert files(folder) == {}
    assert faults(folder, engine) == []


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, Unbalanced])
def test_what_raises_leaves_no_file_and_no_row(error: type[BaseException], folder: Folder, engine: Engine):
    post(folder, engine)
    before = files(folder)

    def stopped() -> None:
        with posting(folder, engine) as work:
            work.post(booking("second"), (folder.root / "documents" / "second.cod", b"x"))
            work.post(booking("third"))
            raise error

    with pytest.raises(error):
        stopped()
    assert files(folder) == before
    assert names(engine) == [NAME]


def test_a_document_refused_by_the_register_leaves_no_file(folder: Folder, engine: Engine):
    post(folder, engine)
    before = files(folder)
    with pytest.raises(IntegrityError):
        post(folder, engine, booking("second"), booking("second"))
    assert files(folder) == before
    assert names(engine) == [NAME]


def test_an_account_outside_the_chart_is_named_with_its_document(folder: Folder, engine: Engine):
    entry = Entry(DAY, "Frais", (Line("999999", 100), Line("551000", -100)))
    with pytest.raises(UnknownAccount, match=f"{NAME}: account 999999 is not in the chart"):
        post(folder, engine, booking(entries=[entry]))
    both = Entry(DAY, "Frais", (Line("999999", 100), Line("888888", -100)))
    with pytest.raises(UnknownAccount, match=f"{NAME}: account 888888 "):
        post(folder, engine, booking(entries=[both]))
    assert files(folder) == {}
    assert names(engine) == []


@pytest.mark.parametrize("place", [JOURNAL, ARCHIVE])
def test_a_file_of_somebody_else_is_never_replaced(place: str, folder: Folder, engine: Engine):
    (folder.root / place).parent.mkdir(parents=True)
    (folder.root / place).write_bytes(b"; mine\n")
    with pytest.raises(FileInTheWay, match=place):
        post(folder, engine)
    assert files(folder) == {place: b"; mine\n"}
    assert names(engine) == []


@pytest.mark.sqlite
def test_a_file_that_is_there_already_as_it_must_be_is_taken(folder: Folder, engine: Engine, tmp_path: Path):
    """The register was restored from a backup and the statement is taken in again."""
    post(folder, engine)
    before = files(folder)
    engine.dispose()
    (tmp_path / "register.sqlite3").unlink()
    post(folder, register_in(tmp_path))
    assert files(folder) == before
    assert faults(folder, register_in(tmp_path)) == []


# One archive of several documents


def test_the_statements_of_one_file_share_its_archive(folder: Folder, engine: Engine):
    post(folder, engine, booking("coda-a-2025-001"), booking("coda-a-2025-002"))
    post(folder, engine, booking("coda-a-2025-003"))
    assert files(folder).keys() == {
        ARCHIVE,
        *(f"journal/2025/coda-a-2025-00{number}.beancount" for number in (1, 2, 3)),
    }
    assert faults(folder, engine) == []
    (folder.root / ARCHIVE).unlink()
    assert len(faults(folder, engine)) == 3


def test_two_different_files_cannot_share_an_archive(folder: Folder, engine: Engine):

    def both() -> None:
        with posting(folder, engine) as work:
            work.post(booking("one"), (folder.root / ARCHIVE, SOURCE))
            work.post(booking("two", b"other"), (folder.root / ARCHIVE, b"other"))

    with pytest.raises(FileInTheWay, match=ARCHIVE):
        both()
    assert files(folder) == {}


@pytest.mark.parametrize("fails", [JOURNAL, ARCHIVE])
def test_a_file_that_cannot_be_written_posts_nothing(
    fails: str, folder: Folder, engine: Engine, monkeypatch: pytest.MonkeyPatch
):
    write = journal.write_temporary

    def full(path: Path, content: bytes) -> Path:
        if path == folder.root / fails:
            raise OSError("no space left on device")
        return write(path, content)

    monkeypatch.setattr(journal, "write_temporary", full)
    with pytest.raises(OSError, match="no space left"):
        post(folder, engine, booking(), booking("coda-gifts-2025-074"))
    assert names(engine) == []
    assert files(folder) == {}


# Kills: at each step of a posting of two documents the next start finds the state before or the state after.

STEPS = ("write_temporary", "settle", "sync_folder")


def kill_at(monkeypatch: pytest.MonkeyPatch, step: str, times: int) -> None:
    """The `times`-th call of a step does not return, and nothing that would clean up runs."""
    real = getattr(journal, step)
    left = [times]

    def stop(*arguments: object) -> object:
        left[0] -= 1
        if left[0] == 0:
            raise Killed
        return real(*arguments)

    monkeypatch.setattr(journal, step, stop)
    monkeypatch.setattr(Path, "unlink", lambda *_arguments, **_more: None)


@pytest.mark.parametrize(("step", "times"), [(step, times) for step in STEPS for times in range(1, 13)])
def test_killed_at_any_step_the_next_start_finds_before_or_after(
    step: str, times: int, folder: Folder, engine: Engine, monkeypatch: pytest.MonkeyPatch
):
    post(folder, engine)
    before = files(folder)
    work = [booking("coda-gifts-2025-074"), booking("coda-gifts-2026-001", day=date(2026, 1, 5))]
    kill_at(monkeypatch, step, times)
    try:
        post(folder, engine, *work, archive="documents/bank/074.cod")
    except Killed:
        pass
    else:
        assert times > 3, "each step is taken at least three times"
    monkeypatch.undo()
    said = recovered(folder, engine)
    after = names(engine) == [NAME, "coda-gifts-2025-074", "coda-gifts-2026-001"]
    assert after or names(engine) == [NAME]
    assert after or step != "settle", "names are given after the commit only"
    assert not list(folder.root.rglob("*.new"))
    assert faults(folder, engine) == []
    if after:
        assert len(files(folder)) == len(before) + 3
        assert all("state after" in sentence for sentence in said)
    else:
        assert files(folder) == before
        assert all("state before" in sentence for sentence in said)
        post(folder, engine, *work, archive="documents/bank/074.cod")
    assert recovered(folder, engine) == []


def leave(folder: Folder, place: str, content: bytes) -> Path:
    """A temporary file as a kill leaves it."""
    return journal.write_temporary(folder.root / place, content)


def test_temporary_files_of_a_document_in_the_register_get_their_names(folder: Folder, engine: Engine):
    post(folder, engine)
    before = files(folder)
    for place in (JOURNAL, ARCHIVE):
        (folder.root / place).rename(journal.temporary_name(folder.root / place))
    assert recovered(folder, engine) == [
        "an interrupted import had been posted: 2 files got their names (the state after)."
    ]
    assert files(folder) == before


def test_temporary_files_of_no_document_are_removed(folder: Folder, engine: Engine):
    post(folder, engine)
    before = files(folder)
    leave(folder, "journal/2025/coda-gifts-2025-074.beancount", b"half")
    leave(folder, "documents/bank/074.cod", b"half")
    assert recovered(folder, engine) == [
        "an interrupted import had not been posted: 2 files were removed (the state before)."
    ]
    assert files(folder) == before


@pytest.mark.parametrize("place", [JOURNAL, ARCHIVE])
def test_a_half_written_file_never_takes_the_place_of_a_posted_one(place: str, folder: Folder, engine: Engine):
    post(folder, engine)
    before = files(folder)
    leave(folder, place, before[place][:10])
    assert len(recovered(folder, engine)) == 1
    assert files(folder) == before
    (folder.root / place).unlink()
    leave(folder, place, before[place][:10])
    recovered(folder, engine)
    assert len(faults(folder, engine)) == 1, "what is missing is said, and not replaced by half of it"


# Files against the register


def test_changed_missing_and_added_files_are_named_with_what_to_do(folder: Folder, engine: Engine):
    post(folder, engine)
    post(folder, engine, booking("coda-gifts-2025-074", b"other"), archive="documents/bank/074.cod", source=b"other")
    (folder.root / JOURNAL).write_text("; nothing\n", encoding="utf-8")
    (folder.root / ARCHIVE).write_bytes(b"changed")
    second = "journal/2025/coda-gifts-2025-074.beancount"
    (folder.root / second).unlink()
    (folder.root / "documents/bank/074.cod").unlink()
    (folder.root / "journal/2025/added.beancount").write_text("", encoding="utf-8")
    (folder.root / "journal/2025/00-year.beancount").write_text("", encoding="utf-8")
    (folder.root / "documents/bank/letter.pdf").write_bytes(b"what people put beside it")
    assert faults(folder, engine) == [
        f"{JOURNAL}: changed since it was posted; restore it from your backup",
        f"{second}: the journal of coda-gifts-2025-074 is missing; {MEND}",
        f"{ARCHIVE}: changed since it was taken in; restore it from your backup",
        "documents/bank/074.cod: the archived source of coda-gifts-2025-074 is missing; restore it from your backup",
        "journal/2025/added.beancount: no posted document; move what you enter by hand to manual/",
    ]


# One writer


def test_a_second_writer_is_told_to_wait(folder: Folder):
    with writing(folder), pytest.raises(Busy, match="another Obole"), writing(folder):
        raise AssertionError
    with writing(folder):
        pass


def hold(root: Path, ready: "multiprocessing.synchronize.Event", done: "multiprocessing.synchronize.Event") -> None:
    with writing(Folder(root)):
        ready.set()
        done.wait(20)


def test_a_writer_in_another_process_is_seen_and_its_lock_dies_with_it(folder: Folder):
    context = multiprocessing.get_context("fork")
    ready, done = context.Event(), context.Event()
    other = context.Process(target=hold, args=(folder.root, ready, done))
    other.start()
    assert ready.wait(20)
    with pytest.raises(Busy), writing(folder):
        pass
    other.kill()
    other.join(20)
    with writing(folder):
        pass


# The transactions of gifts


def read(entries: list[Entry]) -> list[data.Transaction]:
    back, errors, _ = parser.parse_string(journal.render(entries, PATHS, "x"))
    assert not errors
    return back


def test_the_gifts_of_a_day_are_one_transaction_with_a_posting_per_account_fund_and_channel():
    gifts = [
        gift(1000),
        gift(500, None, fund="water"),
        gift(250, channel=Channel.CARD),
        gift(100, account="731300"),
        gift(50),
    ]
    (entry,) = gift_entries(booking(gifts=gifts), "nl")
    assert (entry.day, entry.narration, entry.tags, entry.links) == (DAY, "Giften", ("gift",), (NAME,))
    assert entry.meta == {"gifts": 5}
    assert entry.lines == (
        Line("551000", 1900),
        Line("731100", -250, {"gifts": 1, "channel": "card"}),
        Line("731100", -1050, {"gifts": 2, "channel": "transfer"}),
        Line("731100", -500, {"gifts": 1, "channel": "transfer", "fund": "water"}),
        Line("731300", -100, {"gifts": 1, "channel": "transfer"}),
    )


def test_a_batch_is_a_transaction_of_its_own_with_what_of_it_went_to_suspense():
    one = booking(
        gifts=[gift(1000), gift(4000, position=3, batch=2), gift(500, position=4, batch=2)],
        gift_debits={0: "551000", 2: "580000"},
        batches={2: "Domiciliations encaissées"},
        batch_lines={2: (Line("499000", -25),)},
    )
    line_by_line, batch = gift_entries(one, "fr")
    assert (line_by_line.narration, line_by_line.lines[0]) == ("Dons", Line("551000", 1000))
    assert (batch.narration, batch.meta) == ("Domiciliations encaissées", {"gifts": 2, "batch": 2})
    assert (batch.lines[0], batch.lines[-1]) == (Line("580000", 4525), Line("499000", -25))


def test_a_gift_and_its_reversal_on_one_day_are_a_transaction_of_nothing():
    (entry,) = read(gift_entries(booking(gifts=[gift(700), gift(-700, reverses=1)]), "fr"))
    assert [posting.units.number for posting in entry.postings] == [0, 0]
    assert entry.meta["gifts"] == 2


@given(
    st.lists(
        st.builds(
            gift,
            cents=st.integers(1, 10**8),
            day=st.integers(0, 2).map(lambda days: DAY + timedelta(days=days)),
            batch=st.sampled_from([0, 5]),
            fund=st.sampled_from([None, "water"]),
            channel=st.sampled_from(Channel),
        ),
        max_size=20,
    )
)
def test_the_books_hold_every_cent_of_the_gifts(gifts: list):
    entries = read(gift_entries(booking(gifts=gifts, gift_debits={0: "551000", 5: "580000"}), "de"))
    on = {account: Decimal(0) for account in PATHS.values()}
    for entry in entries:
        for one in entry.postings:
            on[one.account] += one.units.number
    assert -on[PATHS["731100"]] == Decimal(sum(one.cents for one in gifts)) / 100
    assert on[PATHS["551000"]] == Decimal(sum(one.cents for one in gifts if not one.batch)) / 100
    assert sum(int(entry.meta["gifts"]) for entry in entries) == len(gifts)


def test_the_entries_of_a_journal_file_stand_in_the_order_of_their_days(folder: Folder, engine: Engine):
    later, earlier = (
        Entry(DAY + timedelta(days=days), f"day {days}", (Line("616000", 100), Line("551000", -100)))
        for days in (3, -3)
    )
    post(folder, engine, booking(entries=[later, earlier]))
    text = files(folder)[JOURNAL].decode()
    assert [line[:10] for line in text.splitlines() if line.startswith("2025")] == [
        "2025-03-11",
        "2025-03-14",
        "2025-03-17",
    ]


def test_a_reproducible_run_posts_at_the_time_it_is_told(
    folder: Folder, engine: Engine, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1770000000")
    post(folder, engine)
    with engine.connect() as connection:
        assert all_documents(connection)[0].posted_at == "2026-02-02T02:40:00Z"
