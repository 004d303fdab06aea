"""The command line: what it prints, its exit status, and that no traceback ever reaches a terminal."""

import csv
import io
import json
import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner
from small_books import DAY, IBAN, SETTINGS, STATEMENT, Obole, Statement, given, new_books

from ledger.folder import Folder
from ledger.locks import writing
from obole.command.frame import main

FIRST = STATEMENT.document


def run(*words: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own, as a person starts it."""
    command = [sys.executable, "-m", "obole.cli", *map(str, words)]
    return subprocess.run(  # noqa: PLW1510 - the exit status is what is asked
        command, capture_output=True, text=True, env={**os.environ, **environment}, timeout=60
    )


def sentence(said: str) -> str:
    """The one line of an error, without a traceback."""
    [line] = said.strip().splitlines()
    assert line.startswith("obole: ")
    assert "Traceback" not in said
    return line


# inspect


def test_inspect_gives_the_figures_of_a_statement_without_any_books(tmp_path: Path):
    path = STATEMENT.write(tmp_path)
    result = CliRunner().invoke(main, ["inspect", "--format", "json", str(path)])
    assert result.exit_code == 0
    assert json.loads(result.output) == {
        "file": f"{FIRST}.cod",
        "kind": "coda",
        "ok": True,
        "faults": [],
        "statements": [
            {
                "account": IBAN,
                "currency": "EUR",
                "opening": "1000.00",
                "opening_date": "2025-03-14",
                "closing": "1247.50",
                "closing_date": "2025-03-14",
                "movements": 5,
                "details": 2,
                "credits": "260.00",
                "debits": "12.50",
                "reference": "2025-073",
            }
        ],
    }


def test_inspect_of_several_files_gives_a_list_and_ends_with_1_where_one_is_refused(tmp_path: Path):
    good = STATEMENT.write(tmp_path)
    bad = tmp_path / "bad.cod"
    bad.write_bytes(good.read_bytes()[:-40])
    result = CliRunner().invoke(main, ["inspect", "--format", "json", str(good), str(bad)])
    assert result.exit_code == 1
    first, second = json.loads(result.output)
    assert (first["ok"], second["ok"]) == (True, False)
    assert set(second["faults"][0]) == {"severity", "line", "statement", "message"}
    assert second["faults"][0]["severity"] == "error"


def test_inspect_tells_what_a_register_holds(tmp_path: Path):
    journal = tmp_path / "journal.csv"
    journal.write_text("date;account;debit;credit;document\n2025-01-02;620000;5;;A\n2025-01-02;455000;;5;A\n")
    content = json.loads(CliRunner().invoke(main, ["inspect", "--format", "json", str(journal)]).output)
    assert (content["kind"], content["ok"], content["statements"]) == ("journal", True, [])
    assert content["facts"]


def test_inspect_says_what_it_does_not_know(tmp_path: Path):
    (tmp_path / "notes.txt").write_text("Bonjour")
    result = CliRunner().invoke(main, ["inspect", str(tmp_path / "notes.txt")])
    assert result.exit_code == 1
    assert "notes.txt: unknown, refused" in result.output


# Which books


def test_the_books_may_be_said_before_and_after_the_command_and_by_the_environment(small: Obole, tmp_path: Path):
    runner = CliRunner()
    before = runner.invoke(main, ["--books", str(small.books), "suspense"])
    after = runner.invoke(main, ["suspense", "--books", str(small.books)])
    named = runner.invoke(main, ["suspense"], env={"OBOLE_BOOKS": str(small.books)})
    assert before.exit_code == after.exit_code == named.exit_code == 0
    assert before.output == after.output == named.output
    other = runner.invoke(main, ["--books", str(tmp_path), "suspense", "--books", str(small.books)])
    assert other.output == before.output


def test_without_a_word_the_books_are_those_of_the_current_folder(small: Obole, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(small.books)
    monkeypatch.delenv("OBOLE_BOOKS", raising=False)
    assert CliRunner().invoke(main, ["suspense"]).exit_code == 0


# Exit status and errors, in a process


@pytest.mark.parametrize(
    "words",
    [
        ["frobnicate"],
        ["import"],
        ["report", "balance-sheet"],
        ["report", "weather", "--year", "2025"],
        ["report", "balance-sheet", "--year", "twenty"],
        ["report", "balance-sheet", "--year", "2025", "--format", "xlsx"],
        ["receipts", "issue", "--year", "2025", "--date", "13/02/2026"],
        ["receipts", "render", "--year", "2025", "--workers", "0"],
        ["demo", "--donors", "0"],
    ],
    ids=" ".join,
)
def test_wrong_usage_ends_with_2(small: Obole, words: list[str]):
    before = small.state()
    assert small(*words).exit_code == 2
    assert small.state() == before


def test_a_problem_in_the_data_ends_with_1_and_one_sentence(tmp_path: Path):
    told = run("--books", tmp_path, "check")
    assert told.returncode == 1
    assert "no obole.toml here" in sentence(told.stderr)
    assert told.stdout == ""


def test_good_work_ends_with_0_and_wrong_words_with_2(small: Obole):
    assert run("--books", small.books, "suspense").returncode == 0
    told = run("--books", small.books, "frobnicate")
    assert told.returncode == 2
    assert "Traceback" not in told.stderr


def test_a_refused_file_ends_with_1_in_a_process_too(small: Obole, tmp_path: Path):
    (tmp_path / "notes.txt").write_text("Bonjour")
    told = run("--books", small.books, "import", tmp_path / "notes.txt")
    assert told.returncode == 1
    assert "notes.txt: refused" in told.stdout
    assert told.stderr == ""


def test_a_reader_that_goes_away_is_no_error(demo: Path):
    command = f"{sys.executable} -m obole.cli --books {demo} report general-ledger --year 2025 | head -1"
    told = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60, check=False)
    assert "Traceback" not in told.stderr
    assert len(told.stdout.splitlines()) == 1


def test_books_that_another_process_writes_to_say_so(small: Obole, tmp_path: Path):
    with writing(Folder(small.books)):
        result = small.takes(Statement(74, 1_247_50, [given(1_00, 1)], DAY).write(tmp_path))
    assert result.exit_code == 1
    assert "another Obole is writing" in sentence(result.stderr)


def test_a_register_that_is_no_register_is_named(small: Obole):
    (small.books / "register.sqlite3").write_bytes(b"no database at all, but long enough to be looked at" * 40)
    result = small("suspense")
    assert result.exit_code == 1
    assert "the register cannot be opened" in sentence(result.stderr)


def test_a_register_that_cannot_be_written_is_a_sentence(small: Obole, tmp_path: Path):
    small.change("DROP TABLE movement")
    result = small.takes(Statement(74, 1_247_50, [given(1_00, 1)], DAY).write(tmp_path))
    assert result.exit_code == 1
    assert "register or vault: no such table: movement" in sentence(result.stderr)


def test_a_chart_that_cannot_be_read_is_named_with_its_line(small: Obole):
    chart = small.books / "chart.beancount"
    chart.write_text("2025-01-01 open 12\n" + chart.read_text(encoding="utf-8"), encoding="utf-8")
    result = small("check")
    assert result.exit_code == 1
    assert "chart.beancount: line 1" in sentence(result.stderr)


def test_settings_without_books_say_how_to_make_them(tmp_path: Path):
    (tmp_path / "obole.toml").write_text(SETTINGS, encoding="utf-8")
    for words in (["check"], ["report", "balance-sheet", "--year", "2025"], ["import", str(STATEMENT.write(tmp_path))]):
        result = Obole(tmp_path)(*words)
        assert result.exit_code == 1
        assert "obole init" in sentence(result.stderr)


def test_a_folder_without_rights_is_a_sentence_and_nothing_is_posted(
    small: Obole, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def refused(path: Path, _content: bytes) -> Path:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("ledger.journal.write_temporary", refused)  # root, who runs the tests in CI, may write anywhere
    before = small.state()
    result = small.takes(Statement(74, 1_247_50, [given(1_00, 1)], DAY).write(tmp_path))
    assert result.exit_code == 1
    assert "coda-current-2025-074.beancount: Permission denied" in sentence(result.stderr)
    assert small.state() == before


def test_an_output_that_cannot_be_written_is_a_sentence(small: Obole, tmp_path: Path):
    result = small(
        "report", "trial-balance", "--year", "2025", "-o", tmp_path / "absent" / "trial.csv", "--format", "csv"
    )
    assert result.exit_code == 1
    assert "absent: is no folder; make it first" in sentence(result.stderr)


# init


def test_init_writes_settings_to_fill_in_and_then_makes_the_books(tmp_path: Path):
    folder = tmp_path / "books"
    runner = CliRunner()
    first = runner.invoke(main, ["init", str(folder)])
    assert first.exit_code == 0
    assert "fill it in" in first.output
    second = runner.invoke(main, ["init", str(folder)])
    assert second.exit_code == 1
    assert "organisation.name" in second.stderr
    assert not (folder / "main.beancount").exists()
    (folder / "obole.toml").write_text(SETTINGS, encoding="utf-8")
    third = runner.invoke(main, ["init", str(folder)])
    assert third.exit_code == 0, third.output
    assert "back it up apart from the books" in third.output
    assert Obole(folder).checks().exit_code == 0


def test_init_takes_settings_from_elsewhere(tmp_path: Path):
    (tmp_path / "mine.toml").write_text(SETTINGS, encoding="utf-8")
    result = CliRunner().invoke(main, ["init", str(tmp_path / "books"), "--config", str(tmp_path / "mine.toml")])
    assert result.exit_code == 0, result.output
    again = CliRunner().invoke(main, ["init", str(tmp_path / "books"), "--config", str(tmp_path / "mine.toml")])
    assert again.exit_code == 1
    assert "there are books here already" in sentence(again.stderr)


def test_init_refuses_settings_that_are_no_text(tmp_path: Path):
    (tmp_path / "mine.toml").write_bytes(b"\xff\xfe\0")
    result = CliRunner().invoke(main, ["init", str(tmp_path / "books"), "--config", str(tmp_path / "mine.toml")])
    assert result.exit_code == 1
    assert "mine.toml" in sentence(result.stderr)


# report


def test_a_report_says_which_years_there_are(small: Obole):
    result = small("report", "balance-sheet", "--year", "2030")
    assert result.exit_code == 1
    assert "the books hold nothing of 2030; they have 2025" in sentence(result.stderr)


def test_a_report_is_not_made_from_books_with_errors(small: Obole):
    path = next(small.books.glob("journal/2025/coda-*.beancount"))
    path.write_text(path.read_text(encoding="utf-8").replace("12.50", "12.51", 1), encoding="utf-8")
    result = small("report", "balance-sheet", "--year", "2025")
    assert result.exit_code == 1
    assert "`obole check` lists them" in sentence(result.stderr)


def test_the_statements_of_small_books_are_those_added_up_by_hand(small: Obole):
    shown = json.loads(small("report", "income-statement", "--year", "2025", "--format", "json").stdout)
    lines = {"section", "code", "label", "amount", "previous", "printed", "printed_previous"}
    assert set(shown[1]) == lines
    assert set(shown[0]) == lines | {"organisation", "enterprise_number", "made", "year_state", "note"}
    gifts = next(line for line in shown if line["label"] == "Dons en espèces")
    assert (gifts["amount"], gifts["printed"], gifts["previous"], gifts["printed_previous"]) == (
        "190.00",
        190,
        None,
        None,
    )
    assert shown[-1]["amount"] == "177.50"


def test_a_report_as_csv_is_read_back_to_the_cent(small: Obole):
    text = small("report", "trial-balance", "--year", "2025", "--format", "csv").stdout
    rows = list(csv.reader(io.StringIO(text)))
    assert any("731100" in row and "190.00" in " ".join(row) for row in rows)


@pytest.mark.parametrize(
    "what", ["balance-sheet", "income-statement", "appropriation", "trial-balance", "general-ledger", "tie-out"]
)
def test_every_report_comes_in_every_format(small: Obole, tmp_path: Path, what: str):
    for form in ("text", "csv", "json"):
        result = small("report", what, "--year", "2025", "--format", form)
        assert result.exit_code == 0, result.output
        assert result.stdout.strip()
        if form == "json":
            json.loads(result.stdout)
    path = tmp_path / f"{what}.xlsx"
    assert small("report", what, "--year", "2025", "-o", path).exit_code == 0
    assert openpyxl.load_workbook(path).active.max_row > 1


def test_a_report_written_to_a_file_is_what_would_be_shown(small: Obole, tmp_path: Path):
    shown = small("report", "tie-out", "--year", "2025", "--format", "csv").stdout
    small("report", "tie-out", "--year", "2025", "--format", "csv", "-o", tmp_path / "tie.csv")
    assert (tmp_path / "tie.csv").read_text(encoding="utf-8").splitlines() == shown.splitlines()


@pytest.mark.parametrize("language", ["fr", "nl", "de", "en"])
def test_a_report_speaks_the_language_that_is_asked_for(small: Obole, language: str):
    result = small("report", "tie-out", "--year", "2025", "--lang", language)
    word = {"fr": "Dons et attestations", "nl": "Giften en attesten", "de": "Spenden", "en": "Gifts and receipts"}
    assert word[language] in result.output


# demo


def test_the_demonstration_does_not_write_over_books(small: Obole):
    before = small.state()
    result = CliRunner().invoke(main, ["demo", str(small.books), "--donors", "3"])
    assert result.exit_code == 1
    assert "there are books here already" in sentence(result.stderr)
    assert small.state() == before


def test_verify_of_books_that_were_never_closed(small: Obole):
    assert "0 sealed years" in small("verify").output


def test_new_books_are_empty_and_whole(tmp_path: Path):
    obole = Obole(new_books(tmp_path / "books"))
    assert obole.checks().exit_code == 0
    with closing(os.scandir(obole.books / "journal" / "2025")) as entries:
        assert [entry.name for entry in entries] == ["00-year.beancount"]
