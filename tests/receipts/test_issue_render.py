"""From gifts in the register to numbered, frozen, printed receipts: the way through the two stores, without books."""

import hashlib
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from ledger.records import DocumentKind, Gift, Nature
from ledger.register import receipts as receiptbook
from ledger.register.documents import DocumentRecord, insert_document
from ledger.store import open_store, sqlite_url
from ledger.vault.donors import Donor, save_donors
from ledger.vault.key import KEY_BYTES, Sealer
from ledger.vault.sheets import drop_sheets_after, freeze_sheets, frozen_sheets
from receipts.decide.eligibility import Policy, Reason
from receipts.decide.facts import _awaiting, assess_year, donor_facts
from receipts.filing.shipment import slips_of, withdrawn_numbers
from receipts.issue import NothingToIssue, Preview, Printing, issue, preview
from receipts.paper.render import Altered, NotIssued, document_faults, pdf_path, render
from receipts.paper.sheet import Institution, from_json

POLICY = Policy(recognised=frozenset({2024, 2025}))
PRINTING = Printing(
    Institution(
        "Fondation Exemple", "Fondation", "Rue 1", "1000", "Bruxelles", "0123456749", "E-1", "a@b.example", "", ""
    ),
    "Bruxelles",
)
ISSUED = date(2026, 2, 13)
DAY = date(2025, 3, 14)


def donor(key: str, **changes: object) -> Donor:
    made = Donor(
        key, "natural", "Exemple", "Ada", "Rue 2", "1000", "Bruxelles", "BE", "fr", national_number="85073003328"
    )
    return replace(made, **changes)


def gift(key: str | None, cents: int, day: date = DAY, **changes: object) -> Gift:
    return Gift(key, cents, day, day.year, "731100", 1, value=day)._replace(**changes)


@dataclass
class Stores:
    """A register, a vault with its key, and a folder for the PDFs."""

    gifts: Engine
    identities: Engine
    sealer: Sealer
    folder: Path
    documents: int = 0

    def give(self, *gifts: Gift) -> None:
        self.documents += 1
        name = f"coda-current-2025-{self.documents:03d}"
        numbered = [one._replace(position=number) for number, one in enumerate(gifts, 1)]
        record = DocumentRecord(name, DocumentKind.CODA, name, name, DAY, DAY)
        with self.gifts.begin() as connection:
            insert_document(
                connection, record, [], numbered, journal=None, journal_digest=None, posted_at="2025-03-14T00:00:00Z"
            )

    def know(self, *donors: Donor) -> None:
        with self.identities.begin() as connection:
            save_donors(connection, self.sealer, donors)

    def issue(self, year: int = 2025, policy: Policy = POLICY, day: date = ISSUED) -> Preview:
        stores = (self.gifts, self.identities, self.sealer)
        return issue(*stores, year, policy=policy, printing=PRINTING, issued_on=day)

    def preview(self, year: int = 2025, policy: Policy = POLICY) -> Preview:
        with self.gifts.connect() as gifts, self.identities.connect() as identities:
            return preview(gifts, identities, self.sealer, year, policy)

    def receipts(self, year: int = 2025) -> list[tuple[int, str, int]]:
        with self.gifts.connect() as connection:
            return [(row.number, row.donor, row.cents) for row in receiptbook.receipts_of(connection, year)]

    def sheets(self, year: int = 2025) -> list[str]:
        with self.identities.connect() as connection:
            return [sheet for _, _, sheet in frozen_sheets(connection, self.sealer, year)]

    def render(self, year: int = 2025, workers: int = 1):
        return render(self.gifts, self.identities, self.sealer, self.folder, year, workers=workers)

    def faults(self, year: int = 2025) -> list[str]:
        return list(document_faults(self.gifts, self.identities, self.sealer, self.folder, year))


@pytest.fixture
def stores(tmp_path: Path) -> Stores:
    """Ada gives 50.00 and 30.00, Bob 40.00, Cleo 39.99; 7.00 come from nobody known."""
    made = Stores(
        open_store(sqlite_url(tmp_path / "register.sqlite3"), "register"),
        open_store(sqlite_url(tmp_path / "vault.sqlite3"), "vault"),
        Sealer(b"k" * KEY_BYTES),
        tmp_path / "receipts",
    )
    made.know(donor("D0001"), donor("D0002", first_name="Bob", language="nl"), donor("D0003", first_name="Cleo"))
    made.give(gift("D0001", 50_00), gift("D0001", 30_00), gift("D0002", 40_00), gift("D0003", 39_99), gift(None, 7_00))
    return made


# Facts


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "valid"),
        ({"national_number": None}, "missing"),
        ({"national_number": "85073003329"}, "invalid"),
        ({"kind": "legal", "enterprise_number": "0123456749"}, "valid"),
        ({"kind": "legal"}, "missing"),
        ({"kind": "legal", "enterprise_number": "0123456748"}, "invalid"),
    ],
)
def test_a_donor_fact_says_the_state_of_the_number_and_not_the_number(changes: dict, expected: str):
    [fact] = donor_facts([donor("D0001", **changes)])
    assert fact.identifier == expected
    assert "8507" not in repr(fact)


@pytest.mark.parametrize("missing", ["street", "postcode", "municipality", "country"])
def test_an_address_is_whole_or_not(missing: str):
    [fact] = donor_facts([donor("D0001", **{missing: ""})])
    assert not fact.has_address


def test_a_merged_donors_gifts_are_those_of_the_donor_that_remains(stores: Stores):
    stores.know(donor("D0003", merged_into="D0001"))
    assert stores.preview().due[0].cents == 80_00 + 39_99


# Preview and issue


def test_the_preview_names_who_is_due_with_the_first_number(stores: Stores):
    plan = stores.preview()
    assert [(one.donor, one.cents) for one in plan.due] == [("D0001", 80_00), ("D0002", 40_00)]
    assert (plan.first_number, plan.cents, plan.changed) == (1, 120_00, ())


def test_receipts_are_numbered_from_one_and_cover_their_gifts(stores: Stores):
    stores.issue()
    assert stores.receipts() == [(1, "D0001", 80_00), (2, "D0002", 40_00)]
    with stores.gifts.connect() as connection:
        assert receiptbook.covered_gifts(connection, 2025) == {1: 1, 2: 1, 3: 2}
        assert receiptbook.faults(connection) == []


def test_each_year_has_numbers_of_its_own(stores: Stores):
    stores.give(gift("D0001", 60_00, date(2024, 5, 5)))
    stores.issue(2025)
    stores.issue(2024)
    assert stores.receipts(2024) == [(1, "D0001", 60_00)]


def test_what_a_receipt_prints_is_frozen_with_the_identity_of_that_day(stores: Stores):
    stores.issue()
    before = stores.sheets()
    stores.know(donor("D0001", last_name="Autre", street="Ailleurs 9"))
    assert stores.sheets() == before
    sheet = from_json(before[0])
    assert (sheet.number, sheet.cents, sheet.issued_on) == (1, 80_00, ISSUED)
    assert (sheet.addressee.last_name, sheet.addressee.street) == ("Exemple", "Rue 2")
    assert [one.cents for one in sheet.gifts] == [50_00, 30_00]
    assert sheet.institution == PRINTING.institution


def test_the_digest_in_the_register_is_that_of_the_frozen_sheet(stores: Stores):
    stores.issue()
    with stores.gifts.connect() as connection:
        digests = [row.sheet_digest for row in receiptbook.receipts_of(connection, 2025)]
    assert digests == [hashlib.sha256(sheet.encode()).hexdigest() for sheet in stores.sheets()]


def test_no_identity_is_readable_in_either_store(stores: Stores, tmp_path: Path):
    stores.know(donor("D0001", last_name="Zanzibarczyk"))
    stores.issue()
    stores.know(donor("D0001"))
    stores.identities.dispose()
    for name in ("register", "vault"):
        content = (tmp_path / f"{name}.sqlite3").read_bytes()
        assert b"85073003328" not in content
    assert b"Zanzibarczyk" not in (tmp_path / "register.sqlite3").read_bytes()


def test_what_is_issued_is_not_due_again(stores: Stores):
    stores.issue()
    with pytest.raises(NothingToIssue, match="no receipt of 2025 is due"):
        stores.issue()
    assert len(stores.receipts()) == 2
    assert len(stores.sheets()) == 2


def test_a_donor_due_later_gets_the_next_number(stores: Stores):
    stores.issue()
    stores.give(gift("D0003", 1_00))
    plan = stores.issue()
    assert plan.first_number == 3
    assert stores.receipts()[2:] == [(3, "D0003", 40_99)]


def test_a_later_gift_or_reversal_of_a_receipt_waits_for_a_person(stores: Stores):
    stores.issue()
    stores.give(gift("D0001", 20_00), gift("D0002", -40_00, reverses=3))
    plan = stores.preview()
    assert [(one.number, one.donor, one.issued_cents, one.now_cents) for one in plan.changed] == [
        (1, "D0001", 80_00, 100_00),
        (2, "D0002", 40_00, 0),
    ]
    assert plan.due == ()


def test_a_reversal_and_a_new_gift_of_the_same_amount_queue_nothing(stores: Stores):
    """The law asks the sum and not the list: receipts.same_sum = nothing (life of a receipt, J06)."""
    stores.issue()
    stores.give(gift("D0002", -40_00, reverses=3), gift("D0002", 40_00))
    assert stores.preview().changed == ()


def test_a_donor_whose_every_gift_moved_away_is_seen(stores: Stores):
    """The donor was merged into another: the receipt stands on nobody's gifts any more."""
    stores.issue()
    stores.know(donor("D0002", merged_into="D0003"))
    plan = stores.preview()
    assert [one.donor for one in plan.changed] == ["D0002"]


def test_a_reversal_before_the_issue_is_on_the_receipt(stores: Stores):
    stores.give(gift("D0001", -30_00, date(2025, 4, 1), reverses=2))
    stores.issue()
    assert stores.receipts()[0] == (1, "D0001", 50_00)
    assert [one.cents for one in from_json(stores.sheets()[0]).gifts] == [50_00, 30_00, -30_00]


def test_gifts_that_give_no_receipt_are_not_on_one(stores: Stores):
    stores.give(gift("D0001", 500_00, nature=Nature.LEGACY, account="732000"))
    stores.issue()
    assert stores.receipts()[0] == (1, "D0001", 80_00)


def test_a_year_that_is_not_recognised_has_no_receipts(stores: Stores):
    assert stores.preview(policy=Policy(frozenset())).due == ()
    with stores.gifts.connect() as gifts, stores.identities.connect() as identities:
        assessment = assess_year(gifts, identities, stores.sealer, 2025, Policy(frozenset()))
    assert Reason.NOT_RECOGNISED in assessment.outcomes


def test_an_issue_that_fails_leaves_nothing_behind_but_sheets_that_are_dropped(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
):
    def fail(*_: object) -> None:
        raise RuntimeError("the power went")

    with monkeypatch.context() as patch:
        patch.setattr(receiptbook, "insert_receipts", fail)
        with pytest.raises(RuntimeError):
            stores.issue()
    assert stores.receipts() == []
    with stores.gifts.connect() as gifts, stores.identities.begin() as identities:
        assert drop_sheets_after(identities, 2025, receiptbook.last_number(gifts, 2025)) == 2
    stores.issue()
    assert stores.receipts() == [(1, "D0001", 80_00), (2, "D0002", 40_00)]


# Rendering


def test_each_receipt_becomes_a_pdf_with_its_hash_in_the_register(stores: Stores):
    stores.issue()
    outcome = stores.render()
    assert (outcome.made, outcome.there, outcome.failed) == (2, 0, [])
    with stores.gifts.connect() as connection:
        rows = receiptbook.receipts_of(connection, 2025)
    for row in rows:
        content = pdf_path(stores.folder, 2025, row.number, 1).read_bytes()
        assert content.startswith(b"%PDF-")
        assert (row.pdf_digest, row.pdf_bytes) == (hashlib.sha256(content).hexdigest(), len(content))
    assert outcome.bytes == sum(row.pdf_bytes for row in rows)
    assert stores.faults() == []


def test_a_second_run_makes_none(stores: Stores):
    stores.issue()
    stores.render()
    outcome = stores.render()
    assert (outcome.made, outcome.there) == (0, 2)


def test_a_pdf_that_is_gone_is_made_again_to_the_byte(stores: Stores):
    stores.issue()
    stores.render()
    path = pdf_path(stores.folder, 2025, 1, 1)
    before = path.read_bytes()
    path.unlink()
    assert stores.faults() == [
        "receipt 2025/000001: its PDF is missing; `obole receipts render --year 2025` makes it again"
    ]
    assert stores.render().made == 1
    assert path.read_bytes() == before


def test_killed_before_its_hash_was_written_down_a_pdf_is_made_again(stores: Stores):
    stores.issue()
    stores.render()
    path = pdf_path(stores.folder, 2025, 1, 1)
    before = path.read_bytes()
    with stores.gifts.begin() as connection:
        connection.execute(text("UPDATE receipt_version SET pdf_digest = NULL WHERE number = 1"))
    path.write_bytes(b"half")
    assert stores.render().made == 1
    assert path.read_bytes() == before
    assert not list(stores.folder.rglob("*.new"))


def test_a_pdf_that_would_come_out_otherwise_fails_alone(stores: Stores):
    stores.issue()
    stores.render()
    with stores.gifts.begin() as connection:
        connection.execute(text("UPDATE receipt_version SET pdf_digest = 'other' WHERE number = 1"))
    for number in (1, 2):
        pdf_path(stores.folder, 2025, number, 1).unlink()
    outcome = stores.render()
    assert outcome.made == 1
    [(number, reason)] = outcome.failed
    assert number == 1
    assert "made again it is not the document issued" in reason
    assert not pdf_path(stores.folder, 2025, 1, 1).exists()


def test_a_sheet_that_says_another_amount_than_the_register_stops_the_printing(stores: Stores):
    stores.issue()
    with stores.gifts.begin() as connection:
        connection.execute(text("UPDATE receipt SET cents = 8001 WHERE number = 1"))
    with pytest.raises(Altered, match="receipt 2025/000001"):
        stores.render()


def test_a_year_without_receipts_has_nothing_to_print(stores: Stores):
    with pytest.raises(NotIssued, match="obole receipts issue --year 2024"):
        stores.render(2024)


def test_two_processes_print_what_one_does(stores: Stores):
    keys = [f"D1{number:03d}" for number in range(120)]
    stores.know(*(donor(key, last_name=f"Exemple{key[1:]}") for key in keys))
    stores.give(*(gift(key, 45_00) for key in keys))
    stores.issue()
    alone = stores.render(workers=1)
    before = {path.name: path.read_bytes() for path in (stores.folder / "2025").iterdir()}
    for path in (stores.folder / "2025").iterdir():
        path.unlink()
    together = stores.render(workers=2)
    assert alone.made == together.made == 122
    assert {path.name: path.read_bytes() for path in (stores.folder / "2025").iterdir()} == before


# What is reported


def test_the_slips_are_what_was_frozen(stores: Stores):
    stores.issue()
    stores.know(donor("D0001", last_name="Autre", national_number=None))
    slips = list(slips_of(stores.gifts, stores.identities, stores.sealer, 2025))
    assert [(slip.number, slip.reference, slip.cents) for slip in slips] == [
        (1, "2025-000001", 80_00),
        (2, "2025-000002", 40_00),
    ]
    assert (slips[0].last_name, slips[0].national_number) == ("Exemple", "85073003328")


def test_a_withdrawn_receipt_is_not_reported_and_leaves_the_one_gap(stores: Stores):
    stores.issue()
    with stores.gifts.begin() as connection:
        connection.execute(text("UPDATE receipt SET state = 'withdrawn' WHERE number = 1"))
    assert [slip.number for slip in slips_of(stores.gifts, stores.identities, stores.sealer, 2025)] == [2]
    assert withdrawn_numbers(stores.gifts, 2025) == {1}


def test_a_year_without_receipts_has_nothing_to_report(stores: Stores):
    with pytest.raises(NotIssued):
        list(slips_of(stores.gifts, stores.identities, stores.sealer, 2024))


def test_the_frozen_sheets_are_canonical_json(stores: Stores):
    stores.issue()
    for sheet in stores.sheets():
        again = json.dumps(json.loads(sheet), ensure_ascii=False, separators=(",", ":"), sort_keys=True)
        assert again == sheet


def test_the_way_is_told_every_fifty_and_at_the_end(stores: Stores, monkeypatch: pytest.MonkeyPatch):
    keys = [f"D{number:04d}" for number in range(100, 220)]
    stores.know(*(donor(key) for key in keys))
    stores.give(*(gift(key, 50_00) for key in keys))
    stores.issue()
    monkeypatch.setattr(
        "receipts.paper.render.render_many", lambda jobs, _workers, _images: ((key, b"%PDF-") for key, _ in jobs)
    )
    told: list[tuple[int, int]] = []
    result = render(
        stores.gifts, stores.identities, stores.sealer, stores.folder, 2025, progress=lambda *way: told.append(way)
    )
    whole = result.made
    assert told == [(50, whole), (100, whole), (whole, whole)]
    assert (result.there, result.bytes, result.failed) == (0, 5 * whole, [])


@pytest.mark.parametrize(
    ("language", "written"), [("nl", "nl"), ("de", "de"), ("en", "en"), ("fr", "fr"), ("it", "fr")]
)
def test_a_receipt_speaks_the_donors_language_or_french(language: str, written: str, stores: Stores):
    stores.know(donor("D0001", language=language))
    stores.issue()
    assert from_json(stores.sheets()[0]).addressee.language == written


def test_a_receipt_of_which_nothing_is_left_is_told_with_nought(stores: Stores):
    stores.issue()
    stores.give(gift("D0002", -40_00, reverses=3))
    (changed,) = stores.preview().changed
    assert (changed.donor, changed.issued_cents, changed.now_cents) == ("D0002", 40_00, 0)


def test_a_gift_is_listed_on_the_day_it_was_given(stores: Stores):
    """The day executed, else the value date, else that of the booking."""
    days = [date(2025, 5, day) for day in (1, 2, 3)]
    stores.know(donor("D0009"))
    stores.give(
        gift("D0009", 50_00, days[2], executed=days[0], value=days[1]),
        gift("D0009", 51_00, days[2], value=days[1]),
        gift("D0009", 52_00, days[2], value=None),
    )
    stores.issue()
    sheet = next(one for one in map(from_json, stores.sheets()) if one.cents == 153_00)
    assert [(one.date, one.cents) for one in sheet.gifts] == [(days[0], 50_00), (days[1], 51_00), (days[2], 52_00)]


def test_a_pdf_is_named_by_its_number_and_a_later_version_by_both():
    names = [pdf_path(Path("r"), 2025, 123, version).as_posix() for version in (1, 2, 12)]
    assert names == ["r/2025/000123.pdf", "r/2025/000123-v2.pdf", "r/2025/000123-v12.pdf"]


@pytest.mark.parametrize(("few", "workers"), [(1, 7), (2, 1)])
def test_few_pdfs_are_made_by_one_process(few: int, workers: int, stores: Stores, monkeypatch: pytest.MonkeyPatch):
    asked: list[int] = []

    def made(jobs: object, count: int, _images: object) -> list[object]:
        asked.append(count)
        return [(key, b"%PDF-") for key, _ in jobs]

    monkeypatch.setattr("receipts.paper.render.render_many", made)
    monkeypatch.setattr("receipts.paper.render._FEW", few)
    stores.issue()
    assert stores.render(workers=7).made == 2
    assert asked == [workers]


def test_hashes_are_written_down_batch_by_batch_and_a_refused_receipt_stops_no_other(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
):
    stores.know(donor("D0004", last_name="漢"), donor("D0005"))
    stores.give(gift("D0004", 60_00), gift("D0005", 70_00))
    stores.issue()
    monkeypatch.setattr("receipts.paper.render._BATCH", 2)
    held: list[int] = []

    @contextmanager
    def recording() -> Iterator[None]:
        yield
        with stores.gifts.connect() as connection:
            held.append(sum(row.pdf_digest is not None for row in receiptbook.receipts_of(connection, 2025)))

    outcome = render(
        stores.gifts, stores.identities, stores.sealer, stores.folder, 2025, workers=1, recording=recording
    )
    assert (outcome.made, [number for number, _ in outcome.failed]) == (3, [3])
    assert held == [2, 3]


def test_what_was_not_printed_yet_is_no_fault_and_hides_none(stores: Stores):
    stores.issue()
    stores.render()
    with stores.gifts.begin() as connection:
        connection.execute(text("UPDATE receipt_version SET pdf_digest = NULL WHERE number = 1"))
    pdf_path(stores.folder, 2025, 2, 1).write_bytes(b"other")
    assert stores.faults() == [
        "receipt 2025/000002: its PDF was changed; remove the file and run `obole receipts render --year 2025`"
    ]


def test_a_sheet_that_is_missing_or_changed_is_named(stores: Stores):
    stores.issue()
    with stores.gifts.begin() as connection:
        connection.execute(text("UPDATE receipt_version SET sheet_digest = 'x' WHERE number = 1"))
    with stores.identities.begin() as connection:
        connection.execute(text("DELETE FROM frozen_sheet WHERE number = 2"))
    assert stores.faults() == [
        "receipt 2025/000001: what it prints was changed in the vault; restore the vault from your backup",
        "receipt 2025/000002: what it prints is not in the vault; restore the vault from your backup",
    ]


def test_files_that_a_killed_run_left_are_removed_once_they_are_old(stores: Stores):
    stores.issue()
    (stores.folder / "2025").mkdir(parents=True)
    old, fresh = stores.folder / "2025" / "000001.7.new", stores.folder / "2025" / "000002.8.new"
    for path, age in ((old, 700), (fresh, 500)):
        path.write_bytes(b"half")
        os.utime(path, (time.time() - age,) * 2)
    stores.render()
    assert not old.exists()
    assert fresh.exists()


def test_only_the_newest_version_is_printed_and_reported(stores: Stores):
    stores.issue()
    with stores.identities.begin() as identities, stores.gifts.begin() as connection:
        sheet = json.loads(stores.sheets()[0]) | {"version": 2, "place": "Namur"}
        again = json.dumps(sheet, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
        freeze_sheets(identities, stores.sealer, [(2025, 1, 2, again)])
        digest = hashlib.sha256(again.encode()).hexdigest()
        connection.execute(text("INSERT INTO receipt_version (year, number, version, issued_on, sheet_digest) "
                                f"VALUES (2025, 1, 2, '2026-03-01', '{digest}')"))  # fmt: skip
    assert stores.render().made == 2
    assert sorted(path.name for path in (stores.folder / "2025").iterdir()) == ["000001-v2.pdf", "000002.pdf"]
    slips = list(slips_of(stores.gifts, stores.identities, stores.sealer, 2025))
    assert [slip.number for slip in slips] == [1, 2]
    assert stores.faults() == []


def test_gifts_of_one_day_are_listed_the_largest_first(stores: Stores):
    stores.know(donor("D0009"))
    stores.give(gift("D0009", 10_00), gift("D0009", 90_00), gift("D0009", 50_00, date(2025, 1, 2)))
    stores.issue()
    sheet = next(one for one in map(from_json, stores.sheets()) if one.cents == 150_00)
    assert [one.cents for one in sheet.gifts] == [50_00, 90_00, 10_00]


def test_sheets_are_frozen_a_few_at_a_time(stores: Stores, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("receipts.issue._CHUNK", 1)
    stores.issue()
    assert [from_json(sheet).number for sheet in stores.sheets()] == [1, 2]
    assert stores.receipts() == [(1, "D0001", 80_00), (2, "D0002", 40_00)]


def test_a_return_that_waits_on_one_merged_donor_keeps_back_the_receipt_of_who_remains(stores: Stores):
    stores.know(donor("D0006", merged_into="D0007"), donor("D0007", merged_into="D0001"))
    for waiting in ({"D0006"}, {"D0007"}, {"D0001"}):
        donors = list(donor_facts([donor("D0006", merged_into="D0007"), donor("D0007", merged_into="D0001"),
                                   donor("D0001"), donor("D0002")]))  # fmt: skip
        marked = {one.key for one in _awaiting(donors, waiting) if one.reversal_open}
        assert "D0001" in marked
        assert "D0002" not in marked
        assert waiting <= marked
    assert not any(one.reversal_open for one in _awaiting(donors, set()))
    circle = list(donor_facts([donor("D0006", merged_into="D0007"), donor("D0007", merged_into="D0006")]))
    assert [one.reversal_open for one in _awaiting(circle, {"D0007", "unknown"})] == [True, True]


@pytest.mark.parametrize(
    ("changes", "name", "first"), [({"last_name": ""}, False, True), ({"first_name": ""}, True, False)]
)
def test_a_name_is_there_or_not(changes: dict, name: bool, first: bool):
    [fact] = donor_facts([donor("D0001", **changes)])
    assert (fact.has_name, fact.has_first_name, fact.has_address) == (name, first, True)


def test_a_donor_whose_receipt_was_withdrawn_is_due_the_next_number(stores: Stores):
    stores.issue()
    with stores.gifts.begin() as connection:
        connection.execute(text("UPDATE receipt SET state = 'withdrawn' WHERE number = 1"))
    plan = stores.preview()
    assert [(one.donor, one.cents) for one in plan.due] == [("D0001", 80_00)]
    assert (plan.first_number, plan.changed) == (3, ())


def test_a_receipt_says_of_what_kind_its_donor_is(stores: Stores):
    stores.know(donor("D0002", kind="legal", national_number=None, enterprise_number="0123456749"))
    stores.issue()
    kinds = [(one.addressee.kind, one.addressee.enterprise_number) for one in map(from_json, stores.sheets())]
    assert kinds == [("natural", None), ("legal", "0123456749")]


def test_the_way_is_not_told_before_fifty_are_done(stores: Stores, monkeypatch: pytest.MonkeyPatch):
    keys = [f"D{number:04d}" for number in range(100, 147)]
    stores.know(*(donor(key) for key in keys))
    stores.give(*(gift(key, 50_00) for key in keys))
    stores.issue()
    monkeypatch.setattr("receipts.paper.render.render_many", lambda jobs, *_: ((key, b"%PDF-") for key, _sheet in jobs))
    told: list[tuple[int, int]] = []
    render(
        *(stores.gifts, stores.identities, stores.sealer, stores.folder), 2025, progress=lambda *way: told.append(way)
    )
    assert told == [(49, 49)]
