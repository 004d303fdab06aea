"""Books of every version are brought up to date; what a person wrote in them stays; killed, it goes on."""

import random
import shutil
import sqlite3
import tarfile
import time
import tomllib
from contextlib import closing
from pathlib import Path

import pytest
from killing import kill_after
from small_books import SETTINGS, Obole

from ledger.chart import house
from ledger.store import HEADS
from obole.books.creation import initialise, main_text
from obole.books.form import FORM, FORM_FILE, NewerBooks, OldBooks
from obole.books.opened import open_books
from obole.books.settings import Config
from obole.command.frame import main
from obole.keeping.merging import with_directives
from obole.keeping.upgrade import STEPS, Step, upgrade

CONFIG = Config.model_validate(tomllib.loads(SETTINGS))
KEPT = Path(__file__).parent / "books_of"
VERSIONS = sorted(path.name.removesuffix(".tar.gz") for path in KEPT.glob("*.tar.gz"))
# The first that Obole kept, and the last before books said their form.
OLD = ("3737187", "37d00a4")
NEW_ACCOUNTS = ("416100", "616100", "743100", "743200")
# What tests/obole/books_of/make.py wrote by hand.
HAND_WRITTEN = {
    "chart.beancount": ('label-fr: "Honoraires et conseils"', ':616500-Conseil  EUR\n  code: "616500"'),
    "main.beancount": ('; Ours\n2024-01-01 custom "fava-option" "indent" "4"\n',),
    "manual/2025.beancount": ('2025-02-01 * "Conseil du trimestre"',),
}
READING = (
    ("check",),
    ("report", "trial-balance", "--year", "2024"),
    ("documents",),
    ("receipts", "status", "--year", "2024"),
)


def books_of(version: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Obole:
    """Unpack the books of a version, with their key."""
    with tarfile.open(KEPT / f"{version}.tar.gz") as archive:
        archive.extractall(folder, filter="data")
    monkeypatch.setenv("OBOLE_KEYS", str(folder / "keys"))
    return Obole(folder / "books")


@pytest.fixture(params=VERSIONS)
def kept(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Obole:
    return books_of(request.param, tmp_path, monkeypatch)


@pytest.fixture(params=OLD)
def old(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Obole:
    return books_of(request.param, tmp_path, monkeypatch)


@pytest.fixture
def oldest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Obole:
    return books_of(OLD[0], tmp_path, monkeypatch)


def content(books: Path) -> dict[str, bytes]:
    """All files but the lock."""
    return {
        path.relative_to(books).as_posix(): path.read_bytes()
        for path in sorted(books.rglob("*"))
        if path.is_file() and path.name != ".obole.lock"
    }


def in_clear(books: Path) -> dict[str, bytes]:
    """All files but the lock and the stores, archived sources as they were taken in."""
    archive = open_books(books).archive
    return {path: archive.read(books / path) for path in content(books) if not path.endswith(".sqlite3")}


def test_books_of_each_version_are_kept():
    assert {*OLD, f"form-{FORM}"} <= {*VERSIONS}, "make books of this form with tests/obole/books_of/make.py"


def test_the_last_step_is_of_the_form_of_this_obole():
    assert max(step.form for step in STEPS) == STEPS[-1].form == FORM


def test_books_of_each_version_are_upgraded_and_whole(kept: Obole):
    told = kept("upgrade")
    assert told.exit_code == 0, told.output
    assert kept.checks().exit_code == 0, kept.checks().output
    opened = open_books(kept.books)
    assert set(NEW_ACCOUNTS) <= opened.chart.keys()
    for path, texts in HAND_WRITTEN.items():
        written = (kept.books / path).read_text(encoding="utf-8")
        assert all(text in written for text in texts), path
    assert kept("verify").output.startswith("1 sealed year is as it was sealed")
    assert kept("receipts", "render", "--year", "2024").exit_code == 0


def test_a_second_upgrade_does_nothing(kept: Obole):
    kept("upgrade")
    before = content(kept.books.parent)
    assert kept("upgrade").output == "These books are up to date; nothing was done.\n"
    assert content(kept.books.parent) == before


def test_it_tells_what_it_did_sentence_by_sentence(oldest: Obole):
    said = oldest("upgrade").output
    for sentence in (
        "in books-before-upgrade-",
        f"The register was brought from version 0001 to {HEADS['register']}.",
        f"The vault was brought from version 0001 to {HEADS['vault']}.",
        "chart.beancount: 4 accounts were added: 416100 (Prestataires de paiement), 616100 (",
        "main.beancount: line 14: 743100, 743200 added to what plugin ledger.plugins.gifts holds",
        f"says that these books have form {FORM}.",
    ):
        assert sentence in said


def test_what_the_register_held_it_holds_after(old: Obole):
    query = "SELECT name, kind, file_digest, digest, posted_at FROM document ORDER BY id"
    of_gifts = "SELECT donor, cents FROM gift ORDER BY id"
    before, gifts, files = old.rows(query), old.rows(of_gifts), content(old.books)
    old("upgrade")
    assert (old.rows(query), old.rows(of_gifts)) == (before, gifts)
    after = content(old.books)
    for path, text in files.items():
        if path.startswith(("journal/2024", "receipts/", "seals/", "manual/")):
            assert after[path] == text, path
        elif path.startswith("documents/"):
            assert after[path] != text, path
            assert old.source(path) == text, path
        elif path.startswith("journal/"):
            assert b"".join(line for line in after[path].splitlines(keepends=True) if b"  number: " not in line) == text


def test_entries_of_open_years_get_their_numbers_and_sealed_ones_none(old: Obole):
    assert "The entries of the open years got their numbers: " in old("upgrade").output
    numbers = old.rows("SELECT year, count(*) FROM entry_number GROUP BY year")
    assert [year for year, _ in numbers] == [2025]
    entries = sum(text.count(b" * ") for path, text in content(old.books).items() if path.startswith("journal/2025"))
    assert numbers[0][1] == entries


@pytest.mark.parametrize("words", [*READING, ("import", "{file}"), ("close", "2025"), ("serve", "--port", "0")])
def test_a_command_that_finds_old_books_says_so_and_writes_nothing(oldest: Obole, words: tuple[str, ...]):
    before = content(oldest.books)
    told = oldest(*(word.format(file=oldest.books / "obole.toml") for word in words))
    assert told.exit_code == 1
    assert "were made by an earlier Obole; run `obole --books " in told.output
    assert told.output.count("\n") == 1
    assert content(oldest.books) == before


def test_an_old_store_in_new_books_is_migrated_by_no_command(oldest: Obole):
    earlier = (oldest.books / "register.sqlite3").read_bytes()
    oldest("upgrade")
    (oldest.books / "register.sqlite3").write_bytes(earlier)
    told = oldest("documents")
    assert told.exit_code == 1
    assert "the register is at version 0001" in told.output
    assert "run `obole upgrade`" in told.output
    assert (oldest.books / "register.sqlite3").read_bytes() == earlier
    said = oldest("upgrade")
    assert said.exit_code == 1
    assert "register.sqlite3 is a copy from before the upgrade of these books" in said.output
    assert (oldest.books / "register.sqlite3").read_bytes() == earlier


def test_an_issue_that_an_earlier_obole_did_not_finish_is_not_migrated_away(oldest: Obole):
    """Or an older register: the two cannot be told apart any more, so that the vault's sheets stay."""
    rows = "DELETE FROM receipt_version", "DELETE FROM receipt_gift", "DELETE FROM receipt"
    oldest.change(*(f"{row} WHERE number = (SELECT max(number) FROM receipt)" for row in rows))
    before = oldest.state()
    said = oldest("upgrade", "--no-backup", "--yes")
    assert said.exit_code == 1
    assert "and register.sqlite3 did not issue them" in said.output
    assert oldest.state() == before


def test_a_store_that_is_missing_is_not_made_anew(small: Obole):
    (small.books / "register.sqlite3").unlink()
    for command in ("documents", "upgrade", "check"):
        told = small(command)
        assert told.exit_code == 1
        assert "register.sqlite3: the register of these books is missing; restore it from your backup." in told.output
    assert not (small.books / "register.sqlite3").exists()


def test_books_of_a_newer_obole_are_left_alone(small: Obole):
    (small.books / FORM_FILE).write_text(f"form = {FORM + 1}\n")
    before = content(small.books)
    with pytest.raises(NewerBooks):
        open_books(small.books)
    told = small("upgrade")
    assert told.exit_code == 1
    assert "install the newest Obole" in told.output
    assert content(small.books) == before


@pytest.mark.parametrize("text", ["", "form", 'form = "1"', "form = true", "form = 0", "form = 1.0", "\x00\xff"])
def test_a_form_that_cannot_be_read_is_named_with_what_to_do(small: Obole, text: str):
    path = small.books / FORM_FILE
    path.write_bytes(text.encode("latin-1"))
    told = small("documents")
    assert told.exit_code == 1
    assert told.output.startswith(f"obole: {FORM_FILE}: does not say the form")
    path.unlink()
    with pytest.raises(OldBooks):
        open_books(small.books)
    assert small("upgrade").exit_code == 0
    assert small.checks().exit_code == 0


def test_a_newer_store_stops_it_before_the_backup(oldest: Obole):
    with closing(sqlite3.connect(oldest.books / "vault.sqlite3")) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    before = content(oldest.books.parent)
    told = oldest("upgrade")
    assert told.exit_code == 1
    assert "the vault is at version 9999" in told.output
    assert content(oldest.books.parent) == before


# The backup before


def test_the_backup_before_brings_the_books_of_before_back(oldest: Obole):
    before = content(oldest.books)
    oldest("upgrade")
    made = next(oldest.books.parent.glob("books-before-upgrade-*.obole"))
    told = oldest("restore", made, oldest.books, "--replace")
    assert told.exit_code == 0, told.output
    assert "An earlier Obole made them: run `obole upgrade`." in told.output
    assert content(oldest.books) == before


def test_without_a_backup_it_asks(oldest: Obole):
    before = content(oldest.books)
    told = oldest.runner.invoke(
        main,
        ["--books", str(oldest.books), "upgrade", "--no-backup"],
        input="n\n",
    )
    assert told.exit_code == 1
    assert content(oldest.books) == before
    assert oldest("upgrade", "--no-backup", "--yes").exit_code == 0
    assert not list(oldest.books.parent.glob("*.obole"))


def test_without_the_key_there_is_no_backup_and_no_upgrade(oldest: Obole, tmp_path: Path, monkeypatch):
    monkeypatch.setenv("OBOLE_KEYS", str(tmp_path / "nowhere"))
    before = content(oldest.books)
    told = oldest("upgrade")
    assert told.exit_code == 1
    assert "is not in the key folder" in told.output
    assert content(oldest.books) == before


# What a person wrote


def test_an_account_opened_in_another_file_is_left_to_a_person(oldest: Obole):
    manual = oldest.books / "manual" / "2025.beancount"
    path = "Income:74-Autres-produits-d-exploitation:743100-Parrainage-et-sponsoring"
    text = f"{manual.read_text(encoding='utf-8')}2024-01-01 open {path}  EUR\n"
    manual.write_text(text, encoding="utf-8")
    said = oldest("upgrade").output
    line = text.count("\n")
    assert f"To be done by you: manual/2025.beancount: line {line}: account 743100 is opened here" in said
    assert "3 accounts were added" in said
    assert manual.read_text(encoding="utf-8") == text
    # The remedy works.
    manual.write_text(text.rsplit("2024-01-01 open", 1)[0], encoding="utf-8")
    with (oldest.books / "chart.beancount").open("a", encoding="utf-8") as out:
        out.write(f"\n2024-01-01 open {path}  EUR\n")
    assert oldest("upgrade").output == "These books are up to date; nothing was done.\n"
    assert oldest.checks().exit_code == 0


def test_an_account_of_another_name_under_the_code_is_taken(oldest: Obole):
    chart = oldest.books / "chart.beancount"
    own = '\n2024-01-01 open Income:74-Autres-produits-d-exploitation:743100-Nos-mecenes  EUR\n  code: "743100"'
    chart.write_text(chart.read_text(encoding="utf-8") + own, encoding="utf-8")  # and no end of line
    assert "3 accounts were added" in oldest("upgrade").output
    assert open_books(oldest.books).paths["743100"].endswith("743100-Nos-mecenes")
    assert oldest.checks().exit_code == 0


def merged(text: str) -> tuple[str, list[str], list[str]]:
    found = with_directives(text, generated())
    assert with_directives(found.text, generated()).added == []
    return found.text, found.added, found.left


def generated() -> str:
    return main_text(CONFIG)


def test_a_main_file_as_it_was_made_stays_as_it_is():
    assert merged(generated()) == (generated(), [], [])


@pytest.mark.parametrize(
    "name", ['option "tolerance_multiplier"', 'plugin "ledger.plugins.periods"', 'include "manual', "fava-extension"]
)
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_a_line_that_is_missing_is_added_at_the_end(name: str, ending: str):
    lines = generated().splitlines()
    kept = [line for line in lines if name not in line]
    taken = next(line for line in lines if name in line)
    text, added, left = merged(ending.join(kept))
    assert text.startswith(ending.join(kept))
    assert text.endswith(f"; Added by `obole upgrade`.\n{taken}\n")
    assert len(added) == 1
    assert left == []


def test_a_preference_of_fava_that_was_dropped_stays_dropped():
    text = "\n".join(line for line in generated().splitlines() if "collapse-pattern" not in line)
    assert merged(text) == (text, [], [])


def test_an_include_written_otherwise_is_not_doubled():
    text = generated().replace('include "manual/*.beancount"', 'include "manual/2025.beancount"')
    assert merged(text) == (text, [], [])


def test_a_check_in_a_comment_is_told_and_left():
    text = generated().replace('plugin "ledger.plugins.periods"', '; plugin "ledger.plugins.periods"')
    kept, added, left = merged(text)
    assert (kept, added) == (text, [])
    assert len(left) == 1
    assert left[0].startswith('main.beancount: `plugin "ledger.plugins.periods"` stands in a comment; ')


def test_a_tolerance_of_another_size_is_told_and_left():
    text = generated().replace('"tolerance_multiplier" "0"', '"tolerance_multiplier" "0.5"')
    kept, added, left = merged(text)
    assert (kept, added) == (text, [])
    assert "a balance may be one cent off" in left[0]


def test_what_the_settings_name_since_is_added_to_what_is_proved_and_nothing_taken_away():
    text = generated().replace(", '743200'", "").replace("'current': '550000', ", "'old': '550900', ")
    assert "'743200'" not in text
    assert "'current'" not in text
    new, added, left = merged(text)
    assert "'743200'" in new
    assert "'old': '550900', 'gifts': '551000', 'current': '550000'" in new
    assert len(added) == 2
    assert left == []


def test_a_bank_of_another_account_is_told_and_left():
    text = generated().replace("'current': '550000'", "'current': '550900'")
    kept, added, left = merged(text)
    assert (kept, added) == (text, [])
    assert "has 550900 as the account of `current`, obole.toml has 550000" in left[0]


# Killed


def test_an_upgrade_killed_at_ten_instants_is_taken_again(oldest: Obole, tmp_path: Path):
    whole = tmp_path / "whole"
    shutil.copytree(oldest.books, whole)
    start = time.monotonic()
    upgrade(whole)
    duration = time.monotonic() - start
    expected = in_clear(whole)
    rows = Obole(whole).rows("SELECT * FROM document ORDER BY id")
    chance = random.Random(6)
    killed = 0
    for attempt in range(60):
        books = tmp_path / f"killed-{attempt}"
        shutil.copytree(oldest.books, books)
        done = kill_after(chance.uniform(0.0, duration), lambda books=books: upgrade(books))
        killed += done
        upgrade(books)
        assert in_clear(books) == expected
        assert Obole(books).rows("SELECT * FROM document ORDER BY id") == rows
        for name in HEADS:
            with closing(sqlite3.connect(books / f"{name}.sqlite3")) as connection:
                assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [(HEADS[name],)]
        shutil.rmtree(books)
        if killed == 10:
            break
    assert killed == 10, "too few upgrades were killed before they ended"


def test_each_step_killed_before_the_next_is_taken_up(oldest: Obole, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The instants between two steps, which the kills above may miss."""
    for count in range(len(STEPS)):
        books = tmp_path / f"after-{count}"
        shutil.copytree(oldest.books, books)
        with monkeypatch.context() as patch:
            patch.setattr("obole.keeping.upgrade.STEPS", (*STEPS[:count], Step(FORM, lambda _: True, killed)))
            with pytest.raises(Killed):
                upgrade(books)
        with pytest.raises(OldBooks):
            open_books(books)
        upgrade(books)
        assert Obole(books).checks().exit_code == 0


class Killed(BaseException):
    pass


def killed(_books: object) -> list[str]:
    raise Killed


def test_an_account_is_added_in_the_language_that_the_others_are_named_in(tmp_path: Path):
    settings = SETTINGS.replace("[organisation]\n", '[organisation]\nlanguage = "nl"\n')
    books = initialise(tmp_path / "dutch", settings)
    chart = books.folder.chart.read_text(encoding="utf-8")
    start = chart.index(f"open {house_path('416100', 'nl')}")
    start = chart.rindex("\n", 0, start) + 1
    end = chart.index("\n\n", start) + 2
    books.folder.chart.write_text(chart[:start] + chart[end:], encoding="utf-8")
    (books.folder.root / FORM_FILE).unlink()
    assert any("416100" in said for said in upgrade(books.folder.root).done)
    assert house_path("416100", "nl") in books.folder.chart.read_text(encoding="utf-8")
    assert house_path("416100", "nl") != house_path("416100", "fr")


def house_path(code: str, language: str) -> str:
    return next(account.path for account in house(language) if account.code == code)
