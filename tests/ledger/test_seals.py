"""Seals: those of format 0, that earlier versions made, are read and every change of their files or rows is named."""

import hashlib
import json
from datetime import date
from pathlib import Path

import pytest
from invented import gift, insert, movement, record, register_in, seal_of_files, tamper

from ledger.register.years import Reopening, YearClosing, closings, enter_closing, enter_reopening
from ledger.seals import (
    AlreadySealed,
    NotASeal,
    TreeSeal,
    leaves_path,
    missing_seals,
    read_marks,
    read_seal,
    read_seals,
    register_faults,
    seal_faults,
    settle_seals,
    write_seal,
)
from ledger.tree import NOTHING, Tree, seal_root

pytestmark = pytest.mark.usefixtures("stores")

IN_2024, IN_2025 = date(2024, 5, 2), date(2025, 5, 2)
JOURNAL = "journal/2024/coda-a-2024-001.beancount"


def put(root: Path, relative: str, text: str) -> None:
    path = root / relative
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two years of books, of which 2024 is sealed."""
    for relative in (JOURNAL, "journal/2024/00-year.beancount", "journal/2025/coda-a-2025-001.beancount"):
        put(tmp_path, relative, f"; {relative}\n")
    for year in (2024, 2025):
        put(tmp_path, f"manual/{year}.beancount", f"; {year}\n")
    with register_in(tmp_path).begin() as connection:
        insert(connection, record("coda-a-2024-001", IN_2024), [movement(day=IN_2024)], [gift(day=IN_2024)])
        insert(connection, record("coda-a-2025-001", IN_2025), [movement(day=IN_2025)], [gift(day=IN_2025)])
        seal_of_files(tmp_path, connection, 2024)
    return tmp_path


def faults(root: Path) -> list[str]:
    seal = read_seals(root / "seals")[2024]
    with register_in(root).connect() as connection:
        return [*seal_faults(root, seal), *register_faults(connection, seal)]


def test_a_seal_holds_the_files_and_documents_of_its_year_and_no_other(root: Path):
    seal = read_seals(root / "seals")[2024]
    assert seal.files.keys() == {JOURNAL, "journal/2024/00-year.beancount", "manual/2024.beancount"}
    assert seal.documents.keys() == {"coda-a-2024-001"}
    assert faults(root) == []


def test_an_auditor_checks_a_seal_without_obole(root: Path):
    """With sha256sum on the files, and with one SQL query on the register."""
    content = json.loads((root / "seals" / "2024.json").read_text(encoding="utf-8"))
    for relative, digest in content["files"].items():
        assert hashlib.sha256((root / relative).read_bytes()).hexdigest() == digest
    with register_in(root).connect() as connection:
        rows = connection.exec_driver_sql(
            "SELECT name, digest || '|' || rows_digest FROM document "
            "WHERE last_day BETWEEN '2024-01-01' AND '2024-12-31'"
        )
        assert {name: hashlib.sha256(text.encode()).hexdigest() for name, text in rows} == content["documents"]


@pytest.mark.parametrize("relative", [JOURNAL, "manual/2024.beancount", "journal/2024/00-year.beancount"])
def test_a_changed_file_is_named(relative: str, root: Path):
    put(root, relative, "; other\n")
    assert faults(root) == [f"2024 is closed: {relative} was changed; restore it from your backup"]


@pytest.mark.parametrize("relative", [JOURNAL, "manual/2024.beancount"])
def test_a_missing_file_is_named(relative: str, root: Path):
    (root / relative).unlink()
    assert faults(root) == [f"2024 is closed: {relative} is missing; restore it from your backup"]
    (root / relative).mkdir()
    assert faults(root) == [f"2024 is closed: {relative} is missing; restore it from your backup"]


def test_an_added_file_is_named(root: Path):
    put(root, "journal/2024/zz.beancount", "")
    assert faults(root) == ["2024 is closed: journal/2024/zz.beancount was added; post it in an open year"]


def test_an_open_year_changes_as_it_likes(root: Path):
    put(root, "journal/2025/coda-a-2025-001.beancount", "; other\n")
    put(root, "manual/2025.beancount", "; other\n")
    with register_in(root).begin() as connection:
        insert(connection, record("coda-a-2025-002", IN_2025), [], [gift(day=IN_2025)])
    assert faults(root) == []


def test_a_document_added_to_a_sealed_year_is_named(root: Path):
    with register_in(root).begin() as connection:
        insert(connection, record("coda-a-2024-002", IN_2024), [], [gift(day=IN_2024)])
    assert faults(root) == ["2024 is closed: document coda-a-2024-002 is not what was sealed"]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE document SET rows_digest = 'x' WHERE id = 1",
        "UPDATE document SET digest = 'x' WHERE id = 1",
        "UPDATE document SET last_day = '2025-01-01' WHERE id = 1",
        "DELETE FROM document WHERE id = 1",
    ],
)
def test_a_document_changed_or_deleted_in_a_sealed_year_is_named(change: str, root: Path):
    tamper(root, change)
    assert faults(root) == ["2024 is closed: document coda-a-2024-001 is not what was sealed"]


def test_books_without_a_seal_have_none(tmp_path: Path):
    assert read_seals(tmp_path / "seals") == {}


NOT_SEALS = {
    "empty": b"",
    "no JSON": b"{",
    "no text": b"\xff\xfe\x00",
    "a list": b"[]",
    "a number": b"2024",
    "nothing in it": b"{}",
    "files in a list": b'{"year": 2024, "files": [["a", "b"]], "documents": {}}',
    "a digest that is none": b'{"year": 2024, "files": {"a": 1}, "documents": {}}',
    "one digest of two that is none": b'{"year": 2024, "files": {"a": "b"}, "documents": {"c": 1}}',
    "documents missing": b'{"year": 2024, "files": {}}',
    "another year": b'{"year": 2023, "files": {}, "documents": {}}',
    "a year that is a word": b'{"year": "two", "files": {}, "documents": {}}',
    "a year in quotes": b'{"year": "2024", "files": {}, "documents": {}}',
    "deep": b"[" * 100_000,
    "a format that is no number": b'{"format": "1", "year": 2024, "files": {}, "documents": {}}',
    "a tree without a root": b'{"format": 1, "year": 2024}',
}


@pytest.mark.parametrize("content", NOT_SEALS.values(), ids=NOT_SEALS.keys())
def test_a_file_that_is_no_seal_is_named(content: bytes, tmp_path: Path):
    path = tmp_path / "2024.json"
    path.write_bytes(content)
    with pytest.raises(NotASeal, match=r"^2024\.json: not the seal of a year; restore it from your backup\.$"):
        read_seal(path)
    with pytest.raises(NotASeal):
        read_seals(tmp_path)


def test_a_folder_that_is_named_like_a_seal_is_none(tmp_path: Path):
    (tmp_path / "2024.json").mkdir()
    with pytest.raises(NotASeal):
        read_seals(tmp_path)


TREES = (Tree("account", 1, NOTHING.hex()),)
SEALED = TreeSeal(
    year=2024,
    number=1,
    sealed_at="2025-06-30T10:00:00Z",
    root=seal_root(2024, TREES),
    trees=TREES,
    balances={"550000": 1234},
    explained={"580000": "arrivé le 2 janvier"},
    without_voucher=("MAN-2024-000001 (main.beancount:12)",),
    former="",
    leaves=hashlib.sha256(b"").hexdigest(),
)


def entered(root: Path, digest: str, reopened: str = "") -> None:
    with register_in(root).begin() as connection:
        enter_closing(connection, 2024, digest, "2025-06-30T10:00:00Z")
        if reopened:
            enter_reopening(connection, 2024, digest, Reopening(reopened, "AB", "2025-07-01T10:00:00Z"))


def settled(root: Path) -> list[str]:
    with register_in(root).connect() as connection:
        return settle_seals(root / "seals", connection)


def test_a_seal_is_text_that_a_person_can_read_and_is_read_back(tmp_path: Path):
    digest = write_seal(tmp_path / "seals", SEALED, b"")
    entered(tmp_path, digest)
    assert settled(tmp_path) == []
    path = tmp_path / "seals" / "2024.json"
    assert hashlib.sha256(path.read_bytes()).hexdigest() == digest
    assert read_seal(path) == SEALED
    assert '"explained": {\n  "580000": "arrivé le 2 janvier"' in path.read_text(encoding="utf-8")
    with pytest.raises(AlreadySealed, match="2024"):
        write_seal(tmp_path / "seals", SEALED, b"")


@pytest.mark.parametrize("change", [{"root": "0" * 64}, {"year": 2023}, {"closing": "1"}, {"trees": []}, {"format": 2}])
def test_a_seal_that_does_not_add_up_is_none(change: dict[str, object], tmp_path: Path):
    path = tmp_path / "2024.json"
    path.write_text(json.dumps(json.loads(SEALED.encoded()) | change), encoding="utf-8")
    with pytest.raises(NotASeal):
        read_seal(path)


def test_a_closing_killed_before_it_was_entered_leaves_no_seal(tmp_path: Path):
    write_seal(tmp_path / "seals", SEALED, b"x")
    assert settled(tmp_path) == ["an interrupted closing of 2024 had not been entered: its seal was removed."]
    assert list((tmp_path / "seals").iterdir()) == []


def test_a_reopened_seal_moves_to_the_former_ones_with_its_leaves(tmp_path: Path):
    digest = write_seal(tmp_path / "seals", SEALED, b"x")
    entered(tmp_path, digest, "erreur")
    settled(tmp_path)
    folder = tmp_path / "seals"
    assert sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.*")) == [
        "former/2024-1.json",
        "former/2024-1.leaves.gz",
    ]
    with register_in(tmp_path).connect() as connection:
        assert list(missing_seals(folder, closings(connection))) == []


def test_the_list_of_leaves_is_that_of_its_seal(tmp_path: Path):
    path = tmp_path / "2024.json"
    leaves_path(path).write_bytes(b"other")
    with pytest.raises(NotASeal, match="not the list of leaves of the seal of 2024"):
        list(read_marks(leaves_path(path), SEALED))


def test_a_seal_that_is_gone_or_is_not_the_one_of_the_closing_is_named(root: Path):
    folder = root / "seals"
    digest = hashlib.sha256((folder / "2024.json").read_bytes()).hexdigest()
    right, wrong = YearClosing(2024, 1, digest, "", None), YearClosing(2024, 1, "x", "", None)
    former = YearClosing(2023, 1, digest, "", Reopening("erreur", "AB", ""))
    assert list(missing_seals(folder, [right])) == []
    assert list(missing_seals(folder, [wrong, former])) == [
        "2024 is closed: its seal 2024.json is not that of the closing; restore it from your backup",
        "2023 is closed: its seal former/2023-1.json is missing; restore it from your backup",
    ]
