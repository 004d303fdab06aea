"""Taking registers, journals and decisions in: what is new is posted, what is known is not, what changed is refused."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import openpyxl
import pytest
from small_books import (
    DONORS,
    STATEMENT,
    Journal,
    Obole,
    Statement,
    given,
    iban,
    national_number,
    ogm,
    write_csv,
    write_donors,
)

from ledger.vault.donors import Donor, find_donors, whole_donors
from obole.books.opened import open_books
from obole.demo.coda_writer import CodaLine
from obole.intake import grants as grant_intake

FIRST = STATEMENT.document


def donors_of(obole: Obole) -> dict[str, Donor]:
    books = open_books(obole.books)
    with books.vault.connect() as connection:
        return whole_donors(connection, books.sealer, [one.key for one in find_donors(connection, None)])


# Donors


def test_the_register_of_donors_goes_into_the_vault_whole(empty: Obole):
    known = donors_of(empty)
    assert sorted(known) == ["D0001", "D0002", "D0003", "D0004", "D0005", "D0006"]
    zoe = known["D0001"]
    assert (zoe.first_name, zoe.last_name, zoe.language) == ("Zoé", "Dupont", "fr")
    assert zoe.national_number == national_number("850730", 33)
    assert zoe.communications == (ogm(1),)
    assert known["D0002"].mandates == ("M-2",)


def test_national_numbers_are_not_readable_in_the_vault(empty: Obole):
    assert national_number("850730", 33).encode() not in (empty.books / "vault.sqlite3").read_bytes()


def test_the_same_register_again_changes_nothing(empty: Obole, tmp_path: Path):
    before = empty.state()
    assert "1 already there" in empty.takes_well(write_donors(tmp_path / "again.csv")).output
    assert empty.state() == before


def test_a_donor_named_again_is_replaced_and_none_is_forgotten(empty: Obole, tmp_path: Path):
    moved = list(DONORS[0])
    moved[4:7] = ["Avenue Neuve 9", "4000", "Liège"]
    moved[10] = ogm(11)
    empty.takes_well(write_donors(tmp_path / "moved.csv", [moved]))
    known = donors_of(empty)
    assert len(known) == 6
    assert (known["D0001"].street, known["D0001"].municipality) == ("Avenue Neuve 9", "Liège")
    assert known["D0001"].communications == (ogm(11),)
    assert known["D0002"].street == "Straat 2"


@pytest.mark.parametrize(("column", "value"), [(9, "M-2"), (10, ogm(2))], ids=["mandate", "OGM"])
def test_what_belongs_to_one_donor_is_not_given_to_another(empty: Obole, tmp_path: Path, column: int, value: str):
    taken = list(DONORS[0])
    taken[column] = value
    said = empty.refuses(write_donors(tmp_path / "taken.csv", [taken]))
    assert "line 2" in said
    assert "of D0002" in said
    assert value not in said


def test_it_may_move_to_another_donor_where_both_are_in_the_file(empty: Obole, tmp_path: Path):
    left, got = list(DONORS[1]), list(DONORS[0])
    left[9], got[9] = "", "M-2"
    empty.takes_well(write_donors(tmp_path / "both.csv", [left, got]))
    assert donors_of(empty)["D0001"].mandates == ("M-2",)
    assert donors_of(empty)["D0002"].mandates == ()


def test_a_register_without_a_column_leaves_that_field_as_it_is(empty: Obole, tmp_path: Path):
    before = donors_of(empty)["D0001"]
    some = write_csv(
        tmp_path / "some.csv",
        ("donor", "kind", "last_name", "first_name"),
        [("D0001", "natural", "Dupont-Martin", "Zoé")],
    )
    empty.takes_well(some)
    after = donors_of(empty)["D0001"]
    assert after.last_name == "Dupont-Martin"
    assert (after.street, after.national_number, after.ibans) == (before.street, before.national_number, before.ibans)
    assert after.communications == before.communications


def test_an_emptied_cell_empties_the_field_and_is_told(empty: Obole, tmp_path: Path):
    moved = list(DONORS[0])
    moved[4] = ""
    said = empty.takes_well(write_donors(tmp_path / "emptied.csv", [moved])).output
    assert "take the street from 1 donor that had it (D0001)" in said
    assert donors_of(empty)["D0001"].street == ""


def test_an_earlier_register_taken_again_restores_what_it_says(empty: Obole, tmp_path: Path):
    moved = list(DONORS[0])
    moved[4] = "Avenue Neuve 9"
    empty.takes_well(write_donors(tmp_path / "moved.csv", [moved]))
    empty.takes_well(write_donors(tmp_path / "first.csv"))
    assert donors_of(empty)["D0001"].street == "Rue A 1"
    assert empty.checks().exit_code == 0


def test_a_national_number_belongs_to_one_donor_across_files(empty: Obole, tmp_path: Path):
    other = list(DONORS[2])
    other[0], other[11] = "D0009", national_number("850730", 33)
    said = empty.refuses(write_donors(tmp_path / "twice.csv", [other]))
    assert "line 2: column `national_number` is that of D0001 too" in said
    assert national_number("850730", 33) not in said


def test_a_faulty_register_changes_nothing_and_every_fault_has_its_line(empty: Obole, tmp_path: Path):
    wrong = [list(DONORS[0]), list(DONORS[1])]
    wrong[0][11] = "85073003329"
    wrong[1][8] = "BE00"
    said = empty.refuses(write_donors(tmp_path / "wrong.csv", wrong))
    lines = [line for line in said.splitlines() if line.startswith("  refused: line")]
    assert [line.split(":")[1] for line in lines] == [" line 2", " line 3"]
    assert "85073003329" not in said


# The general journal


def payroll(cents: str = "100.00", voucher: str = "OD-1", account: str = "620000") -> list[tuple[str, ...]]:
    return [
        ("2025-04-30", account, cents, "", "Salaires avril", voucher),
        ("2025-04-30", "455000", "", cents, "Salaires avril", voucher),
    ]


def test_an_entry_of_the_journal_is_posted_with_its_voucher(empty: Obole, tmp_path: Path):
    empty.takes_well(Journal(payroll()).write(tmp_path))
    assert (empty.balance("620000"), empty.balance("455000")) == (100_00, -100_00)
    [journal] = (empty.books / "journal" / "2025").glob("journal-*.beancount")
    assert 'voucher: "OD-1"' in journal.read_text(encoding="utf-8")


def test_a_journal_that_overlaps_an_earlier_one_posts_what_is_new(empty: Obole, tmp_path: Path):
    empty.takes_well(Journal(payroll()).write(tmp_path))
    result = empty.takes_well(Journal([*payroll(), *payroll("30.00", "OD-2")], "more.csv").write(tmp_path))
    assert "1 document posted" in result.output
    assert empty.balance("620000") == 130_00
    assert empty.checks().exit_code == 0


def test_a_voucher_posted_before_with_another_content_refuses_the_journal(empty: Obole, tmp_path: Path):
    empty.takes_well(Journal(payroll()).write(tmp_path))
    said = empty.refuses(Journal([*payroll("101.00"), *payroll("30.00", "OD-2")], "more.csv").write(tmp_path))
    assert "line 2: OD-1 of 2025-04-30 was posted before with another content" in said


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("Remboursement Zoé Dupont", "the name of a donor"),
        ("écrire à quelqu'un@example.org", "an e-mail address"),
        (f"versé sur {iban(7350000001)}", "an IBAN"),
        (national_number("850730", 33), "a national number"),
    ],
)
def test_personal_data_in_a_journal_refuses_it_before_it_is_in_the_books(
    empty: Obole, tmp_path: Path, text: str, problem: str
):
    rows = [(*row[:4], text, row[5]) for row in payroll()]
    said = empty.refuses(Journal(rows).write(tmp_path))
    assert f"line 2: {problem}" in said
    assert text not in said


def test_a_journal_of_two_years_makes_a_document_for_each(empty: Obole, tmp_path: Path):
    later = [(row[0].replace("2025", "2026"), *row[1:]) for row in payroll("20.00")]
    empty.takes_well(Journal([*payroll(), *later]).write(tmp_path))
    assert [name.rsplit("-", 1)[0] for name in empty.documents()[1:]] == ["journal-2025", "journal-2026"]


@pytest.mark.parametrize("account", ["731100", "731200", "731300"])
def test_gifts_are_not_entered_in_the_journal(empty: Obole, tmp_path: Path, account: str):
    said = empty.refuses(Journal(payroll(account=account)).write(tmp_path))
    assert f"line 2: account {account} is kept by the register of gifts" in said


def test_the_suspense_account_is_not_entered_in_the_journal(empty: Obole, tmp_path: Path):
    assert "line 2: account 499000 is kept by" in empty.refuses(Journal(payroll(account="499000")).write(tmp_path))


def test_an_unknown_account_is_refused_with_what_to_do(empty: Obole, tmp_path: Path):
    said = empty.refuses(Journal(payroll(account="620500")).write(tmp_path))
    assert "line 2: account 620500 is not in the chart of these books: open it in chart.beancount below 620" in said
    said = empty.refuses(Journal(payroll(account="998877")).write(tmp_path))
    assert "correct the code" in said


def test_an_entry_of_before_the_first_day_is_refused(empty: Obole, tmp_path: Path):
    rows = [("2024-12-31", *row[1:]) for row in payroll()]
    assert "line 2: dated 2024-12-31, before the first day" in empty.refuses(Journal(rows).write(tmp_path))


# Gifts in kind

IN_KIND = ("reference", "date", "donor", "category", "description", "value", "valuation", "evidence", "account")
PRINTER = ("NAT-1", "2025-05-05", "D0005", "goods", "Imprimante", "250.00", "invoice", "FAC-9", "613190")


def in_kind(folder: Path, *rows: Sequence[str], name: str = "kind.csv") -> Path:
    return write_csv(folder / name, IN_KIND, rows)


def test_a_gift_in_kind_is_income_with_an_equal_charge(empty: Obole, tmp_path: Path):
    empty.takes_well(in_kind(tmp_path, PRINTER))
    assert (empty.balance("731200"), empty.balance("613190")) == (-250_00, 250_00)
    [gift] = [one.gift for one in empty.posted()]
    assert (gift.donor, gift.cents, gift.nature, gift.channel) == ("D0005", 250_00, "goods", "in-kind")
    assert empty.rows("SELECT reference, valuation, evidence FROM in_kind") == [("NAT-1", "invoice", "FAC-9")]
    assert empty.checks().exit_code == 0


def test_a_register_with_rows_taken_before_posts_the_new_ones(empty: Obole, tmp_path: Path):
    empty.takes_well(in_kind(tmp_path, PRINTER))
    chairs = ("NAT-2", "2025-06-01", "", "equipment", "Chaises", "80.00", "market", "PV-1", "613190")
    empty.takes_well(in_kind(tmp_path, PRINTER, chairs, name="more.csv"))
    assert [cents for _, cents in empty.gifts()] == [250_00, 80_00]


@pytest.mark.parametrize(
    ("place", "value"),
    [(5, "260.00"), (1, "2025-05-06"), (8, "610900"), (4, "Scanner"), (2, "D0001")],
    ids=["value", "day", "account", "description", "donor"],
)
def test_a_row_taken_before_and_changed_since_is_refused(empty: Obole, tmp_path: Path, place: int, value: str):
    empty.takes_well(in_kind(tmp_path, PRINTER))
    changed = (*PRINTER[:place], value, *PRINTER[place + 1 :])
    assert "line 2: NAT-1" in empty.refuses(in_kind(tmp_path, changed, name="changed.csv"))


@pytest.mark.parametrize(
    ("place", "value", "said"),
    [
        (8, "613999", "account 613999 is not in the chart"),
        (8, "731100", "account 731100 is no charge or asset"),
        (8, "440000", "account 440000 is no charge or asset"),
        (2, "D0099", "donor D0099 is not in the vault; import the donor register first"),
        (1, "2024-05-05", "dated 2024-05-05, before the first day of these books"),
    ],
)
def test_a_gift_in_kind_that_cannot_be_posted_refuses_the_register(
    empty: Obole, tmp_path: Path, place: int, value: str, said: str
):
    wrong = (*PRINTER[:place], value, *PRINTER[place + 1 :])
    told = empty.refuses(in_kind(tmp_path, ("NAT-0", *PRINTER[1:]), wrong))
    assert f"line 3: {said}" in told


def test_books_that_do_not_book_gifts_in_kind_say_so(empty: Obole, tmp_path: Path):
    settings = empty.books / "obole.toml"
    settings.write_text(settings.read_text(encoding="utf-8") + "\n[in_kind]\nbook = false\n", encoding="utf-8")
    assert "[in_kind] book = false: nothing was posted" in empty.takes_well(in_kind(tmp_path, PRINTER)).output
    assert empty.gifts() == []


# Grants


def grants(folder: Path, *instalments: tuple[str, str, str], name: str = "grants.xlsx", **changes: str) -> Path:
    """One public grant of 1 200.00 for the year 2025, over the period unless said otherwise."""
    grant = {
        "reference": "G1",
        "funder": "Région Modèle",
        "funder_kind": "public",
        "contract": "REG-2025-7",
        "from": "2025-01-01",
        "to": "2025-12-31",
        "amount": "1200.00",
        "recognition": "receipt",
    } | changes
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "grants"
    sheet.append(list(grant))
    sheet.append(list(grant.values()))
    other = book.create_sheet("instalments")
    other.append(["reference", "due", "amount"])
    for row in instalments:
        other.append(list(row))
    path = folder / name
    book.save(path)
    return path


ADVANCE, REST = ("G1", "2025-02-01", "800.00"), ("G1", "2025-09-01", "400.00")


@pytest.fixture
def in_may(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setattr(grant_intake, "today", lambda: date(2025, 5, 15))
    return monkeypatch


@pytest.mark.usefixtures("in_may")
def test_a_grant_posts_what_has_fallen_due_and_once(empty: Obole, tmp_path: Path):
    path = grants(tmp_path, ADVANCE, REST)
    empty.takes_well(path)
    assert (empty.balance("413000"), empty.balance("733000")) == (800_00, -800_00)
    before = empty.state()
    empty.takes_well(path)
    assert empty.state() == before


def test_the_same_file_posts_later_what_falls_due_later(empty: Obole, tmp_path: Path, in_may: pytest.MonkeyPatch):
    path = grants(tmp_path, ADVANCE, REST)
    empty.takes_well(path)
    in_may.setattr(grant_intake, "today", lambda: date(2025, 10, 1))
    assert "1 document posted" in empty.takes_well(path).output
    assert empty.balance("733000") == -1_200_00
    assert empty.checks().exit_code == 0


def test_a_new_instalment_of_a_known_grant_is_posted(empty: Obole, tmp_path: Path):
    empty.takes_well(grants(tmp_path, ADVANCE))
    empty.takes_well(grants(tmp_path, ADVANCE, REST, name="later.xlsx"))
    assert empty.balance("733000") == -1_200_00


@pytest.mark.parametrize(
    "changed",
    [("G1", "2025-03-01", "800.00"), ("G1", "2025-02-01", "700.00")],
    ids=["another day", "another amount"],
)
def test_an_instalment_posted_and_changed_since_is_refused(empty: Obole, tmp_path: Path, changed: tuple[str, str, str]):
    empty.takes_well(grants(tmp_path, ADVANCE))
    said = empty.refuses(grants(tmp_path, changed, REST, name="changed.xlsx"))
    assert "G1:instalment:1" in said
    assert "2025-02-01" in said


def test_a_grant_that_was_changed_is_undone_alone_and_posted_anew(empty: Obole, tmp_path: Path):
    """An addendum moves an instalment (a grant's entries follow its contract: docs/registers.md, grants)."""
    empty.takes_well(grants(tmp_path, ADVANCE))
    document = next(name for name in empty.documents() if name.startswith("grants"))
    changed = grants(tmp_path, ("G1", "2025-03-01", "800.00"), name="changed.xlsx")
    assert f"`obole undo {document} --voucher G1`" in empty.refuses(changed)
    assert empty("undo", document, "--voucher", "G1").exit_code == 0
    assert (empty.balance("413000"), empty.balance("733000")) == (0, 0)
    empty.takes_well(changed)
    assert (empty.balance("413000"), empty.balance("733000")) == (800_00, -800_00)
    assert empty.checks().exit_code == 0


def test_the_bank_line_that_names_the_contract_pays_the_grant(empty: Obole, tmp_path: Path):
    paid = CodaLine(800_00, "00150000", "CONVENTION REG-2025-7 TRANCHE 1", name="REGION MODELE")
    bank = Statement(1, 0, [paid], date(2025, 2, 10)).write(tmp_path)
    empty.takes_well(grants(tmp_path, ADVANCE), bank)
    assert empty.balance("413000") == 0
    assert empty.outcomes("coda-current-2025-001") == [(1, 800_00, "grant")]


# Decisions on suspense lines

DECISION = ("document", "position", "donor", "account", "date", "reason")


def decisions(folder: Path, *rows: Sequence[str], name: str = "decisions.csv") -> Path:
    return write_csv(folder / name, DECISION, rows)


TO_DONOR = (FIRST, "7", "D0004", "", "2025-04-02", "rappelé")


def test_a_line_assigned_to_a_donor_becomes_a_gift_of_the_day_that_it_came(small: Obole, tmp_path: Path):
    small.takes_well(decisions(tmp_path, TO_DONOR))
    gift = small.posted()[-1].gift
    assert (gift.donor, gift.cents, gift.counted) == ("D0004", 70_00, 2025)
    assert (gift.booked, gift.value) == (date(2025, 4, 2), date(2025, 3, 14))
    assert (small.balance("499000"), small.balance("731100")) == (0, -260_00)
    assert small.checks().exit_code == 0


def test_a_line_assigned_in_the_next_year_counts_for_the_year_that_it_came(small: Obole, tmp_path: Path):
    small.takes_well(decisions(tmp_path, (FIRST, "7", "D0004", "", "2026-01-20", "")))
    gift = small.posted()[-1].gift
    assert (gift.booked, gift.counted) == (date(2026, 1, 20), 2025)


def test_a_line_assigned_to_an_account_is_reclassified(small: Obole, tmp_path: Path):
    small.takes_well(decisions(tmp_path, (FIRST, "7", "", "743000", "2025-04-02", "")))
    assert (small.balance("499000"), small.balance("743000")) == (0, -70_00)
    assert len(small.gifts()) == 4
    assert small.checks().exit_code == 0


@pytest.mark.parametrize(
    ("account", "nature", "reason"), [("732000", "legacy", "legacy"), ("730000", "membership", "membership")]
)
def test_a_legacy_or_a_membership_fee_of_a_donor_gives_no_receipt(
    small: Obole, tmp_path: Path, account: str, nature: str, reason: str
):
    small.takes_well(decisions(tmp_path, (FIRST, "7", "D0004", account, "2025-04-02", "")))
    gift = small.posted()[-1].gift
    assert (gift.nature, gift.account) == (nature, account)
    status = small("receipts", "status", "--year", "2025", "--format", "json").output
    assert f'"{reason}"' in status


def test_an_assigned_line_keeps_the_way_it_came(empty: Obole, tmp_path: Path):
    cash = Statement(1, 0, [CodaLine(70_00, "00950000", "VERSEMENT")], date(2025, 3, 14)).write(tmp_path)
    empty.takes_well(cash, decisions(tmp_path, ("coda-current-2025-001", "1", "D0004", "", "2025-04-02", "")))
    assert [(one.gift.donor, one.gift.channel) for one in empty.posted()] == [("D0004", "cash")]


def test_the_same_decision_again_is_known(small: Obole, tmp_path: Path):
    small.takes_well(decisions(tmp_path, TO_DONOR))
    before = small.state()
    small.takes_well(decisions(tmp_path, TO_DONOR))
    small.takes_well(decisions(tmp_path, (*TO_DONOR[:5], "autre mot"), name="again.csv"))
    assert small.state() == before


def test_another_decision_on_the_same_line_is_refused(small: Obole, tmp_path: Path):
    small.takes_well(decisions(tmp_path, TO_DONOR))
    said = small.refuses(decisions(tmp_path, (FIRST, "7", "D0003", "", "2025-04-02", ""), name="other.csv"))
    assert f"line 2: movement 7 of {FIRST} was decided before, in assignment-2025-" in said


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ((FIRST, "99", "D0004", "", "2025-04-02", ""), "neither waits on suspense nor is a gift that stands"),
        (
            ("coda-current-2025-999", "7", "D0004", "", "2025-04-02", ""),
            "neither waits on suspense nor is a gift that stands",
        ),
        ((FIRST, "7", "D0004", "", "2025-03-13", ""), "was booked on 2025-03-14"),
        ((FIRST, "7", "D0099", "", "2025-04-02", ""), "donor D0099 is not in the vault"),
        ((FIRST, "7", "", "743999", "2025-04-02", ""), "account 743999 is not in the chart"),
        ((FIRST, "7", "D0004", "743000", "2025-04-02", ""), "account 743000 takes no gift"),
        ((FIRST, "7", "D0004", "731200", "2025-04-02", ""), "account 731200 is for gifts in kind"),
        ((FIRST, "7", "", "499000", "2025-04-02", ""), "is on account 499000 already"),
    ],
)
def test_a_decision_that_cannot_be_is_refused_with_its_line(small: Obole, tmp_path: Path, row: tuple, said: str):
    told = small.refuses(decisions(tmp_path, row))
    assert "line 2: " in told
    assert said in told


def test_one_wrong_decision_refuses_the_whole_list_and_every_fault_is_told(small: Obole, tmp_path: Path):
    more = Statement(74, 1_247_50, [CodaLine(-9_00, "00101000", "?")], date(2025, 3, 17)).write(tmp_path)
    small.takes_well(more)
    wrong = [
        TO_DONOR,
        (FIRST, "8", "D0004", "", "2025-04-02", ""),
        ("coda-current-2025-074", "1", "D0001", "", "2025-04-02", ""),
    ]
    told = small.refuses(decisions(tmp_path, *wrong))
    assert "line 3: " in told
    assert "line 4: movement 1 of coda-current-2025-074 may pay back coda-current-2025-073:" in told


def test_statements_and_the_decisions_about_them_may_come_together(empty: Obole, tmp_path: Path):
    result = empty.takes_well(decisions(tmp_path, TO_DONOR), STATEMENT.write(tmp_path))
    assert "wait" not in result.output
    assert empty.gifts()[-1] == ("D0004", 70_00)


# A closed year


@pytest.fixture
def closed(small: Obole, tmp_path: Path) -> Obole:
    """The small books with 2025 closed: the line on suspense decided, the result carried to 14."""
    small.takes_well(decisions(tmp_path, TO_DONOR))
    result = 260_00 - 12_50
    carried = f"{result // 100}.{result % 100:02d}"
    rows = [
        ("2025-12-31", "692000", carried, "", "Affectation", "AFF-1"),
        ("2025-12-31", "140000", "", carried, "Affectation", "AFF-1"),
    ]
    small.takes_well(Journal(rows, "close.csv").write(tmp_path))
    told = small("close", "2025")
    assert told.exit_code == 0, told.output
    return small


def test_nothing_is_posted_in_a_closed_year(closed: Obole, tmp_path: Path):
    late = Statement(74, 1_247_50, [given(20_00, 5)], date(2025, 3, 17)).write(tmp_path)
    assert "2025 is closed" in closed.refuses(late)
    assert "line 2: dated 2025-04-30, but 2025 is closed" in closed.refuses(Journal(payroll()).write(tmp_path))
    assert "2025 is closed" in closed.refuses(in_kind(tmp_path, PRINTER))
    assert "2025 is closed" in closed.refuses(grants(tmp_path, ADVANCE))
    assert closed("verify").exit_code == 0


def test_a_dry_run_knows_that_a_year_is_closed(closed: Obole, tmp_path: Path):
    result = closed.takes(Journal(payroll()).write(tmp_path), dry_run=True)
    assert result.exit_code == 1
    assert "2025 is closed" in result.output


def test_what_a_closed_year_has_already_is_known_and_no_fault(closed: Obole, tmp_path: Path):
    bundle = tmp_path / "bundle.cod"
    bundle.write_bytes(STATEMENT.encoded() + Statement(1, 1_247_50, [given(5_00, 1)], date(2026, 1, 2)).encoded())
    assert "1 document posted, 1 already there" in closed.takes_well(bundle).output
    assert closed.checks().exit_code == 0
