"""A closed year and what is done to it afterwards, or around its closing: what is found, and what is no change.

More of the kind of books F01 to F06, F19 and F20. One closed year with an entry by hand (99.75, main.beancount) is
changed in one way each; `verify` names it, or says that the year is as it was sealed. Sources: WER III.83 to III.90,
CBN/CNC 2016/22, section 5 of the facts on the auditor's pack, the language of Beancount, or a public thread.
"""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from small_books import Obole, new_books
from test_cases_closing import CASES, FEES, OWED, append, by_hand, refused

HAND = by_hand().replace('honoraires"\n', 'honoraires"\n  voucher: "N-1"\n')
FIRST, SECOND = f"  {FEES}  99.75 EUR\n", f"  {OWED}  -99.75 EUR\n"


def put(name: str, text: str) -> Callable[[Path], None]:
    """Write at the end of a file of the books, which is made where it is not there."""

    def change(books: Path) -> None:
        (books / name).parent.mkdir(exist_ok=True)
        with (books / name).open("a", encoding="utf-8") as out:
            out.write(text)

    return change


def instead(old: str, new: str, name: str = "main.beancount") -> Callable[[Path], None]:
    """Write another text in the place of one."""

    def change(books: Path) -> None:
        text = (books / name).read_text(encoding="utf-8")
        assert old in text
        (books / name).write_text(text.replace(old, new), encoding="utf-8")

    return change


def slipped_in(books: Path) -> None:
    put("main.beancount", '\ninclude "extra/late.beancount"\n')(books)
    put("extra/late.beancount", by_hand(text="Glissé"))(books)


def line_ends(books: Path) -> None:
    path = books / "main.beancount"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))


PAD = f"\n2024-12-30 pad {OWED} {FEES}\n2025-01-01 balance {OWED} -199.75 EUR\n"
REST = '\n2024-06-01 note Assets:58-Virements-internes:580000-Virements-internes "rien"\n2024-06-01 price USD 0.9 EUR\n'
FOUND: dict[str, tuple[Callable[[Path], None], str]] = {
    # odoo 1008: a closed period can bear no deletion, modification or addition
    "an entry in a file that is included since": (slipped_in, "the entry extra/late.beancount:2 was added"),
    "a pad, which makes an entry": (put("main.beancount", PAD), "account 616000 stands at 199.75 EUR and was"),
    # WER III.86: the voucher to which an entry refers
    "another voucher named": (instead('voucher: "N-1"', 'voucher: "N-2"'), "entry MAN-2024-000001 is missing"),
    # WER III.88: what was written stays legible
    "a flag": (instead('2024-12-31 * "Provision', '2024-12-31 ! "Provision'), "entry MAN-2024-000001 is missing"),
    "a link": (instead('"Provision honoraires"', '"Provision honoraires" ^f-12'), "entry MAN-2024-000001 is missing"),
    "a cent from one account to another": (instead("99.75", "99.74"), "account 444000 stands at -99.74 EUR and was"),
    "the day, inside the year": (instead('2024-12-31 * "Prov', '2024-12-30 * "Prov'), "entry MAN-2024-000001 is miss"),
    # third-culture-software/bhima 1647: a closed year can still be posted to
    "the day, from the next year into this one": (
        put("main.beancount", by_hand(day="2024-12-31", text="Antidatée", cents=1)),
        "was added; put it back from your backup as 2024 was closed, date a new entry in an open year",
    ),
    "a name inside the seal": (instead('"sealed_at"', '"sealed_At"', "seals/2024.json"), "2024.json: not the seal"),
}  # fmt: skip
SAME: dict[str, Callable[[Path], None]] = {
    # git's autocrlf; the facts of an entry are no bytes of a file
    "line ends of another system": line_ends,
    # the language of Beancount: the last amount follows from the others
    "an amount left to be worked out": instead(SECOND, f"  {OWED}\n"),
    "a remark behind a semicolon": instead(FIRST, FIRST.rstrip() + " ; vu\n"),
    "a note and a price, which are no entries": put("main.beancount", REST),
    "an entry of the next year": put("main.beancount", by_hand(day="2025-01-01")),
    "an assertion that holds": put("main.beancount", f"\n2025-01-01 balance {OWED} -99.75 EUR\n"),
}


@pytest.fixture(scope="module", name="open_year")
def _open_year(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """2024 with an entry by hand and its result carried to 14: nothing is missing to close it."""
    books = new_books(tmp_path_factory.mktemp("open") / "books", (CASES / "base.toml").read_text(encoding="utf-8"))
    Obole(books).takes_well(CASES / "base-2024.csv", CASES / "appropriation-2024-less-9975.csv")
    append(Obole(books), "main.beancount", HAND)
    return books


@pytest.fixture(scope="module", name="closed_year")
def _closed_year(open_year: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    books = tmp_path_factory.mktemp("closed") / "books"
    shutil.copytree(open_year, books)
    told = Obole(books)("close", "2024")
    assert told.exit_code == 0, told.output
    return books


@pytest.fixture
def closed(closed_year: Path, tmp_path: Path) -> Obole:
    shutil.copytree(closed_year, tmp_path / "books")
    return Obole(tmp_path / "books")


@pytest.fixture
def ready(open_year: Path, tmp_path: Path) -> Obole:
    shutil.copytree(open_year, tmp_path / "books")
    return Obole(tmp_path / "books")


@pytest.mark.parametrize("what", FOUND)
def test_own_case_a_change_of_a_closed_year_is_named(closed: Obole, what: str):
    change, told = FOUND[what]
    change(closed.books)
    found = closed("verify")
    assert (found.exit_code, told in found.output) == (1, True), found.output


@pytest.mark.parametrize("what", SAME)
def test_own_case_what_changes_no_fact_is_no_change(closed: Obole, what: str):
    SAME[what](closed.books)
    found = closed("verify")
    assert (found.exit_code, "1 sealed year is as it was sealed" in found.output) == (0, True), found.output


@pytest.mark.parametrize(
    ("text", "told"),
    [
        # Beancount's assertions: the books say themselves that something is missing
        (f"\n2024-12-31 balance {OWED} 5.00 EUR\n", "Balance failed for 'Liabilities:44"),
        # a year mistyped: before the books, where no account is open
        (by_hand(day="2004-12-31"), "Invalid reference to inactive account 'Expenses:61"),
        # odoo 1476: closed with entries that nobody has posted
        (by_hand(flag="!", cents=1), "is flagged `!`; settle it and write `*`"),
    ],
)
def test_own_case_what_is_not_in_order_keeps_a_year_open(ready: Obole, text: str, told: str):
    append(ready, "main.beancount", text)
    assert told in refused(ready, "close", "2024")


@pytest.mark.parametrize(("moment", "over"), [("1735599600", False), ("1735686000", False), ("1735772400", True)])
def test_own_case_a_year_is_over_when_its_last_day_is(
    ready: Obole, monkeypatch: pytest.MonkeyPatch, moment: str, over: bool
):
    """WER III.89, III.90: the inventory is of the last day; 23:00 UTC of 30 and 31 December, and of 1 January."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", moment)
    told = ready("close", "2024", "--dry-run")
    assert (told.exit_code == 0) is over
    assert over or "it is not over before 2025-01-01; close it then" in told.output


def test_own_case_reopened_twice_every_reason_stays(closed: Obole):
    """ekylibre 2151: to open again is against practice where it leaves no trace; each seal names the one before."""
    for reason in ("facture oubliée", "erreur de compte"):
        assert closed("reopen", "2024", "--reason", reason, "--by", "AB").exit_code == 0
        assert closed("close", "2024").exit_code == 0
    told = closed("verify")
    assert told.exit_code == 0
    assert "by AB: facture oubliée" in told.output
    assert "by AB: erreur de compte" in told.output
    assert sorted(path.name for path in (closed.books / "seals/former").glob("*.json")) == [
        "2024-1.json",
        "2024-2.json",
    ]


def test_own_case_every_way_into_a_closed_year_is_shut(closed: Obole):
    """frappe/erpnext 27244: what is submitted or cancelled in a closed year changes its balance sheet."""
    for words, told in (
        (("import", CASES / "late-2024.csv"), "2024 is closed; use an open year"),
        (("undo", closed.documents()[0]), "2024 is closed; enter a correction in an open year"),
        (("close", "2024"), "2024"),
        (("reopen", "2024", "--reason", "x", "--by", " "), "--by: is empty"),
    ):
        assert told in refused(closed, *words)
    assert closed("verify").exit_code == 0
