"""Entry numbers: 1..N in each journal and financial year, whatever the order of posting and whatever comes between."""

import re
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from beancount.core import data
from beancount.parser import parser
from hypothesis import given, settings
from hypothesis import strategies as st
from invented import DAY, archive_in, gift, record, register_in, tamper
from sqlalchemy import Engine

from ledger import journal
from ledger.chart import house
from ledger.folder import Folder
from ledger.journal import Entry, Line
from ledger.mirror import mirror
from ledger.numbered import ON_EXPORT_ONLY, digest_of_entry, number_by_hand, number_faults, with_entry_numbers
from ledger.numbering import (
    EntrySource,
    NotAsPosted,
    Numbering,
    journal_key,
    number_open_years,
    open_years_numbered,
    with_numbers,
)
from ledger.posting import Booking, Posting, file_faults, recover
from ledger.records import DocumentKind
from ledger.register.documents import all_documents, find_document, insert_undone
from ledger.register.entries import EntryNumber, entry_numbers
from ledger.register.gifts import gifts_of
from ledger.register.proof import alterations
from ledger.register.years import enter_closing

PATHS = {account.code: account.path for account in house()}
WRITTEN = re.compile(r'^  number: "(.+)-([0-9]{4})-([0-9]{6})"$', re.MULTILINE)
FEES = (Line("657000", 1250), Line("550000", -1250))


class Killed(BaseException):
    """Ends the process at a place, as kill -9 does."""


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return register_in(tmp_path)


def remedy(year: int) -> str:
    """What helps where an entry of a closed year is not as it was closed."""
    return (
        f"put it back from your backup as {year} was closed, date a new entry in an open year, or run `obole reopen "
        f"{year} --reason ... --by ...` to change {year}"
    )


def fees(day: date = DAY, lines: tuple[Line, ...] = FEES) -> Entry:
    return Entry(day, "Frais", lines)


def statement(number: int, *days: date, bank: str = "current") -> Booking:
    """A statement with bank fees on each of some days."""
    of = record(f"coda-{bank}-{days[0].year}-{number:03d}", max(days), first_day=min(days), bank=bank)
    return Booking(of, entries=[fees(day) for day in days])


def document(kind: DocumentKind, name: str, *entries: Entry) -> Booking:
    days = [entry.day for entry in entries]
    return Booking(record(name, max(days), first_day=min(days), kind=kind), entries=entries)


def posting(folder: Folder, engine: Engine) -> Posting:
    return Posting(folder, engine, PATHS, "fr", archive=archive_in(folder.root))


def post(folder: Folder, engine: Engine, *bookings: Booking) -> None:
    with posting(folder, engine) as work:
        for one in bookings:
            work.post(one)


def undo(folder: Folder, engine: Engine, name: str) -> None:
    with posting(folder, engine) as work:
        row = find_document(work.connection, name)
        assert row is not None
        assert row.journal is not None
        text = (folder.root / row.journal).read_text(encoding="utf-8")
        booking = mirror(row, gifts_of(work.connection, row.id), text, {"731100"}, "fr")
        insert_undone(work.connection, row.id, work.post(booking))


def written(folder: Folder) -> dict[tuple[str, int], list[int]]:
    """The numbers in the journal files by journal and year, read without Beancount, by the names of the files."""
    found: dict[tuple[str, int], list[int]] = defaultdict(list)
    for path in sorted(folder.journal.rglob("*.beancount")):
        for key, year, number in WRITTEN.findall(path.read_text(encoding="utf-8")):
            found[key, int(year)].append(int(number))
    return dict(found)


def loaded(folder: Folder) -> list[Any]:
    entries: list[Any] = []
    for path in sorted((*folder.journal.rglob("*.beancount"), *(folder.root / "manual").glob("*.beancount"))):
        found, errors, _ = parser.parse_file(str(path))
        assert errors == []
        entries += [one for one in found if isinstance(one, data.Transaction)]
    return entries


def faults(folder: Folder, engine: Engine) -> list[str]:
    """What the numbers, the files and the rows have wrong."""
    with engine.connect() as connection:
        return [
            *number_faults(connection, folder.root, loaded(folder)),
            *file_faults(folder, connection, archive_in(folder.root)),
            *(str(one) for one in alterations(connection)),
        ]


def by_hand(folder: Folder, *entries: str) -> Path:
    path = folder.root / "manual" / "2025.beancount"
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join(entries), encoding="utf-8")
    return path


def hand_entry(day: str, narration: str = "Caisse", amount: str = "10.00") -> str:
    return f'{day} * "{narration}"\n  {PATHS["570000"]}  {amount} EUR\n  {PATHS["657000"]}\n'


def unnumbered(monkeypatch: pytest.MonkeyPatch, folder: Folder, engine: Engine, *bookings: Booking) -> None:
    """Post as before entries had numbers."""
    with monkeypatch.context() as patch:
        patch.setattr("ledger.posting.with_numbers", lambda entries, _numbers: list(entries))
        patch.setattr(Numbering, "keep", lambda *_: None)
        for one in bookings:
            post(folder, engine, one)


# Which journal


@pytest.mark.parametrize(
    ("kind", "bank", "name", "accounts", "key"),
    [
        (DocumentKind.CODA, "current", "coda-current-2025-073", ("550000", "657000"), "BNK-CURRENT"),
        (DocumentKind.CAMT, "gifts-2", "camt-gifts-2-2025-001", ("551000", "731100"), "BNK-GIFTS-2"),
        (DocumentKind.PLATFORM, None, "platform-stripe-2025-po-1", ("416100", "731100"), "PLT-STRIPE"),
        (DocumentKind.PLATFORM, None, "platform-crm-gifts-2025-0a1b-back", ("416100", "499000"), "PLT-CRM-GIFTS"),
        (DocumentKind.JOURNAL, None, "journal-2025-1", ("613000", "440000"), "PUR"),
        (DocumentKind.JOURNAL, None, "journal-2025-1", ("230000", "440000"), "PUR"),
        (DocumentKind.JOURNAL, None, "journal-2025-1", ("400000", "700000"), "SAL"),
        (DocumentKind.JOURNAL, None, "journal-2025-1", ("440000", "550000"), "GEN"),
        (DocumentKind.JOURNAL, None, "journal-2025-1", ("620200", "455000"), "GEN"),
        (DocumentKind.IN_KIND, None, "in-kind-2025-1", ("610900", "731200"), "GIK"),
        (DocumentKind.GRANTS, None, "grants-2025-1", ("413000", "493000"), "GRT"),
        (DocumentKind.ASSIGNMENT, None, "assignment-2025-1", ("499000", "731100"), "SUS"),
        (DocumentKind.DETAILS, None, "details-2025-1", ("499000", "731100"), "SUS"),
    ],
)
def test_each_source_of_entries_has_its_journal(
    kind: DocumentKind, bank: str | None, name: str, accounts: tuple[str, ...], key: str
):
    assert journal_key(EntrySource(kind, bank, name), accounts) == key


def test_every_kind_of_document_has_a_journal():
    for kind in DocumentKind:
        assert journal_key(EntrySource(kind, None, f"{kind}-2025-1"), ())


# Numbers as documents post


def test_documents_of_one_batch_get_consecutive_numbers_by_day(folder: Folder, engine: Engine):
    first = statement(1, date(2025, 3, 2), date(2025, 3, 1))
    post(folder, engine, first, statement(2, date(2025, 3, 3)), statement(1, date(2025, 3, 1), bank="gifts"))
    assert written(folder) == {("BNK-CURRENT", 2025): [1, 2, 3], ("BNK-GIFTS", 2025): [1]}
    text = (folder.journal / "2025" / "coda-current-2025-001.beancount").read_text(encoding="utf-8")
    entries = [block.splitlines()[:2] for block in text.split("\n\n")[1:]]
    assert [head[:10] for head, _ in entries] == ["2025-03-01", "2025-03-02"]
    assert [meta for _, meta in entries] == [
        '  number: "BNK-CURRENT-2025-000001"',
        '  number: "BNK-CURRENT-2025-000002"',
    ]
    assert faults(folder, engine) == []


def test_each_financial_year_begins_with_one(folder: Folder, engine: Engine):
    post(folder, engine, statement(1, date(2025, 12, 31), date(2026, 1, 1)), statement(2, date(2026, 1, 2)))
    assert written(folder) == {("BNK-CURRENT", 2025): [1], ("BNK-CURRENT", 2026): [1, 2]}


def test_the_gifts_of_a_statement_are_an_entry_of_its_journal(folder: Folder, engine: Engine):
    given_ = Booking(record(bank="current"), gifts=[gift()], gift_debits={0: "550000"}, entries=[fees()])
    post(folder, engine, given_)
    assert written(folder) == {("BNK-CURRENT", 2025): [1, 2]}


def test_a_reversal_has_its_own_number_and_the_document_keeps_its(folder: Folder, engine: Engine):
    post(folder, engine, statement(1, DAY), statement(2, DAY))
    undo(folder, engine, "coda-current-2025-001")
    names = ["coda-current-2025-001", "coda-current-2025-002", "undo-coda-current-2025-001"]
    texts = [(folder.journal / "2025" / f"{name}.beancount").read_text(encoding="utf-8") for name in names]
    assert [WRITTEN.findall(text) for text in texts] == [
        [("BNK-CURRENT", "2025", number)] for number in ("000001", "000002", "000003")
    ]
    assert faults(folder, engine) == []


def test_a_batch_that_raises_leaves_no_gap(folder: Folder, engine: Engine):
    post(folder, engine, statement(1, DAY))

    def stopped() -> None:
        with posting(folder, engine) as work:
            work.post(statement(2, DAY))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()
    post(folder, engine, statement(3, DAY))
    assert written(folder) == {("BNK-CURRENT", 2025): [1, 2]}
    assert faults(folder, engine) == []


_DOCUMENTS = st.tuples(
    st.sampled_from(["current", "gifts", ""]), st.lists(st.sampled_from([2024, 2025]), min_size=0, max_size=3)
)
_STEPS = st.lists(
    st.tuples(
        st.sampled_from(["post", "roll back", "kill before", "kill after", "undo"]),
        st.lists(_DOCUMENTS, min_size=1, max_size=3),
    ),
    max_size=7,
)


def _bookings(number: int, documents: list[tuple[str, list[int]]]) -> Iterator[Booking]:
    for place, (bank, years) in enumerate(documents):
        of = record(f"document-{number}-{place}", kind=DocumentKind.JOURNAL, bank=bank or None)
        yield Booking(of, entries=[fees(date(year, 3, place + 1)) for year in years])


class Model:
    """What the numbers must be: how many entries each journal and year has; the documents that can be undone."""

    def __init__(self) -> None:
        self.entries: dict[tuple[str, int], int] = defaultdict(int)
        self.standing: list[tuple[str, list[tuple[str, int]]]] = []

    def posted(self, number: int, documents: list[tuple[str, list[int]]]) -> None:
        for place, (bank, years) in enumerate(documents):
            series = [(f"BNK-{bank.upper()}" if bank else "GEN", year) for year in years]
            self.count(series)
            if series:
                self.standing.append((f"document-{number}-{place}", series))

    def count(self, series: list[tuple[str, int]]) -> None:
        for of in series:
            self.entries[of] += 1

    def undone(self) -> str | None:
        """The last document that stands, counted as undone."""
        if not self.standing:
            return None
        name, series = self.standing.pop()
        self.count(series)
        return name


def posted_or_not(what: str, folder: Folder, engine: Engine, bookings: Iterator[Booking]) -> None:
    work = posting(folder, engine)
    work.__enter__()
    for booking in bookings:
        work.post(booking)
    work._writers.shutdown()
    if what == "post":
        work.__exit__(None, None, None)
    elif what == "roll back":
        work.__exit__(ValueError, ValueError(), None)
    elif what == "kill before":  # the files lie there under temporary names, nothing is committed
        work.connection.close()
    else:  # committed, no file has its name yet
        work._transaction.commit()
        work.connection.close()
    with engine.connect() as connection:
        recover(folder, connection, archive_in(folder.root))


@settings(max_examples=60, deadline=None)
@given(_STEPS)
def test_numbers_are_one_to_n_whatever_happens(steps: list[tuple[str, list[tuple[str, list[int]]]]]):
    with tempfile.TemporaryDirectory() as name:
        folder = Folder(Path(name))
        engine = register_in(folder.root)
        model = Model()
        for number, (what, documents) in enumerate(steps):
            if what == "undo":
                last = model.undone()
                if last is not None:
                    undo(folder, engine, last)
                continue
            posted_or_not(what, folder, engine, _bookings(number, documents))
            if what in ("post", "kill after"):
                model.posted(number, documents)
        expected = {of: list(range(1, count + 1)) for of, count in model.entries.items()}
        assert {of: sorted(numbers) for of, numbers in written(folder).items()} == expected
        assert faults(folder, engine) == []
        engine.dispose()


# What check finds


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ("DELETE FROM entry_number WHERE number = 1", "entry BNK-CURRENT-2025-000001 is missing from the register"),
        ("UPDATE entry_number SET number = 5 WHERE number = 2", "entry BNK-CURRENT-2025-000002 is missing"),
        ("UPDATE entry_number SET place = 2, document_id = 1 WHERE number = 2", "entry BNK-CURRENT-2025-000002 of"),
    ],
)
def test_a_number_changed_by_hand_is_found(change: str, found: str, folder: Folder, engine: Engine):
    post(folder, engine, statement(1, DAY), statement(2, DAY))
    tamper(folder.root, change)
    assert any(fault.startswith(found) for fault in faults(folder, engine))


def test_a_number_changed_in_the_books_is_found(folder: Folder, engine: Engine):
    post(folder, engine, statement(1, DAY))
    path = folder.journal / "2025" / "coda-current-2025-001.beancount"
    path.write_text(path.read_text(encoding="utf-8").replace("000001", "000007"), encoding="utf-8")
    assert any(
        "has BNK-CURRENT-2025-000007, the register says BNK-CURRENT-2025-000001" in one
        for one in faults(folder, engine)
    )


def test_a_number_that_the_books_have_and_the_register_has_not_is_named(folder: Folder, engine: Engine):
    post(folder, engine, statement(1, DAY), statement(2, DAY))
    tamper(folder.root, "DELETE FROM entry_number WHERE number = 2")
    assert faults(folder, engine) == [
        (
            "coda-current-2025-002: the entry of 2025-03-14 has BNK-CURRENT-2025-000002, the register says no number; "
            "restore the books or the register from your backup"
        )
    ]


def test_a_number_that_the_register_has_and_the_books_have_not_is_named(folder: Folder, engine: Engine):
    post(folder, engine, statement(1, DAY))
    path = folder.journal / "2025" / "coda-current-2025-001.beancount"
    path.write_text(re.sub("  number: .*\n", "", path.read_text(encoding="utf-8")), encoding="utf-8")
    assert faults(folder, engine)[0] == (
        "coda-current-2025-001: the entry of 2025-03-14 has no number, the register says BNK-CURRENT-2025-000001; "
        "restore the books or the register from your backup"
    )
    path.write_text("", encoding="utf-8")
    assert faults(folder, engine)[0] == (
        "entry BNK-CURRENT-2025-000001 of coda-current-2025-001 is not in the books; `obole mend` makes a missing "
        "journal file again, else restore it from your backup"
    )


def test_a_number_of_another_year_or_of_no_document_is_named(folder: Folder, engine: Engine):
    post(folder, engine, statement(1, DAY))
    path = folder.journal / "2025" / "coda-current-2025-001.beancount"
    content = path.read_text(encoding="utf-8")
    path.write_text(content.replace("2025-03-14 *", "2022-03-14 *"), encoding="utf-8")
    assert faults(folder, engine)[0].startswith(
        "coda-current-2025-001: the entry of 2022-03-14 has BNK-CURRENT-2025-000001, the register says "
        "BNK-CURRENT-2025-000001; "
    )
    path.write_text(content, encoding="utf-8")
    tamper(folder.root, "UPDATE entry_number SET year = 2024")
    assert faults(folder, engine)[0].endswith("the register says BNK-CURRENT-2024-000001; restore the books or the "
                                              "register from your backup")  # fmt: skip
    tamper(folder.root, "UPDATE entry_number SET document_id = 7")
    assert (
        "entry BNK-CURRENT-2024-000001 of no document is not in the books; `obole mend` makes a missing journal file "
        "again, else restore it from your backup"
    ) in faults(folder, engine)


def test_each_missing_number_is_named(folder: Folder, engine: Engine):
    post(folder, engine, *(statement(number, DAY) for number in range(1, 6)))
    tamper(folder.root, "DELETE FROM entry_number WHERE number IN (1, 3, 4)")
    assert [one for one in faults(folder, engine) if "missing from" in one] == [
        f"entry BNK-CURRENT-2025-00000{number} is missing from the register; restore your backup"
        for number in (1, 3, 4)
    ]


# Books made before


BEFORE = (
    statement(1, date(2024, 12, 30)),
    statement(2, date(2025, 1, 2), date(2025, 1, 2), date(2025, 1, 3)),
    document(DocumentKind.JOURNAL, "journal-2025-1", fees(date(2025, 2, 1)), fees(date(2025, 1, 1), (
        Line("610900", 12100, {"text": 'dit "test"'}), Line("440000", -12100)))),
    statement(3, date(2025, 1, 1)),
)  # fmt: skip


def test_open_years_are_numbered_as_if_they_always_had_been(
    folder: Folder, engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1770000000")
    unnumbered(monkeypatch, folder, engine, *BEFORE)
    undone = "coda-current-2025-002"
    with monkeypatch.context() as patch:
        patch.setattr("ledger.posting.with_numbers", lambda entries, _numbers: list(entries))
        patch.setattr(Numbering, "keep", lambda *_: None)
        undo(folder, engine, undone)
    assert written(folder) == {}
    assert faults(folder, engine) == [
        "coda-current-2024-001: 1 entry has no number; run `obole upgrade`",
        "coda-current-2025-002: 3 entries have no number; run `obole upgrade`",
        "journal-2025-1: 2 entries have no number; run `obole upgrade`",
        "coda-current-2025-003: 1 entry has no number; run `obole upgrade`",
        "undo-coda-current-2025-002: 3 entries have no number; run `obole upgrade`",
    ]
    other = Folder(tmp_path / "other")
    other.root.mkdir()
    fresh = register_in(other.root)
    for one in BEFORE:
        post(other, fresh, one)
    undo(other, fresh, undone)
    assert number_open_years(folder, engine) == sum(map(len, written(other).values()))
    for path in other.journal.rglob("*.beancount"):
        relative = path.relative_to(other.root)
        assert (folder.root / relative).read_bytes() == path.read_bytes(), relative
    with engine.connect() as ours, fresh.connect() as theirs:
        assert list(entry_numbers(ours)) == list(entry_numbers(theirs))
        assert all_documents(ours) == all_documents(theirs)
    assert faults(folder, engine) == []
    before = {path: path.stat().st_mtime_ns for path in folder.journal.rglob("*")}
    assert number_open_years(folder, engine) == 0
    assert {path: path.stat().st_mtime_ns for path in folder.journal.rglob("*")} == before


def test_a_document_without_entries_has_nothing_to_number(folder: Folder, engine: Engine):
    post(folder, engine, Booking(record(bank="current")))
    assert number_open_years(folder, engine) == 0
    assert faults(folder, engine) == []
    with engine.connect() as connection:
        assert open_years_numbered(connection)


def test_what_posts_afterwards_goes_on_and_the_register_is_append_only_again(
    folder: Folder, engine: Engine, monkeypatch: pytest.MonkeyPatch
):
    unnumbered(monkeypatch, folder, engine, statement(1, DAY))
    number_open_years(folder, engine)
    post(folder, engine, statement(2, DAY))
    assert written(folder) == {("BNK-CURRENT", 2025): [1, 2]}
    with engine.connect() as connection, pytest.raises(Exception, match="append-only"):
        connection.exec_driver_sql("UPDATE document SET kind = 'camt'")


def test_a_closed_year_keeps_its_files_and_is_numbered_on_export_only(
    folder: Folder, engine: Engine, monkeypatch: pytest.MonkeyPatch
):
    unnumbered(monkeypatch, folder, engine, *BEFORE)
    by_hand(folder, hand_entry("2024-12-31"), hand_entry("2024-12-29"))
    with engine.begin() as connection:
        enter_closing(connection, 2024, "digest", "2025-06-30T10:00:00Z")
    sealed = folder.journal / "2024" / "coda-current-2024-001.beancount"
    before = sealed.read_bytes()
    assert [one.partition(":")[0] for one in faults(folder, engine)] == [
        "coda-current-2025-002", "journal-2025-1", "coda-current-2025-003",
    ], "a closed year without numbers was closed before there were any"  # fmt: skip
    assert number_open_years(folder, engine) == 6
    with engine.connect() as connection:
        assert open_years_numbered(connection)
    assert sealed.read_bytes() == before
    assert faults(folder, engine) == []
    with engine.connect() as connection:
        numbers = {
            (one.date, one.meta["number"])
            for one in with_entry_numbers(connection, folder.root, loaded(folder), 2024)
            if one.date.year == 2024
        }
    assert numbers == {
        (date(2024, 12, 29), f"MAN-2024-000001{ON_EXPORT_ONLY}"),
        (date(2024, 12, 30), f"BNK-CURRENT-2024-000001{ON_EXPORT_ONLY}"),
        (date(2024, 12, 31), f"MAN-2024-000002{ON_EXPORT_ONLY}"),
    }


@pytest.mark.parametrize("place", ["commit", "settle"])
def test_killed_while_numbering_leaves_the_state_before_or_after(
    place: str, folder: Folder, engine: Engine, monkeypatch: pytest.MonkeyPatch
):
    unnumbered(monkeypatch, folder, engine, *BEFORE)
    before = {path: path.read_bytes() for path in folder.journal.rglob("*.beancount")}

    def killed(*_args: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(f"ledger.numbering.journal.{place if place == 'settle' else 'sync_folder'}", killed)
        with pytest.raises(Killed):
            number_open_years(folder, engine)
    with engine.connect() as connection:
        assert recover(folder, connection, archive_in(folder.root))
    if place == "commit":
        assert {path: path.read_bytes() for path in folder.journal.rglob("*.beancount")} == before
        assert number_open_years(folder, engine) > 0
    assert number_open_years(folder, engine) == 0
    assert faults(folder, engine) == []


def test_a_disk_that_is_full_numbers_nothing_and_leaves_no_file(
    folder: Folder, engine: Engine, monkeypatch: pytest.MonkeyPatch
):
    unnumbered(monkeypatch, folder, engine, *BEFORE)
    before = {path: path.read_bytes() for path in folder.journal.rglob("*") if path.is_file()}
    written_whole = journal.write_temporary

    def full(path: Path, content: bytes) -> Path:
        if path.name == "journal-2025-1.beancount":
            raise OSError("the disk is full")
        return written_whole(path, content)

    with monkeypatch.context() as patch:
        patch.setattr("ledger.numbering.journal.write_temporary", full)
        with pytest.raises(OSError, match="the disk is full"):
            number_open_years(folder, engine)
    assert {path: path.read_bytes() for path in folder.journal.rglob("*") if path.is_file()} == before
    assert number_open_years(folder, engine) == 7


def test_a_journal_file_that_was_changed_is_not_numbered(
    folder: Folder, engine: Engine, monkeypatch: pytest.MonkeyPatch
):
    unnumbered(monkeypatch, folder, engine, statement(1, DAY))
    path = folder.journal / "2025" / "coda-current-2025-001.beancount"
    content = path.read_bytes()
    path.write_bytes(content + b"; mine\n")
    with pytest.raises(NotAsPosted, match=r"coda-current-2025-001.beancount: was changed since it was posted"):
        number_open_years(folder, engine)
    path.unlink()
    with pytest.raises(NotAsPosted, match="is missing"):
        number_open_years(folder, engine)
    journal.write_whole(path, content)
    assert number_open_years(folder, engine) == 1


def test_an_older_register_beside_numbered_files_is_numbered_the_same(
    folder: Folder, engine: Engine, monkeypatch: pytest.MonkeyPatch
):
    unnumbered(monkeypatch, folder, engine, *BEFORE)
    register = folder.root / "register.sqlite3"
    older = register.read_bytes()
    number_open_years(folder, engine)
    numbered = {path: path.read_bytes() for path in folder.journal.rglob("*.beancount")}
    engine.dispose()
    register.write_bytes(older)
    number_open_years(folder, register_in(folder.root))
    assert {path: path.read_bytes() for path in folder.journal.rglob("*.beancount")} == numbered
    assert faults(folder, register_in(folder.root)) == []


BARE = {"550000": "Assets:Bank", "657000": "Expenses:Fees"}


def test_accounts_whose_names_have_no_code_are_numbered_in_the_general_journal(
    folder: Folder, engine: Engine, monkeypatch: pytest.MonkeyPatch
):
    with monkeypatch.context() as patch:
        patch.setitem(globals(), "PATHS", BARE)
        unnumbered(monkeypatch, folder, engine, document(DocumentKind.JOURNAL, "j-1", fees(date(2024, 3, 1))))
        unnumbered(monkeypatch, folder, engine, document(DocumentKind.JOURNAL, "j-2", fees(DAY)))
    with engine.begin() as connection:
        enter_closing(connection, 2024, "digest", "2025-06-30T10:00:00Z")
    assert number_open_years(folder, engine) == 1
    assert written(folder) == {("GEN", 2025): [1]}
    with engine.connect() as connection:
        shown = with_entry_numbers(connection, folder.root, loaded(folder), 2024)
    assert [one.meta.get("number") for one in shown] == ["GEN-2024-000001*", "GEN-2025-000001"]


def test_numbers_on_export_go_on_after_those_that_stand_in_the_register(
    folder: Folder, engine: Engine, monkeypatch: pytest.MonkeyPatch
):
    post(folder, engine, statement(1, DAY))
    unnumbered(monkeypatch, folder, engine, statement(2, date(2025, 3, 16), date(2025, 3, 15)))
    by_hand(folder, hand_entry("2025-05-02"))
    with engine.begin() as connection:
        number_by_hand(connection, folder.root, loaded(folder), 2025)
        enter_closing(connection, 2025, "digest", "2026-06-30T10:00:00Z")
    by_hand(folder, hand_entry("2025-05-02"), hand_entry("2025-05-01"))
    with engine.connect() as connection:
        shown = with_entry_numbers(connection, folder.root, loaded(folder), 2025)
    assert {(one.date.isoformat(), one.meta["number"]) for one in shown} == {
        ("2025-03-14", "BNK-CURRENT-2025-000001"),
        ("2025-03-15", "BNK-CURRENT-2025-000002*"),
        ("2025-03-16", "BNK-CURRENT-2025-000003*"),
        ("2025-05-01", "MAN-2025-000002*"),
        ("2025-05-02", "MAN-2025-000001"),
    }


# Entries by hand


def test_only_the_entries_of_the_year_are_numbered_at_its_closing(folder: Folder, engine: Engine):
    by_hand(folder, hand_entry("2024-05-01"), hand_entry("2025-05-01"), hand_entry("2026-05-01"))
    with engine.begin() as connection:
        assert (
            number_by_hand(connection, folder.root, [*loaded(folder), data.Note({}, DAY, "A", "x", None, None)], 2025)
            == 1
        )
        (one,) = entry_numbers(connection)
    assert (one.text, one.document_id, one.place) == ("MAN-2025-000001", None, None)
    assert one.digest == digest_of_entry(loaded(folder)[1])


def test_equal_entries_by_hand_have_their_numbers_in_their_order(folder: Folder, engine: Engine):
    by_hand(folder, hand_entry("2025-05-02"), hand_entry("2025-05-02"))
    with engine.begin() as connection:
        number_by_hand(connection, folder.root, loaded(folder), 2025)
        enter_closing(connection, 2025, "digest", "2026-06-30T10:00:00Z")
        shown = with_entry_numbers(connection, folder.root, loaded(folder), 2025)
    assert [one.meta["number"] for one in shown] == ["MAN-2025-000001", "MAN-2025-000002"]
    by_hand(folder, hand_entry("2025-05-02"))
    assert faults(folder, engine) == [
        f"entry MAN-2025-000002, made by hand, is not in the books as it was closed; {remedy(2025)}"
    ]


def test_entries_by_hand_of_another_year_keep_what_they_have(folder: Folder, engine: Engine):
    by_hand(folder, hand_entry("2024-05-01"), hand_entry("2025-05-01"))
    with engine.connect() as connection:
        shown = with_entry_numbers(connection, folder.root, loaded(folder), 2025)
    assert [one.meta.get("number") for one in shown] == [None, ""]


def test_an_entry_by_hand_of_an_open_year_is_no_fault_beside_a_closed_one(folder: Folder, engine: Engine):
    by_hand(folder, hand_entry("2024-05-01"), hand_entry("2025-05-01"))
    with engine.begin() as connection:
        number_by_hand(connection, folder.root, loaded(folder), 2024)
        enter_closing(connection, 2024, "digest", "2025-06-30T10:00:00Z")
    assert faults(folder, engine) == []
    path = by_hand(folder, hand_entry("2024-05-01"), hand_entry("2025-05-01"), hand_entry("2024-05-02"))
    assert faults(folder, engine) == [
        f"the entry of 2024-05-02 made by hand is not one that 2024 was closed with; {remedy(2024)}"
    ]
    path.unlink()
    assert faults(folder, engine) == [
        f"entry MAN-2024-000001, made by hand, is not in the books as it was closed; {remedy(2024)}"
    ]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('2025-05-01 * "a" #x\n  A:B  1 EUR\n', '2025-05-01 * "a" #y\n  A:B  1 EUR\n'),
        ('2025-05-01 * "a" ^x\n  A:B  1 EUR\n', '2025-05-01 * "a"\n  A:B  1 EUR\n'),
        ('2025-05-01 * "a"\n  kk: "v"\n  A:B  1 EUR\n', '2025-05-01 * "a"\n  A:B  1 EUR\n'),
        ('2025-05-01 * "a"\n  A:B  1 EUR\n    kk: "v"\n', '2025-05-01 * "a"\n  A:B  1 EUR\n'),
        ('2025-05-01 * "a"\n  A:B  1 EUR @ 2 USD\n', '2025-05-01 * "a"\n  A:B  1 EUR\n'),
        ('2025-05-01 ! "a"\n  A:B  1 EUR\n', '2025-05-01 * "a"\n  A:B  1 EUR\n'),
        ('2025-05-01 * "p" "a"\n  A:B  1 EUR\n', '2025-05-01 * "a"\n  A:B  1 EUR\n'),
    ],
)
def test_everything_that_an_entry_says_is_in_its_digest(one: str, other: str):
    first, second = (parser.parse_string(text)[0][0] for text in (one, other))
    assert digest_of_entry(first) != digest_of_entry(second)
    assert digest_of_entry(first._replace(tags=None, links=None)) == digest_of_entry(
        first._replace(tags=frozenset(), links=frozenset())
    )
    moved = {**first.meta, "filename": "elsewhere", "lineno": 99, "__tolerances__": {}}
    bare = [line._replace(meta=None) if set(line.meta) == {"filename", "lineno"} else line for line in first.postings]
    assert digest_of_entry(first._replace(meta=moved, postings=bare)) == digest_of_entry(first)
    assert digest_of_entry(first._replace(meta={**moved, "l": "v"})) != digest_of_entry(first)


def test_entries_by_hand_are_numbered_when_their_year_closes(folder: Folder, engine: Engine):
    path = by_hand(folder, hand_entry("2025-05-02"), hand_entry("2025-05-01"), hand_entry("2025-05-02"))
    content = path.read_bytes()
    with engine.begin() as connection:
        assert number_by_hand(connection, folder.root, loaded(folder), 2025) == 3
        enter_closing(connection, 2025, "digest", "2026-06-30T10:00:00Z")
    assert path.read_bytes() == content
    assert faults(folder, engine) == []
    with engine.connect() as connection:
        shown = [
            (one.date.day, one.meta["number"])
            for one in with_entry_numbers(connection, folder.root, loaded(folder), 2025)
        ]
    assert sorted(shown) == [(1, "MAN-2025-000001"), (2, "MAN-2025-000002"), (2, "MAN-2025-000003")]


def test_an_entry_by_hand_changed_or_gone_after_closing_is_found(folder: Folder, engine: Engine):
    by_hand(folder, hand_entry("2025-05-01"), hand_entry("2025-05-02"))
    with engine.begin() as connection:
        number_by_hand(connection, folder.root, loaded(folder), 2025)
        enter_closing(connection, 2025, "digest", "2026-06-30T10:00:00Z")
    by_hand(folder, hand_entry("2025-05-01"), hand_entry("2025-05-02", amount="10.01"))
    assert faults(folder, engine) == [
        f"the entry of 2025-05-02 made by hand is not one that 2025 was closed with; {remedy(2025)}",
        f"entry MAN-2025-000002, made by hand, is not in the books as it was closed; {remedy(2025)}",
    ]


def test_the_numbers_of_entries_by_hand_cannot_all_go_unseen(folder: Folder, engine: Engine):
    post(folder, engine, statement(1, DAY))
    by_hand(folder, hand_entry("2025-05-01"))
    with engine.begin() as connection:
        number_by_hand(connection, folder.root, loaded(folder), 2025)
        enter_closing(connection, 2025, "digest", "2026-06-30T10:00:00Z")
    assert faults(folder, engine) == []
    tamper(folder.root, "DELETE FROM entry_number WHERE journal = 'MAN'")
    assert len(faults(folder, engine)) == 1


def test_an_entry_by_hand_of_an_open_year_has_no_number_yet(folder: Folder, engine: Engine):
    by_hand(folder, hand_entry("2025-05-01"))
    with engine.connect() as connection:
        (one,) = with_entry_numbers(connection, folder.root, loaded(folder), 2025)
    assert one.meta["number"] == ""
    assert faults(folder, engine) == []


def test_the_digest_of_an_entry_is_what_it_says_and_not_where_it_stands(folder: Folder):
    by_hand(folder, hand_entry("2025-05-01"), "", "", hand_entry("2025-05-01"), hand_entry("2025-05-01", "Autre"))
    digests = [digest_of_entry(one) for one in loaded(folder)]
    assert digests[0] == digests[1] != digests[2]


def test_numbers_are_as_many_as_entries():
    with pytest.raises(ValueError, match="argument 2 is shorter"):
        with_numbers([fees(), fees()], [EntryNumber("GEN", 2025, 1)])
    (one,) = with_numbers([Entry(DAY, "x", FEES, meta={"document": "d"})], [EntryNumber("GEN", 2025, 7)])
    assert list(one.meta.items()) == [("number", "GEN-2025-000007"), ("document", "d")]
