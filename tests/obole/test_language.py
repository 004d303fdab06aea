"""The person's language on the command line: from its first word on, whatever the books and the machine speak."""

from pathlib import Path

import click
import pytest
from babel.messages.extract import extract_from_dir
from click.testing import CliRunner
from small_books import SETTINGS, Obole, new_books

from importers.platforms.records import PlatformEvent
from ledger.chart import code_of
from ledger.dimensions import Dimension
from ledger.kinds import kind_word
from ledger.languages import spoken
from ledger.records import DocumentKind, LineOutcome
from obole.books.opened import open_books
from obole.command.click_words import SENTENCES
from obole.command.frame import main
from obole.command.language import language_for
from obole.words import text_in

COMMANDS = ("check", "report", "init")


@pytest.fixture(autouse=True)
def _nobody_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for variable in ("OBOLE_LANG", "OBOLE_BOOKS", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.chdir(tmp_path)


def told(*words: str) -> str:
    return CliRunner().invoke(main, list(words)).output


# Which language


def test_the_option_comes_before_the_environment_the_books_and_the_machine(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OBOLE_LANG", "nl")
    assert language_for(["--lang", "de", "check"], COMMANDS) == "de"
    assert language_for(["--lang=de", "check"], COMMANDS) == "de"
    assert language_for(["check"], COMMANDS) == "nl"


def test_a_language_that_is_none_is_refused_in_the_one_given_before_it():
    assert language_for(["--lang", "nl", "--lang", "it", "check"], COMMANDS) == "nl"


def test_the_language_of_a_report_is_not_that_of_the_person():
    assert language_for(["report", "balance-sheet", "--lang", "de"], COMMANDS) == "en"


def test_the_books_come_before_the_machine(small: Obole, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("LANG", "nl_BE.UTF-8")
    for words in (["--books", str(small.books), "check"], ["check", "--books", str(small.books)]):
        assert language_for(words, COMMANDS) == "fr"
    monkeypatch.setenv("OBOLE_BOOKS", str(small.books))
    assert language_for(["check"], COMMANDS) == "fr"
    monkeypatch.delenv("OBOLE_BOOKS")
    assert language_for(["check"], COMMANDS) == "nl"


@pytest.mark.parametrize("settings", ["[organisation", "organisation = 3", "", '[organisation]\nlanguage = "it"'])
def test_settings_that_say_no_language_leave_it_to_the_machine(
    settings: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "obole.toml").write_text(settings, encoding="utf-8")
    monkeypatch.setenv("LC_ALL", "de_BE.UTF-8")
    assert language_for(["check"], COMMANDS) == "de"


def test_a_machine_that_speaks_none_of_the_four_is_answered_in_english(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("LANG", "sv_SE.UTF-8")
    assert language_for(["check"], COMMANDS) == "en"
    assert language_for([], COMMANDS) == "en"
    assert language_for(["--lang"], COMMANDS) == "en"


# What is said in it


@pytest.mark.parametrize(
    ("language", "usage", "of_import", "shown"),
    [
        ("fr", "Utilisation", "Importe des fichiers sources", "Affiche cette aide"),
        ("nl", "Gebruik", "Leest bronbestanden in", "Toont enkel deze hulp"),
        ("de", "Aufruf", "Liest Quelldateien ein", "Zeigt nur diese Hilfe"),
        ("en", "Usage", "Take source files in", "Show this message and exit"),
    ],
)
def test_help_is_in_the_language_of_the_person(language: str, usage: str, of_import: str, shown: str):
    for words in (["--lang", language, "--help"], ["--help", "--lang", language]):
        help_text = told(*words)
        assert help_text.startswith((f"{usage}: ", f"{usage} : "))
        assert of_import in help_text
        assert shown in help_text
    assert of_import in " ".join(told("--lang", language, "import", "--help").split())


@pytest.mark.parametrize("language", ["fr", "nl", "de", "en"])
def test_the_list_of_commands_says_whole_sentences(language: str):
    for words, sentence in (
        ([], "Take source files in: bank statements, registers, journals, assignments; folders are searched."),
        (["receipts"], "Who would get a receipt and who not, with the reasons and sums; nothing is written."),
    ):
        listed = " ".join(told("--lang", language, *words, "--help").split())
        assert text_in(language, sentence) in listed
        assert "..." not in listed.replace("[OPTIONS] COMMAND [ARGS]...", "")


def test_wrong_usage_is_said_in_the_language_of_the_person():
    assert "Erreur : La commande 'frobnicate' n’existe pas." in told("--lang", "fr", "frobnicate")
    assert (
        "Fout: Ongeldige waarde voor '--lang'" in CliRunner(env={"LANG": "nl_BE"}).invoke(main, ["--lang", "it"]).output
    )
    assert "een xlsx-rapport vraagt -o BESTAND" in told(
        "--lang", "nl", "report", "balance-sheet", "--year", "2025", "--format", "xlsx"
    )


def test_a_command_leaves_the_language_as_it_was(small: Obole):
    told("--lang", "de", "--books", str(small.books), "suspense")
    assert spoken() == "en"
    assert "Usage" in told("--help")


def test_what_is_wrong_with_the_settings_is_said_in_the_language_of_the_books(small: Obole):
    settings = small.books / "obole.toml"
    settings.write_text(settings.read_text("utf-8").replace('postcode = "1000"', "postcode = 1000"), encoding="utf-8")
    said = told("--books", str(small.books), "check")
    assert "organisation.postcode: un texte est attendu ; écrivez-le entre guillemets" in said
    assert "organisation.postcode: er wordt een tekst verwacht" in told(
        "--lang", "nl", "--books", str(small.books), "check"
    )


# Of pauses and editors, which Obole has not, and of a programmer's own mistakes.
NEVER_MET = (
    *("prompt", "Editing failed", "Confirm the action", "Press any key", "continue?"),
    *("DeprecationWarning", "defined twice", "decl", "Arguments take exactly", "Unknown", "Windows", "Shell", "Bash"),
    *("No options defined", "same flag", "iterable", "Choice(", "UUID", "Invalid start", "len_type"),
)


def test_each_sentence_of_click_that_a_person_can_meet_is_in_the_catalogue():
    found = {text for _file, _line, text, _comments, _context in extract_from_dir(Path(click.__file__).parent)}
    met = {text for text in found if len(str(text)) > 1 and not any(part in str(text) for part in NEVER_MET)}
    assert met - set(SENTENCES) == set()


# Books in another language


def test_dutch_books_have_dutch_account_names_and_narrations(tmp_path: Path):
    dutch = SETTINGS.replace("[organisation]\n", '[organisation]\nlanguage = "nl"\n', 1)
    opened = open_books(new_books(tmp_path / "boeken", dutch))
    assert opened.paths["731100"] == "Income:73-Giften-legaten-subsidies:731100-Giften-in-geld"
    assert all(code_of(path) == code for code, path in opened.paths.items())
    assert told("--books", str(opened.folder.root), "match").strip() == "Alles is toegewezen."


def test_every_kind_has_its_word():
    kinds = [*LineOutcome, *PlatformEvent, *DocumentKind, *Dimension]
    assert [one for one in kinds if kind_word(one, "nl") == kind_word(one, "de") == one] == ["coda", "camt"]


def test_the_language_before_the_command_is_that_of_its_documents_too(small: Obole):
    report = ("--books", str(small.books), "report", "balance-sheet", "--year", "2025")
    assert "Balans" in told("--lang", "nl", *report)
    assert "Bilanz" in told("--lang", "nl", *report, "--lang", "de")
    assert "Bilan" in told(*report)
