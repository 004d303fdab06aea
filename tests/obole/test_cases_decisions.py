"""What a decision leaves behind, and gifts paid back: the given cases, and others with their sources.

A case says what happens, and what the donors have, the suspense account holds and the receipts say afterwards; the sums
are added up by hand. Sources: `facts` are the project's own, EPC and Febelfin the standards they cite; an issue is a
public thread of people who do this job with another program.
"""

import csv
import shutil
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import given as drawn
from hypothesis import strategies as st
from small_books import (
    OPENING,
    SETTINGS,
    STATEMENT,
    Journal,
    Line,
    Obole,
    Statement,
    collected,
    collection,
    given,
    iban,
    new_books,
    ogm,
    returned,
    write_csv,
    write_donors,
)

from importers.deciding.paybacks import choices
from ledger.register.gifts import PostedGift
from ledger.vault.links import learn_ibans, owners_of_ibans
from obole.books.creation import initialise
from obole.books.opened import open_books
from obole.receipting.steps import preview_receipts

HERE = Path(__file__).parent
STRANGER = iban(7358888888)  # pays line 7 of the statement
HEADINGS = ("document", "position", "donor", "account", "nature", "date", "learn", "refund_of", "part", "campaign")
FIRST = STATEMENT.document
PLATFORM = '[platforms.stripe]\npayer = "^STRIPE"\n'
FEES = '[[rules]]\nlabel = "Remboursements"\ndirection = "debit"\ncommunication = "^REMB"\naccount = "657000"\n'


def sheet(folder: Path, *rows: dict[str, Any], name: str = "") -> Path:
    """A sheet of decisions; every one has a name of its own, as every file in life."""
    name = name or f"sheet-{len(list(folder.glob('sheet-*')))}.csv"
    return write_csv(folder / name, HEADINGS, [[row.get(heading, "") for heading in HEADINGS] for row in rows])


def line(document: str, position: int, day: str, **told: Any) -> dict[str, Any]:
    return {"document": document, "position": position, "date": day, **told}


def paid(cents: int, text: str = "REMBOURSEMENT", name: str = "X", account: str = "") -> Line:
    """A transfer to somebody."""
    return Line(-cents, "00101000", text, name=name, iban=account or iban(7350000001))


def stranger(cents: int) -> Line:
    return Line(cents, "00150000", "MERCI", name="L. INCONNU", iban=STRANGER)


def sound(obole: Obole) -> None:
    """The books are as the register says, and everything waiting adds up."""
    checked = obole.checks()
    assert checked.exit_code == 0, checked.output
    waiting = sum(one.cents for one in obole.waiting())
    assert obole.balance("499000") == -waiting
    for donor, cents in obole.given_by().items():
        assert cents > 0, donor


def held(obole: Obole, year: int = 2025) -> list[str]:
    """The donors whose receipt waits for a decision about a payment."""
    plan = preview_receipts(open_books(obole.books), year)
    return [one.donor for one in plan.assessment.decisions if one.reason is not None and one.reason == "reversal-open"]


def due(obole: Obole, year: int = 2025) -> dict[str, int]:
    plan = preview_receipts(open_books(obole.books), year)
    return {one.donor: one.cents for one in plan.due}


def accounts_of(obole: Obole, donor: str) -> set[str]:
    with open_books(obole.books).vault.connect() as connection:
        return {one for one, owners in owners_of_ibans(connection).items() if donor in owners}


def last(obole: Obole, kind: str) -> str:
    return [name for name in obole.documents() if name.startswith(kind)][-1]


# The given cases


def test_stores_01_a_refused_sheet_has_taught_and_posted_nothing(small: Obole, tmp_path: Path):
    soiree = Line(90_00, "00150000", "SOIREE", name="X", iban=iban(7357777777))
    second = Statement(1, 1_247_50, (soiree,), date(2026, 1, 15))
    small.takes_well(second.write(tmp_path))
    small.takes_well(sheet(tmp_path, line(FIRST, 7, "2025-04-01", donor="D0002")))
    rows = (
        ("2025-12-31", "692000", "247.50", "", "Affectation", "AFF-1"),
        ("2025-12-31", "140000", "", "247.50", "Affectation", "AFF-1"),
    )
    small.takes_well(Journal(rows, "appropriation.csv").write(tmp_path))
    assert small("close", "2025").exit_code == 0
    ticket = line(second.document, 1, "2026-02-01", donor="D0001", nature="ticket")
    before = small.documents()
    refused = small.takes(sheet(tmp_path, ticket, line(FIRST, 1, "2025-12-31", donor="D0002")))
    assert refused.exit_code == 1
    assert small.documents() == before
    assert iban(7357777777) not in accounts_of(small, "D0001")
    assert "0 receipts of 2026 are due" in small("receipts", "preview", "--year", "2026").output
    small.takes_well(sheet(tmp_path, ticket))
    assert small.posted()[-1].gift.nature == "ticket"
    sound(small)


def test_stores_02_a_redecided_gift_is_found_by_its_return(small: Obole, tmp_path: Path):
    small.takes_well(sheet(tmp_path, line(FIRST, 3, "2025-03-20", donor="D0002", campaign="SPRING")))
    back = Statement(74, 1_247_50, (returned(-60_00, "M-2", "E2E-0001"),), date(2025, 4, 1))
    small.takes_well(back.write(tmp_path))
    assert small.outcomes(back.document) == [(1, -60_00, "return")]
    assert small.given_by() == {"D0001": 85_00, "D0006": 45_00}
    assert due(small) == {"D0001": 85_00, "D0006": 45_00}
    sound(small)


@pytest.fixture
def monthly(empty: Obole, tmp_path: Path) -> Obole:
    """Four collections of 15.00 by one mandate, then a return that names no EndToEndId."""
    files = [
        Statement(
            month,
            1_000_00 + 15_00 * (month - 1),
            (collection(collected(15_00, "M-2", f"E-{month}", settled=date(2025, month, 6)), reference=f"C-{month}"),),
            date(2025, month, 6),
        ).write(tmp_path)
        for month in (1, 2, 3, 4)
    ]
    back = Statement(5, 1_060_00, (returned(-15_00, "M-2", ""),), date(2025, 4, 20))
    empty.takes_well(OPENING.write(tmp_path), *files, back.write(tmp_path))
    return empty


MASKED = "coda-current-2025-005"


@pytest.mark.parametrize(
    "told",
    [{"donor": "D0002"}, {"donor": "D0002", "nature": "money"}, {"refund_of": "coda-current-2025-002:2"}],
    ids=["donor", "donor-and-nature", "gift"],
)
def test_stores_03_a_return_that_names_no_gift_is_set_against_one_by_hand(
    monthly: Obole, tmp_path: Path, told: dict[str, str]
):
    assert held(monthly) == ["D0002"]
    decided = sheet(tmp_path, line(MASKED, 1, "2025-04-21", **told))
    said = monthly.takes_well(decided).output
    assert monthly.given_by() == {"D0002": 45_00}
    assert monthly.balance("499000") == 0
    assert due(monthly) == {"D0002": 45_00}
    if "refund_of" not in told:
        assert "is set against coda-current-2025-004:2 (15.00 EUR of 2025-04-06)" in said
    sound(monthly)
    before = monthly.state()
    monthly.takes_well(shutil.copy(decided, tmp_path / "again.csv") and tmp_path / "again.csv")
    assert monthly.state() == before


def test_stores_03_an_account_without_a_donor_says_what_is_missing(monthly: Obole, tmp_path: Path):
    told = monthly.refuses(sheet(tmp_path, line(MASKED, 1, "2025-04-21", account="731100")))
    assert "write the gift that it pays back in column `refund_of`, or its donor" in told


def test_stores_08_an_undone_decision_is_taken_again(small: Obole, tmp_path: Path):
    decided = sheet(tmp_path, line(FIRST, 1, "2025-03-20", donor="D0002"))
    small.takes_well(decided)
    undone = small("undo", small.documents()[-1]).output
    assert "Its file can be imported anew" in undone
    assert small.given_by()["D0001"] == 85_00
    small.takes_well(decided)  # what the message says
    assert small.given_by() == {"D0001": 35_00, "D0002": 110_00, "D0006": 45_00}
    sound(small)
    before = small.state()
    small.takes_well(decided)
    assert small.state() == before


def test_stores_18_what_a_wrong_decision_taught_and_decided_goes_with_it(empty: Obole, tmp_path: Path):
    three = Statement(1, 1_000_00, [stranger(20_00), stranger(21_00), stranger(22_00)], date(2025, 1, 10))
    empty.takes_well(OPENING.write(tmp_path), three.write(tmp_path))
    decided = sheet(tmp_path, line(three.document, 1, "2025-01-15", donor="D0005"))
    empty.takes_well(decided)
    assert empty.given_by() == {"D0005": 63_00}
    told = empty("undo", empty.documents()[-2]).output
    assert "2 gifts that followed from it by the account are taken back too, 43.00 EUR" in told
    assert empty.given_by() == {}
    assert "3 lines wait on the suspense account, 63.00 EUR in all" in empty("match").output
    sound(empty)
    empty.takes_well(sheet(tmp_path, line(three.document, 1, "2025-01-15", donor="D0002")))
    assert empty.given_by() == {"D0002": 63_00}
    sound(empty)


def test_receipts_10_a_refund_by_transfer_holds_the_receipt_and_takes_its_gift_back(tmp_path: Path):
    case = HERE / "cases" / "receipts-10"
    books = tmp_path / "books"
    initialise(books, (case / "obole.toml").read_text(encoding="utf-8"))
    obole = Obole(books)
    obole.takes_well(case / "donors.csv")
    obole.takes_well(case / "opening.csv", case / "june.cod")
    told = obole("receipts", "preview", "--year", "2025", "--lang", "en").output
    assert "0 receipts of 2025 are due" in told
    assert "reversal awaiting a decision" in told
    assert "1 donor waits (D0001): a payment on suspense may pay a gift back" in told
    obole.takes_well(case / "dec.csv")
    assert obole.given_by() == {}
    assert "fully reversed or refunded" in obole("receipts", "preview", "--year", "2025", "--lang", "en").output
    sound(obole)


# Side effects before the decision, and what a decision leaves behind (kind 7)


@pytest.mark.parametrize(
    "wrong",
    [
        {"donor": "D0999"},  # house style: checked after the point of no return
        {"account": "999999"},
        {"donor": "D0002", "refund_of": "nowhere-2025-001:1"},
    ],
    ids=["unknown-donor", "unknown-account", "no-such-gift"],
)
def test_a_sheet_with_one_bad_row_teaches_nothing(small: Obole, tmp_path: Path, wrong: dict[str, str]):
    """Every way a row is refused leaves the others without effect (design 5.10: the state before or after)."""
    after = Statement(74, 1_247_50, [stranger(20_00)], date(2025, 3, 17))
    good = line(FIRST, 7, "2025-03-20", donor="D0005")
    small.refuses(sheet(tmp_path, good, line(FIRST, 5, "2025-03-20", **wrong)))
    assert STRANGER not in accounts_of(small, "D0005")
    small.takes_well(after.write(tmp_path))
    assert small.outcomes(after.document) == [(1, 20_00, "suspense")]


def test_what_a_killed_sheet_taught_is_forgotten_at_the_next_start(small: Obole, tmp_path: Path):
    """design 5.10: killed between the vault and the register, the next start finds the state before."""
    with open_books(small.books).vault.begin() as connection:
        learn_ibans(connection, [(STRANGER, "D0005", f"{FIRST}:7")])
    small.takes_well(Statement(74, 1_247_50, [stranger(20_00)], date(2025, 3, 17)).write(tmp_path))
    assert small.given_by() == {"D0001": 85_00, "D0002": 60_00, "D0006": 45_00}
    assert STRANGER not in accounts_of(small, "D0005")


def test_gifts_of_later_statements_that_an_account_decided_go_back_too(small: Obole, tmp_path: Path):
    """bcgov/entity#20429: a mapping taken back must not leave the payments that it mapped, nor map the next."""
    small.takes_well(sheet(tmp_path, line(FIRST, 7, "2025-03-20", donor="D0005")))
    wrong = last(small, "assignment")
    small.takes_well(Statement(74, 1_247_50, [stranger(20_00), given(8_00, 1)], date(2025, 3, 25)).write(tmp_path))
    assert small.given_by()["D0005"] == 90_00
    told = small("undo", wrong).output
    assert "1 gift that followed from it by the account is taken back too, 20.00 EUR: reclassification-2025-" in told
    assert small.given_by() == {"D0001": 93_00, "D0002": 60_00, "D0006": 45_00}
    assert sorted(one.cents for one in small.waiting()) == [20_00, 70_00]
    assert "L. INCONNU" in small("match").output
    sound(small)
    small.takes_well(sheet(tmp_path, line(FIRST, 7, "2025-03-20", donor="D0006")))
    assert small.given_by() == {"D0001": 93_00, "D0002": 60_00, "D0006": 135_00}
    assert small.waiting() == []
    sound(small)


def test_a_donor_put_right_takes_what_followed_along(small: Obole, tmp_path: Path):
    """facts, receipt-life Q1: the same money, restated; the account was taught wrong and is taught right."""
    small.takes_well(Statement(74, 1_247_50, [stranger(20_00)], date(2025, 3, 17)).write(tmp_path))
    small.takes_well(sheet(tmp_path, line(FIRST, 7, "2025-03-20", donor="D0005")))
    decided = next(name for name in small.documents() if name.startswith("assignment"))
    assert small.given_by()["D0005"] == 90_00
    told = small.takes_well(sheet(tmp_path, line(decided, 2, "2025-03-21", donor="D0006"))).output
    assert "1 gift that followed from it by the account is taken back too, 20.00 EUR" in told
    assert "D0005" not in small.given_by()
    assert small.given_by()["D0006"] == 135_00
    assert STRANGER in accounts_of(small, "D0006")
    assert STRANGER not in accounts_of(small, "D0005")
    sound(small)
    corrected = [name for name in small.documents() if name.startswith("assignment")][-2]
    assert small("undo", corrected).exit_code == 0
    assert small.given_by()["D0005"] == 70_00
    assert STRANGER not in accounts_of(small, "D0006")
    sound(small)


def test_a_follower_that_something_else_explains_stays(small: Obole, tmp_path: Path):
    """Febelfin, structured communication: an OGM that we issued says whose a gift is, whatever the account."""
    texts = Line(20_00, "00150000", f"+++{ogm(5)[:3]}/{ogm(5)[3:7]}/{ogm(5)[7:]}+++", name="X", iban=STRANGER)
    theirs = given(30_00, 5)._replace(iban=STRANGER)
    small.takes_well(sheet(tmp_path, line(FIRST, 7, "2025-03-20", donor="D0005")))
    wrong = last(small, "assignment")
    small.takes_well(Statement(74, 1_247_50, [texts, theirs], date(2025, 3, 25)).write(tmp_path))
    assert small.given_by()["D0005"] == 120_00
    told = small("undo", wrong).output
    assert "taken back too" not in told
    assert small.given_by()["D0005"] == 50_00
    sound(small)


def test_a_follower_in_a_closed_year_stays_and_is_told(small: Obole, tmp_path: Path):
    """WER III.83-84, CBN 174/1: a closed year does not change; a correction is an entry of an open one."""
    small.takes_well(Statement(74, 1_247_50, [stranger(20_00)], date(2025, 3, 17)).write(tmp_path))
    small.takes_well(sheet(tmp_path, line(FIRST, 7, "2026-01-10", donor="D0005")))
    wrong = next(name for name in small.documents() if name.startswith("assignment-2026"))
    rows = (
        ("2025-12-31", "692000", "197.50", "", "Affectation", "AFF-1"),
        ("2025-12-31", "140000", "", "197.50", "Affectation", "AFF-1"),
    )
    small.takes_well(Journal(rows, "appropriation.csv").write(tmp_path))
    assert small("close", "2025", "--explain", "499000", "décidé en 2026").exit_code == 0
    told = small("undo", wrong).output
    assert "these gifts followed from it and stay with D0005" in told
    assert "2025 is closed" in told
    assert small.given_by()["D0005"] == 20_00
    sound(small)


def test_a_dry_run_of_undo_tells_what_followed_and_changes_nothing(small: Obole, tmp_path: Path):
    """README: a dry run decides and tells everything and writes nothing."""
    small.takes_well(Statement(74, 1_247_50, [stranger(20_00)], date(2025, 3, 17)).write(tmp_path))
    small.takes_well(sheet(tmp_path, line(FIRST, 7, "2025-03-20", donor="D0005")))
    before = small.state()
    decided = next(name for name in small.documents() if name.startswith("assignment"))
    assert "taken back too, 20.00 EUR" in small("undo", decided, "--dry-run").output
    assert small.state() == before


def test_the_same_sheet_after_its_undo_leads_where_it_led(small: Obole, tmp_path: Path):
    """OCA/account-financial-tools#1692: what is unreconciled can be reconciled again, with all that hangs on it."""
    small.takes_well(Statement(74, 1_247_50, [stranger(20_00)], date(2025, 3, 17)).write(tmp_path))
    decided = sheet(tmp_path, line(FIRST, 7, "2025-03-20", donor="D0005"))
    small.takes_well(decided)
    once = small.given_by()
    for _turn in range(2):
        documents = [name for name in small.documents() if name.startswith("assignment")]
        taught = next(name for name in documents[::-1] if "taken back too" in small("undo", name, "--dry-run").output)
        assert small("undo", taught).exit_code == 0
        assert "D0005" not in small.given_by()
        small.takes_well(decided)
        assert small.given_by() == once
    sound(small)


def test_a_sheet_of_two_years_of_which_one_was_undone_comes_again(small: Obole, tmp_path: Path):
    """frappe/erpnext#37117: undoing one of several must not need, nor leave, the others."""
    decided = sheet(tmp_path, line(FIRST, 1, "2025-03-20", donor="D0002"), line(FIRST, 5, "2026-01-10", donor="D0006"))
    small.takes_well(decided)
    both = small.given_by()
    assert small("undo", last(small, "assignment-2025")).exit_code == 0
    assert small.given_by() != both
    small.takes_well(decided)
    assert small.given_by() == both
    before = small.state()
    assert "2 already there" in small.takes_well(decided).output
    assert small.state() == before
    sound(small)


def test_a_journal_of_two_years_of_which_one_was_undone_comes_again(small: Obole, tmp_path: Path):
    """The same fault in another register: what is undone of a file can come again with it."""
    rows = [
        (f"{day}", account, debit, credit, "Loyer", f"F-{day[:4]}")
        for day in ("2025-04-01", "2026-04-01")
        for account, debit, credit in (("610000", "10.00", ""), ("550000", "", "10.00"))
    ]
    journal = Journal(rows).write(tmp_path)
    small.takes_well(journal)
    assert small.balance("610000") == 20_00
    assert small("undo", last(small, "journal-2026")).exit_code == 0
    small.takes_well(journal)
    assert small.balance("610000") == 20_00


def test_a_donor_put_right_twice_leaves_the_account_with_the_last(small: Obole, tmp_path: Path):
    """bcgov/entity#20429: the mapping follows the correction, however many there were."""
    small.takes_well(sheet(tmp_path, line(FIRST, 7, "2025-03-20", donor="D0005")))
    for donor in ("D0006", "D0002"):
        place = (last(small, "assignment"), 2)
        small.takes_well(sheet(tmp_path, line(*place, "2025-03-21", donor=donor)))
    assert STRANGER in accounts_of(small, "D0002")
    assert STRANGER not in accounts_of(small, "D0005") | accounts_of(small, "D0006")
    assert small.given_by() == {"D0001": 85_00, "D0002": 130_00, "D0006": 45_00}
    sound(small)


def test_a_platforms_gift_by_an_account_that_was_taught_wrong_is_nobodys_again(tmp_path: Path):
    """facts on receipts: a donor who is not known gives no receipt; the account was taught wrong."""
    crm = (
        SETTINGS
        + """
[sources.crm]
columns = { reference = "Id", paid = "Day", gross = "Amount", account = "Iban", name = "Name" }
"""
    )
    obole = Obole(new_books(tmp_path / "books", crm))
    obole.takes_well(write_donors(tmp_path / "donors.csv"), OPENING.write(tmp_path), STATEMENT.write(tmp_path))
    obole.takes_well(sheet(tmp_path, line(FIRST, 7, "2025-03-20", donor="D0005")))
    wrong = last(obole, "assignment")
    rows = [("1", "2025-03-22", "33.00", STRANGER, "L. INCONNU")]
    obole.takes_well(write_csv(tmp_path / "crm.csv", ("Id", "Day", "Amount", "Iban", "Name"), rows))
    assert obole.given_by()["D0005"] == 103_00
    assert "taken back too, 33.00 EUR" in obole("undo", wrong).output
    assert obole.given_by() == {"D0001": 85_00, "D0002": 60_00, "D0006": 45_00, None: 33_00}
    assert "1 line is a gift without a donor, 33.00 EUR" in obole("match").output
    sound(obole)


def test_a_collected_gift_of_nobody_that_was_decided_by_hand_is_found_by_its_return(empty: Obole, tmp_path: Path):
    """Blackbaud CRM, SEPA rejections: the End-to-end ID leads to the revenue, whoever entered it."""
    parts = (collection(collected(60_00, "M-77", "E2E-77"), collected(45_00, "M-6", "E2E-6")),)
    first = Statement(1, 1_000_00, parts, date(2025, 3, 6))
    empty.takes_well(OPENING.write(tmp_path), first.write(tmp_path))
    empty.takes_well(sheet(tmp_path, line(first.document, 2, "2025-03-10", donor="D0002")))
    assert empty.given_by() == {"D0002": 60_00, "D0006": 45_00}
    back = Statement(2, 1_105_00, (returned(-60_00, "M-77", "E2E-77"),), date(2025, 4, 1))
    empty.takes_well(back.write(tmp_path))
    assert empty.outcomes(back.document) == [(1, -60_00, "return")]
    assert empty.given_by() == {"D0006": 45_00}
    sound(empty)


def test_a_masked_return_may_be_about_a_gift_that_went_to_another_donor(empty: Obole, tmp_path: Path):
    """facts, formats (16: MS03 hides the real reason; NOTPROVIDED): the mandate brought two gifts of the amount, one of
    which was given to another donor since; neither is taken by itself.
    """
    for month in (1, 2):
        part = collection(collected(60_00, "M-2", f"E-{month}"), reference=f"C-{month}")
        empty.takes_well(Statement(month, 60_00 * (month - 1), (part,), date(2025, month, 6)).write(tmp_path))
    empty.takes_well(sheet(tmp_path, line("coda-current-2025-001", 2, "2025-02-10", donor="D0006")))
    empty.takes_well(Statement(3, 120_00, (returned(-60_00, "M-2", ""),), date(2025, 2, 20)).write(tmp_path))
    assert empty.given_by() == {"D0002": 60_00, "D0006": 60_00}
    assert sorted(held(empty)) == ["D0002", "D0006"]
    empty.takes_well(sheet(tmp_path, line("coda-current-2025-003", 1, "2025-02-21", donor="D0006")))
    assert empty.given_by() == {"D0002": 60_00}
    sound(empty)


def test_a_gift_whose_return_was_undone_is_found_by_its_mandate(small: Obole, tmp_path: Path):
    """EPC016-06, refund of a collection: within eight weeks, after a return booked by mistake."""
    back = Statement(74, 1_247_50, (returned(-60_00, "M-2", "E2E-0001"),), date(2025, 3, 20))
    small.takes_well(back.write(tmp_path))
    assert small("undo", back.document).exit_code == 0
    masked = Statement(75, 1_247_50, (returned(-60_00, "M-2", ""),), date(2025, 4, 10))
    small.takes_well(masked.write(tmp_path))
    assert small.outcomes(masked.document) == [(1, -60_00, "return")]
    assert small.given_by() == {"D0001": 85_00, "D0006": 45_00}


def test_a_ticket_paid_back_and_restored_is_still_a_ticket(small: Obole, tmp_path: Path):
    """art. 145/33 CIR 92: a counterpart gives no receipt, whatever was booked and undone since."""
    small.takes_well(sheet(tmp_path, line(FIRST, 3, "2025-03-20", nature="ticket")))
    back = Statement(74, 1_247_50, (returned(-60_00, "M-2", "E2E-0001"),), date(2025, 4, 1))
    small.takes_well(back.write(tmp_path))
    assert small.outcomes(back.document) == [(1, -60_00, "return")]
    assert small("undo", back.document).exit_code == 0
    assert "D0002" not in due(small)
    assert {one.gift.nature for one in small.posted() if one.gift.account == "743200"} == {"ticket"}
    sound(small)


def test_a_platforms_gift_that_was_given_its_donor_is_found_by_its_refund(tmp_path: Path):
    """drastik/com.drastikbydesign.stripe#135: refunds in Stripe must reach the gift that was edited since."""
    from test_platform_intake import row, write  # noqa: PLC0415 - the writer of one of its tests

    obole = Obole(new_books(tmp_path / "books", SETTINGS + PLATFORM))
    obole.takes_well(write_donors(tmp_path / "donors.csv"), OPENING.write(tmp_path))
    obole.takes_well(write(tmp_path / "a.csv", [row(1, "charge", "50.00", "1.00", "49.00", name="UNE PERSONNE")]))
    obole.takes_well(sheet(tmp_path, line(last(obole, "platform"), 1, "2025-03-20", donor="D0002")))
    assert obole.given_by() == {"D0002": 50_00}
    refund = row(2, "refund", "-20.00", "0.00", "-20.00", day="2025-04-02 12:00:00", charge="ch_1")
    obole.takes_well(write(tmp_path / "b.csv", [refund]))
    assert obole.given_by() == {"D0002": 30_00}
    assert obole.waiting() == []
    sound(obole)


# A gift paid back (kind 8)


HUNDRED = Statement(1, 1_000_00, [given(100_00, 1)], date(2025, 5, 6))


@pytest.fixture
def hundred(empty: Obole, tmp_path: Path) -> Obole:
    """100.00 of D0001 in May."""
    empty.takes_well(OPENING.write(tmp_path), HUNDRED.write(tmp_path))
    return empty


def refunded(obole: Obole, folder: Path, *lines: Line, number: int = 2, opening: int = 1_100_00) -> str:
    statement = Statement(number, opening, lines, date(2025, 6, 1 + number))
    obole.takes_well(statement.write(folder))
    return statement.document


def test_a_part_paid_back_leaves_the_rest_for_the_receipt(hundred: Obole, tmp_path: Path):
    """facts, correction-cases A01; mozilla/donate.mozilla.org#1937: 25 given, 20 refunded, 5 stay."""
    document = refunded(hundred, tmp_path, paid(30_00))
    assert held(hundred) == ["D0001"]
    told = hundred.takes_well(sheet(tmp_path, line(document, 1, "2025-06-10", donor="D0001"))).output
    assert f"is set against {HUNDRED.document}:1 (100.00 EUR of 2025-05-06)" in told
    assert hundred.given_by() == {"D0001": 70_00}
    assert due(hundred) == {"D0001": 70_00}
    assert hundred.balance("731100") == -70_00
    sound(hundred)
    later = refunded(hundred, tmp_path, paid(20_00), number=3, opening=1_070_00)
    hundred.takes_well(sheet(tmp_path, line(later, 1, "2025-06-11", refund_of=f"{HUNDRED.document}:1")))
    assert due(hundred) == {"D0001": 50_00}
    sound(hundred)


def test_several_gifts_paid_back_in_one_line_are_entered_as_the_message_says(hundred: Obole, tmp_path: Path):
    """SparkDevNetwork/Rock#4042: a total without its refunds is wrong; here one transfer pays two gifts back."""
    second = Statement(2, 1_100_00, [given(50_00, 1)], date(2025, 6, 2))
    hundred.takes_well(second.write(tmp_path))
    document = refunded(hundred, tmp_path, paid(130_00), number=3, opening=1_150_00)
    gifts = f"{HUNDRED.document}:1", f"{second.document}:1"
    told = hundred.refuses(sheet(tmp_path, line(document, 1, "2025-06-10", donor="D0001")))
    assert "has no gift of 130.00 EUR or more that stands; where it pays several back, write one row for each" in told
    told = hundred.refuses(sheet(tmp_path, line(document, 1, "2025-06-10", refund_of=gifts[0])))
    assert "is 130.00 EUR, coda-current-2025-001:1 is 100.00 EUR: write one row for each gift" in told
    both = [line(document, 1, "2025-06-10", refund_of=gift) for gift in gifts]
    told = hundred.refuses(sheet(tmp_path, *both))
    assert "is 130.00 EUR, its rows are 150.00 EUR" in told
    both[1]["part"] = "30.00"
    whole = sheet(tmp_path, *both)
    hundred.takes_well(whole)
    assert hundred.given_by() == {"D0001": 20_00}
    assert hundred.balance("499000") == 0
    sound(hundred)
    before = hundred.state()
    hundred.takes_well(sheet(tmp_path, *both[::-1]))
    assert hundred.state() == before
    assert hundred("undo", last(hundred, "assignment")).exit_code == 0
    assert hundred.given_by() == {"D0001": 150_00}
    hundred.takes_well(whole)
    assert hundred.given_by() == {"D0001": 20_00}
    sound(hundred)


def test_a_return_with_the_charge_of_the_bank_is_split_over_gift_and_charges(small: Obole, tmp_path: Path):
    """epbf.be, R-messages: the debtor's bank may take a fee with the return."""
    back = Statement(74, 1_247_50, (returned(-63_50, "M-2", "E2E-0001"),), date(2025, 4, 1))
    small.takes_well(back.write(tmp_path))
    assert [one.cents for one in small.waiting()] == [70_00, -63_50]
    rows = [
        line(back.document, 1, "2025-04-02", refund_of=f"{FIRST}:3"),
        line(back.document, 1, "2025-04-02", account="657000", part="3.50"),
    ]
    charges = small.balance("657000")
    small.takes_well(sheet(tmp_path, *rows))
    assert small.given_by() == {"D0001": 85_00, "D0006": 45_00}
    assert small.balance("657000") == charges + 3_50
    sound(small)


def test_a_refund_that_a_rule_put_on_an_account_takes_its_gift_back_from_there(tmp_path: Path):
    """frappe/erpnext#37117: what was matched elsewhere is matched anew without touching the rest of its statement."""
    obole = Obole(new_books(tmp_path / "books", SETTINGS + FEES))
    obole.takes_well(write_donors(tmp_path / "donors.csv"), OPENING.write(tmp_path), HUNDRED.write(tmp_path))
    document = refunded(obole, tmp_path, paid(100_00, "REMB DON"))
    assert obole.balance("657000") == 100_00
    decided = sheet(tmp_path, line(document, 1, "2025-06-10", refund_of=f"{HUNDRED.document}:1"))
    obole.takes_well(decided)
    assert obole.given_by() == {}
    assert obole.balance("657000") == 0
    sound(obole)
    again = line(document, 1, "2025-06-11", donor="D0001")
    assert "was decided before, in assignment-2025-" in obole.refuses(sheet(tmp_path, again))
    assert "was assigned by assignment-2025-" in obole("undo", document).output
    assert obole("undo", last(obole, "assignment")).exit_code == 0
    assert obole.balance("657000") == 100_00
    obole.takes_well(decided)
    assert obole.given_by() == {}
    sound(obole)


@pytest.mark.parametrize("named", ["line", "decision"])
def test_a_refund_that_a_person_put_on_an_account_takes_its_gift_back_from_there(
    hundred: Obole, tmp_path: Path, named: str
):
    """CBN 174/1: a correction is an entry that refers to what it corrects."""
    document = refunded(hundred, tmp_path, paid(100_00))
    hundred.takes_well(sheet(tmp_path, line(document, 1, "2025-06-05", account="657000")))
    first = last(hundred, "assignment")
    place = (document, 1) if named == "line" else (first, 2)
    hundred.takes_well(sheet(tmp_path, line(*place, "2025-06-10", refund_of=f"{HUNDRED.document}:1")))
    assert hundred.given_by() == {}
    assert hundred.balance("657000") == 0
    sound(hundred)
    assert "was assigned by" in hundred("undo", first).output
    hundred("undo", last(hundred, "assignment"))
    assert hundred("undo", first).exit_code == 0
    assert held(hundred) == ["D0001"]
    sound(hundred)


@pytest.mark.parametrize(
    ("payment", "waits"),
    [
        (paid(100_00), ["D0001"]),  # to the account of the donor
        (paid(40_00), ["D0001"]),  # a part of it
        (paid(100_00, "RBT +++000/0000/00101+++", account=iban(7351111111)), ["D0001"]),  # by what we issued
        (paid(100_00, name="ZOE DUPONT", account=iban(7351111111)), ["D0001"]),  # by name and amount
        (paid(31_00, name="ZOE DUPONT", account=iban(7351111111)), []),  # a name, and an amount that was not given
        (paid(100_00, name="PIERRE INCONNU", account=iban(7351111111)), []),
        (paid(2_500_00), []),  # a salary, say: more than this donor ever gave
    ],
    ids=["account", "part", "communication", "name", "name-only", "nobody", "more-than-given"],
)
def test_a_likely_refund_holds_the_receipt_back(hundred: Obole, tmp_path: Path, payment: Line, waits: list[str]):
    """facts on receipts (validation before issue: no open reversal), correction-cases A21."""
    refunded(hundred, tmp_path, payment)
    assert held(hundred) == waits
    told = hundred("receipts", "preview", "--year", "2025").output
    assert ("1 donor waits (D0001)" in told) == bool(waits)


def test_a_receipt_issued_before_is_not_to_be_withdrawn_while_nobody_decided(hundred: Obole, tmp_path: Path):
    """facts, correction-cases A21: a refund on suspense, not yet attributed: none yet, the donor is held."""
    assert hundred("receipts", "issue", "--year", "2025", "--date", "2026-02-13").exit_code == 0
    document = refunded(hundred, tmp_path, paid(100_00))
    told = hundred("receipts", "preview", "--year", "2025").output
    assert "to be withdrawn" not in told
    assert "1 donor waits (D0001)" in told
    hundred.takes_well(sheet(tmp_path, line(document, 1, "2025-06-10", donor="D0001")))
    assert (
        "issued for 100.00 EUR, its gifts are now 0.00 EUR" in hundred("receipts", "preview", "--year", "2025").output
    )


def test_a_refund_after_the_year_is_sealed_counts_for_the_year_of_the_gift(hundred: Obole, tmp_path: Path):
    """facts, correction-cases P01: the refund is booked in 2026; 2025's journal is untouched."""
    late = Statement(1, 1_100_00, [paid(30_00)], date(2026, 7, 1))
    hundred.takes_well(late.write(tmp_path))
    rows = (
        ("2025-12-31", "692000", "100.00", "", "Affectation", "AFF-1"),
        ("2025-12-31", "140000", "", "100.00", "Affectation", "AFF-1"),
    )
    hundred.takes_well(Journal(rows, "appropriation.csv").write(tmp_path))
    assert hundred("close", "2025").exit_code == 0
    before = {path: path.read_bytes() for path in (hundred.books / "journal" / "2025").iterdir()}
    told = hundred.refuses(sheet(tmp_path, line(late.document, 1, "2025-12-31", donor="D0001")))
    assert "cannot be dated before" in told
    hundred.takes_well(sheet(tmp_path, line(late.document, 1, "2026-07-10", donor="D0001")))
    assert due(hundred) == {"D0001": 70_00}
    assert due(hundred, 2026) == {}
    assert {path: path.read_bytes() for path in (hundred.books / "journal" / "2025").iterdir()} == before
    sound(hundred)


def test_the_gift_of_another_donor_or_one_that_is_gone_is_refused(small: Obole, tmp_path: Path):
    """facts, demands: no euro with the wrong donor."""
    statement = Statement(74, 1_247_50, [paid(50_00), paid(50_00)], date(2025, 4, 1))
    small.takes_well(statement.write(tmp_path))
    wrong = line(statement.document, 1, "2025-04-02", donor="D0002", refund_of=f"{FIRST}:1")
    assert f"{FIRST}:1 is of D0001, not of D0002" in small.refuses(sheet(tmp_path, wrong))
    twice = [line(statement.document, n, "2025-04-02", refund_of=f"{FIRST}:1") for n in (1, 2)]
    assert f"row 2 of this sheet changes {FIRST}:1 too" in small.refuses(sheet(tmp_path, *twice))
    both = [twice[0], line(FIRST, 1, "2025-04-02", donor="D0006")]
    assert f"of this sheet changes {FIRST}:1 too" in small.refuses(sheet(tmp_path, *both))
    small.takes_well(sheet(tmp_path, twice[0]))
    gone = small.refuses(sheet(tmp_path, twice[1]))
    assert f"{FIRST}:1 was taken back before, in {last(small, 'assignment')} line 2" in gone
    credit = line(FIRST, 7, "2025-04-02", refund_of=f"{FIRST}:5")
    assert "is money that came in" in small.refuses(sheet(tmp_path, credit))
    sound(small)


def test_gifts_that_differ_are_named_by_the_person(hundred: Obole, tmp_path: Path):
    """Blackbaud CRM, direct debit returns: where no match can be made, a person names the revenue."""
    other = Statement(2, 1_100_00, [given(100_00, 1)], date(2026, 1, 6))
    hundred.takes_well(other.write(tmp_path))
    payment = Statement(3, 1_200_00, [paid(100_00)], date(2026, 1, 20))
    hundred.takes_well(payment.write(tmp_path))
    told = hundred.refuses(sheet(tmp_path, line(payment.document, 1, "2026-01-21", donor="D0001")))
    assert f"may pay back {other.document}:1 (100.00 EUR of 2026-01-06), {HUNDRED.document}:1" in told
    assert "write the one that is meant in column `refund_of`" in told
    hundred.takes_well(sheet(tmp_path, line(payment.document, 1, "2026-01-21", refund_of=f"{HUNDRED.document}:1")))
    assert due(hundred) == {}
    assert due(hundred, 2026) == {"D0001": 100_00}
    sound(hundred)


def test_two_masked_returns_of_one_sheet_take_two_gifts(monthly: Obole, tmp_path: Path):
    """paymentbrief.com, R-transactions: MS03 masks the reason, and the bank the reference, month after month."""
    second = Statement(6, 1_045_00, (returned(-15_00, "M-2", "NOTPROVIDED"),), date(2025, 4, 22))
    monthly.takes_well(second.write(tmp_path))
    rows = [line(document, 1, "2025-04-23", donor="D0002") for document in (MASKED, second.document)]
    monthly.takes_well(sheet(tmp_path, *rows))
    assert monthly.given_by() == {"D0002": 30_00}
    assert {one.gift.reverses for one in monthly.returns()} == {3, 4}, "the last two"
    sound(monthly)


def test_a_return_whose_own_assignment_was_undone_is_set_against_another_gift(monthly: Obole, tmp_path: Path):
    """stores 03: the same for a return whose automatic assignment was undone; the person knows better."""
    early = returned(-15_00, "M-2", "E-9")
    monthly.takes_well(Statement(6, 1_045_00, (early,), date(2025, 4, 22)).write(tmp_path))
    late = collection(collected(15_00, "M-2", "E-9"), reference="C-9")
    monthly.takes_well(Statement(7, 1_030_00, (late,), date(2025, 4, 23)).write(tmp_path))
    found = last(monthly, "assignment")
    told = monthly("undo", found).output
    assert "Its lines wait on suspense again: `obole match`." in told
    assert "can be imported anew" not in told
    monthly.takes_well(
        sheet(tmp_path, line("coda-current-2025-006", 1, "2025-05-02", refund_of="coda-current-2025-001:2"))
    )
    assert monthly.given_by() == {"D0002": 60_00}
    sound(monthly)


def test_a_refund_of_a_platform_that_names_no_payment_is_set_against_its_gift(tmp_path: Path):
    """facts, formats 24: a refund row of a platform waits; its gift came by another report."""
    from test_platform_intake import row, write  # noqa: PLC0415 - the writer of one of its tests

    obole = Obole(new_books(tmp_path / "books", SETTINGS + PLATFORM))
    obole.takes_well(write_donors(tmp_path / "donors.csv"), OPENING.write(tmp_path), HUNDRED.write(tmp_path))
    refund = row(2, "refund", "-40.00", "0.00", "-40.00", day="2025-06-02 12:00:00", charge="ch_unknown")
    obole.takes_well(write(tmp_path / "b.csv", [refund]))
    document = last(obole, "platform")
    obole.takes_well(sheet(tmp_path, line(document, 1, "2025-06-10", donor="D0001")))
    assert obole.given_by() == {"D0001": 60_00}
    sound(obole)


def test_a_gift_of_a_donor_who_was_merged_is_paid_back_to_the_one_that_remains(hundred: Obole, tmp_path: Path):
    """facts, receipt-life G4: keys are joined; the gift stays on the key that it came on."""
    document = refunded(hundred, tmp_path, paid(100_00))
    hundred.change("UPDATE donor SET merged_into = 'D0003' WHERE key = 'D0001'", store="vault")
    hundred.takes_well(sheet(tmp_path, line(document, 1, "2025-06-10", donor="D0003")))
    assert hundred.given_by() == {}


NAMED = {
    "fr": ("rembourse", "date"),
    "nl": ("terugbetaald", "datum"),
    "de": ("erstattet", "datum"),
    "en": ("refund_of", "date"),
}


@pytest.mark.parametrize("language", NAMED)
@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_the_sheet_proposes_the_gift_and_is_taken_back(hundred: Obole, tmp_path: Path, language: str, form: str):
    """WER III.83: a person decides, dated; until then nothing is posted."""
    import openpyxl  # noqa: PLC0415 - one test reads a workbook

    gift, day = NAMED[language]
    refunded(hundred, tmp_path, paid(100_00))
    path = tmp_path / f"open.{form}"
    hundred("match", "-o", path, "--lang", language)
    if form == "xlsx":
        book = openpyxl.load_workbook(path)
        headings, row = list(next(book.active.values)), [cell.value for cell in book.active[2]]
        book.active.cell(2, headings.index(day) + 1, "2025-06-10")
        book.save(path)
    else:
        with path.open(encoding="utf-8-sig", newline="") as source:
            headings, row = list(csv.reader(source, delimiter=";"))
        cells = dict(zip(headings, row, strict=True)) | {day: "2025-06-10"}
        write_csv(path, headings, [list(cells.values())])
    assert row[headings.index(gift)] == f"{HUNDRED.document}:1"
    hundred.takes_well(path)
    assert hundred.given_by() == {}


def test_match_lists_the_gifts_that_a_payment_may_pay_back(monthly: Obole):
    """Blackbaud CRM: by the ID, else by account and amount."""
    told = monthly("match").output
    assert "D0002 coda-current-2025-004:2 93 %" in told
    assert "mandate of this donor" in told


# Sums


POSITIONS = st.lists(st.integers(1, 90), min_size=1, max_size=4)


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@drawn(data=st.data())
def test_no_euro_is_doubled_lost_or_with_the_wrong_donor(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory):
    """Gifts of two donors, payments that pay them back whole, in part or several at once, some undone, in any order:
    the donors have what an independent sum says, suspense what waits, the gift account the rest.
    """
    folder = tmp_path_factory.mktemp("sums")
    obole = Obole(new_books(folder / "books"))
    obole.takes_well(write_donors(folder / "donors.csv"), OPENING.write(folder))
    owners = data.draw(st.lists(st.sampled_from([1, 2]), min_size=2, max_size=4))
    left = [data.draw(st.integers(5, 90)) * 100 for _owner in owners]
    first = Statement(1, 1_000_00, [given(cents, owner) for cents, owner in zip(left, owners, strict=True)], DAY_ONE)
    obole.takes_well(first.write(folder))
    balance = 1_000_00 + sum(left)
    taken: list[tuple[str, dict[int, int], Path]] = []  # document, parts by gift, sheet
    for number in range(2, 2 + data.draw(st.integers(1, 3))):
        standing = [place for place, cents in enumerate(left) if cents]
        if not standing:
            break
        chosen = data.draw(st.lists(st.sampled_from(standing), min_size=1, max_size=2, unique=True))
        parts = {place: data.draw(st.integers(1, left[place] // 100)) * 100 for place in chosen}
        payment = Statement(number, balance, [paid(sum(parts.values()))], date(2025, 4, number))
        obole.takes_well(payment.write(folder))
        balance -= sum(parts.values())
        rows = [
            line(
                payment.document, 1, "2025-05-02", refund_of=f"{first.document}:{place + 1}", part=f"{cents / 100:.2f}"
            )
            for place, cents in parts.items()
        ]
        decided = sheet(folder, *rows)
        obole.takes_well(decided)
        for place, cents in parts.items():
            left[place] -= cents
        taken.append((obole.documents()[-1], parts, decided))
    waiting = 0
    if taken and data.draw(st.booleans()):
        document, parts, decided = taken[-1]
        assert obole("undo", document).exit_code == 0
        if data.draw(st.booleans()):
            obole.takes_well(decided)
        else:
            waiting = -sum(parts.values())
            for place, cents in parts.items():
                left[place] += cents
    sums = {
        f"D000{owner}": sum(cents for cents, one in zip(left, owners, strict=True) if one == owner) for owner in (1, 2)
    }
    assert obole.given_by() == {donor: cents for donor, cents in sums.items() if cents}
    assert obole.balance("731100") == -sum(left)
    assert sum(one.cents for one in obole.waiting()) == waiting
    assert obole.balance("499000") == -waiting
    assert obole.checks().exit_code == 0


DAY_ONE = date(2025, 3, 3)


@pytest.mark.parametrize(
    ("amounts", "cents", "chosen"),
    [
        ((15_00, 15_00, 15_00), 15_00, [3]),  # alike: the last
        ((15_00, 20_00), 20_00, [2]),
        ((15_00, 20_00), 12_00, [2, 1]),  # a part of either: the person names it
        ((15_00,), 12_00, [1]),
        ((15_00, 20_00), 35_00, []),  # of several at once
        ((), 15_00, []),
    ],
)
def test_the_gift_that_a_payment_may_pay_back(amounts: Sequence[int], cents: int, chosen: list[int]):
    from ledger.records import Gift  # noqa: PLC0415

    gifts = [
        PostedGift(number, Gift("D0001", amount, date(2025, 1, number), 2025, "731100", number), None, "a")
        for number, amount in enumerate(amounts, start=1)
    ]
    assert [one.id for one in choices(gifts, cents)] == chosen


def test_a_sheet_older_than_an_undone_statement_finds_its_lines_where_they_came_again(small: Obole, tmp_path: Path):
    """The statement is `...-2` now, to the byte the same: what names the first finds the second, and is known again."""
    back = Statement(74, 1_247_50, (paid(50_00),), date(2025, 4, 1))
    old = sheet(
        tmp_path,
        line(FIRST, 7, "2025-04-02", donor="D0005"),
        line(back.document, 1, "2025-04-02", refund_of=f"{FIRST}:1"),
    )
    assert small("undo", FIRST).exit_code == 0
    assert f"movement 7 of {FIRST} neither waits" in small.refuses(old)  # not there: nothing is guessed
    small.takes_well(STATEMENT.write(tmp_path), back.write(tmp_path))
    assert f"{FIRST}-2" in small.documents()
    small.takes_well(old)
    assert small.given_by() == {"D0001": 35_00, "D0002": 60_00, "D0005": 70_00, "D0006": 45_00}
    before = small.state()
    small.takes_well(old)
    assert small.state() == before
    sound(small)


def test_a_statement_that_comes_again_with_other_lines_is_not_taken_for_the_first(small: Obole, tmp_path: Path):
    """Same number, another file: an old sheet does not say which of its lines is meant."""
    assert small("undo", FIRST).exit_code == 0
    other = replace(STATEMENT, parts=(*STATEMENT.parts[:-1], stranger(71_00)))
    small.takes_well(other.write(tmp_path))
    told = small.refuses(sheet(tmp_path, line(FIRST, 7, "2025-04-02", donor="D0005")))
    assert f"movement 7 of {FIRST} neither waits on suspense nor is a gift that stands" in told


def test_a_voucher_that_pays_a_gift_back_finds_it_where_its_statement_came_again(small: Obole, tmp_path: Path):
    assert small("undo", FIRST).exit_code == 0
    small.takes_well(STATEMENT.write(tmp_path))
    head = ("date", "account", "debit", "credit", "text", "document", "refund_of")
    rows = (
        ("2025-04-02", "731100", "50.00", "", "Remboursé", "R-1", f"{FIRST}:1"),
        ("2025-04-02", "580000", "", "50.00", "Remboursé", "R-1", ""),
    )
    small.takes_well(write_csv(tmp_path / "paid-back.csv", head, rows))
    assert small.given_by()["D0001"] == 35_00
    small.takes_well(write_csv(tmp_path / "paid-back.csv", head, rows))
    assert small.given_by()["D0001"] == 35_00
