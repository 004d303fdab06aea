"""What documents, help and messages print as a command can be typed: each is parsed by the real command line.

Commands of the documents are the lines of their blocks and the code within their text; of messages what stands between
backticks in the catalogues, in each language. Words in capitals and braces are places: `PLACES` says what a person
would write there.
"""

import re
import shlex
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from unittest.mock import patch

import click
import openpyxl
import pytest
from babel.messages.pofile import read_po
from beancount.scripts.check import main as bean_check
from click.testing import CliRunner
from fava.cli import main as fava
from small_books import SETTINGS, STATEMENT, Journal, Obole, new_books, write_csv, write_donors
from test_collect import COLLECTION, write_pledges

from ledger.languages import LANGUAGES, SOURCE, catalogue_folder
from obole.command import frame
from obole.command.frame import main
from obole.demo.run import say_ready
from obole.rooms import ROOMS

REPOSITORY = Path(__file__).parents[2]
DOCUMENTS = sorted(
    [*REPOSITORY.glob("*.md"), *(REPOSITORY / "docs").rglob("*.md")],
    key=lambda path: path.relative_to(REPOSITORY).as_posix(),
)
ALL_ROOMS = (*ROOMS, "obole")

# What a person writes in the place of a word in capitals, of dots, and of what a message fills in.
PLACES = {
    "FILE": "file.csv",
    "DIR": "folder",
    "SHEET": "open.xlsx",
    "DOCUMENT": "coda-current-2025-073",
    "NUMBER": "ACH-2",
    "YEAR": "2025",
    "KEEP": "D0001",
    "GONE": "D0002",
    "REASON": "invoice found",
    "-...obole": "-so.obole",
    "...": "so",
    "{after}": "2026",
    "{before}": "2024",
    "{books}": "books",
    "{code}": "580000",
    "{document}": "coda-current-2025-073",
    "{file}": "file.csv",
    "{folder}": "folder",
    "{gone}": "D0002",
    "{keep}": "D0001",
    "{month}": "2025-03",
    "{name}": "coda-current-2025-073",
    "{opening}": "opening-2024",
    "{own}": "2025-03",
    "{position}": "7",
    "{root}": "books",
    "{voucher}": "ACH-2",
    "{year}": "2025",
    "{label}": "2025",
}
PLACE = re.compile(
    "|".join(rf"(?<![\w-]){re.escape(one)}(?![\w-])" if one.isalpha() else re.escape(one) for one in PLACES)
)
PROGRAMS = ("obole", "make", "fava", "bean-check")


def name_of(document: Path) -> str:
    return document.relative_to(REPOSITORY).as_posix()


def blocks(document: Path) -> Iterator[str]:
    """The commands in the blocks of a document: continued lines joined, the path of the environment left out."""
    text = document.read_text(encoding="utf-8").replace("\\\n", " ")
    for line in re.findall(r"^(?: {4}|\t)(.+)$", text, re.MULTILINE):
        yield line.strip().removeprefix(".venv/bin/")


def within(text: str) -> list[str]:
    """What stands between backticks, of one line or two."""
    return [" ".join(one.split()) for one in re.findall(r"`([^`]+)`", text)]


def filled(line: str) -> list[str]:
    """The words of a line, with what a person writes in its places."""
    return shlex.split(PLACE.sub(lambda found: PLACES[found[0]], line), comments=True)


def bare(words: list[str]) -> bool:
    """Tell whether a line only names a command: nothing but its words and those of its groups."""
    command: click.Command = main
    context = click.Context(main)
    for word in words:
        found = command.get_command(context, word) if isinstance(command, click.Group) else None
        if found is None:
            return False
        command = found
    return True


def refused(words: list[str]) -> str:
    """What the command line says of words that it does not take; nothing is run, and no file need be there."""
    with patch.object(frame, "require_file"):
        return _refused(words)


def _refused(words: list[str]) -> str:
    command: click.Command = main
    context = None
    name = "obole"
    try:
        while True:
            context = command.make_context(name, list(words), parent=context)
            if not isinstance(command, click.Group):
                return ""
            name, found, words = command.resolve_command(context, [*context._protected_args, *context.args])
            assert found is not None
            assert name is not None
            command = found
    except click.exceptions.Exit:
        return ""
    except click.UsageError as error:
        return error.format_message()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which the files that are named are there."""
    for name in ("file.csv", "books-2026-11-28.obole", "books-before-upgrade-so.obole"):
        (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_every_command_of_a_document_is_taken_by_the_command_line(document: Path):
    wrong = []
    in_blocks = [line for line in blocks(document) if line.split()[0] in PROGRAMS]
    inline = [one for one in within(document.read_text(encoding="utf-8")) if one.split()[0] == "obole"]
    for line in (*in_blocks, *inline):
        program, *words = filled(line)
        if program == "obole" and not (line in inline and bare(words)) and (said := refused(words)):
            wrong.append(f"{line}: {said}")
    assert wrong == []


def every_option(command: click.Command = main) -> set[str]:
    """The options of a command, and of those below it."""
    found = {option for one in command.params for option in (*one.opts, *one.secondary_opts)} | {"--help"}
    if isinstance(command, click.Group):
        context = click.Context(command)
        below = [command.get_command(context, name) for name in command.list_commands(context)]
        found |= {option for one in below if one is not None for option in every_option(one)}
    return found


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_every_option_of_a_command_named_in_a_text_is_one(document: Path):
    """In a sentence a command may be named without `obole`, and without all that it needs: `check --belcotax FILE`."""
    context = click.Context(main)
    for line in within(document.read_text(encoding="utf-8")):
        words = line.removeprefix("obole ").split()
        command = main.get_command(context, words[0]) if words else None
        if command is not None:
            assert set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", line)) - every_option(command) == set(), line


@cache
def messages(room: str, language: str) -> list[str]:
    """The texts of a room in a language; of English the keys."""
    name = language if language != SOURCE else "fr"
    path = catalogue_folder(room) / name / "LC_MESSAGES" / f"{room}.po"
    with path.open("rb") as source:
        catalogue = read_po(source, locale=name)
    texts = [one.id if language == SOURCE else one.string for one in catalogue if one.id]
    return [form for text in texts for form in ((text,) if isinstance(text, str) else text)]


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("room", ALL_ROOMS)
def test_every_command_of_a_message_is_taken_by_the_command_line(room: str, language: str):
    lines = [line for text in messages(room, language) for line in within(text) if line.split()[0] == "obole"]
    assert [(line, said) for line in lines if (said := refused(filled(line)[1:]))] == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("room", ALL_ROOMS)
def test_every_option_that_a_message_names_is_one(room: str, language: str):
    known = every_option()
    for text in messages(room, language):
        assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", text)) - known == set(), text


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_every_line_of_make_is_one(document: Path):
    for line in dict.fromkeys([*blocks(document), *within(document.read_text(encoding="utf-8"))]):
        words = shlex.split(line, comments=True) if line.startswith("make ") else []
        if words:
            told = subprocess.run([*words, "--dry-run"], cwd=REPOSITORY, capture_output=True, text=True, check=False)
            assert told.returncode == 0, (line, told.stderr)


@dataclass
class Person:
    """Somebody who types the commands of a document one by one, with files of their own in the places."""

    environment: dict[str, str] = field(default_factory=dict)

    def types(self, line: str, *files: str) -> None:
        """Type a line; `files` are written in the place of its words in capitals, in order."""
        given = iter(files)
        places = re.compile(r"\b[A-Z]{3,}\b(\.\.\.)?")
        program, *words = shlex.split(places.sub(lambda _place: next(given), line.partition("  #")[0]))
        if program == "export":
            self.environment.update([words[0].split("=", 1)])
        elif program == "obole" and words != ["serve"]:
            told = CliRunner(env=self.environment).invoke(main, words, input="a passphrase\na passphrase\n")
            assert told.exit_code == 0, f"{line}: {told.output} {told.exception!r}"
        else:
            assert (program, *words) in {(".", ".venv/bin/activate"), ("obole", "serve")}

    def follows(
        self, lines: Sequence[str], files: Mapping[str, Sequence[str]], then: Mapping[str, Callable[[], None]]
    ) -> None:
        """Type the lines of a block; what is done by hand `then` follows those that begin so."""
        for line in lines:
            self.types(line, *next((some for begin, some in files.items() if line.startswith(begin)), ()))
            for begin, by_hand in then.items():
                if line.startswith(begin):
                    by_hand()


def block(document: str, begins: str) -> list[str]:
    """The lines of the block of a document whose first line begins so."""
    text = (REPOSITORY / document).read_text(encoding="utf-8").replace("\\\n", " ")
    found = next(one for one in re.findall(r"(?:^ {4}\S.*\n)+", text, re.MULTILINE) if one.strip().startswith(begins))
    return [line.strip() for line in found.splitlines()]


BEFORE_IT = (("550000", "Banque", "1000.00", ""), ("100000", "Patrimoine", "", "1000.00"))
RESULT = Journal(
    (("2025-12-31", "692000", "247.50", "", "Report", "R-1"), ("2025-12-31", "140000", "", "247.50", "Report", "R-1"))
)


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a person who followed the blocks of the README; `open` holds the books before they were closed."""
    folder = tmp_path_factory.mktemp("as printed")
    for name in ("balance-2024.csv", "balance-2023.csv"):
        write_csv(folder / name, ("account", "label", "debit", "credit"), BEFORE_IT)
    mine = [write_donors(folder / "donors.csv"), write_pledges(folder), STATEMENT.write(folder), RESULT.write(folder)]
    files = {
        "obole inspect": [" ".join(one.name for one in mine)],
        "obole opening": ["balance-2024.csv", "balance-2023.csv"],
        "obole import FILE": [" ".join(one.name for one in mine)],
        "obole document NAME": [STATEMENT.document, "in-clear.cod"],
        "obole undo": ["collection-2025-03-1"],
        "obole donors merge": ["D0003", "D0004"],
        "obole backup": ["books-2026.obole"],
        "obole receipts set-aside": ["belcotax.xml"],
    }

    def settle() -> None:
        (folder / "books" / "obole.toml").write_text(SETTINGS + COLLECTION, encoding="utf-8")
        assert CliRunner().invoke(main, ["init", "books"]).exit_code == 0

    def decide() -> None:
        sheet = openpyxl.load_workbook(folder / "open.xlsx")
        headings = [cell.value for cell in sheet.active[1]]
        for heading, value in (("donateur", "D0001"), ("date", "2025-04-01")):
            sheet.active.cell(2, headings.index(heading) + 1).value = value
        sheet.save(folder / "open.xlsx")

    def keep() -> None:
        shutil.copytree(folder / "books", folder / "open")

    def name() -> None:
        [made] = [*folder.rglob("belcotax*.xml")]
        shutil.copy(made, folder / "belcotax.xml")

    by_hand = {"obole init": settle, "obole match -o": decide, "obole check": keep, "obole receipts belcotax": name}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        person = Person()
        person.follows(block("README.md", ". .venv"), files, by_hand)
        person.follows(block("README.md", "obole report"), files, by_hand)
    return folder


@pytest.fixture
def reopened(followed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The books as they were before they were closed, where the person types."""
    shutil.copytree(followed / "open", tmp_path / "books")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "books"


def test_the_commands_of_the_readme_run_one_after_the_other(followed: Path):
    assert len([*(followed / "books" / "receipts").rglob("*.pdf")]) == 3


@pytest.mark.parametrize(
    ("document", "begins", "files"),
    [
        (
            "docs/keeping.md",
            "obole --books books backup",
            {"obole --books books backup": ["safe"], "obole restore": ["safe", "put-back"]},
        ),
        ("docs/keeping.md", "obole --books books close 2025 --dry-run", {}),
        ("docs/direct-debits.md", "obole collect", {}),
    ],
)
def test_the_commands_of_a_block_run_one_after_the_other(
    document: str, begins: str, files: Mapping[str, Sequence[str]], reopened: Path
):
    Person({"OBOLE_BOOKS": "books"}).follows(block(document, begins), files, {})
    assert Obole(reopened).checks().exit_code == 0


def test_the_opening_runs_as_the_settings_print_it(followed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    shutil.copy(followed / "balance-2024.csv", tmp_path / "balance-2025.csv")
    shutil.copy(followed / "balance-2024.csv", tmp_path)
    new_books(tmp_path / "books", SETTINGS.replace("first_day = 2025-01-01", "first_day = 2026-01-01"))
    monkeypatch.chdir(tmp_path)
    Person({"OBOLE_BOOKS": "books"}).follows(block("docs/configuration.md", "obole opening"), {}, {})


def test_beancount_itself_takes_the_books_as_the_readme_says(followed: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(followed / "books")
    assert CliRunner().invoke(bean_check, ["--no-cache", "main.beancount"]).exit_code == 0
    fava.make_context("fava", ["main.beancount"])


def test_the_demonstration_ends_with_a_line_that_can_be_typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Where the programs are not found by name, as after `make demo`, their path is named; blanks are quoted."""
    for name in ("obole", "fava"):
        (tmp_path / name).touch()
    monkeypatch.setattr("sys.argv", [str(tmp_path / "obole"), "demo"])
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    books = tmp_path / "my books"
    commands = [shlex.split(one) for one in re.findall(r"`([^`]+)`", say_ready(books))]
    assert commands == [
        [str(tmp_path / "obole"), "serve", "--books", str(books)],
        [str(tmp_path / "fava"), str(books / "main.beancount")],
    ]
    assert refused(commands[0][1:]) == ""
