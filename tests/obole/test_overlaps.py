"""The same money in several files: CODA and CAMT of a day, longer periods, details on their own; each euro once."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate
from pathlib import Path

import pytest
from camt_writer import Ntry, Stmt, Tx, encode
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small_books import IBAN, OPENING, Line, Obole, Statement, collected, collection, iban, ogm, write_donors

DAYS = [date(2025, 3, 3) + timedelta(days=n) for n in range(5)]


@dataclass(frozen=True)
class Gift:
    """A line of the bank: what a CODA and a CAMT file both say."""

    day: date
    cents: int
    serial: int | None = None
    text: str = "MERCI"

    @property
    def line(self) -> Line:
        if self.serial is None:
            return Line(self.cents, "00150000" if self.cents > 0 else "08037000", self.text, name="QUELQU'UN")
        return Line(self.cents, "00150000", ogm(self.serial), structured="101", name="QUELQU'UN", iban=iban(7359999999))

    @property
    def entry(self) -> Ntry:
        detail = Tx(self.cents, "Quelqu'un", iban(7359999999), ogm=ogm(self.serial) if self.serial else "",
                    lines=() if self.serial else (self.text,))  # fmt: skip
        return Ntry(self.cents, self.day, (detail,), code="0150000" if self.cents > 0 else "8037000")


YEAR = (
    Gift(DAYS[0], 10_00, 1),
    Gift(DAYS[0], 10_00, 1),
    Gift(DAYS[1], 25_00, 2),
    Gift(DAYS[1], -1_50, None, "FRAIS"),
    Gift(DAYS[3], 10_00, 1),
    Gift(DAYS[3], 40_00, 6),
    Gift(DAYS[4], 70_00, None, "BON COURAGE"),
)
BALANCES = [1000_00, *accumulate((sum(g.cents for g in YEAR if g.day == day) for day in DAYS), initial=1000_00)][1:]


def coda(folder: Path, first: int, last: int | None = None, number: int | None = None) -> Path:
    """One CODA statement of the days from `first` to `last`."""
    last = first if last is None else last
    lines = [one for one in YEAR if DAYS[first] <= one.day <= DAYS[last]]
    # A CODA line is booked on the day of its statement here: one day each.
    statement = Statement(number or 10 + first, BALANCES[first], [one.line for one in lines], DAYS[last])
    return statement.write(folder)


def camt(folder: Path, first: int, last: int, *, sequence: str = "", version: str = "02", name: str = "") -> Path:
    lines = [one for one in YEAR if DAYS[first] <= one.day <= DAYS[last]]
    statement = Stmt(
        [one.entry for one in reversed(lines)], BALANCES[first], account=IBAN, sequence=sequence, day=DAYS[last]
    )
    path = folder / (name or f"camt-{first}-{last}{sequence}.xml")
    path.write_bytes(encode([statement], version))
    return path


@pytest.fixture
def ready(empty: Obole, tmp_path: Path) -> Obole:
    empty.takes_well(write_donors(tmp_path / "donors.csv"), OPENING.write(tmp_path))
    return empty


def complete(obole: Obole) -> None:
    """Every line of the year once, register and books equal, each balance the bank's."""
    assert obole.bank_lines() == sorted((one.day, one.cents) for one in YEAR)
    assert obole.balance("550000") == BALANCES[-1]
    assert sum(cents for _, cents in obole.gifts()) == sum(one.cents for one in YEAR if one.serial)
    result = obole.checks()
    assert result.exit_code == 0, result.output


def test_the_same_days_as_coda_and_as_camt_are_posted_once(ready: Obole, tmp_path: Path):
    for number in range(5):
        ready.takes_well(coda(tmp_path, number))
    before = ready.state()
    told = ready.takes_well(camt(tmp_path, 0, 4)).output
    assert "0 documents posted, 5 already there" in told
    assert ready.state() == before
    complete(ready)


def test_camt_first_and_coda_after_it_too(ready: Obole, tmp_path: Path):
    ready.takes_well(camt(tmp_path, 0, 4, version="08"))
    before = ready.state()
    for number in range(5):
        assert "0 documents posted" in ready.takes_well(coda(tmp_path, number)).output
    assert ready.state() == before
    complete(ready)


def test_a_longer_period_brings_only_its_new_days_and_says_so(ready: Obole, tmp_path: Path):
    ready.takes_well(coda(tmp_path, 0), coda(tmp_path, 1))
    told = ready.takes_well(camt(tmp_path, 0, 4)).output
    assert "3 of its 7 lines are new" in told
    complete(ready)
    assert "0 documents posted" in ready.takes_well(camt(tmp_path, 0, 4, name="again.xml")).output


def test_a_gap_is_filled_by_a_period_that_covers_it(ready: Obole, tmp_path: Path):
    assert "balance" in ready.takes(coda(tmp_path, 0), coda(tmp_path, 3)).output  # the gap is named
    ready.takes_well(camt(tmp_path, 0, 4))
    complete(ready)


def test_a_statement_that_contradicts_the_other_is_refused_with_the_difference(ready: Obole, tmp_path: Path):
    ready.takes_well(coda(tmp_path, 0), coda(tmp_path, 1))
    wrong = Stmt(
        [Ntry(10_00, DAYS[0], (Tx(10_00),)), Ntry(12_00, DAYS[1], (Tx(12_00),))],
        BALANCES[0],
        account=IBAN,
        sequence="",
        day=DAYS[1],
    )
    (tmp_path / "wrong.xml").write_bytes(encode([wrong]))
    told = ready.refuses(tmp_path / "wrong.xml")
    assert "does not agree with it" in told
    assert "EUR away" in told


def test_a_period_undone_can_be_taken_from_the_other_files(ready: Obole, tmp_path: Path):
    ready.takes_well(camt(tmp_path, 0, 4))
    ready("undo", ready.documents()[-1])
    for number in range(5):
        ready.takes_well(coda(tmp_path, number))
    complete(ready)


def notification(folder: Path, total: int, parts: Sequence[Tx], *, block: str = "COLL-1", day: date = DAYS[0]) -> Path:
    entry = Ntry(total, day, tuple(parts), code="0550000", block=block)
    path = folder / "details.xml"
    path.write_bytes(encode([Stmt([entry], account=IBAN, sequence="", day=day)], "02", "054"))
    return path


PARTS = (
    Tx(60_00, end_to_end="E-1", mandate="M-2"),
    Tx(45_00, end_to_end="E-2", mandate="M-6"),
    Tx(20_00, end_to_end="E-3", mandate="M-9"),
)


def test_details_on_their_own_split_the_total_that_waits(ready: Obole, tmp_path: Path):
    total = Statement(10, 1000_00, [Line(125_00, "10550000", reference="COLL-1")], DAYS[0])
    ready.takes_well(total.write(tmp_path))
    assert ready.balance("499000") == -125_00
    ready.takes_well(notification(tmp_path, 125_00, PARTS))
    assert ready.gifts() == [("D0002", 60_00), ("D0006", 45_00)]
    assert ready.balance("499000") == -20_00
    assert "1 line waits" in ready("match").output
    assert ready.checks().exit_code == 0
    before = ready.state()
    ready.takes_well(notification(tmp_path, 125_00, PARTS))
    assert ready.state() == before


def test_details_that_another_form_of_the_day_has_split_the_total_too(ready: Obole, tmp_path: Path):
    """The bank's CODA has the total alone, its CAMT of the same day the details: nothing of them is lost."""
    total = Statement(10, 1000_00, [Line(125_00, "10550000", reference="COLL-1")], DAYS[0])
    ready.takes_well(total.write(tmp_path))
    entry = Ntry(125_00, DAYS[0], PARTS, code="0550000", block="COLL-1")
    whole = Stmt([entry], 1000_00, account=IBAN, sequence="", day=DAYS[0])
    (tmp_path / "whole.xml").write_bytes(encode([whole]))
    ready.takes_well(tmp_path / "whole.xml")
    assert ready.gifts() == [("D0002", 60_00), ("D0006", 45_00)]
    assert ready.balance("499000") == -20_00
    assert ready.checks().exit_code == 0
    before = ready.state()
    ready.takes_well(tmp_path / "whole.xml", total.write(tmp_path))
    assert ready.state() == before


def test_details_of_what_was_split_already_post_nothing(ready: Obole, tmp_path: Path):
    parts = collection(collected(60_00, "M-2", "E-1"), collected(45_00, "M-6", "E-2"))
    ready.takes_well(Statement(10, 1000_00, [parts], DAYS[0]).write(tmp_path))
    before = ready.state()
    told = ready.takes_well(notification(tmp_path, 105_00, PARTS[:2])).output
    assert "no such total waits" in told
    assert ready.state() == before


def test_details_booked_already_do_not_split_another_total_of_the_same_amount(ready: Obole, tmp_path: Path):
    """Two collections of 105.00 in one week: the first came with its details, the second alone."""
    first = collection(collected(60_00, "M-2", "E-1"), collected(45_00, "M-6", "E-2"), reference="COLL-1")
    second = Line(105_00, "10550000", reference="COLL-2")
    ready.takes_well(
        Statement(10, 1000_00, [first], DAYS[0]).write(tmp_path),
        Statement(11, 1105_00, [second], DAYS[1]).write(tmp_path),
    )
    before = ready.state()
    told = ready.takes_well(notification(tmp_path, 105_00, PARTS[:2])).output
    assert "no such total waits" in told
    entry = Ntry(105_00, DAYS[0], PARTS[:2], code="0550000", block="COLL-1")
    whole = Stmt([entry], 1000_00, account=IBAN, sequence="", day=DAYS[0])
    (tmp_path / "whole.xml").write_bytes(encode([whole]))
    ready.takes_well(tmp_path / "whole.xml")
    assert ready.state() == before
    assert ready.balance("499000") == -105_00


def test_details_without_references_split_nothing_of_another_day(ready: Obole, tmp_path: Path):
    """Grouped transfers have no reference: equal amounts of two days are two payments."""
    parts = (Tx(60_00, ogm=ogm(1)), Tx(45_00, ogm=ogm(2)))
    ready.takes_well(Statement(10, 1000_00, [Line(105_00, "20150000", "REGROUPEMENT")], DAYS[1]).write(tmp_path))
    before = ready.state()
    ready.takes_well(notification(tmp_path, 105_00, parts, block="", day=DAYS[0]))
    assert ready.state() == before
    ready.takes_well(notification(tmp_path, 105_00, parts, block="", day=DAYS[1]))
    assert ready.gifts() == [("D0001", 60_00), ("D0002", 45_00)]
    assert ready.checks().exit_code == 0


def test_details_come_before_their_statement_in_one_import(ready: Obole, tmp_path: Path):
    total = Statement(10, 1000_00, [Line(105_00, "10550000", reference="COLL-1")], DAYS[0])
    ready.takes_well(notification(tmp_path, 105_00, PARTS[:2]), total.write(tmp_path))
    assert ready.balance("499000") == 0
    details = next(name for name in ready.documents() if name.startswith("details"))
    ready("undo", details)
    assert ready.balance("499000") == -105_00
    ready.takes_well(notification(tmp_path, 105_00, PARTS[:2]))
    assert ready.gifts()[-2:] == [("D0002", 60_00), ("D0006", 45_00)]
    assert ready.checks().exit_code == 0


spans = st.tuples(st.integers(0, 4), st.integers(0, 4)).map(sorted).map(tuple)
pieces = st.lists(st.one_of(st.integers(0, 4), spans), min_size=1, max_size=5)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(some=pieces, data=st.data())
def test_any_files_of_the_year_in_any_order_give_each_euro_once(
    tmp_path_factory: pytest.TempPathFactory, ready: Obole, some: list[int | tuple[int, int]], data: st.DataObject
):
    """Days as CODA, spans as CAMT, some twice, and in the end the whole year, in any order and grouping."""
    folder = tmp_path_factory.mktemp("files")
    books = Obole(ready.books.parent / f"copy-{folder.name}")
    shutil.copytree(ready.books, books.books)
    files = [coda(folder, one) if isinstance(one, int) else camt(folder, *one) for one in (*some, (0, 4))]
    order = data.draw(st.permutations(files))
    cut = data.draw(st.integers(0, len(order)))
    for group in (order[:cut], order[cut:]):
        if group:
            books.takes(*group)
    complete(books)
    before = books.state()
    books.takes(*order)
    assert books.state() == before
    shutil.rmtree(books.books)
