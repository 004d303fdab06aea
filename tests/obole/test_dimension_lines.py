"""Project, department and fund from every source to register, books and exports."""

import csv
import io
import json
from pathlib import Path

import pytest
from small_books import (
    DAY,
    OPENING,
    SETTINGS,
    STATEMENT,
    Journal,
    Line,
    Obole,
    Statement,
    new_books,
    write_csv,
    write_donors,
)

from ledger.register.gifts import day_totals
from obole.books.settings import ConfigError, load

DECLARED = """
[[project]]
key = "SCHOOLS"
label = { fr = "Écoles", nl = "Scholen" }
to = 2025-12-31

[[department]]
key = "COMM"
label = "Communication"

[[fund]]
key = "CHILD"
from = 2025-01-01
"""
CARRIED = ("date", "account", "debit", "credit", "text", "document", "project", "department", "fund")


@pytest.fixture
def declared(tmp_path: Path) -> Obole:
    obole = Obole(new_books(tmp_path / "books", SETTINGS + DECLARED))
    obole.takes_well(write_donors(tmp_path / "donors.csv"), OPENING.write(tmp_path))
    return obole


class Carrying(Journal):
    def write(self, folder: Path) -> Path:
        return write_csv(folder / self.name, CARRIED, self.rows)


def bought(*keys: str, day: str = "2025-02-03") -> Journal:
    rows = ((day, "615000", "121.00", "", "Affiches", "A-1", *keys), (day, "440000", "", "121.00", "Affiches", "A-1"))
    return Carrying(tuple((*row, *[""] * (9 - len(row))) for row in rows))


def journal_text(obole: Obole, start: str) -> str:
    """The text of the journal files whose names begin so; one at least."""
    files = sorted((obole.books / "journal" / "2025").glob(f"{start}*"))
    assert files
    return "\n".join(path.read_text(encoding="utf-8") for path in files)


def ledger(obole: Obole) -> list[dict[str, str]]:
    told = obole("report", "general-ledger", "--year", "2025", "--format", "csv").stdout
    return list(csv.DictReader(io.StringIO(told)))


def keys_of_gifts(obole: Obole) -> list[tuple[str | None, str | None, str | None]]:
    """Project, department and fund of each gift."""
    return [(gift.project, gift.department, gift.fund) for gift in (one.gift for one in obole.posted())]


# Declared


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[[project]]\nkey = "A"\n[[project]]\nkey = "A"\n', "[[project]] has A twice; keep one"),
        ('[[fund]]\nkey = "A"\nfrom = 2025-02-01\nto = 2025-01-31\n', "`to` lies before `from`"),
        ('[[fund]]\nkey = "Fonds des enfants"\n', "fund[1].key"),
        ('[[department]]\nkey = "A"\nlabel = { es = "x" }\n', "department[1].label"),
    ],
)
def test_a_wrong_declaration_is_told(tmp_path: Path, text: str, said: str):
    (tmp_path / "obole.toml").write_text(SETTINGS + text, encoding="utf-8")
    with pytest.raises(ConfigError) as refusal:
        load(tmp_path)
    assert said in str(refusal.value)


def test_a_rule_carries_declared_keys_only(tmp_path: Path):
    text = SETTINGS.replace('account = "657000"', 'account = "657000"\ndepartment = "HR"') + DECLARED
    (tmp_path / "obole.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match="department `HR` is not declared"):
        load(tmp_path)


# Journals


def test_a_journal_row_carries_its_keys_into_books_and_ledger(declared: Obole, tmp_path: Path):
    declared.takes_well(bought("SCHOOLS", "COMM", "CHILD").write(tmp_path))
    text = journal_text(declared, "journal-")
    assert "#department-COMM #fund-CHILD #project-SCHOOLS" in text
    assert text.count('    project: "SCHOOLS"\n    department: "COMM"\n    fund: "CHILD"\n') == 1
    lines = {row["account"]: row for row in ledger(declared) if row["document"] == "A-1"}
    assert [lines["615000"][name] for name in ("project", "department", "fund", "party")] == [
        "SCHOOLS",
        "COMM",
        "CHILD",
        "",
    ]
    assert [lines["440000"][name] for name in ("project", "department", "fund")] == ["", "", ""]
    assert lines["615000"]["number"] == lines["440000"]["number"] == "PUR-2025-000001"
    told = json.loads(declared("report", "general-ledger", "--year", "2025", "--format", "json").stdout)
    assert [row["project"] for row in told if row["account"] == "615000" and row["document"]] == ["SCHOOLS"]
    assert declared.checks().exit_code == 0


@pytest.mark.parametrize(
    ("keys", "day", "said"),
    [
        (("OTHER",), "2025-02-03", "line 2: project `OTHER` is not declared; correct it, or add [[project]]"),
        (("", "HR"), "2025-02-03", "line 2: department `HR` is not declared"),
        (("", "", "ELDERLY"), "2025-02-03", "line 2: fund `ELDERLY` is not declared"),
        (("SCHOOLS",), "2026-02-03", "line 2: project `SCHOOLS` is not for 2026-02-03 (until 2025-12-31)"),
    ],
)
def test_a_key_not_declared_refuses_the_journal_and_names_the_row(
    declared: Obole, tmp_path: Path, keys: tuple[str, ...], day: str, said: str
):
    assert said in declared.refuses(bought(*keys, day=day).write(tmp_path))


def test_funds_are_free_where_none_is_declared_and_their_text_is_watched(empty: Obole, tmp_path: Path):
    empty.takes_well(bought("", "", "Fonds enfance").write(tmp_path))
    text = journal_text(empty, "journal-")
    assert 'fund: "Fonds enfance"' in text
    assert "#fund" not in text  # no tag can hold a blank
    assert empty.checks().exit_code == 0
    named = Carrying(tuple((*row[:5], "A-2", *row[6:]) for row in bought("", "", "Zoé Dupont").rows), "named.csv")
    assert "the name of a donor" in empty.refuses(named.write(tmp_path))


# Gifts


def test_gifts_in_kind_carry_their_keys_into_register_totals_and_books(declared: Obole, tmp_path: Path):
    headings = (
        *("reference", "date", "donor", "category", "description", "value", "valuation", "evidence", "account"),
        *("fund", "project", "department"),
    )
    same = ("D0001", "goods", "Livres", "80.00", "market", "EV-1", "610900")
    rows = [("N-1", "2025-02-03", *same, "CHILD", "SCHOOLS", "COMM"), ("N-2", "2025-02-03", *same, "", "", "")]
    declared.takes_well(write_csv(tmp_path / "in-kind.csv", headings, rows))
    assert keys_of_gifts(declared) == [("SCHOOLS", "COMM", "CHILD"), (None, None, None)]
    assert declared.rows("SELECT department FROM in_kind ORDER BY reference") == [("COMM",), (None,)]
    with declared.register() as connection:
        totals = day_totals(connection)
    assert [(one.fund, one.project, one.department, one.cents) for one in totals] == [
        ("CHILD", "SCHOOLS", "COMM", 80_00),
        ("", "", "", 80_00),
    ]
    text = journal_text(declared, "in-kind-")
    assert text.count('    project: "SCHOOLS"') == 1
    assert "#gift #department-COMM #fund-CHILD #project-SCHOOLS" in text
    assert declared.checks().exit_code == 0


@pytest.mark.parametrize("column", ["project", "department"])
def test_a_dimension_changed_by_hand_is_found(declared: Obole, tmp_path: Path, column: str):
    declared.takes_well(gifts_of_a_rule(declared, tmp_path))
    declared.change(f"UPDATE gift SET {column} = 'OTHER' WHERE id = 1")
    assert "gift: id 1" in declared.faults()
    declared.change(f"UPDATE gift SET {column} = NULL WHERE id = 1")
    assert "gift: id 1" in declared.faults()


def gifts_of_a_rule(obole: Obole, folder: Path) -> Path:
    settings = obole.books / "obole.toml"
    text = settings.read_text(encoding="utf-8")
    gift = 'gift = { channel = "platform", project = "SCHOOLS", department = "COMM", fund = "CHILD" }'
    settings.write_text(text.replace('gift = { channel = "platform" }', gift), encoding="utf-8")
    parts = (Line(40_00, "00150000", "PAYOUT 1"), Line(2_00, "00150000", "PAYOUT 2"))
    return Statement(parts=parts).write(folder)


def test_a_gift_rule_and_an_account_rule_carry_their_keys(declared: Obole, tmp_path: Path):
    settings = declared.books / "obole.toml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text.replace('account = "657000"', 'account = "657000"\ndepartment = "COMM"'), encoding="utf-8")
    statement = gifts_of_a_rule(declared, tmp_path)
    declared.takes_well(statement)
    assert keys_of_gifts(declared) == [("SCHOOLS", "COMM", "CHILD")] * 2
    declared.takes_well(
        Statement(74, 1_042_00, (Line(-12_50, "08037000", "FRAIS"),), DAY.replace(day=17)).write(tmp_path)
    )
    assert '    department: "COMM"' in journal_text(declared, "coda-current-2025-074")
    assert declared.checks().exit_code == 0
    assert declared("undo", STATEMENT.document).exit_code == 0
    with declared.register() as connection:
        assert sum(one.cents for one in day_totals(connection) if one.project == "SCHOOLS") == 0
    assert declared("undo", "coda-current-2025-074").exit_code == 0
    assert "#department-COMM" in journal_text(declared, "undo-coda-current-2025-074")
    assert declared.checks().exit_code == 0


def test_a_rule_whose_project_was_over_leaves_its_line_open_until_the_period_or_the_key_is_corrected(
    declared: Obole, tmp_path: Path
):
    settings = declared.books / "obole.toml"
    text = settings.read_text(encoding="utf-8").replace('account = "657000"', 'account = "657000"\nproject = "SCHOOLS"')
    settings.write_text(text.replace("to = 2025-12-31", "to = 2025-03-13"), encoding="utf-8")
    statement = Statement(parts=(Line(-12_50, "08037000", "FRAIS"),)).write(tmp_path)
    told = declared.takes(statement).output
    assert "the rule `Frais bancaires` carries project `SCHOOLS`, which is not for that day (until 2025-03-13)" in told
    assert [one.cents for one in declared.waiting()] == [-12_50]
    assert declared.checks().exit_code == 0
    settings.write_text(text, encoding="utf-8")
    declared.takes_well(statement)
    assert '    project: "SCHOOLS"' in journal_text(declared, "assignment-")
    assert declared.checks().exit_code == 0


def test_a_decision_gives_a_gift_its_project_and_a_line_its_department(declared: Obole, tmp_path: Path):
    parts = (Line(70_00, "00150000", "MERCI", name="X"), Line(-30_00, "00101000", "ACHAT", name="Y"))
    declared.takes_well(Statement(parts=parts).write(tmp_path))
    headings = ("document", "position", "donor", "account", "date", "project", "department")
    rows = [
        (STATEMENT.document, "1", "D0001", "", "2025-03-20", "SCHOOLS", ""),
        (STATEMENT.document, "2", "", "615000", "2025-03-20", "", "COMM"),
    ]
    declared.takes_well(write_csv(tmp_path / "decided.csv", headings, rows))
    assert keys_of_gifts(declared) == [("SCHOOLS", None, None)]
    assert '    department: "COMM"' in journal_text(declared, "assignment-")
    before = declared.state()
    declared.takes_well(write_csv(tmp_path / "again.csv", headings, rows))
    assert declared.state() == before
    document = next(name for name in declared.documents() if name.startswith("assignment"))
    undeclared = [(document, "2", "", "", "2025-03-21", "OTHER", "")]
    assert "project `OTHER` is not declared" in declared.refuses(write_csv(tmp_path / "o.csv", headings, undeclared))
    moved = [(document, "2", "", "", "2025-03-21", "", "COMM")]
    declared.takes_well(write_csv(tmp_path / "moved.csv", headings, moved))
    gifts = [one.gift for one in declared.posted()]
    assert [(one.cents, one.project, one.department) for one in gifts] == [
        (70_00, "SCHOOLS", None),
        (-70_00, "SCHOOLS", None),
        (70_00, "SCHOOLS", "COMM"),
    ]
    assert declared.checks().exit_code == 0


def test_the_trial_balance_is_parted_by_a_key(declared: Obole, tmp_path: Path):
    declared.takes_well(bought("SCHOOLS", "COMM", "CHILD").write(tmp_path))
    told = declared("report", "trial-balance", "--year", "2025", "--by", "project", "--format", "csv").stdout
    rows = {(row["project"], row["code"]): row for row in csv.DictReader(io.StringIO(told))}
    assert rows["SCHOOLS", "615000"]["debit"] == "121.00"
    assert rows["", "440000"]["credit"] == "121.00"
    assert "Écoles" in declared("report", "trial-balance", "--year", "2025", "--by", "project", "--lang", "fr").stdout
    refused = declared("report", "general-ledger", "--year", "2025", "--by", "fund")
    assert refused.exit_code == 2
    assert "--by goes with trial-balance only" in refused.output
