"""Closing: a year has what is dated in it, its seal proves every fact of it, and what is missing is told at once.

The cases given (F01-F06, F19, F20) and our own, each with its source: WER III.83-89 (books in order, vouchers, no
change that cannot be seen), CBN/CNC 2016/22 (electronic books), the checklist of closing (C01-C60 in the facts), the
hash tree of the auditor's pack. By hand: 10 000.00 at the bank, 1 200.50 rent owed, 2 500.25 invoiced.
"""

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_books import Journal, Obole, new_books
from test_upgrade import books_of

from ledger.leaves import KINDS, LATER, HandFiles, Leaf
from ledger.register.canonical import crc_of, gift_text, movement_text, rows_digest
from ledger.register.documents import crc_of_document
from ledger.register.tables import GIFT_COLUMNS, MOVEMENT_COLUMNS
from ledger.seals import NotASeal, TreeSeal, leaves_path, read_seal
from ledger.tree import seal_root
from obole.audit.sealing import Facts, compare, make_trees

CASES = Path(__file__).parent / "cases" / "closing"
FEES = "Expenses:61-Services-et-biens-divers:616000-Honoraires"
OWED = "Liabilities:44-Dettes-commerciales:444000-Factures-a-recevoir"
TRANSIT = "Assets:58-Virements-internes:580000-Virements-internes"


def by_hand(day: str = "2024-12-31", flag: str = "*", text: str = "Provision honoraires", cents: int = 99_75) -> str:
    amount = f"{cents / 100:.2f}"
    return f'\n{day} {flag} "{text}"\n  {FEES}  {amount} EUR\n  {OWED}  -{amount} EUR\n'


def append(obole: Obole, name: str, text: str) -> None:
    with (obole.books / name).open("a", encoding="utf-8") as out:
        out.write(text)


def closes(obole: Obole, year: int = 2024, *words: str) -> str:
    told = obole("close", str(year), *words)
    assert told.exit_code == 0, told.output
    assert obole.checks().exit_code == 0, obole.checks().output
    return told.output


def refused(obole: Obole, *words: str) -> str:
    """What is said of a command that is refused, which must change nothing."""
    before = obole.state()
    told = obole(*words)
    assert told.exit_code == 1, told.output
    assert obole.state() == before
    return told.output


def seal_of(obole: Obole, year: int) -> TreeSeal:
    seal = read_seal(obole.books / "seals" / f"{year}.json")
    assert isinstance(seal, TreeSeal)
    return seal


def verified(obole: Obole) -> str:
    told = obole("verify")
    assert told.exit_code == 0, told.output
    return told.output


def faulty(obole: Obole) -> str:
    told = obole("verify")
    assert told.exit_code == 1, told.output
    return told.output


@pytest.fixture(scope="module", name="source")
def _source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The books of the cases: 2024 with its three vouchers, nothing carried to 14 yet."""
    books = new_books(tmp_path_factory.mktemp("base") / "books", (CASES / "base.toml").read_text(encoding="utf-8"))
    Obole(books).takes_well(CASES / "base-2024.csv")
    return books


@pytest.fixture
def base(source: Path, tmp_path: Path) -> Obole:
    shutil.copytree(source, tmp_path / "books")
    return Obole(tmp_path / "books")


@pytest.fixture
def ready(base: Obole, tmp_path: Path) -> Obole:
    """Nothing is missing to close 2024: its result of 1 299.75 is carried to 14."""
    base.takes_well(
        journal(tmp_path, "ready.csv", ("2024-12-31", "692000", 1_299_75), ("2024-12-31", "140000", -1_299_75))
    )
    return base


def journal(folder: Path, name: str, *lines: tuple[str, str, int]) -> Path:
    rows = [
        (day, account, f"{cents / 100:.2f}" if cents > 0 else "", f"{-cents / 100:.2f}" if cents < 0 else "", "Pièce",
         f"{name}-{day}")
        for day, account, cents in lines
    ]  # fmt: skip
    return Journal(rows, name).write(folder)


# The cases given


@pytest.mark.parametrize("name", ["main.beancount", "manual/cloture-2024.beancount"], ids=["F01", "F02"])
def test_books_given_case_entry_by_hand(name: str, base: Obole):
    """F01, F02: an entry of the year is of the year wherever it stands; F20: taken out, it is missed."""
    append(base, name, by_hand())
    base.takes_well(CASES / "appropriation-2024-less-9975.csv")
    assert f"MAN-2024-000001 ({name}:" in closes(base)
    assert seal_of(base, 2024).balances["616000"] == 99_75
    assert base("report", "balance-sheet", "--year", "2024").exit_code == 0
    # F20
    text = (base.books / name).read_text(encoding="utf-8")
    (base.books / name).write_text(text.replace(by_hand(), ""), encoding="utf-8")
    found = base.faults()
    assert "2024 is closed: account 616000 stands at 0.00 EUR and was sealed with 99.75 EUR" in found
    assert "2024 is closed: entry MAN-2024-000001 is missing" in found
    assert (
        "entry MAN-2024-000001 is not in the books as it was closed"
        in base("report", "balance-sheet", "--year", "2024").output
    )


def test_books_given_case_f03_statement_over_new_year(base: Obole):
    append(base, "obole.toml", '\n[[rules]]\nlabel = "Frais"\ndirection = "debit"\naccount = "657000"\n')
    base.takes_well(CASES / "span.cod")
    base.takes_well(CASES / "appropriation-2024-less-50.csv")
    closes(base)
    assert seal_of(base, 2024).balances["550000"] == 9_950_00
    told = base("report", "trial-balance", "--year", "2025", "--format", "csv", "--lang", "en").output
    (line,) = (line for line in told.splitlines() if ",550000," in line)
    assert "9950.00,0.00,25.00,9925.00" in line
    assert "1 sealed year is as it was sealed" in verified(base)


def test_books_given_case_f04_closed_out_of_order(ready: Obole, tmp_path: Path):
    ready.takes_well(second_year(tmp_path))
    assert "2024 is open: `obole close 2024` comes first" in refused(ready, "close", "2025")
    closes(ready, 2024)
    closes(ready, 2025)
    assert "2024 is closed" in ready.refuses(CASES / "late-2024.csv")
    report = ready("report", "balance-sheet", "--year", "2025", "--format", "csv").output
    assert "TOTAL ACTIF,12200.25" in report or "TOTAL ASSETS,12200.25" in report


def second_year(folder: Path) -> Path:
    """A rent of 300.00 in 2025, and what 2024 carried forward (1 299.75) carried on, less it."""
    rent = (("2025-06-01", "610000", 300_00), ("2025-06-01", "550000", -300_00))
    carried = (("2025-12-31", "790000", -1_299_75), ("2025-12-31", "692000", 999_75), ("2025-12-31", "140000", 300_00))
    return journal(folder, "second.csv", *rent, *carried)


def test_books_given_case_f05_tampered_journal(ready: Obole):
    (path,) = (path for path in ready.books.glob("journal/2024/journal-*") if "1200.50" in path.read_text("utf-8"))
    path.write_text(path.read_text(encoding="utf-8").replace("1200.50", "1100.50"), encoding="utf-8")
    found = refused(ready, "close", "2024")
    assert "changed since it was posted" in found
    assert "a result of 100.00 EUR is not carried to 14 yet" in found


def test_books_given_case_f06_year_not_over(base: Obole, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1735600000")  # 30.12.2024
    assert "it is not over before 2025-01-01; close it then" in refused(base, "close", "2024")


def test_books_given_case_f19_flagged_entry(base: Obole):
    append(base, "manual/2024.beancount", by_hand(flag="!", text="À vérifier: provision?"))
    base.takes_well(CASES / "appropriation-2024-less-9975.csv")
    assert "the entry of 2024-12-31 is flagged `!`" in refused(base, "close", "2024")


# Our own


def test_own_case_everything_missing_is_told_at_once(base: Obole):
    """Facts, issue 8: nothing is found one by one; C04, C05, C08, C41 of the checklist in one answer."""
    append(base, "main.beancount", by_hand(day="2025-06-01", flag="!", cents=10_00))
    found = refused(base, "close", "2025")
    for part in (
        "2025 cannot be closed:\n  - ",
        "2024 is open: `obole close 2024` comes first",
        "the entry of 2025-06-01 is flagged `!`",
        "a result of 1289.75 EUR is not carried to 14 yet",
    ):
        assert part in found


def test_own_case_transit_is_nil_or_explained(ready: Obole, tmp_path: Path):
    """C05: 58 is nil, or each pair has its day of arrival."""
    ready.takes_well(journal(tmp_path, "t.csv", ("2024-12-31", "580000", 500_00), ("2024-12-31", "550000", -500_00)))
    found = refused(ready, "close", "2024")
    assert "account 580000 stands at 500.00 EUR; clear it, or say why with `obole close 2024 --explain 580000" in found
    closes(ready, 2024, "--explain", "580000", "arrivé le 2 janvier")
    assert seal_of(ready, 2024).explained == {"580000": "arrivé le 2 janvier"}


def test_own_case_what_is_nil_needs_no_explanation(ready: Obole):
    """WER III.83: books say what is, and no more."""
    found = refused(ready, "close", "2024", "--explain", "580000", "rien")
    assert "--explain 580000: nothing stands there at the end of 2024" in found


def test_own_case_dry_run_writes_nothing(ready: Obole):
    """C52: the seal comes last; who prepares the closing asks first."""
    before = ready.state()
    told = ready("close", "2024", "--dry-run")
    assert told.output == "2024 can be closed; nothing was written.\n"
    assert ready.state() == before


def test_own_case_a_voucher_that_is_named_is_there(base: Obole):
    """C09, WER III.86: an entry rests on a dated voucher; the voucher is sealed with it, by its content."""
    entry = by_hand().replace('honoraires"\n', 'honoraires"\n  document: "note.pdf"\n')
    append(base, "manual/2024.beancount", entry)
    base.takes_well(CASES / "appropriation-2024-less-9975.csv")
    assert "the voucher note.pdf is missing" in refused(base, "close", "2024")
    voucher = base.books / "documents" / "note.pdf"
    voucher.write_bytes(b"note d'honoraires")
    assert "names no voucher" not in closes(base)
    voucher.write_bytes(b"another one")
    assert "2024 is closed: the file documents/note.pdf was changed" in faulty(base)


def test_own_case_a_pad_is_no_entry(base: Obole):
    """Beancount's pad follows from what comes after it: a closed year would change by itself (WER III.88)."""
    base.takes_well(CASES / "appropriation-2024.csv")
    append(base, "main.beancount", f"\n2024-12-30 pad {OWED} {FEES}\n2024-12-31 balance {OWED} 0.00 EUR\n")
    assert "a pad is no entry of its own" in refused(base, "close", "2024")


def test_own_case_a_text_changed_by_hand_is_named(base: Obole):
    """WER III.88: no change that leaves what was written illegible, though every amount stays."""
    append(base, "main.beancount", by_hand())
    base.takes_well(CASES / "appropriation-2024-less-9975.csv")
    closes(base)
    path = base.books / "main.beancount"
    path.write_text(path.read_text(encoding="utf-8").replace("Provision", "Facture"), encoding="utf-8")
    found = faulty(base)
    assert "2024 is closed: entry MAN-2024-000001 is missing" in found
    assert "2024 is closed: the entry main.beancount:" in found
    assert "account" not in found


def test_own_case_an_entry_moved_between_files_is_the_same(base: Obole):
    """A year has what is dated in it, wherever it stands: the file is no fact."""
    append(base, "main.beancount", by_hand())
    base.takes_well(CASES / "appropriation-2024-less-9975.csv")
    closes(base)
    path = base.books / "main.beancount"
    path.write_text(path.read_text(encoding="utf-8").replace(by_hand(), ""), encoding="utf-8")
    append(base, "manual/2024.beancount", by_hand())
    verified(base)
    assert base.checks().exit_code == 0


def test_own_case_reopened_corrected_and_closed_again(base: Obole):
    """CBN/CNC 2016/22, WER III.87-88: the reason, the person and the former seal stay; a number is not given twice."""
    append(base, "main.beancount", by_hand())
    base.takes_well(CASES / "appropriation-2024-less-9975.csv")
    closes(base)
    first = (base.books / "seals" / "2024.json").read_bytes()
    before = seal_of(base, 2024)
    told = base("reopen", "2024", "--reason", "facture oubliée", "--by", "AB")
    assert told.exit_code == 0, told.output
    assert base.checks().exit_code == 0
    path = base.books / "main.beancount"
    path.write_text(path.read_text(encoding="utf-8").replace("Provision", "Facture"), encoding="utf-8")
    assert "This is closing number 2 of this year." in closes(base)
    after = seal_of(base, 2024)
    assert (base.books / "seals" / "former" / "2024-1.json").read_bytes() == first
    assert after.former == sha256(first).hexdigest()
    assert after.root != before.root
    assert base.rows("SELECT number FROM entry_number WHERE journal = 'MAN' ORDER BY 1") == [(1,), (2,)]
    assert base.rows("SELECT journal, number FROM retired_entry") == [("MAN", 1)]
    assert "by AB: facture oubliée" in verified(base)
    (base.books / "seals" / "former" / "2024-1.json").unlink()
    assert "its seal former/2024-1.json is missing" in faulty(base)


def test_own_case_reopened_and_closed_unchanged_has_the_same_root(ready: Obole):
    """The tree is over facts: the same facts give the same root, whenever they are sealed."""
    closes(ready)
    root = seal_of(ready, 2024).root
    ready("reopen", "2024", "--reason", "pour voir", "--by", "AB")
    closes(ready)
    assert (seal_of(ready, 2024).root, seal_of(ready, 2024).number) == (root, 2)


def test_own_case_only_the_last_closed_year_is_reopened(ready: Obole, tmp_path: Path):
    """C10: a year begins with what the one before closed on."""
    ready.takes_well(second_year(tmp_path))
    assert "2024 is not closed" in refused(ready, "reopen", "2024", "--reason", "x", "--by", "AB")
    closes(ready, 2024)
    closes(ready, 2025)
    assert "reopen 2025 first" in refused(ready, "reopen", "2024", "--reason", "x", "--by", "AB")
    assert "--reason: is empty" in refused(ready, "reopen", "2025", "--reason", " ", "--by", "AB")


def test_own_case_a_year_without_entries_is_closed_too(ready: Obole):
    """C10, C52: the year after begins with its balances, so it has a seal; nothing is posted in it later."""
    closes(ready, 2024)
    closes(ready, 2025)
    assert {code: cents for code, cents in seal_of(ready, 2025).balances.items() if code[0] in "67"} == {}
    append(ready, "main.beancount", by_hand(day="2025-05-05"))
    assert "it was closed without this entry of 2025-05-05" in ready.faults()


def test_own_case_months_are_locked_and_opened_again(base: Obole, tmp_path: Path):
    """C08, soft lock: a month that was reported does not change by mistake; the reason to open it is kept."""
    told = base("lock", "2024-05", "--by", "AB")
    assert "Nothing is posted until 2024-05-31 any more" in told.output
    late = journal(tmp_path, "late.csv", ("2024-05-31", "610000", 5_00), ("2024-05-31", "550000", -5_00))
    found = base.refuses(late)
    assert "dated 2024-05-31, but the months until 2024-05 are locked" in found
    assert "`obole unlock 2024-05 --reason ... --by ...`" in found
    base.takes_well(journal(tmp_path, "june.csv", ("2024-06-01", "610000", 5_00), ("2024-06-01", "550000", -5_00)))
    told = base("unlock", "2024-05", "--reason", "loyer oublié", "--by", "AB")
    assert told.output == "The months until 2024-04-30 stay locked.\n"
    base.takes_well(late)
    assert base.rows("SELECT until, reason FROM month_lock ORDER BY id") == [
        ("2024-05-31", "-"),
        ("2024-04-30", "loyer oublié"),
    ]


def test_own_case_a_statement_of_a_locked_month_stops_no_other(base: Obole, tmp_path: Path):
    """C01: each statement is taken whole or not at all."""
    base("lock", "2024-12", "--by", "AB")
    other = journal(tmp_path, "other.csv", ("2025-01-03", "610000", 5_00), ("2025-01-03", "550000", -5_00))
    told = base.takes(CASES / "span.cod", other)
    assert "but the months until 2024-12 are locked; open the month with `obole unlock 2024-12" in told.output
    assert [name.split("-")[0] for name in base.documents()] == ["journal", "journal"]


def test_own_case_a_seal_of_format_0_says_what_it_does_not_prove(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Books that commit 37d00a4 closed: read as it made them; reopened and closed, they get a seal that proves all."""
    obole = books_of("37d00a4", tmp_path, monkeypatch)
    assert obole("upgrade").exit_code == 0
    told = verified(obole)
    assert "2024: its seal has format 0." in told
    assert "nor balances, receipts and archived files" in told
    with pytest.raises(NotASeal):
        read_seal(obole.books / "obole.toml")
    assert obole("reopen", "2024", "--reason", "format 1", "--by", "AB").exit_code == 0
    closes(obole, 2024)
    assert {tree.kind for tree in seal_of(obole, 2024).trees} == set(KINDS)
    assert "format 0" not in verified(obole)


# Gifts and receipts


@pytest.fixture(scope="module")
def _sealed(_issued: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small books with the receipts of 2025 issued, and closed: 3 gifts, a line of suspense explained."""
    folder = tmp_path_factory.mktemp("sealed")
    shutil.copytree(_issued, folder / "books")
    obole = Obole(folder / "books")
    lines = (("2025-12-31", "692000", 177_50), ("2025-12-31", "140000", -177_50))
    obole.takes_well(journal(folder, "result.csv", *lines))
    assert "1 line waits on suspense" in obole("close", "2025").output
    told = obole("close", "2025", "--explain", "499000", "donateur demandé à la banque")
    assert told.exit_code == 0, told.output
    return obole.books


@pytest.fixture
def sealed(_sealed: Path, tmp_path: Path) -> Obole:
    shutil.copytree(_sealed, tmp_path / "books")
    return Obole(tmp_path / "books")


def test_own_case_a_line_explained_is_decided_in_the_next_year(sealed: Obole, tmp_path: Path):
    """C04: suspense nil or explained; what is known later is an entry of the year in which it is known."""
    verified(sealed)
    decided = tmp_path / "d.csv"
    decided.write_text("document;position;account;date\ncoda-current-2025-073;7;743000;2026-01-05\n", encoding="utf-8")
    sealed.takes_well(decided)
    verified(sealed)
    assert sealed.checks().exit_code == 0


def test_own_case_an_explanation_names_no_donor(small: Obole, tmp_path: Path):
    """Invariant 9: the seal lies with the books, which hold no name."""
    small.takes_well(journal(tmp_path, "r.csv", ("2025-12-31", "692000", 177_50), ("2025-12-31", "140000", -177_50)))
    found = refused(small, "close", "2025", "--explain", "499000", "de Zoé Dupont")
    assert "--explain 499000: the name of a donor stands here" in found


def test_own_case_no_identity_enters_seal_or_leaves(sealed: Obole):
    """Audit pack 5: an identity enters a leaf as a salted digest only; the sheet's own digest is not told."""
    digests = [row[0] for row in sealed.rows("SELECT sheet_digest FROM receipt_version")]
    text = (sealed.books / "seals" / "2025.json").read_text(encoding="utf-8")
    assert digests
    assert not any(word in text for word in (*digests, "Dupont", "Zoé"))


def test_own_case_a_receipt_issued_after_the_closing_is_a_later_row(sealed: Obole):
    """Receipt life: a receipt withdrawn or issued late is another row, and the sealed root stays."""
    sealed.change("UPDATE receipt SET state = 'withdrawn' WHERE number = 1")
    told = sealed("verify").output
    assert "2025: 1 receipt was withdrawn" in told
    assert "not what was sealed" not in told
    sealed.change(
        "INSERT INTO receipt SELECT 2025, 99, donor, cents, issued_on, state, crc FROM receipt WHERE number = 2",
        "INSERT INTO receipt_version VALUES (2025, 99, 1, '2026-03-01', 'x', NULL, NULL)",
    )
    assert "2025: 1 receipt or version was issued after the closing" in sealed("verify").output


def test_own_case_what_a_receipt_printed_is_erased(sealed: Obole):
    """GDPR art. 17: sheet and salt go together; the digest that stays tells nothing, and the root is the same."""
    sealed.change("DELETE FROM frozen_sheet WHERE number = 1", "DELETE FROM sheet_salt WHERE number = 1", store="vault")
    told = sealed("verify")
    assert told.exit_code == 0
    assert "2025: what 1 receipt printed was erased" in told.output


def test_own_case_another_sheet_is_named(sealed: Obole):
    """Invariant 6: what was issued does not change; a sheet without its salt is none."""
    sealed.change("DELETE FROM sheet_salt WHERE number = 1", store="vault")
    assert "2025 is closed: what receipt 2025/000001/001 printed is not what was sealed" in faulty(sealed)


@pytest.mark.parametrize(
    ("change", "store", "told"),
    [
        ("DELETE FROM year_key", "vault", "2025 is closed: the vault does not have its key"),
        ("UPDATE document SET file_digest = 'x' WHERE name LIKE 'coda%'", "register", "document coda-current-2025-073"),
        ("UPDATE receipt SET donor = 'D0003' WHERE number = 1", "register", "receipt 2025/000001/001 is not what"),
        ("UPDATE receipt SET cents = 1 WHERE number = 1", "register", "receipt 2025/000001/001 is not what"),
        ("UPDATE receipt_version SET issued_on = '2026-02-14' WHERE number = 2", "register", "receipt 2025/000002/001"),
        ("UPDATE receipt_identity SET digest = 'x' WHERE number = 2", "register", "receipt 2025/000002/001"),
        ("DELETE FROM receipt_identity WHERE number = 2", "register", "receipt 2025/000002/001"),
    ],
)
def test_own_case_a_store_changed_by_hand_is_named(sealed: Obole, change: str, store: str, told: str):
    """Audit pack 5: any change of a sealed row changes the root; the row is named."""
    sealed.change(change, store=store)
    assert told in faulty(sealed)


def test_own_case_a_gift_changed_with_every_checksum_is_named(sealed: Obole):
    """Audit pack 5: who can write the register can write its checksums too; not the seal, whose salts he lacks."""
    change_gift(sealed, 1, account="731300", donor="D0003")
    found = faulty(sealed)
    assert "2025 is closed: gift 2025/000000001 is not what was sealed" in found
    assert "2025 is closed: document coda-current-2025-073 is not what was sealed" in found
    assert "was changed after posting" not in found


def change_gift(obole: Obole, number: int, **values: str) -> None:
    """Change a gift, its CRC, the digest of its document's rows and the CRC of the document."""
    ((document,),) = obole.rows(f"SELECT document_id FROM gift WHERE id = {number}")
    sets = ", ".join(f"{name} = '{value}'" for name, value in values.items())
    obole.change(f"UPDATE gift SET {sets} WHERE id = {number}")
    rows = obole.rows(f"SELECT {', '.join(GIFT_COLUMNS)} FROM gift WHERE document_id = {document} ORDER BY id")
    texts = [gift_text(row[1:-1]) for row in rows]
    names = ", ".join(MOVEMENT_COLUMNS)
    movements = obole.rows(f"SELECT {names} FROM movement WHERE document_id = {document} ORDER BY position")
    digest = rows_digest([movement_text(row[:-1]) for row in movements], texts)
    for row, text in zip(rows, texts, strict=True):
        obole.change(f"UPDATE gift SET crc = {crc_of(text)} WHERE id = {row[0]}")
    obole.change(f"UPDATE document SET rows_digest = '{digest}' WHERE id = {document}")
    with obole.register() as connection:
        kept = connection.exec_driver_sql(f"SELECT * FROM document WHERE id = {document}").mappings().one()
    obole.change(f"UPDATE document SET crc = {crc_of_document(kept)} WHERE id = {document}")


@pytest.mark.parametrize("name", ["2025.json", "2025.leaves.gz"])
def test_own_case_a_seal_or_its_leaves_lost_are_named(sealed: Obole, name: str):
    """Invariant 8: a closed year keeps its seal; what is gone is put back from the backup."""
    (sealed.books / "seals" / name).unlink()
    assert "restore it from your backup" in faulty(sealed)
    assert sealed.checks().exit_code == 1


# Any change of any sealed fact


@dataclass(frozen=True, slots=True)
class Made(Facts):
    """Facts that were drawn instead of read."""

    drawn: Mapping[str, Mapping[str, Sequence[str]]]

    def _leaves(self, kind: str) -> Iterator[Leaf]:
        of_kind = self.drawn.get(kind, {})
        return (Leaf(key, tuple(of_kind[key])) for key in sorted(of_kind, key=str.encode))


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\n"), max_size=6)
ROWS = st.dictionaries(TEXT, st.lists(TEXT, max_size=2), max_size=3)
DRAWN = st.fixed_dictionaries(dict.fromkeys(KINDS, ROWS)).filter(lambda drawn: any(drawn.values()))


@settings(max_examples=60)
@given(DRAWN, st.data())
def test_any_change_of_a_sealed_fact_changes_the_root_and_is_named(
    source: Path, drawn: dict[str, dict[str, list[str]]], data: st.DataObject
):
    path = source.parent / "2025.json"
    nothing: Any = None
    facts = Made(nothing, path.parent, 2025, date.min, b"key", {}, (), HandFiles(path.parent, frozenset()), drawn)
    made = make_trees(facts)
    root = seal_root(2025, made.trees)
    leaves_path(path).write_bytes(made.marks)
    seal = TreeSeal(2025, 1, "", root, made.trees, {}, {}, (), "", sha256(made.marks).hexdigest())
    assert compare(facts, seal, path).faults == []
    kind = data.draw(st.sampled_from([kind for kind in KINDS if drawn[kind]]))
    key = data.draw(st.sampled_from(sorted(drawn[kind])))
    other = {of: {**rows} for of, rows in drawn.items()}
    what = data.draw(st.sampled_from(["changed", "missing", "added"]))
    if what == "missing":
        del other[kind][key]
    elif what == "added":
        key = data.draw(TEXT.filter(lambda text: text not in other[kind]))
        other[kind][key] = []
    else:
        other[kind][key] = data.draw(st.lists(TEXT, max_size=3).filter(lambda fields: fields != drawn[kind][key]))
    changed = replace(facts, drawn=other)
    found = compare(changed, seal, path)
    assert seal_root(2025, make_trees(changed).trees) != root
    if what == "added" and kind in LATER:
        assert (found.faults, found.later) == ([], {kind: [key]})
    else:
        assert len(found.faults) == 1
        assert key in found.faults[0]


# One remedy for one change, and of which year a fault is.

LESS = (
    '\n2024-12-31 * "Affectation"\n'
    "  Equity:69-Affectations-et-prelevements:692000-Resultat-positif-a-reporter  -99.75 EUR\n"
    "  Equity:14-Resultats-reportes:140000-Resultat-reporte  99.75 EUR\n"
)
REMEDY = "put it back from your backup as 2024 was closed"


@pytest.fixture(scope="module", name="shut")
def _shut(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """2024 before, with an entry by hand."""
    folder = tmp_path_factory.mktemp("sealed")
    shutil.copytree(source, folder / "books")
    obole = Obole(folder / "books")
    append(obole, "manual/2024.beancount", by_hand())
    obole.takes_well(
        journal(folder, "ready.csv", ("2024-12-31", "692000", 1_200_00), ("2024-12-31", "140000", -1_200_00))
    )
    closes(obole)
    return obole.books


@pytest.fixture
def before(shut: Path, tmp_path: Path) -> Obole:
    shutil.copytree(shut, tmp_path / "books")
    return Obole(tmp_path / "books")


def test_an_entry_changed_in_a_closed_year_has_one_remedy_which_works(before: Obole):
    """WER III.88: what was written is not changed so that it cannot be seen; `reopen` is what leaves a trace."""
    manual = before.books / "manual/2024.beancount"
    text = manual.read_text(encoding="utf-8")
    manual.write_text(text.replace("99.75", "99.76"), encoding="utf-8")
    for told in (before("check").output, before("verify").output, refused(before, "close", "2025")):
        about = [line for line in told.splitlines() if "entry" in line and "is closed" in line]
        assert about
        assert all(REMEDY in line for line in about)
    assert "; remove it" not in before("check").output
    assert before("reopen", "2024", "--reason", "a cent", "--by", "AB").exit_code == 0
    assert before.checks().exit_code == 0
    manual.write_text(text, encoding="utf-8")
    assert "is closed and sealed" in closes(before)


def test_closing_names_the_year_of_a_fault_and_what_it_is_to_this_one(before: Obole):
    """C01: a year begins with the balances of the one before; what is wrong after it changes nothing of it."""
    manual = before.books / "manual/2024.beancount"
    text = manual.read_text(encoding="utf-8")
    manual.write_text(text.replace("Provision", "Autre"), encoding="utf-8")
    assert "(of 2024: 2025 begins with its balances, so this comes first)" in refused(before, "close", "2025")
    manual.write_text(text, encoding="utf-8")
    append(before, "manual/2024.beancount", by_hand("2026-02-01").replace("616000-Honoraires", "616999-Nulle-part"))
    assert "(of 2026, after 2025: nothing of 2025 changes by it" in refused(before, "close", "2025")


def test_a_first_day_moved_behind_a_closed_year_is_told_as_that(before: Obole):
    """A setting that changed is no entry that is missing."""
    settings = before.books / "obole.toml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text.replace("first_day = 2024-01-01", "first_day = 2025-01-01"), encoding="utf-8")
    told = faulty(before)
    assert "first_day in obole.toml is 2025-01-01 now: the setting was changed" in told
    assert "is missing" not in told


def test_an_account_is_explained_by_the_beginning_of_its_code(ready: Obole):
    """Rubric 58 of annex 3 (royal decree of 21.10.2018) has one account here; 580000 is what stands."""
    append(ready, "manual/2024.beancount", by_hand().replace(OWED, TRANSIT))
    append(ready, "manual/2024.beancount", LESS)
    assert "what stands is 580000" in refused(ready, "close", "2024", "--explain", "499", "x")
    assert "580000 is explained twice" in refused(
        ready, "close", "2024", "--explain", "58", "x", "--explain", "5800", "y"
    )
    assert "is closed and sealed" in closes(ready, 2024, "--explain", "58", "on its way to the savings account")
    assert seal_of(ready, 2024).explained == {"580000": "on its way to the savings account"}


def test_closings_keep_their_order_where_the_clock_stands_still_or_goes_back(
    ready: Obole, monkeypatch: pytest.MonkeyPatch
):
    """Found by the sequences of `test_kept_in_any_order`: two closings of one second changed places, and the seal of
    one was told as missing."""
    for second in (1795000000, 1795000000, 1794000000, 1794000000):
        monkeypatch.setenv("SOURCE_DATE_EPOCH", str(second))
        closes(ready)
        verified(ready)
        assert ready("reopen", "2024", "--reason", "oubli", "--by", "AB").exit_code == 0
        verified(ready)
    former = sorted((ready.books / "seals/former").glob("2024-?.json"))
    assert [json.loads(path.read_text(encoding="utf-8"))["closing"] for path in former] == [1, 2, 3, 4]
