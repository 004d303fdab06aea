"""The cases of November 2026 about what a bank's file says of days, marks, charges, references and communications.

Each file of `cases/readers` is taken in by `obole import` into fresh books, and what is right is written here by hand.
"""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from shutil import copy
from typing import Any

import pytest
from click.testing import CliRunner
from coda_writer import Line as CodaRecord
from coda_writer import encode, statement

from importers.bank.records import Statement
from obole.command.frame import main

CASES = Path(__file__).parent / "cases" / "readers"
IBAN = "BE68539007547034"
BOTH_YEARS = ("10a-001-of-2025.cod", "10b-250-of-2025.cod")
SEEN = "coda-current-2025-250: a number is missing after coda-current-2025-001"  # right: 002 to 249 are not there


@dataclass(frozen=True)
class TriedBooks:
    """Books with nine donors, and what stands in them."""

    folder: Path

    def take(self, *names: str | Path) -> str:
        files = [str(CASES / name if isinstance(name, str) else name) for name in names]
        result = CliRunner().invoke(main, ["--books", str(self.folder), "import", *files])
        assert result.exit_code == 0, result.output
        return result.output

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(f"file:{self.folder}/register.sqlite3?mode=ro", uri=True)) as connection:
            return connection.execute(query).fetchall()

    @property
    def gifts(self) -> list[tuple[str, int, str, int]]:
        rows = self.rows("select donor, cents, booked, counted from gift order by id")
        return [(donor.replace("D000000", "D"), cents, booked, counted) for donor, cents, booked, counted in rows]

    @property
    def suspense(self) -> list[int]:
        return [cents for (cents,) in self.rows("select cents from movement where outcome = 'suspense'")]

    @property
    def charges(self) -> list[tuple[int, str]]:
        return self.rows("select cents, account from movement where outcome = 'fee'")

    @property
    def documents(self) -> list[str]:
        return [name for (name,) in self.rows("select name from document where bank is not null order by id")]

    def is_clean(self) -> None:
        result = CliRunner().invoke(main, ["--books", str(self.folder), "check"])
        assert result.exit_code == 0, result.output


@pytest.fixture
def tried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TriedBooks:
    monkeypatch.setenv("OBOLE_KEYS", str(tmp_path / "keys"))
    return made(tmp_path / "books")


def made(folder: Path, more: str = "") -> TriedBooks:
    folder.mkdir()
    settings = (CASES / "obole.toml").read_text(encoding="utf-8")
    (folder / "obole.toml").write_text(settings + more, encoding="utf-8")
    result = CliRunner().invoke(main, ["init", str(folder)])
    assert result.exit_code == 0, result.output
    books = TriedBooks(folder)
    books.take("donors.csv")
    return books


def remarks(told: str) -> list[str]:
    return [line for line in told.splitlines() if "remark:" in line]


def test_bank_01_acceptance_is_not_the_debit(tried: TriedBooks):
    assert not remarks(tried.take("01-sdd-accepted-in-december.xml"))
    assert tried.gifts == [("D1", 25_00, "2026-01-05", 2026), ("D2", 25_00, "2026-01-05", 2026)]
    tried.is_clean()


def test_bank_04a_a_credit_that_reverses_is_no_gift(tried: TriedBooks):
    tried.take("04a-credit-reversal.xml")
    assert (tried.gifts, tried.suspense) == ([], [20_00])


def test_bank_04b_our_own_transfer_that_came_back_is_no_gift(tried: TriedBooks):
    tried.take("04b-credit-returned-transfer.xml")
    assert (tried.gifts, tried.suspense) == ([], [20_00])


def test_bank_04c_a_transfer_taken_back_is_no_direct_debit(tried: TriedBooks):
    told = tried.take("04c-debit-reversal-of-transfer.xml")
    assert (tried.gifts, tried.suspense) == ([], [-20_00])
    assert not remarks(told)


@pytest.mark.parametrize("name", ["04a-credit-reversal.xml", "04b-credit-returned-transfer.xml"])
def test_bank_04_what_came_back_is_no_gift_at_the_next_import_either(tried: TriedBooks, name: str):
    tried.take(name)
    tried.take("10a-001-of-2025.cod")
    assert tried.suspense == [20_00]
    assert tried.gifts == [("D1", 10_00, "2025-01-02", 2025)]


def test_bank_10c_an_empty_statement_of_the_new_year_is_taken(tried: TriedBooks):
    told = tried.take(*BOTH_YEARS, "10c-empty-001-of-2026.cod")
    assert tried.documents == ["coda-current-2025-001", "coda-current-2025-250", "coda-current-2026-001"]
    assert [SEEN in line for line in remarks(told)] == [True]
    tried.is_clean()


def test_bank_10d_the_number_counts_in_the_year_of_its_creation(tried: TriedBooks):
    told = tried.take(*BOTH_YEARS, "10d-001-created-in-january-closing-31-december.cod")
    assert tried.gifts[-1] == ("D3", 5_00, "2025-12-31", 2025)
    assert tried.documents[-1] == "coda-current-2026-001"
    assert [SEEN in line for line in remarks(told)] == [True]
    tried.is_clean()


def test_bank_11_a_return_without_reference_is_known_by_its_mandate(tried: TriedBooks):
    told = tried.take("11a-collected.cod", "11b-return-not-provided.cod")
    assert [gift[:2] for gift in tried.gifts] == [("D1", 25_00), ("D1", -25_00)]
    assert tried.suspense == []
    assert "donor unknown" not in told
    tried.is_clean()


def test_bank_12_a_moment_with_a_zone_is_a_belgian_day(tried: TriedBooks):
    tried.take("12-booked-2025-12-31T2330Z.xml")
    assert tried.gifts == [("D1", 10_00, "2026-01-01", 2026)]
    tried.is_clean()


def test_bank_14a_gifts_of_a_batch_are_gross_and_its_charges_apart(tried: TriedBooks):
    assert not remarks(tried.take("14a-batch-with-charges.xml"))
    assert [gift[:2] for gift in tried.gifts] == [("D1", 10_00), ("D2", 20_00), ("D3", 30_00)]
    assert (tried.charges, tried.suspense) == ([(-90, "657000")], [])
    tried.is_clean()


def test_bank_14b_foreign_gifts_are_their_counter_values(tried: TriedBooks):
    assert not remarks(tried.take("14b-foreign-batch-counter-value.xml"))
    assert [gift[:2] for gift in tried.gifts] == [("D4", 92_31), ("D5", 92_31)]
    assert (tried.charges, tried.suspense) == ([], [])
    tried.is_clean()


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("14c-single-with-included-charge-v08.xml", id="14c"),
        pytest.param("14d-type3-gross-and-commission.cod", id="14d"),
    ],
)
def test_bank_14c_14d_a_single_gift_is_gross_and_its_charge_apart(tried: TriedBooks, name: str):
    assert not remarks(tried.take(name))
    assert [gift[:2] for gift in tried.gifts] == [("D1", 100_00)]
    assert (tried.charges, tried.suspense) == ([(-3_00, "657000")], [])
    tried.is_clean()


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("15a-ogm-spaced.cod", id="15a"),
        pytest.param("15b-ogm-dashes.cod", id="15b"),
        pytest.param("15c-ogm-second-of-two.cod", id="15c"),
        pytest.param("15d-ogm-over-two-ustrd.xml", id="15d"),
    ],
)
def test_bank_15_a_communication_is_known_however_it_was_typed(tried: TriedBooks, name: str):
    tried.take(name)
    assert [gift[:2] for gift in tried.gifts] == [("D7", 10_00)]
    assert tried.suspense == []
    tried.is_clean()


# What follows from them


def test_charges_are_booked_on_the_account_that_the_bank_account_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OBOLE_KEYS", str(tmp_path / "keys"))
    more = '\n[[bank]]\nalias = "third"\niban = "BE47435000000080"\naccount = "552000"\ncharges = "616100"\n'
    books = made(tmp_path / "books", more)
    path = tmp_path / "third.cod"
    gross, fee = CodaRecord(50_00, "84150100"), CodaRecord(-1_00, "84150013")
    line = CodaRecord(49_00, "34150000", account="BE35123000000137", name="NOM1", details=(gross, fee))
    path.write_bytes(encode(statement([line], opening=0)))
    books.take(path)
    assert ([gift[:2] for gift in books.gifts], books.charges) == ([("D1", 50_00)], [(-1_00, "616100")])
    books.is_clean()


def test_the_same_statement_with_charges_again_changes_nothing(tried: TriedBooks, tmp_path: Path):
    for name in ("14a-batch-with-charges.xml", "14c-single-with-included-charge-v08.xml"):
        folder = tmp_path / name
        folder.mkdir()
        copy(CASES / name, folder)
    tried.take("14c-single-with-included-charge-v08.xml")
    before = tried.gifts
    told = tried.take(tmp_path / "14c-single-with-included-charge-v08.xml" / "14c-single-with-included-charge-v08.xml")
    assert "0 documents posted, 1 already there" in told
    assert tried.gifts == before


def test_a_statement_that_stands_under_the_name_of_an_earlier_obole_is_known(tried: TriedBooks, tmp_path: Path):
    with pytest.MonkeyPatch.context() as earlier:
        earlier.setattr(Statement, "number_year", property(lambda one: one.closing_date.year))
        tried.take("10d-001-created-in-january-closing-31-december.cod")
    assert tried.documents == ["coda-current-2025-001"]
    again = tmp_path / "again.cod"
    text = (CASES / "10d-001-created-in-january-closing-31-december.cod").read_bytes()
    again.write_bytes(text.replace(b"0000002012653905 ", b"0000002012653905D"))
    told = tried.take(again)
    assert "0 documents posted, 1 already there" in told
    assert len(tried.gifts) == 1


def test_the_last_of_the_old_and_the_first_of_the_new_year_may_close_on_one_day(tried: TriedBooks, tmp_path: Path):
    def numbered(number: str, made: str, opening: int, ending: int, donor: str) -> Path:
        path = tmp_path / f"{number}.cod"
        text = (CASES / "10d-001-created-in-january-closing-31-december.cod").read_text(encoding="ascii")
        text = text.replace("020126", made, 1).replace("001\n", f"{number}\n", 1)
        text = text.replace(f"{30_000:015d}301225", f"{opening * 10:015d}301225")
        text = text.replace(f"{35_000:015d}311225", f"{ending * 10:015d}311225")
        path.write_text(text.replace("BE13123000000339", donor), encoding="ascii")
        return path

    last = numbered("251", "010126", 30_00, 35_00, "BE02123000000440")
    first = numbered("001", "020126", 35_00, 40_00, "BE88123000000541")
    told = tried.take(*BOTH_YEARS, first, last)
    assert tried.documents[2:] == ["coda-current-2025-251", "coda-current-2026-001"]
    assert not [line for line in remarks(told) if "gap" in line]
    assert [gift[0] for gift in tried.gifts] == ["D1", "D2", "D4", "D5"]
    tried.is_clean()
