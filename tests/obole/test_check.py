"""`obole check`: thirteen invariants, silent where they hold, and the name of whatever was changed by hand."""

import json
from datetime import date
from pathlib import Path

import pytest
from small_books import DONORS, IBAN, OPENING, STATEMENT, Journal, Obole, Statement, collected, given, returned

from ledger.register.canonical import crc_of, gift_text
from ledger.register.tables import GIFT_COLUMNS
from obole.demo.coda_writer import CodaLine

FIRST = STATEMENT.document
ZOE_IBAN = DONORS[0][8]


def failed(obole: Obole) -> dict[int, list[str]]:
    """The invariants that do not hold, by number, each with what breaks it."""
    result = obole("check", "--format", "json")
    content = json.loads(result.stdout)
    assert result.exit_code == (0 if content["ok"] else 1)
    assert [one["number"] for one in content["invariants"]] == list(range(1, 14))
    return {one["number"]: one["faults"] for one in content["invariants"] if not one["holds"]}


def journal_of(obole: Obole, name: str = FIRST) -> Path:
    [path] = obole.books.glob(f"journal/*/{name}.beancount")
    return path


def change_text(path: Path, before: str, after: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after, 1), encoding="utf-8")


def account(obole: Obole, code: str) -> str:
    text = (obole.books / "chart.beancount").read_text(encoding="utf-8")
    return next(word for word in text.split() if f":{code}-" in word)


def by_hand(obole: Obole, day: str, narration: str, *lines: tuple[str, str]) -> None:
    path = obole.books / "manual" / "2025.beancount"
    text = f'\n{day} * "{narration}"\n' + "".join(f"  {account(obole, code)}  {amount} EUR\n" for code, amount in lines)
    path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")


# Where all is well


def test_the_small_books_hold_before_and_after_receipts_are_issued(issued: Obole):
    assert failed(issued) == {}


def test_it_lists_every_invariant_and_ends_with_0(issued: Obole):
    result = issued.checks()
    assert result.exit_code == 0
    assert sum(line.startswith("ok ") for line in result.output.splitlines()) == 13
    assert "All invariants hold." in result.output


def test_it_changes_nothing(issued: Obole):
    before = issued.state()
    issued.checks()
    assert issued.state() == before


def test_the_demonstration_holds(demo: Path):
    assert failed(Obole(demo)) == {}


def test_what_waits_for_a_person_is_a_note_and_breaks_nothing(small: Obole):
    result = small.checks()
    assert result.exit_code == 0
    assert "note: 70.00 EUR wait on the suspense account" in result.output


# The journal files


def test_one_cent_in_a_journal_file_is_found_and_named(small: Obole):
    path = journal_of(small)
    change_text(path, "-85.00 EUR", "-85.01 EUR")
    change_text(path, "  85.00 EUR", "  85.01 EUR")
    found = failed(small)
    assert any(f"journal/2025/{FIRST}.beancount: changed since it was posted" in fault for fault in found[3])
    assert any("731100" in fault and "85.01" in fault and "85.00" in fault for fault in found[3])


def test_a_cent_moved_between_accounts_is_found_by_the_file_alone(small: Obole):
    change_text(journal_of(small), account(small, "657000"), account(small, "644000"))
    fault = f"journal/2025/{FIRST}.beancount: changed since it was posted; restore it from your backup"
    assert failed(small) == {3: [fault]}


def test_a_journal_file_removed_is_named(small: Obole):
    journal_of(small).unlink()
    assert any(
        f"journal/2025/{FIRST}.beancount: the journal of {FIRST} is missing" in fault for fault in failed(small)[3]
    )


def test_a_journal_file_added_is_named(small: Obole):
    (small.books / "journal" / "2025" / "extra.beancount").write_text("; nothing\n", encoding="utf-8")
    assert failed(small) == {
        3: ["journal/2025/extra.beancount: no posted document; move what you enter by hand to manual/"]
    }


def test_an_archived_source_that_was_changed_is_named(small: Obole):
    [archived] = (small.books / "documents").rglob("*.cod")
    archived.write_bytes(archived.read_bytes() + b"\n")
    [fault] = failed(small)[3]
    assert archived.name in fault
    assert "changed since it was taken in" in fault


# The register


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        ("UPDATE gift SET cents = cents + 1 WHERE id = 1", "gift: id 1 of"),
        ("UPDATE gift SET donor = 'D0003' WHERE id = 2", "gift: id 2 of"),
        ("UPDATE gift SET counted = 2026 WHERE id = 1", "gift: id 1 of"),
        ("DELETE FROM gift WHERE id = 1", f"document: {FIRST}: "),
        ("UPDATE movement SET cents = cents + 1 WHERE position = 7", f"movement: position 7 of {FIRST}"),
        ("UPDATE movement SET outcome = 'rule' WHERE position = 7", f"movement: position 7 of {FIRST}"),
        ("DELETE FROM movement WHERE position = 6", f"document: {FIRST}: "),
        (
            f"UPDATE document SET closing = closing + 1 WHERE name = '{FIRST}'",
            f"document: {FIRST}: its record was changed",
        ),
        (f"UPDATE document SET digest = 'x' WHERE name = '{FIRST}'", f"document: {FIRST}: its record was changed"),
        ("UPDATE day_total SET cents = cents + 1 WHERE batch = 0", f"day_total: {FIRST}"),
        ("UPDATE day_total SET count = 7 WHERE batch = 0", f"day_total: {FIRST}"),
        ("DELETE FROM day_total WHERE batch = 0", f"day_total: {FIRST}"),
    ],
)
def test_a_row_changed_by_hand_is_named(small: Obole, statement: str, named: str):
    small.change(statement)
    found = failed(small)
    assert any(fault.startswith(named) for fault in found[1]), found
    assert str(named) in small.faults()


def test_the_triggers_refuse_such_a_change(small: Obole):
    with pytest.raises(Exception, match="append-only"):
        small.rows("UPDATE gift SET cents = 1")


def test_a_gift_changed_with_its_crc_is_found_by_the_digest_of_the_document(small: Obole):
    [row] = small.rows(f"SELECT {', '.join(GIFT_COLUMNS[1:-1])} FROM gift WHERE id = 2")
    text = gift_text(tuple("D0003" if one == "D0002" else one for one in row))
    small.change(f"UPDATE gift SET donor = 'D0003', crc = {crc_of(text)} WHERE id = 2")
    assert failed(small)[1] == [f"document: {FIRST}: the digest of its rows is not the one posted"]


def test_a_statement_that_does_not_add_up_any_more_is_named(small: Obole):
    small.change("UPDATE movement SET cents = cents + 1 WHERE position = 7")
    assert failed(small)[2] == [f"{FIRST}: opening 1000.00 + movements 247.51 is not its closing balance 1247.50"]


def test_a_missing_statement_is_named_once(small: Obole, tmp_path: Path):
    small.takes(Statement(75, 1_300_00, [given(1_00, 1)], date(2025, 3, 18)).write(tmp_path))
    result = small.checks()
    assert f"a statement is missing between {FIRST} and coda-current-2025-075" in result.output
    assert result.output.count("coda-current-2025-075") == 1


def test_every_euro_of_suspense_has_its_open_line(small: Obole):
    by_hand(small, "2025-04-01", "Erreur", ("499000", "10.00"), ("743000", "-10.00"))
    assert failed(small)[4] == ["the suspense account 499000 holds 60.00 EUR, its open items are 70.00 EUR"]


# Receipts


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        (
            "UPDATE receipt SET cents = cents + 1 WHERE number = 2",
            "receipt 2025/000002: the row was changed after issue",
        ),
        ("UPDATE receipt SET donor = 'D0003' WHERE number = 2", "receipt 2025/000002: the row was changed after issue"),
        ("UPDATE receipt SET state = 'withdrawn' WHERE number = 2", "receipt 2025/000002: the row was changed"),
        ("UPDATE receipt SET number = 9 WHERE number = 3", "receipt 2025/000009: numbers 3 to 8 are missing before it"),
        ("DELETE FROM receipt WHERE number = 2", "receipt 2025/000003: number 2 is missing before it"),
        ("DELETE FROM receipt WHERE number = 3", "receipt 2025/000003: it was deleted"),
        ("DELETE FROM receipt_gift WHERE number = 2", "receipt 2025/000002: says 60.00 EUR, its gifts are 0.00 EUR"),
        (
            "INSERT INTO receipt_gift SELECT 2025, 1, gift_id FROM receipt_gift WHERE number = 2",
            "receipt 2025/000001: says 85.00 EUR, its gifts are 145.00 EUR",
        ),
    ],
)
def test_a_receipt_changed_by_hand_is_named(issued: Obole, statement: str, named: str):
    issued.change(statement)
    assert any(fault.startswith(named) for fault in failed(issued)[5])


def test_what_the_last_receipt_printed_outlives_its_row(issued: Obole):
    issued.change("DELETE FROM receipt WHERE number = 3")
    assert "removed" not in issued.faults()
    issued.change(
        "INSERT INTO receipt SELECT year, 3, donor, cents, issued_on, state, crc FROM receipt WHERE number = 2"
    )
    assert 6 not in failed(issued)


def test_a_pdf_that_was_changed_is_named(issued: Obole):
    pdf = issued.books / "receipts" / "2025" / "000002.pdf"
    pdf.write_bytes(pdf.read_bytes() + b"\n")
    [fault] = failed(issued)[6]
    assert fault.startswith("receipt 2025/000002: its PDF was changed")


def test_a_pdf_that_is_missing_is_named_with_what_to_do(issued: Obole):
    (issued.books / "receipts" / "2025" / "000003.pdf").unlink()
    [fault] = failed(issued)[6]
    assert fault == "receipt 2025/000003: its PDF is missing; `obole receipts render --year 2025` makes it again"


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        ("UPDATE frozen_sheet SET sheet = x'00112233445566778899aabbccddeeff' WHERE number = 2", "receipt 2025/2/1"),
        (
            "UPDATE frozen_sheet SET sheet = (SELECT sheet FROM frozen_sheet WHERE number = 1) WHERE number = 2",
            "2025/2/1",
        ),
        ("DELETE FROM frozen_sheet WHERE number = 2", "receipt 2025/000002: what it prints is not in the vault"),
    ],
    ids=["other bytes", "that of another receipt", "none"],
)
def test_what_a_receipt_prints_cannot_be_changed_unseen(issued: Obole, statement: str, named: str):
    issued.change(statement, store="vault")
    assert any(named in fault for fault in failed(issued)[6])


def test_a_reversal_after_issue_waits_as_a_note(issued: Obole, tmp_path: Path):
    back = Statement(74, 1_247_50, [returned(-60_00, "M-2", "E2E-0001")], date(2025, 3, 17))
    issued.takes_well(back.write(tmp_path))
    result = issued.checks()
    assert result.exit_code == 0
    assert "note: receipt 2025/000002 of D0002: issued for 60.00 EUR, its gifts are now 0.00 EUR" in result.output


# Names, accounts, numbers


@pytest.mark.parametrize(
    "text",
    ["Don de Zoé Dupont", "DUPONT, Zoe", "merci Jan Van den Berg", "VAN DEN BERG JAN", "An Peeters, Plein 6"],
)
def test_the_name_of_a_donor_in_the_books_is_found(small: Obole, text: str):
    by_hand(small, "2025-04-01", text, ("550000", "0.00"), ("743000", "0.00"))
    [fault] = failed(small)[9]
    assert fault.startswith("manual/2025.beancount: line ")
    assert "the name of a donor stands here" in fault
    assert not [word for word in ("Dupont", "DUPONT", "Berg", "Peeters") if word in fault]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (ZOE_IBAN, "an IBAN"),
        (f"{ZOE_IBAN[:4]} {ZOE_IBAN[4:8]} {ZOE_IBAN[8:12]} {ZOE_IBAN[12:]} MERCI BEAUCOUP", "an IBAN"),
        (f"de {ZOE_IBAN.lower()}", "an IBAN"),
        ("zoe@example.net", "an e-mail address"),
        ("85.07.30-033.28", "a national number"),
        ("85073003328", "a national number"),
    ],
)
def test_what_tells_who_somebody_is_does_not_stand_in_the_books(small: Obole, text: str, what: str):
    by_hand(small, "2025-04-01", text, ("550000", "0.00"), ("743000", "0.00"))
    [fault] = failed(small)[9]
    assert f"{what} stands here" in fault


@pytest.mark.parametrize("line", ["; Zoé Dupont", "* Zoé Dupont", 'option "title" "Zoé Dupont"'])
def test_it_is_found_in_comments_headings_and_the_main_file_too(small: Obole, line: str):
    main = small.books / "main.beancount"
    main.write_text(main.read_text(encoding="utf-8") + f"\n{line}\n", encoding="utf-8")
    assert failed(small)[9][0].startswith("main.beancount: line ")


@pytest.mark.parametrize(
    "text",
    [
        "Zoé et Jan",
        "Dupont SA",
        IBAN,
        "info@example.org",
        "0123456749",
        "Anne",
        "20250314001",
        "selon assignment-2025-3225856c",
    ],
)
def test_what_names_nobody_may_stand_there(small: Obole, text: str):
    by_hand(small, "2025-04-01", text, ("550000", "0.00"), ("743000", "0.00"))
    assert 9 not in failed(small)


# By hand


def test_an_entry_on_a_gift_account_by_hand_is_named(small: Obole):
    by_hand(small, "2025-04-01", "Collecte", ("570000", "10.00"), ("731100", "-10.00"))
    found = failed(small)
    assert any("manual/2025.beancount" in fault and "731100" in fault and "obole import" in fault for fault in found[3])
    assert any("2025: the gift accounts differ from the register by 10.00 EUR" in fault for fault in found[4])


def test_an_entry_on_a_bank_account_by_hand_is_named(small: Obole):
    by_hand(small, "2025-03-01", "Caisse", ("570000", "10.00"), ("550000", "-10.00"))
    assert any("bank account current (550000)" in fault for fault in failed(small)[3])


def test_an_ordinary_entry_by_hand_is_welcome(small: Obole):
    by_hand(small, "2025-04-01", "Provision", ("616000", "10.00"), ("444000", "-10.00"))
    assert failed(small) == {}


def test_an_account_that_stands_in_no_line_of_the_statements_is_named(small: Obole):
    main = small.books / "manual" / "2025.beancount"
    path = "Assets:01-Hors-bilan:010000-Garanties"
    main.write_text(f"2025-01-01 open {path}\n", encoding="utf-8")
    assert failed(small)


def test_what_a_killed_run_left_is_said_and_left_to_who_writes(small: Obole, tmp_path: Path):
    left = small.books / "journal" / "2025" / ".coda-current-2025-074.beancount.new"
    left.write_text("; half\n", encoding="utf-8")
    assert failed(small)[10] == [f"journal/2025/{left.name}: left by a killed run; any command that writes settles it"]
    assert left.exists()
    result = small("import", OPENING.write(tmp_path))
    assert "had not been posted: 1 file was removed (the state before)" in result.output
    assert not left.exists()
    assert failed(small) == {}


def test_without_the_key_it_says_so_and_goes_on(issued: Obole, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("OBOLE_KEYS", str(tmp_path))
    found = failed(issued)
    assert any("key" in fault for faults in found.values() for fault in faults)


# A closed year


@pytest.fixture
def closed(small: Obole, tmp_path: Path) -> Obole:
    (tmp_path / "d.csv").write_text(f"document;position;account;date\n{FIRST};7;743000;2025-04-02\n", encoding="utf-8")
    rows = [
        ("2025-12-31", "692000", "247.50", "", "Affectation", "AFF-1"),
        ("2025-12-31", "140000", "", "247.50", "Affectation", "AFF-1"),
    ]
    small.takes_well(tmp_path / "d.csv", Journal(rows, "close.csv").write(tmp_path))
    told = small("close", "2025")
    assert told.exit_code == 0, told.output
    return small


def test_a_closed_year_is_sealed_once_and_verified(closed: Obole):
    assert (closed.books / "seals" / "2025.json").exists()
    assert "1 sealed year is as it was sealed" in closed("verify").output
    again = closed("close", "2025")
    assert again.exit_code == 1
    assert "2025 is closed already" in again.stderr
    assert failed(closed) == {}


def test_a_file_of_a_closed_year_that_changed_is_named_by_verify_and_check(closed: Obole):
    manual = closed.books / "manual" / "2025.beancount"
    text = manual.read_text(encoding="utf-8")
    manual.write_text(text + "; a remark is no entry\n", encoding="utf-8")
    assert closed("verify").exit_code == 0
    entry = '2025-12-31 * "Oublié"\n  Assets:Essai  0.00 EUR\n  Assets:Essai  0.00 EUR\n'
    manual.write_text(f"2025-01-01 open Assets:Essai\n{text}\n{entry}", encoding="utf-8")
    result = closed("verify")
    assert result.exit_code == 1
    place = f"manual/2025.beancount:{len(text.splitlines()) + 3}"
    assert (
        f"2025 is closed: the entry {place} was added; put it back from your backup as 2025 was closed" in result.output
    )
    assert any(f"the entry {place} was added" in fault for fault in failed(closed)[8])


def test_a_row_of_a_closed_year_that_changed_is_named(closed: Obole):
    closed.change(f"UPDATE document SET rows_digest = 'x' WHERE name = '{FIRST}'")
    result = closed("verify")
    assert result.exit_code == 1
    assert FIRST in result.output


@pytest.mark.parametrize("reason", ["suspense", "result"])
def test_a_year_is_closed_only_when_nothing_waits_and_its_result_is_carried(small: Obole, tmp_path: Path, reason: str):
    if reason == "result":
        (tmp_path / "d.csv").write_text(
            f"document;position;account;date\n{FIRST};7;743000;2025-04-02\n", encoding="utf-8"
        )
        small.takes_well(tmp_path / "d.csv")
    else:
        rows = [
            ("2025-12-31", "692000", "177.50", "", "Affectation", "AFF-1"),
            ("2025-12-31", "140000", "", "177.50", "Affectation", "AFF-1"),
        ]
        small.takes_well(Journal(rows, "close.csv").write(tmp_path))
    told = small("close", "2025")
    assert told.exit_code == 1
    expected = {"suspense": "1 line waits on suspense", "result": "a result of 247.50 EUR is not carried to 14"}
    assert expected[reason] in told.stderr
    assert not list((small.books / "seals").glob("*.json"))


def test_collections_and_line_by_line_gifts_of_one_statement_check_apart(small: Obole, tmp_path: Path):
    """A hundred gifts in two collections and by transfer: the proof reads totals and still finds one cent."""
    parts = [given(1_00 + number, 1) for number in range(40)]
    total = sum(line.cents for line in parts)
    collections = [
        (
            CodaLine(30_00, "10550000", reference=f"C{number}"),
            [collected(10_00, "M-2", f"E{number}-{one}") for one in range(3)],
        )
        for number in range(20)
    ]
    bank = Statement(74, 1_247_50, [*parts, *collections], date(2025, 3, 17))
    small.takes_well(bank.write(tmp_path))
    assert small.balance("731100") == -(190_00 + total + 600_00)
    assert failed(small) == {}
    small.change("UPDATE gift SET cents = cents + 1 WHERE id = 50")
    assert any("gift: id 50" in fault for fault in failed(small)[1])


def test_a_seal_cannot_go_missing_unseen(closed: Obole):
    (closed.books / "seals" / "2025.json").unlink()
    assert "2025 is closed: its seal 2025.json is missing" in str(failed(closed)[8])
    assert closed("verify").exit_code == 1
