"""Registers row by row: what each may leave empty, what is told once, and the headings that each is known by."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from registers import write_csv, write_workbook
from test_register_edges import DECISION, GRANT, HEAD, KIND, SPENT, decisions, entries, grant_book, kinds, told

from importers.registers import assignments, donors, grants, in_kind, journal, legacies, parties, pledges
from importers.sheets.tabular import RegisterFile
from ledger.dimensions import LineKeys
from ledger.errors import Severity
from ledger.parties import PartyKind
from ledger.recognition import Grant

ENTERPRISE, ENTERPRISE_2 = "0308357159", "0886886638"
IBAN, IBAN_2 = "BE68539007547034", "FR7630006000011234567890189"  # the second: the example of the ECBS


def errors(file: RegisterFile[Any]) -> list[str]:
    return [str(fault) for fault in file.faults if fault.severity is Severity.ERROR]


# What each is known by


@pytest.mark.parametrize(
    ("module", "headings", "is_one"),
    [
        (assignments, "document;position", True),
        (assignments, "pièce;positie", True),
        (assignments, "document;donor", False),
        (assignments, "position;donor", False),
        (assignments, "position", False),
        (assignments, "document", False),
        (in_kind, "reference;category", True),
        (in_kind, "reference;valuation", True),
        (in_kind, "reference;unit_value", True),
        (in_kind, "date;category", False),
        (in_kind, "reference;date", False),
        (legacies, "legs;événement", True),
        (legacies, "legacy;date", False),
        (assignments, "document;position;legacy", True),
        (legacies, "document;position;legacy", False),
        (donors, "donor;last_name", True),
        (donors, "donor;ibans", True),
        (donors, "kind;last_name", False),
        (donors, "donor;kind", False),
        (journal, "account;debit", True),
        (journal, "account;credit", True),
        (journal, "date;debit;credit", False),
        (journal, "account;text", False),
        (parties, "party;kind;name", True),
        (parties, "party;kind", False),
        (parties, "party;name", False),
        (parties, "kind;name", False),
        (pledges, "mandate;first_due", True),
        (pledges, "mandate;donor", False),
        (grants, "funder_kind;recognition", True),
        (grants, "recognition;funder", False),
        (grants, "funder_kind;funder", False),
    ],
)
def test_a_register_is_known_by_its_own_headings(module: ModuleType, headings: str, is_one: bool, tmp_path: Path):
    assert module.identify(write_csv(tmp_path / "a.csv", headings + "\n")) is is_one


# Third parties

PARTY = {
    "party": "s0012", "kind": "supplier", "name": "Exemple", "first_name": "", "street": "Rue A 1", "postcode": "1000",
    "municipality": "Bruxelles", "country": "", "language": "", "iban": "", "enterprise_number": "", "payment_term": "",
}  # fmt: skip


def party(path: Path, *rows: Mapping[str, str]) -> parties.PartiesFile:
    lines = [";".join((PARTY | dict(row)).values()) for row in rows]
    return parties.read(write_csv(path / "parties.csv", "\n".join([";".join(PARTY), *lines])))


def test_a_third_party_is_what_its_row_says(tmp_path: Path):
    row = {
        "kind": "klant, FUNDER|supplier;customer".replace(";", " "), "first_name": "Zoé", "country": "fr",
        "language": "NL", "iban": "fr76 3000 6000 0112 3456 7890 189", "enterprise_number": "BE 0308.357.159",
        "payment_term": "30",
    }  # fmt: skip
    whole, bare = party(tmp_path, row, {"party": "C07", "name": "Autre", "street": ""}).rows
    assert whole == parties.PartyRow(
        "S0012", (PartyKind.SUPPLIER, PartyKind.CUSTOMER, PartyKind.FUNDER), "Exemple", "Zoé", "Rue A 1", "1000",
        "Bruxelles", "FR", "nl", IBAN_2, ENTERPRISE, 30, 2,
    )  # fmt: skip
    assert bare == parties.PartyRow(
        "C07", (PartyKind.SUPPLIER,), "Autre", "", "", "1000", "Bruxelles", "BE", "", "", "", None, 3
    )  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"party": ""}, "column `party` is empty"),
        ({"party": "Dupont"}, "column `party` is not the key of a third party"),
        ({"party": "D0001"}, "column `party` is not the key of a third party"),
        ({"kind": "supplier friend"}, "another word than supplier"),
        ({"kind": "friend"}, "another word than supplier"),
        ({"name": ""}, "column `name` is empty"),
        ({"enterprise_number": "0308357158"}, "is not an enterprise number"),
        ({"iban": "BE68539007547035"}, "is not an IBAN"),
        ({"country": "BEL"}, "is not an ISO code"),
        ({"country": "B1"}, "is not an ISO code"),
        ({"country": "B"}, "is not an ISO code"),
        ({"payment_term": "367"}, "is not a number of days"),
        ({"payment_term": "0030"}, "is not a number of days"),
        ({"payment_term": "-1"}, "is not a number of days"),
        ({"payment_term": "٣"}, "is not a number of days"),
        ({"payment_term": "²"}, "is not a number of days"),
        ({"payment_term": "30d"}, "is not a number of days"),
    ],
)
def test_what_is_wrong_with_a_third_party_is_told_once(changes: dict[str, str], words: str, tmp_path: Path):
    file = party(tmp_path, changes, {"party": "C07"})
    assert [words in error and error.startswith("line 2: ") for error in errors(file)] == [True]
    assert [row.key for row in file.rows] == ["C07"]


@pytest.mark.parametrize(("term", "days"), [("0", 0), ("366", 366), ("030", 30), ("", None)])
def test_a_payment_term_is_a_number_of_days(term: str, days: int | None, tmp_path: Path):
    assert [row.payment_term for row in party(tmp_path, {"payment_term": term}).rows] == [days]


def test_a_key_stands_once_and_a_number_of_two_is_told(tmp_path: Path):
    file = party(tmp_path, {}, {"party": "C07"}, {"party": "S0012"}, {"party": "F11"})
    assert errors(file) == ["line 4: column `party` has the key of row 2 again; keep one"]
    assert [row.key for row in file.rows] == ["S0012", "C07", "F11"]
    assert told(file) == [], "two without a number have not the same"
    same = party(tmp_path, {"enterprise_number": ENTERPRISE}, {"party": "C07", "enterprise_number": ENTERPRISE})
    assert [(fault.line, fault.severity) for fault in same.faults] == [(3, Severity.WARNING)]
    assert len(same.rows) == 2


def test_third_parties_are_told_in_counts(tmp_path: Path):
    file = party(
        tmp_path, {"kind": "supplier,funder", "first_name": "Zoé", "iban": IBAN}, {"party": "C07", "iban": IBAN_2},
        {"party": "C08", "kind": "customer", "enterprise_number": ENTERPRISE},
    )  # fmt: skip
    assert parties.describe(file) == [
        ("third parties", "3"), ("suppliers", "2"), ("customers", "1"), ("funders", "1"), ("natural persons", "1"),
        ("with an IBAN", "2"), ("with an enterprise number", "1"),
    ]  # fmt: skip


# Donors

DONOR = {
    "donor": "D0001", "kind": "natural", "last_name": "Exemple", "street": "", "postcode": "", "municipality": "",
    "country": "", "email": "", "delivery": "", "ibans": "", "mandates": "", "references": "", "national_number": "",
    "enterprise_number": "", "since": "",
}  # fmt: skip


def donor(path: Path, *rows: Mapping[str, str]) -> donors.DonorsFile:
    """Donors, each with a key of its own where none is given."""
    lines = [
        "\t".join((DONOR | {"donor": f"D{number:04}"} | dict(row)).values()) for number, row in enumerate(rows, start=1)
    ]
    return donors.read(write_csv(path / "donors.csv", "\n".join(["\t".join(DONOR), *lines])))


def test_what_a_donor_may_leave_empty(tmp_path: Path):
    (row,) = donor(tmp_path, {}).rows
    assert (row.key, row.kind, row.country, row.language, row.delivery) == ("D0001", "natural", "BE", "", "post")
    assert (row.ibans, row.mandates, row.communications, row.national_number, row.enterprise_number, row.since) == (
        (), (), (), None, None, None
    )  # fmt: skip
    (whole,) = donor(
        tmp_path,
        {
            "ibans": f"be68 5390 0754 7034; {IBAN_2}|BE68539007547034", "mandates": "M1|M2;M1",
            "email": "z@example.org",
            "references": "+++090/9337/55493+++", "delivery": "courriel", "since": "2020-01-02", "country": "fr",
        },
    ).rows  # fmt: skip
    assert (whole.ibans, whole.mandates, whole.communications) == ((IBAN, IBAN_2), ("M1", "M2"), ("090933755493",))
    assert (whole.delivery, whole.since, whole.country, whole.row) == ("email", date(2020, 1, 2), "FR", 2)


@pytest.mark.parametrize(
    ("country", "postcode", "read", "warned"),
    [
        ("BE", "1000", "1000", False),
        ("BE", "100", "100", True),
        ("BE", "10000", "10000", True),
        ("BE", "BE-1000", "1000", False),
        ("BE", "B-1000", "1000", False),
        ("BE", "10A0", "10A0", True),
        ("DE", "1067", "01067", False),
        ("DE", "67", "00067", False),
        ("DE", "de-01067", "01067", False),
        ("DE", "123456", "123456", True),
        ("DE", "ABCDE", "ABCDE", True),
        ("DE", "ABC", "ABC", True),
        ("LU", "L1234", "1234", False),
        ("NL", "1012 AB", "1012 AB", False),
        ("US", "1", "1", False),
        ("BE", "", "", False),
        ("DE", "", "", False),
    ],
)
def test_a_postcode_has_the_digits_of_its_country(country: str, postcode: str, read: str, warned: bool, tmp_path: Path):
    file = donor(tmp_path, {"country": country, "postcode": postcode})
    assert [row.postcode for row in file.rows] == [read]
    assert ["has not the" in fault.message for fault in file.faults] == [True] * warned
    assert file.ok


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"donor": ""}, "column `donor` is empty"),
        ({"kind": "legal", "national_number": "85073003328"}, "belongs to a natural person"),
        ({"national_number": "85073003329"}, "is not a national or BIS number"),
        ({"enterprise_number": "0431150351"}, "is not an enterprise number"),
        ({"email": "z at example.org"}, "is not an e-mail address"),
        ({"delivery": "email"}, "says e-mail but there is no address"),
        ({"country": "B"}, "is not an ISO code"),
        ({"mandates": "M1 €"}, "is not a mandate reference"),
        ({"mandates": "M" * 36}, "is not a mandate reference"),
        ({"references": "090933755493 090933755494"}, "is neither an OGM/VCS of 12 digits nor an RF reference"),
        ({"ibans": f"{IBAN} BE68"}, "is not an IBAN"),
        ({"ibans": f"BE67 {IBAN}"}, "is not an IBAN"),
    ],
)
def test_what_is_wrong_with_a_donor_is_told_once(changes: dict[str, str], words: str, tmp_path: Path):
    file = donor(tmp_path, changes, {})
    assert [words in error and error.startswith("line 2: ") for error in errors(file)] == [True]
    assert [row.key for row in file.rows] == ["D0002"]


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("donor", "D0009", "has the key of row 2 again"),
        ("national_number", "85073003328", "has the national number of row 2 again"),
        ("mandates", "M1", "has a mandate of row 2 again"),
        ("references", "090933755493", "has a structured communication of row 2 again"),
    ],
)
def test_what_belongs_to_one_donor_stands_once(column: str, value: str, words: str, tmp_path: Path):
    file = donor(tmp_path, {column: value}, {}, {column: value})
    assert [words in error and error.startswith("line 4: ") for error in errors(file)] == [True]
    assert [row.row for row in file.rows] == [2, 3]


def test_an_account_of_two_donors_is_told_and_kept(tmp_path: Path):
    file = donor(tmp_path, {"ibans": IBAN}, {"ibans": f"{IBAN_2} {IBAN}"})
    assert [(fault.line, fault.severity) for fault in file.faults] == [(3, Severity.WARNING)]
    assert "has an IBAN of row 2 too" in file.faults[0].message
    assert [row.ibans for row in file.rows] == [(IBAN,), (IBAN_2, IBAN)]


def test_what_a_wrong_row_has_is_not_taken_from_others(tmp_path: Path):
    file = donor(tmp_path, {"mandates": "M1", "email": "wrong"}, {"mandates": "M1"})
    assert [error[:7] for error in errors(file)] == ["line 2:"]
    assert [row.mandates for row in file.rows] == [("M1",)]


def test_an_address_is_whole_with_street_postcode_and_municipality(tmp_path: Path):
    whole = {"street": "Rue A 1", "postcode": "1000", "municipality": "Bruxelles"}
    for missing in (None, *whole):
        file = donor(tmp_path, {name: text for name, text in whole.items() if name != missing})
        assert ("with a whole address", str(int(missing is None))) in donors.describe(file)


@pytest.mark.parametrize(
    ("number", "valid"),
    [(IBAN, True), (IBAN_2, True), ("BE68539007547035", False), (IBAN_2[:-1] + "8", False), ("", False)],
)
def test_an_iban_has_check_digits(number: str, valid: bool):
    assert donors.valid_iban(number) is valid


def test_of_an_iban_of_any_country_the_digits_of_the_standard_decide():
    # The Spanish account of the registry's example has the check digits 45; those of the IBAN are right for 46.
    assert donors.valid_iban("ES5621000418460200051331")


@pytest.mark.parametrize(
    ("reference", "can"), [("M" * 35, True), ("M" * 36, False), ("", False), ("a/?:().,'+-9", True), ("a b", False)]
)
def test_a_mandate_is_named_in_letters_of_sepa(reference: str, can: bool):
    assert donors.is_mandate(reference) is can


# Pledges


def test_a_pledge_is_monthly_where_nothing_is_said_and_needs_no_holder(tmp_path: Path):
    text = "mandate;donor;iban;signed;amount;first_due\nM1;D0001;;2024-01-02;15;2024-02-01\n"
    (row,) = pledges.read(write_csv(tmp_path / "a.csv", text)).rows
    assert (row.months, row.holder, row.iban, row.state, row.last_due, row.donor) == (1, "", "", None, None, "D0001")


def test_an_empty_mandate_or_donor_has_one_fault(tmp_path: Path):
    head = "mandate;donor;iban;signed;amount;first_due;last_due\n"
    for row in (
        ";D0001;;2024-01-02;15;2024-02-01;",
        "M1;;;2024-01-02;15;2024-02-01;",
        "M1;D0001;;2024-03-02;15;2024-02-01;2024-01-01",
    ):
        assert len(errors(pledges.read(write_csv(tmp_path / "a.csv", head + row)))) == 1


# Gifts in kind


def test_a_gift_in_kind_is_what_its_row_says(tmp_path: Path):
    text = ";".join([*KIND, "valued_on", "fund", "project", "department"])
    row = ";".join(
        [*(KIND | {"donor": "D0001", "quantity": "4", "unit_value": "2,5"}).values(), "2025-03-01", "F", "P", "A"]
    )
    bare = ";".join([*(KIND | {"reference": "K-2"}).values(), "", "", "", ""])
    first, second = in_kind.read(write_csv(tmp_path / "a.csv", f"{text}\n{row}\n{bare}")).rows
    assert (first.reference, first.day, first.donor, first.category, first.description) == (
        "K-1", date(2025, 3, 14), "D0001", "goods", "chairs"
    )  # fmt: skip
    assert (first.quantity, first.unit_cents, first.cents, first.valuation, first.valued_on) == (
        4,
        2_50,
        10_00,
        "market",
        date(2025, 3, 1),
    )
    assert (first.evidence, first.account, first.fund, first.project, first.department, first.row) == (
        "x",
        "731200",
        "F",
        "P",
        "A",
        2,
    )
    assert (second.donor, second.quantity, second.unit_cents, second.valued_on) == (None, None, None, None)
    assert (second.fund, second.project, second.department, second.row) == (None, None, None, 3)


@pytest.mark.parametrize(
    "changes",
    [
        {"value": "x", "quantity": "4", "unit_value": "3"},
        {"value": "x", "unit_value": "3"},
        {"quantity": "x", "unit_value": "3"},
        {"unit_value": "0", "quantity": "4"},
        {"quantity": "-1", "unit_value": "3"},
        {"reference": ""},
    ],
)
def test_what_is_wrong_with_a_gift_in_kind_is_told_once(changes: dict[str, str], tmp_path: Path):
    file = kinds(tmp_path, changes, {"reference": "K-2"})
    assert [error[:7] for error in errors(file)] == ["line 2:"]
    assert [row.reference for row in file.rows] == ["K-2"]


def test_two_gifts_in_kind_without_a_reference_are_not_the_same(tmp_path: Path):
    file = kinds(tmp_path, {"reference": ""}, {"reference": ""})
    assert [("is empty" in error, error[:7]) for error in errors(file)] == [(True, "line 2:"), (True, "line 3:")]


def test_categories_of_nothing_are_not_told(tmp_path: Path):
    assert in_kind.describe(kinds(tmp_path)) == [("gifts in kind", "0"), ("value", "0.00")]


# Journals


def test_days_are_told_from_the_first_to_the_last(tmp_path: Path):
    rows = [f"2025-03-{day};{line};OD-{day};" for day in (14, 16, 15) for line in ("620200;1;", "455000;;1")]
    file = entries(tmp_path, *rows)
    assert ("dated", "2025-03-14 to 2025-03-16") in journal.describe(file)
    assert [row.keys for row in file.rows[0].lines] == [LineKeys(), LineKeys()]


def test_an_entry_out_of_balance_is_told_at_its_first_row(tmp_path: Path):
    rows = ["2025-03-14;620200;10;;OD-1;", "2025-03-14;455000;;9,99;OD-1;", "2025-03-14;455000;;1;OD-2;"]
    assert [error.split(";")[0] for error in errors(entries(tmp_path, *rows))] == [
        "line 2: document OD-1 of 2025-03-14 (rows 2-3) does not balance: its debits are 0.01 higher",
        "line 4: document OD-2 of 2025-03-14 (rows 4) does not balance: its credits are 1.00 higher",
    ]


def test_an_entry_with_a_wrong_row_is_not_summed(tmp_path: Path):
    rows = ["2025-03-14;620200;x;;OD-1;", "2025-03-14;455000;;9;OD-1;", "2025-03-15;455000;;1;OD-1;"]
    assert [error[:7] for error in errors(entries(tmp_path, *rows))] == ["line 2:"]
    for row in ("620200;;-0,01", "620200;-0,01;", "620200;-1;-1", "620200;x;1"):
        found = errors(entries(tmp_path, f"2025-03-14;{row};OD-1;"))
        assert len(found) == (2 if row == "620200;-1;-1" else 1)


def test_a_line_carries_its_keys(tmp_path: Path):
    head = f"{HEAD};party;project;department;fund"
    rows = [
        "2025-03-14;620200;10;;OD-1;a;s0012;P;A;F",
        "2025-03-14;455000;;10;OD-1;;;;;",
        "2025-03-14;455000;;10;OD-2;;Dupont;;;",
    ]
    file = journal.read(write_csv(tmp_path / "a.csv", "\n".join([head, *rows])))
    assert [line.keys for line in file.rows[0].lines] == [LineKeys("P", "A", "F", "S0012"), LineKeys()]
    assert [error.split(";")[0] for error in errors(file)] == [
        "line 4: column `party` is not the key of a third party, such as S0012"
    ]


# Decisions


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("donor", "D0001"), ("account", "616000"), ("nature", "legs"), ("counterpart", "geen"), ("campaign", "spring"),
        ("fund", "water"), ("project", "school"), ("department", "north"),
    ],
)  # fmt: skip
def test_one_thing_is_enough_for_a_decision(column: str, value: str, tmp_path: Path):
    file = assignments.read(
        write_csv(tmp_path / "a.csv", f"document;position;date;{column}\ncoda-1;3;2025-03-14;{value}\n")
    )
    assert file.ok
    (row,) = file.rows
    found = {
        name: getattr(row, name)
        for name in ("donor", "account", "nature", "counterpart", "campaign", "fund", "project", "department")
    }
    words = {"legs": "legacy", "geen": "none"}
    assert found == dict.fromkeys(found) | {column: words.get(value, value)}
    assert row.keys == LineKeys(row.project, row.department, row.fund, None)


@pytest.mark.parametrize("column", ["reason", "party", "learn"])
def test_what_decides_nothing_alone(column: str, tmp_path: Path):
    value = {"reason": "so", "party": "S0012", "learn": "oui"}[column]
    file = assignments.read(
        write_csv(tmp_path / "a.csv", f"document;position;date;{column}\ncoda-1;3;2025-03-14;{value}\n")
    )
    assert ["are both empty" in error for error in errors(file)] == [True]


@pytest.mark.parametrize("column", ["donor", "account", "nature"])
def test_a_row_that_is_filled_in_without_a_date_is_told(column: str, tmp_path: Path):
    value = {"donor": "D0001", "account": "616000", "nature": "legs"}[column]
    rows = [f"coda-1;3;;{value}", "coda-1;4;2025-03-14;" + value]
    file = assignments.read(write_csv(tmp_path / "a.csv", "\n".join([f"document;position;date;{column}", *rows])))
    assert [fault.line for fault in file.faults] == [None]
    assert "1 row that is filled in (2)" in told(file)[0]


def test_a_row_that_is_shorter_than_the_headings_is_not_decided(tmp_path: Path):
    file = decisions(tmp_path, "coda-1;1", "coda-1;9;2025-03-14;D0001", heading=f"{DECISION};(name)")
    assert (file.faults, [row.position for row in file.rows]) == ((), [9])
    bracket = decisions(
        tmp_path, "X;Y;coda-1;1;2025-03-14;D0001;Z", heading="(name);(a);document;position;date;donor;(b)"
    )
    assert (bracket.faults, [(row.document, row.donor) for row in bracket.rows]) == ((), [("coda-1", "D0001")])


def test_a_list_without_rows_is_not_told_twice(tmp_path: Path):
    assert ["there is no row below" in error for error in errors(decisions(tmp_path))] == [True]
    undecided = errors(decisions(tmp_path, "coda-1;1;;;;;;;;;"))
    assert ["no row has a date" in error for error in undecided] == [True]


def test_a_third_party_of_a_decision_is_a_key(tmp_path: Path):
    head = "document;position;date;account;party\n"
    (row,) = assignments.read(write_csv(tmp_path / "a.csv", head + "coda-1;3;2025-03-14;440000;s0012\n")).rows
    assert row.keys == LineKeys(None, None, None, "S0012")
    assert (
        len(errors(assignments.read(write_csv(tmp_path / "b.csv", head + "coda-1;3;2025-03-14;440000;Dupont\n")))) == 1
    )


def test_lines_of_two_documents_may_have_one_position(tmp_path: Path):
    file = decisions(
        tmp_path, *(f"coda-{one};1;2025-03-14;D0001;;;;;;;" for one in (1, 2)), "coda-1;x;2025-03-14;D0001;;;;;;;"
    )
    assert [error[:7] for error in errors(file)] == ["line 4:"]
    assert [row.document for row in file.rows] == ["coda-1", "coda-2"]


# Grants


def whole_grants(path: Path, text: str) -> grants.GrantsFile:
    return grants.read(write_workbook(path / "grants.xlsx", text))


def test_a_grant_is_what_its_sheets_say(tmp_path: Path):
    text = (
        "# Subsides\nreference;funder;funder_kind;amount;recognition;from;to;contract;title;signed;fund;department;"
        "project;conditions\nG-1;A;privé;100;capital;2025-01-01;2025-12-31;C 7;Puits;2024-12-01;F;D;P;none\n"
        "'2;B;public;50;receipt;;;;;;;;;\n"
        "# schijven\nreference;due;amount;kind\nG-1;2025-06-01;60;solde\nG-1;2025-03-01;40;\n'2;2025-03-01;50;avance\n"
        "# costs\nreference;date;amount;evidence\n"
        "# assets\nreference;account;acquired;cost;years\nG-1;230000;2025-06-01;60;5\nG-1;231000;2025-03-01;40;3\n"
    )
    file = whole_grants(tmp_path, text)
    assert file.ok
    first, second = file.rows
    assert (first.funder, first.funder_kind, first.cents, first.recognition) == ("A", "private", 100_00, "capital")
    assert (first.first, first.last, first.contract, first.title, first.signed) == (
        date(2025, 1, 1), date(2025, 12, 31), "C 7", "Puits", date(2024, 12, 1)
    )  # fmt: skip
    assert (first.fund, first.department, first.project, first.conditions) == ("F", "D", "P", "none")
    assert [(one.due.month, one.cents, one.kind) for one in first.instalments] == [
        (3, 40_00, "interim"),
        (6, 60_00, "balance"),
    ]
    assert [(one.account, one.acquired.month, one.cost, one.years) for one in first.assets] == [
        ("231000", 3, 40_00, 3), ("230000", 6, 60_00, 5)
    ]  # fmt: skip
    assert isinstance(second, Grant)
    assert (second.reference, second.fund, second.department, second.project, second.costs) == (
        "2",
        None,
        None,
        None,
        (),
    )
    assert grants.describe(file) == [
        ("grants", "2"), ("recognised by receipt", "1"), ("recognised by capital", "1"), ("amount", "150.00"),
        ("instalments", "3"), ("due", "2025-03-01 to 2025-06-01"), ("due in all", "150.00"),
    ]  # fmt: skip


def test_a_register_of_grants_without_rows_says_so(tmp_path: Path):
    text = f"# grants\n{';'.join(GRANT)}\n# instalments\nreference;due;amount\n"
    file = whole_grants(tmp_path, text)
    assert ["there is no row below the headings" in error for error in errors(file)] == [True]
    assert grants.describe(file) == [("grants", "0"), ("amount", "0.00"), ("instalments", "0")]


def test_sheets_that_are_no_part_of_the_register_are_told(tmp_path: Path):
    text = (
        f"# grants\n{';'.join(GRANT)}\n{';'.join(GRANT.values())}\n# instalments\nreference;due;amount\n"
        "G-1;2025-06-01;100\n# notes\nx\n# blank\n"
    )
    file = whole_grants(tmp_path, text)
    assert told(file) == [
        "sheet `grants`: the sheet `notes` is left out; those read are grants, instalments, costs, assets"
    ]
    assert len(file.rows) == 1


def test_a_workbook_without_grants_says_so(tmp_path: Path):
    file = whole_grants(tmp_path, "# tranches\nreference;due;amount\nG-1;2025-06-01;100\n")
    assert "there is no visible sheet `grants`; write the headings in row 1 of the sheet" in errors(file)[0]


def test_a_grant_with_a_wrong_part_is_not_compared(tmp_path: Path):
    file = grant_book(tmp_path, parts="G-1;2025-06-01;x\nG-1;2025-06-01;900")
    assert [error.split(":")[0] for error in errors(file)] == ["line 2"]
    assert file.rows == ()
    assert told(file) == []


def test_a_grant_given_twice_keeps_its_first_row(tmp_path: Path):
    row = ";".join(GRANT.values())
    text = f"# grants\n{';'.join(GRANT)}\n{row}\n{row}\n# instalments\nreference;due;amount\nG-1;2025-06-01;100\n"
    file = whole_grants(tmp_path, text)
    assert [("is that of row 2 again" in error, error[:7]) for error in errors(file)] == [(True, "line 3:")]
    assert [grant.reference for grant in file.rows] == ["G-1"]
    unnamed = text.replace("G-1;A", ";A").replace("G-1;2025", "G-9;2025")
    assert [error[:7] for error in errors(whole_grants(tmp_path, unnamed))] == ["line 2:", "line 3:", "line 2:"]


@pytest.mark.parametrize(
    ("changes", "warnings"),
    [
        ({"recognition": "spent", "costs": "G-1;1950-03-01;10;x\nG-1;2099-03-01;10;x"}, 0),
        ({"recognition": "spent", "from": "2025-01-01", "costs": "G-1;2024-12-31;10;x\nG-1;2099-03-01;10;x"}, 1),
        ({"recognition": "spent", "to": "2025-01-01", "costs": "G-1;1950-12-31;10;x\nG-1;2025-01-02;10;x"}, 1),
        (SPENT | {"costs": "G-1;2024-12-31;60;x\nG-1;2025-01-01;41;x"}, 2),
        (SPENT, 0),
        ({"recognition": "capital", "assets": "G-1;230000;2025-03-01;60;5\nG-1;230000;2025-03-01;40;5"}, 0),
        ({"recognition": "capital", "assets": "G-1;230000;2025-03-01;60;5\nG-1;230000;2025-03-01;39,99;5"}, 1),
        ({"from": "2025-01-02"}, 0),
        ({"to": "2025-01-02"}, 0),
        ({"signed": "2025-05-01", "parts": "G-1;2025-06-01;60\nG-1;2025-04-30;40"}, 1),
        ({"signed": "2025-01-01"}, 0),
        ({"parts": "G-1;2025-06-01;60\nG-1;2025-06-01;39,99"}, 1),
    ],
)  # fmt: skip
def test_what_a_grant_leaves_open_is_no_fault(changes: dict[str, str], warnings: int, tmp_path: Path):
    file = grant_book(tmp_path, **changes)
    assert errors(file) == []
    assert len(told(file)) == warnings
    assert len(file.rows) == 1


def test_instalments_above_the_amount_are_refused(tmp_path: Path):
    (error,) = errors(grant_book(tmp_path, parts="G-1;2025-06-01;60\nG-1;2025-06-01;40,01"))
    assert "is 100.00 but the instalments sum to 100.01" in error
    period = grant_book(tmp_path, recognition="period")
    assert ["column `from` is empty" in one for one in errors(period)] == [True]
    assert [
        "column `to` is empty" in one
        for one in errors(grant_book(tmp_path, recognition="period", **{"from": "2025-01-01"}))
    ] == [True]
