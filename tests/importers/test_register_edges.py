"""Registers at their edges: one day more, one cent less, a row twice; and how they are told in counts."""

import io
from pathlib import Path

import openpyxl
import pytest
from registers import write_csv, write_workbook
from test_tabular import rewrite

from importers.deciding.proposals import Proposal, directory, propose
from importers.deciding.returns import fate
from importers.registers import assignments, donors, grants, in_kind, journal
from importers.sheets import values
from importers.sheets.tabular import RegisterFile
from ledger.errors import Severity
from ledger.instalments import Fate
from ledger.vault.donors import Donor


def told(file: RegisterFile, severity: Severity = Severity.WARNING) -> list[str]:
    return [fault.message for fault in file.faults if fault.severity is severity]


# Grants

GRANT = {
    "reference": "G-1",
    "funder": "A",
    "funder_kind": "public",
    "amount": "100",
    "recognition": "receipt",
    "from": "",
    "to": "",
    "signed": "",
}


def grant_book(path: Path, *, costs: str = "", assets: str = "", parts: str = "G-1;2025-06-01;100", **changes: str):
    row = GRANT | changes
    text = f"# grants\n{';'.join(row)}\n{';'.join(row.values())}\n# instalments\nreference;due;amount\n{parts}\n"
    if costs:
        text += f"# costs\nreference;date;amount;evidence\n{costs}\n"
    if assets:
        text += f"# assets\nreference;account;acquired;cost;years\n{assets}\n"
    return grants.read(write_workbook(path / "grants.xlsx", text))


PERIOD = {"recognition": "period", "from": "2025-01-01", "to": "2025-12-31"}
SPENT = {"recognition": "spent", "from": "2025-01-01", "to": "2025-12-31"}


@pytest.mark.parametrize(
    ("changes", "warnings"),
    [
        ({}, []),
        ({"parts": "G-1;2025-06-01;99"}, ["instalments of 1.00 are missing"]),
        ({"signed": "2025-06-01"}, []),
        ({"signed": "2025-06-02"}, ["is after the day an instalment is due"]),
        (PERIOD, []),
        (PERIOD | {"to": "2025-12-30"}, ["are not whole calendar months"]),
        (PERIOD | {"from": "2025-01-02"}, ["are not whole calendar months"]),
        (PERIOD | {"from": "2025-02-01", "to": "2025-02-28"}, []),
        ({"to": "2025-07-01", "signed": "2025-05-01"}, []),
        ({"to": "2025-04-30", "signed": "2025-05-01"}, ["is after the end of the period"]),
        ({"to": "2025-05-01", "signed": "2025-05-01"}, []),
        ({"costs": "G-1;2025-03-01;10;x"}, ["so the costs given for this grant change nothing"]),
        (SPENT | {"costs": "G-1;2025-03-01;100;x"}, []),
        (SPENT | {"costs": "G-1;2025-03-01;101;x"}, ["is 1.00 less than the costs"]),
        (SPENT | {"costs": "G-1;2025-01-01;10;x\nG-1;2025-12-31;10;x"}, []),
        (
            SPENT | {"costs": "G-1;2024-12-31;10;x\nG-1;2026-01-01;10;x"},
            ["does not include 2 costs, such as that of 2024-12-31"],
        ),
        ({"recognition": "capital", "assets": "G-1;230000;2025-03-01;100;5"}, []),
        ({"recognition": "capital", "assets": "G-1;230000;2025-03-01;99;5"}, ["is more than its assets cost"]),
        ({"recognition": "capital"}, ["is capital but no asset is given"]),
        ({"assets": "G-1;230000;2025-03-01;100;5"}, ["so the assets given for this grant change nothing"]),
    ],
    ids=lambda value: str(value)[:50],
)
def test_what_is_worth_looking_at_in_a_grant_is_told(changes: dict[str, str], warnings: list[str], tmp_path: Path):
    file = grant_book(tmp_path, **changes)
    assert told(file, Severity.ERROR) == []
    found = told(file)
    assert len(found) == len(warnings)
    assert all(words in message for words, message in zip(warnings, found, strict=True))


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"from": "2025-02-01", "to": "2025-01-31"}, "is before the day the period begins"),
        ({"recognition": "period", "to": "2025-12-31"}, "is empty; recognition over the period needs both days"),
        ({"recognition": "period", "from": "2025-01-01"}, "is empty; recognition over the period needs both days"),
        ({"parts": "G-2;2025-06-01;100"}, "is on no row of the sheet of grants"),
    ],
)
def test_what_cannot_be_in_a_grant_is_refused(changes: dict[str, str], error: str, tmp_path: Path):
    assert any(error in message for message in told(grant_book(tmp_path, **changes), Severity.ERROR))


def test_a_period_of_one_day_is_one(tmp_path: Path):
    assert told(grant_book(tmp_path, **{"from": "2025-01-01", "to": "2025-01-01"}), Severity.ERROR) == []


# Donors


def test_donors_are_told_in_counts(tmp_path: Path):
    rows = (
        "donor;kind;last_name;street;postcode;municipality;email;delivery;ibans;mandates;references;national_number;"
        "enterprise_number\n"
        "D0001;natural;A;Rue 1;1000;Bruxelles;a@example.org;email;BE68539007547034;M1 M2;090933755493;85073003328;\n"
        "D0002;natural;B;;1000;Bruxelles;;post;;;;;\nD0003;natural;C;Rue 1;;Bruxelles;;post;;;;;\n"
        "D0004;natural;D;Rue 1;1000;;;post;;M3;;;\nD0005;legal;E;;;;;post;;;;;0308357159\n"
    )
    file = donors.read(write_csv(tmp_path / "donors.csv", rows))
    assert file.ok
    assert donors.describe(file) == [
        ("donors", "5"),
        ("natural persons", "4"),
        ("legal persons", "1"),
        ("with a national number", "1"),
        ("with an enterprise number", "1"),
        ("with a whole address", "1"),
        ("receipt by e-mail", "1"),
        ("accounts (IBAN)", "1"),
        ("mandates", "3"),
        ("structured communications", "1"),
    ]


# Gifts in kind

KIND = {
    "reference": "K-1",
    "date": "2025-03-14",
    "donor": "",
    "category": "goods",
    "description": "chairs",
    "quantity": "",
    "unit_value": "",
    "value": "10",
    "valuation": "market",
    "evidence": "x",
    "account": "731200",
}


def kinds(path: Path, *rows: dict[str, str]):
    lines = [";".join((KIND | row).values()) for row in rows]
    return in_kind.read(write_csv(path / "kind.csv", "\n".join([";".join(KIND), *lines])))


@pytest.mark.parametrize(
    ("row", "error"),
    [
        ({"quantity": "4", "unit_value": "2,50"}, None),
        ({"quantity": "3", "unit_value": "3,33", "value": "9,99"}, None),
        ({"quantity": "0,5", "unit_value": "0,03", "value": "0,02"}, None),
        ({"quantity": "4", "unit_value": "2,51"}, "but quantity times unit value is 10.04"),
        ({"unit_value": "2,50"}, "is empty while there is a unit value"),
        ({"quantity": "0", "unit_value": "2,50"}, "must be above zero"),
        ({"quantity": "4"}, None),
    ],
)
def test_quantity_times_unit_value_is_the_value(row: dict[str, str], error: str | None, tmp_path: Path):
    errors = told(kinds(tmp_path, row), Severity.ERROR)
    assert [error in message for message in errors] == ([True] if error else [])


def test_gifts_in_kind_are_told_by_category(tmp_path: Path):
    file = kinds(
        tmp_path,
        {},
        {"reference": "K-2", "date": "2025-03-01", "value": "5"},
        {"reference": "K-3", "category": "services"},
    )
    told_of = in_kind.describe(file)
    assert told_of[:2] == [("gifts in kind", "3"), ("received", "2025-03-01 to 2025-03-14")]
    assert ("goods", "15.00") in told_of
    assert ("services", "10.00") in told_of
    assert told_of[-1] == ("value", "25.00")
    assert len(told_of) == 5


def test_a_gift_in_kind_given_twice_is_refused_at_its_second_row(tmp_path: Path):
    file = kinds(tmp_path, {}, {})
    assert [(fault.line, "is that of row 2 again" in fault.message) for fault in file.faults] == [(3, True)]


# Journals

HEAD = "date;account;debit;credit;document;text"


def entries(path: Path, *rows: str):
    return journal.read(write_csv(path / "journal.csv", "\n".join([HEAD, *rows])))


def test_a_journal_is_told_by_its_debits(tmp_path: Path):
    file = entries(
        tmp_path,
        "2025-03-14;620200;10;;OD-1;a",
        "2025-03-14;455000;;10;OD-1;",
        "2025-03-01;620200;0,01;;OD-2;",
        "2025-03-01;455000;;0,01;OD-2;",
    )
    assert file.ok
    assert journal.describe(file) == [
        ("entries", "2"), ("lines", "4"), ("dated", "2025-03-01 to 2025-03-14"), ("accounts", "2"), ("debits", "10.01")
    ]  # fmt: skip
    assert [(line.account, line.cents, line.text, line.row) for line in file.rows[0].lines] == [
        ("620200", 10_00, "a", 2), ("455000", -10_00, "", 3)
    ]  # fmt: skip
    assert journal.describe(entries(tmp_path))[:2] == [("entries", "0"), ("lines", "0")]


@pytest.mark.parametrize(
    ("rows", "error"),
    [
        (["620200;10;"], "(rows 2) does not balance: its debits are 10.00 higher"),
        (["620200;;10", "620200;1;"], "(rows 2-3) does not balance: its credits are 9.00 higher"),
        (["620200;10;10"], "is filled and so is the debit"),
        (["620200;;"], "and the credit are both empty or zero"),
        (["620200;0;0"], "and the credit are both empty or zero"),
        (["620200;-1;"], "is negative; write the amount without its sign as credit"),
        (["620200;;-1"], "is negative; write the amount without its sign as debit"),
    ],
)
def test_a_journal_that_cannot_be_is_refused(rows: list[str], error: str, tmp_path: Path):
    errors = told(entries(tmp_path, *(f"2025-03-14;{row};OD-1;" for row in rows)), Severity.ERROR)
    assert [error in message for message in errors] == [True]


def test_rows_of_an_entry_that_stand_apart_are_told_in_runs(tmp_path: Path):
    one, other = "2025-03-14;620200;10;;OD-1;", ("2025-03-14;620200;1;;OD-2;", "2025-03-14;455000;;1;OD-2;")
    (error,) = told(entries(tmp_path, one, one, *other, one, *other, one, one, one), Severity.ERROR)
    assert "(rows 2-3, 6, 9-11)" in error


def test_the_same_document_on_another_day_is_another_entry(tmp_path: Path):
    rows = [f"2025-03-{day};{line};OD-1;" for day in (14, 15) for line in ("620200;1;", "455000;;1")]
    assert [entry.day.day for entry in entries(tmp_path, *rows).rows] == [14, 15]


@pytest.mark.parametrize(
    ("headings", "is_one"),
    [
        (HEAD, True),
        ("compte;débit", True),
        ("account;credit", True),
        ("account;amount", False),
        ("debit;credit", False),
        ("date;document;text", False),
        ("account;text", False),
    ],
)
def test_a_journal_is_known_by_an_account_and_a_side(headings: str, is_one: bool, tmp_path: Path):
    assert journal.identify(write_csv(tmp_path / "a.csv", headings + "\n")) is is_one


# Decisions

DECISION = "document;position;date;donor;account;reason;nature;counterpart;campaign;fund;learn"


def decisions(path: Path, *rows: str, heading: str = DECISION):
    return assignments.read(write_csv(path / "a.csv", "\n".join([heading, *rows])))


def test_a_decision_says_what_a_line_is(tmp_path: Path):
    (row,) = decisions(tmp_path, "coda-1;3;2025-03-14;D0001;731100;said so;money;token;spring;water;oui").rows
    assert (row.document, row.position, row.donor, row.account, row.reason) == (
        "coda-1",
        3,
        "D0001",
        "731100",
        "said so",
    )
    assert (row.nature, row.counterpart, row.campaign, row.fund, row.learn, row.row) == (
        "money", "token", "spring", "water", True, 2
    )  # fmt: skip
    (bare,) = decisions(tmp_path, "coda-1;3;2025-03-14;;731100;;;;;;non").rows
    assert (bare.project, bare.department) == (None, None)
    more = f"{DECISION};project;department"
    (placed,) = decisions(tmp_path, "coda-1;3;2025-03-14;;731100;;;;;;;school;north", heading=more).rows
    assert (placed.project, placed.department) == ("school", "north")
    assert (bare.donor, bare.nature, bare.counterpart, bare.campaign, bare.fund, bare.learn) == (
        None, None, None, None, None, False
    )  # fmt: skip


@pytest.mark.parametrize(("count", "shown"), [(1, "(2)"), (5, "(2, 3, 4, 5, 6)"), (6, "(2, 3, 4, 5, 6 ...)")])
def test_rows_that_are_filled_in_without_a_date_are_told(count: int, shown: str, tmp_path: Path):
    undated = [f"coda-1;{number};;D0001;;;;;;;" for number in range(count)]
    file = decisions(tmp_path, *undated, "coda-1;9;2025-03-14;D0001;;;;;;;")
    assert file.ok
    (warning,) = told(file)
    filled = "row that is filled in" if count == 1 else "rows that are filled in"
    assert f"{count} {filled} {shown}" in warning
    assert [row.position for row in file.rows] == [9]


def test_rows_that_nobody_filled_in_are_left_in_silence(tmp_path: Path):
    file = decisions(tmp_path, "coda-1;1;;;;;;;;;", "coda-1;9;2025-03-14;D0001;;;;;;;")
    assert (file.faults, [row.position for row in file.rows]) == ((), [9])


def test_a_list_without_a_date_decides_nothing(tmp_path: Path):
    assert any(
        "no row has a date" in error for error in told(decisions(tmp_path, "coda-1;1;;D0001;;;;;;;"), Severity.ERROR)
    )


def test_a_line_is_decided_once_and_about_something(tmp_path: Path):
    twice = decisions(tmp_path, *["coda-1;1;2025-03-14;D0001;;;;;;;"] * 2)
    assert ["was decided in row 2" in error for error in told(twice, Severity.ERROR)] == [True]
    empty = decisions(tmp_path, "coda-1;1;2025-03-14;;;because;;;;;")
    assert ["are both empty" in error for error in told(empty, Severity.ERROR)] == [True]


def test_decisions_are_told_in_counts(tmp_path: Path):
    file = decisions(
        tmp_path, "a;1;2025-03-14;D0001;;;;;;;", "a;2;2025-03-14;;616000;;;;;;", "b;1;2025-03-14;D0001;731100;;;;;;"
    )
    assert assignments.describe(file) == [
        ("decisions", "3"), ("documents", "2"), ("to a donor", "2"), ("to an account", "2")
    ]  # fmt: skip


def test_a_column_in_brackets_is_for_reading_only(tmp_path: Path):
    file = decisions(tmp_path, "X;coda-1;1;2025-03-14;D0001", heading="(name);document;position;date;donor")
    assert file.ok
    assert [row.document for row in file.rows] == ["coda-1"]


# Likely donors, and the fate of mandates

KNOWN = directory([Donor("D0001", "natural", "Dupont", "Zoé"), Donor("D0002", "natural", "Dupond", "Zoé")])


def test_evidence_raises_the_score_of_a_name_alike_and_stands_alone_without_one():
    account = Proposal("D0002", 0.5, ("account",))
    found = propose("Zoé Dupont", "", KNOWN, evidence=[account, Proposal("D0009", 0.3, ("ogm",))])
    plain = {one.donor: one for one in propose("Zoé Dupont", "", KNOWN)}
    assert [one.donor for one in found] == ["D0001", "D0002", "D0009"]
    assert found[1].score == round(1 - 0.5 * (1 - plain["D0002"].score), 3)
    assert found[1].reasons == ("account", *plain["D0002"].reasons)
    assert found[2] == Proposal("D0009", 0.3, ("ogm",))


def test_no_more_are_proposed_than_asked_for():
    assert [one.donor for one in propose("Zoé Dupont", "", KNOWN, limit=1)] == ["D0001"]
    assert propose("", "anything", KNOWN) == []


@pytest.mark.parametrize(("reason", "expected"), [("AM04", Fate.RETRY), ("MD07", Fate.END), ("XX99", Fate.SUSPEND)])
def test_the_reason_of_a_return_decides_what_follows(reason: str, expected: Fate):
    assert fate(reason) is expected


def test_a_heading_in_one_bracket_is_a_column_like_others(tmp_path: Path):
    assert not decisions(tmp_path, "X;a;1;2025-03-14;D0001", heading="(name;document;position;date;donor").ok
    assert not decisions(tmp_path, "X;a;1;2025-03-14;D0001", heading="name);document;position;date;donor").ok


def test_an_amount_of_minus_a_cent_is_negative(tmp_path: Path):
    errors = told(entries(tmp_path, "2025-03-14;620200;-0,01;;OD-1;"), Severity.ERROR)
    assert ["is negative" in error for error in errors] == [True]


def test_a_fault_is_told_with_the_row_of_the_sheet_though_rows_are_empty(tmp_path: Path):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(HEAD.split(";"))
    sheet["A5"], sheet["B5"], sheet["C5"], sheet["E5"] = "2025-03-14", "620200", "=1/0", "OD-1"
    book.save(tmp_path / "journal.xlsx")
    file = journal.read(tmp_path / "journal.xlsx")
    assert not file.ok
    assert {fault.line for fault in file.faults} == {5}


def test_a_sheet_of_more_columns_than_any_register_has_is_not_read():
    for width, wide in ((256, False), (257, True)):
        book = openpyxl.Workbook()
        book.active.cell(1, 1, "x")
        book.active.cell(1, width, "x")
        out = io.BytesIO()
        book.save(out)
        assert values._read(values._Asked("Sheet", spaced=False, data=out.getvalue())).wide is wide


def test_a_list_without_a_column_of_dates_says_so(tmp_path: Path):
    errors = told(decisions(tmp_path, "a;1;D0001", heading="document;position;donor"), Severity.ERROR)
    assert any("`date`" in error and "missing" in error for error in errors)
    assert not any("no row has a date" in error for error in errors)


def test_a_score_is_at_most_one():
    known = directory([Donor("D0001", "natural", "Dupont", "Zoé", "Rue des Lilas 1", "1000", "Bruxelles")])
    (found,) = propose("Zoé Dupont", "rue des lilas bruxelles", known)
    assert found.score == 1.0
    (part,) = propose("Zoé Dupant", "rue des lilas", known)
    (bare,) = propose("Zoé Dupant", "", known)
    assert part.score == round(min(1.0, bare.score + 0.15), 3)


@pytest.mark.parametrize("place", ["1", "", ">1", "é1"])
def test_a_cell_that_stands_nowhere_is_damage(place: str, tmp_path: Path):
    source = write_workbook(tmp_path / "journal.xlsx", HEAD)
    rewrite(source, "xl/worksheets/sheet1.xml", lambda xml: xml.replace('r="A1"', f'r="{place}"'))
    file = journal.read(source)
    assert ["the workbook is damaged" in error for error in told(file, Severity.ERROR)] == [True]
    assert not journal.identify(source)
