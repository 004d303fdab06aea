"""The life of what is kept and goes out, in any order over small books, held against sums kept outside of them.

Gifts, late ones and late returns, receipts, Belcotax, donors merged, undo, older copies put back, closing, reopening,
locks and kills. After each step: no euro on two valid receipts, no number given twice, a PDF once made is never
another, nothing is written on a restore, Belcotax tells no more than was given, a sealed year is what it was, and
`obole check` finds nothing, or exactly what is wrong.
"""

import copy
import json
import os
import re
import shutil
import sqlite3
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, chdir, closing
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from killing import stopped_before_write
from small_books import (
    DONORS,
    OPENING,
    SETTINGS,
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
from sqlalchemy import Engine
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.util import LRUCache

from ledger.pairing import Apart, Relation
from ledger.register.years import closed_years
from ledger.vault.links import survivors
from obole.books.opened import accounts_named, open_books, settle
from obole.command.frame import main

NOW = "1795000000"  # 18 November 2026
TODAY = "2026-11-18"
FIRST = date(2025, 11, 3)
LAST_DAY = date(2026, 8, 31)
YEARS = (2025, 2026)
CLOSED = 2025
THRESHOLD = 40_00  # of a year (WIB/CIR 92 art. 145/33)
FROM_THEN_NUMBER_REQUIRED = 2026  # of a natural person: D0011 has none
CRM = """
[sources.crm]
kinds = { gift = "gift", refund = "refund" }
[sources.crm.columns]
reference = "Ref"
payment = "Payment"
paid = "Date"
gross = "Amount"
kind = "Kind"
donor = "DonorKey"
"""
CRM_HEAD = ("Ref", "Payment", "Date", "Amount", "Kind", "DonorKey")
KIND_HEAD = ("reference", "date", "donor", "category", "description", "value", "valuation", "evidence", "account")
Killed = tuple[list[str | int | Path], Callable[[], None]]  # a command, and what goes on from what it left
HEAD = ("document", "position", "donor", "date")
TWIN = ("D0011", "natural", "DUPONT", "Zoe", "Rue A 1", "1000", "Bruxelles", "fr", "", "", ogm(11), "", "")
MANDATES = {"D0002": "M-2", "D0006": "M-6"}
KEYS = ("D0001", "D0002", "D0005", "D0006", "D0011")
STORES = ("register.sqlite3", "vault.sqlite3")
USED = ("731200", "416100", "657000", "613190", "100000", "140000", "444000", "610900", "616000", "692000", "731200")
NUMBERED, UNCHANGED, SEALED, TOGETHER = 5, 6, 8, 13  # of the invariants of `check`
QUEUED = re.compile(r"receipt (\d+)/(\d+) of \w+: issued for ([\d.]+) EUR, its gifts are now (-?[\d.]+) EUR")
SLIP = re.compile(r"<f2009_volgnummer>(\d+)<.*?<f71_2060_bedragliberaliteiten>(\d+)<", re.DOTALL)
LEFT_TO_CARRY = re.compile(r"a result of (-?[\d.]+) EUR is not carried")
ENTRY = re.compile(r"^(\d{4})-\d\d-\d\d [*!]")
BY_HAND = """
2025-06-01 * "Achat" ^achat-1
  Expenses:61-Services-et-biens-divers:616000-Honoraires  9.75 EUR
  Liabilities:44-Dettes-commerciales:444000-Factures-a-recevoir  -9.75 EUR
"""


@dataclass(eq=False)
class Gift:
    """Money that somebody gave; `donor` is who has it by the books, None while it is on suspense."""

    number: int
    cents: int
    day: date
    donor: str | None
    way: str  # ogm, mandate, stranger, platform
    stands: bool = False
    back: int = 0
    decided: list[tuple[str, str | None]] = field(default_factory=list)  # document, who had it before

    @property
    def year(self) -> int:
        return self.day.year

    @property
    def net(self) -> int:
        return self.cents - self.back if self.stands else 0


@dataclass(eq=False)
class Source:
    """A file that the books may take in: what it brings, and the document that has it."""

    path: Path
    day: date
    gifts: list[Gift] = field(default_factory=list)
    backs: list[tuple[Gift, int]] = field(default_factory=list)
    bank: bool = False
    document: str = ""


@dataclass(frozen=True)
class Given:
    """A receipt that was given: to whom, for how much, for which gifts."""

    year: int
    number: int
    donor: str
    cents: int
    gifts: frozenset[int]


@dataclass
class World:
    """What happened, and what of it the books were told."""

    today: date = FIRST
    balance: int = 1_000_00
    lines: list[tuple[object, Gift, int]] = field(default_factory=list)  # of today: part, gift, what is paid back
    statements: list[Source] = field(default_factory=list)
    others: list[Source] = field(default_factory=list)
    gifts: list[Gift] = field(default_factory=list)
    merged: bool = False
    receipts: list[Given] = field(default_factory=list)
    printed: set[tuple[int, int]] = field(default_factory=set)
    shipped: dict[int, list[list[tuple[int, int]]]] = field(default_factory=dict)
    aside: set[tuple[int, int]] = field(default_factory=set)
    locked: date | None = None
    closed: bool = False
    closings: int = 0
    sealed: dict[str, int] = field(default_factory=dict)
    in_seal: set[int] = field(default_factory=set)  # numbers of receipts

    def person(self, donor: str | None) -> str | None:
        return "D0001" if self.merged and donor == "D0011" else donor

    def of(self, person: str, year: int) -> list[Gift]:
        """The gifts of a person in a year that the books have."""
        return [one for one in self.gifts if one.stands and one.year == year and self.person(one.donor) == person]

    def sum_of(self, person: str, year: int) -> int:
        return sum(one.net for one in self.of(person, year))

    def held(self, year: int) -> dict[str, list[Given]]:
        found: defaultdict[str, list[Given]] = defaultdict(list)
        for one in self.receipts:
            if one.year == year:
                found[str(self.person(one.donor))].append(one)
        return found

    def right(self, person: str, rows: list[Given], year: int) -> bool:
        return len(rows) == 1 and rows[0].cents == self.sum_of(person, year)

    def queue(self, year: int) -> dict[int, tuple[int, int, bool]]:
        """By number what a receipt that is not right was issued for, what its gifts are now, and if it is too much."""
        found = {}
        for person, rows in self.held(year).items():
            if self.right(person, rows, year):
                continue
            now = self.sum_of(person, year)
            main = next((one for one in rows if one.donor == person), rows[0])
            joined = len(rows) > 1 and sum(one.cents for one in rows) <= now
            for one in rows:
                its = now if one is main else 0
                found[one.number] = (one.cents, its, its < one.cents and not joined)
        return found

    def due(self, year: int) -> list[Given]:
        """Who gets a receipt, in the order of numbers: nobody who has one, nor whose money is on another's."""
        held = self.held(year)
        claimed: set[int] = set()
        for person, rows in held.items():
            if self.right(person, rows, year):
                claimed.update(one.number for one in self.of(person, year))
            else:
                claimed.update(number for one in rows for number in one.gifts)
        number = max([0, *(one.number for one in self.receipts if one.year == year), *self._aside(year)])
        found = []
        for person in sorted({*map(self.person, KEYS)} - {None}):
            mine = [one for one in self.of(str(person), year) if one.net]
            unnumbered = person == "D0011" and year >= FROM_THEN_NUMBER_REQUIRED
            if person in held or self.sum_of(str(person), year) < THRESHOLD or unnumbered:
                continue
            if not claimed & {one.number for one in mine}:
                number += 1
                gifts = frozenset(one.number for one in mine)
                found.append(Given(year, number, str(person), self.sum_of(str(person), year), gifts))
        return found

    def _aside(self, year: int) -> Iterator[int]:
        yield from (number for of, number in self.aside if of == year)

    def shut(self, day: date) -> bool:
        """Tell whether nothing may be posted on a day any more."""
        return (self.closed and day.year <= CLOSED) or (self.locked is not None and day <= self.locked)


@dataclass
class Copied:
    """A copy of the books and of the world as they were."""

    folder: Path
    world: World


_made: list[Copied] = []


def _template() -> Copied:
    """Books with donors, an opening, three gifts by a platform, two of strangers, one of them decided; made once."""
    if not _made:
        folder = Path(tempfile.mkdtemp(prefix="kept-"))
        obole, world = Obole(new_books(folder / "books", SETTINGS + CRM)), World()
        _shorten(folder / "books/chart.beancount")
        given_by = ((1, "D0001", 55_00), (2, "D0002", 45_00), (3, "D0005", 30_00))
        world.gifts = [Gift(one, cents, date(2025, 10, one), key, "platform") for one, key, cents in given_by]
        rows = [(f"g{one.number}", f"g{one.number}", one.day, _amount(one.cents), "gift", one.donor)
                for one in world.gifts]  # fmt: skip
        platform = Source(write_csv(folder / "g.csv", CRM_HEAD, rows), date(2025, 10, 1), list(world.gifts))
        strangers = [Gift(one, 70_00 + one, FIRST, None, "stranger") for one in (4, 5)]
        lines = [_of_nobody(one) for one in strangers]
        bank = Source(Statement(1, world.balance, lines, FIRST).write(folder), FIRST, strangers)
        obole.takes_well(write_donors(folder / "donors.csv", (*DONORS, TWIN)), OPENING.write(folder))
        for source in (platform, bank):
            obole.takes_well(source.path)
            source.document = obole.documents()[-1]
        sheet = write_csv(folder / "sheet.csv", HEAD, [(bank.document, 1, "D0006", "2026-10-01")])
        obole.takes_well(sheet)
        strangers[0].decided, strangers[0].donor = [(obole.documents()[-1], None)], "D0006"
        world.gifts += strangers
        for gift in world.gifts:
            gift.stands = True
        world.others, world.statements = [platform], [bank]
        world.balance, world.today = world.balance + sum(one.cents for one in strangers), FIRST + timedelta(days=1)
        _made.append(Copied(folder / "books", world))
    return _made[0]


def _of_nobody(gift: Gift) -> Line:
    account = iban(7358880000 + gift.number)
    return Line(gift.cents, "00150000", "BON COURAGE", name="L. INCONNU", iban=account)


_compiled = LRUCache(5000)  # type: ignore[no-untyped-call]


def _compiled_once() -> ExitStack:
    """Let the engines of all commands share what SQL was made of their statements: a fourth of the time."""
    made = Engine.__init__

    def make(engine: Engine, *args: Any, **options: Any) -> None:
        made(engine, *args, **options)
        engine._compiled_cache = _compiled

    stack = ExitStack()
    stack.enter_context(patch.object(Engine, "__init__", make))
    stack.enter_context(patch.object(SQLiteDialect_pysqlite, "__eq__", lambda one, other: type(one) is type(other)))
    stack.enter_context(patch.object(SQLiteDialect_pysqlite, "__hash__", lambda one: hash(type(one))))
    return stack


def _shorten(chart: Path) -> None:
    """Leave in a chart the accounts that these books use: to load six hundred for each check takes half its time."""
    used = {*accounts_named(open_books(chart.parent).config), *USED}
    blocks = re.split(r"(?m)^(?=\d{4}-)", chart.read_text(encoding="utf-8"))
    kept = [one for one in blocks[1:] if " open " not in one or re.search(r":(\w+)-[^:\n]*\n", one)[1] in used]
    chart.write_text(blocks[0] + "".join(kept), encoding="utf-8")


def _rows(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """What a store holds, without the rows that say how far it is."""
    with closing(sqlite3.connect(path)) as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: connection.execute(f"SELECT * FROM {name}").fetchall() for name in tables if name != "stand"}


def _amount(cents: int) -> str:
    return f"{cents / 100:.2f}" if cents > 0 else ""


class Kept(RuleBasedStateMachine):
    """Commands over the years of a foundation, in any order."""

    @initialize()
    def begin(self) -> None:
        self.shared = _compiled_once()
        self.clock = os.environ.get("SOURCE_DATE_EPOCH")
        os.environ["SOURCE_DATE_EPOCH"] = NOW
        self.folder = Path(tempfile.mkdtemp(prefix="kept-"))
        self.desk = self.folder / "desk"  # where the person works, and Belcotax is written
        self.desk.mkdir()
        self.shared.enter_context(chdir(self.desk))
        shutil.copytree(_template().folder, self.folder / "books")
        self.obole = Obole(self.folder / "books")
        self.world = copy.deepcopy(_template().world)
        self.copied = _template()
        self.count = len(self.world.gifts)  # of files, vouchers and gifts: none is named twice
        self.given: dict[tuple[int, int], Given] = {}
        self.pdfs: dict[str, str] = {}
        self.filed: dict[int, list[Path]] = {}  # shipments outside of the books
        self.checked: dict[str, str] = {}

    def teardown(self) -> None:
        if hasattr(self, "folder"):
            self.shared.close()
            if self.clock is None:
                os.environ.pop("SOURCE_DATE_EPOCH", None)
            else:
                os.environ["SOURCE_DATE_EPOCH"] = self.clock
            shutil.rmtree(self.folder)

    def _next(self) -> int:
        self.count += 1
        return self.count

    def _gift(self, cents: int, day: date, donor: str | None, way: str) -> Gift:
        gift = Gift(self._next(), cents, day, donor, way)
        self.world.gifts.append(gift)
        return gift

    def _refused(self, *words: str | Path) -> str:
        """What is said of a command that is refused, which changes nothing."""
        before = self.obole.state()
        result = self.obole(*words)
        assert result.exit_code == 1, (words, result.output)
        assert self.obole.state() == before, words
        return " ".join(result.output.split())

    def _does(self, *words: str | Path) -> str:
        result = self.obole(*words)
        assert result.exit_code == 0, (words, result.output)
        return result.output

    # What happens at the bank

    @rule(who=st.sampled_from((*KEYS, *MANDATES.values(), "nobody")), cents=st.sampled_from((10_00, 30_00, 60_00)))
    def somebody_gives(self, who: str, cents: int) -> None:
        """By transfer, by direct debit, or without a word of who it is; no two gifts are of one amount."""
        today, cents = self.world.today, cents + self.count
        if who == "nobody":
            gift = self._gift(cents + 60_00, today, None, "stranger")
            part: object = _of_nobody(gift)
        elif who in MANDATES.values():
            donor = next(key for key, mandate in MANDATES.items() if mandate == who)
            gift = self._gift(cents, today, donor, "mandate")
            name = f"-{gift.number}"
            part = collection(collected(cents, who, f"E2E{name}", settled=today), reference=f"COLL{name}")
        else:
            gift = self._gift(cents, today, who, "ogm")
            part = given(cents, int(who[1:]))
        self.world.lines.append((part, gift, 0))

    @precondition(lambda self: self._can_return())
    @rule(data=st.data())
    def a_debit_comes_back(self, data: st.DataObject) -> None:
        gift = data.draw(st.sampled_from(self._can_return()))
        line = returned(-gift.cents, MANDATES[str(gift.donor)], f"E2E-{gift.number}")
        self.world.lines.append((line, gift, gift.cents))

    def _can_return(self) -> list[Gift]:
        sent = {gift.number for source in self.world.statements for gift, _cents in source.backs}
        sent |= {gift.number for _line, gift, cents in self.world.lines if cents}
        return [one for one in self.world.gifts if one.way == "mandate" and one.stands and one.number not in sent]

    @precondition(lambda self: self.world.lines and self.world.today < LAST_DAY)
    @rule(days=st.integers(1, 50), taken=st.sampled_from((True, True, False)))
    def the_day_ends(self, days: int, *, taken: bool) -> None:
        """Write the statement of the day, and take in what there is up to it, or leave it for later."""
        world = self.world
        parts = [part for part, _gift, _cents in world.lines]
        number = len(world.statements) + 1
        path = Statement(number, world.balance, parts, world.today, name=f"{self._next()}.cod").write(self.folder)
        gifts = [gift for _part, gift, back in world.lines if not back]
        backs = [(gift, back) for _part, gift, back in world.lines if back]
        world.statements.append(Source(path, world.today, gifts, backs, bank=True))
        world.balance += sum(gift.cents for gift in gifts) - sum(back for _gift, back in backs)
        world.lines = []
        world.today += timedelta(days=days)
        waiting = [one for one in world.statements if not one.document]
        if taken and not any(world.shut(one.day) for one in waiting):
            for one in waiting:
                self._take(one)

    # What is taken in, and taken back

    def _take(self, source: Source) -> bool:
        if self.world.shut(source.day):
            self._refused("import", source.path)
            return False
        before = self.obole.documents()
        self.obole.takes_well(source.path)
        made = [name for name in self.obole.documents() if name not in before]
        assert len(made) == 1, made
        self._taken(source, made[0])
        return True

    def _taken(self, source: Source, document: str) -> None:
        source.document = document
        for gift in source.gifts:
            gift.stands = True
        for gift, cents in source.backs:
            gift.back += cents

    @rule(donor=st.sampled_from(KEYS), day=st.sampled_from((1, 1, 1, 500)), cents=st.sampled_from((20_00, 55_00)))
    def a_platform_tells_of_a_gift(self, donor: str, day: int, cents: int) -> None:
        """Often of the year before, which may have its receipts, be locked or closed."""
        paid = date(2025, 1, 1) + timedelta(days=day + len(self.world.others))
        gift = Gift(self._next(), cents, paid, donor, "platform")
        if self._take(self._crm(gift, f"g{gift.number}", paid, cents, gifts=[gift])):
            self.world.gifts.append(gift)

    @precondition(lambda self: self._can_refund())
    @rule(data=st.data(), late=st.booleans(), whole=st.booleans())
    def a_platform_gives_back(self, data: st.DataObject, *, late: bool, whole: bool) -> None:
        gift = data.draw(st.sampled_from(self._can_refund()))
        cents = gift.cents - gift.back if whole else 5_00
        day = date(2026, 9, 1) if late else gift.day + timedelta(days=1)
        self._take(self._crm(gift, f"r{self._next()}", day, -cents, backs=[(gift, cents)]))

    def _can_refund(self) -> list[Gift]:
        return [one for one in self.world.gifts if one.way == "platform" and one.stands and one.cents - one.back > 5_00]

    def _crm(self, gift: Gift, name: str, day: date, cents: int, **what: list) -> Source:
        kind = "gift" if cents > 0 else "refund"
        row = (name, f"g{gift.number}", day.isoformat(), f"{cents / 100:.2f}", kind, gift.donor)
        source = Source(write_csv(self.folder / f"{name}.csv", CRM_HEAD, [row]), day, **what)
        self.world.others.append(source)
        return source

    @rule(late=st.booleans())
    def something_is_given_in_kind(self, *, late: bool) -> None:
        day = date(2026, 2, 2) if late else date(2025, 12, 2)
        name = f"K{self._next()}"
        row = (name, day.isoformat(), "D0001", "goods", "Chaises", "90.00", "invoice", f"facture {name}", "610900")
        source = Source(write_csv(self.folder / f"{name}.csv", KIND_HEAD, [row]), day)
        if self._take(source):
            self.world.others.append(source)

    @precondition(lambda self: self._undoable())
    @rule(data=st.data(), again=st.booleans())
    def a_document_is_undone(self, data: st.DataObject, *, again: bool) -> None:
        source = data.draw(st.sampled_from(self._undoable()))
        if self.world.shut(source.day):
            self._refused("undo", source.document)
            return
        before, result = self.obole.state(), self.obole("undo", source.document)
        if result.exit_code:  # of two refunds of a gift the first
            assert source.backs, result.output
            assert "undo that first" in result.output
            assert self.obole.state() == before
            return
        source.document = ""
        for gift in source.gifts:
            gift.stands = False
        for gift, cents in source.backs:
            gift.back -= cents
        if again:
            self._take(source)

    def _undoable(self) -> list[Source]:
        """The last statement of which nothing was decided, and what nothing that came later rests on."""
        taken = [one for one in self.world.statements if one.document]
        found = [*taken[-1:], *(one for one in self.world.others if one.document)]
        return [one for one in found if not any(gift.back or gift.decided for gift in one.gifts)]

    @precondition(lambda self: any(not one.document for one in (*self.world.statements, *self.world.others)))
    @rule(data=st.data())
    def what_waits_is_imported(self, data: st.DataObject) -> None:
        """The next statement, or a file that was undone, or refused as its month or year was closed."""
        waiting = [one for one in self.world.statements if not one.document][:1]
        waiting += [one for one in self.world.others if not one.document]
        source = data.draw(st.sampled_from(waiting))
        if all(gift.stands and gift.cents - gift.back >= cents for gift, cents in source.backs):
            self._take(source)

    @precondition(lambda self: self._open())
    @rule(data=st.data(), donor=st.sampled_from(KEYS), issued=st.sampled_from((True, True, False)))
    def a_line_is_decided(self, data: st.DataObject, donor: str, *, issued: bool) -> None:
        gift = data.draw(st.sampled_from(self._open()))
        [item] = [one for one in self.obole.waiting() if one.cents == gift.cents]
        self._decide(gift, item.document, item.position, donor)
        if issued:
            self.receipts_are_issued(gift.year, dry_run=False)

    def _open(self) -> list[Gift]:
        return [one for one in self.world.gifts if one.stands and one.donor is None]

    @precondition(lambda self: any(one.decided for one in self.world.gifts))
    @rule(data=st.data(), donor=st.sampled_from(KEYS), issued=st.sampled_from((True, True, False)))
    def a_decision_is_changed(self, data: st.DataObject, donor: str, *, issued: bool) -> None:
        """A gift that may be on a receipt is another's; that one's receipt waits."""
        gift = data.draw(st.sampled_from([one for one in self.world.gifts if one.decided]))
        if self.world.person(gift.donor) != self.world.person(donor):
            self._decide(gift, *self._place(gift), donor)
            if issued:
                self.receipts_are_issued(gift.year, dry_run=False)

    def _place(self, gift: Gift) -> tuple[str, int]:
        rows = self.obole.rows(
            "SELECT d.name, g.position FROM gift g JOIN document d ON d.id = g.document_id "
            f"WHERE g.cents = {gift.cents} AND g.id NOT IN (SELECT reverses FROM gift WHERE reverses IS NOT NULL)"
        )
        [(document, position)] = rows
        return document, position

    def _decide(self, gift: Gift, document: str, position: int, donor: str) -> None:
        sheet = self.folder / f"sheet-{self._next()}.csv"
        write_csv(sheet, HEAD, [(document, position, donor, "2026-10-01")])
        before = self.obole.documents()
        self.obole.takes_well(sheet)
        [made] = [name for name in self.obole.documents() if name not in before]
        gift.decided.append((made, gift.donor))
        gift.donor = donor

    @precondition(lambda self: any(one.decided for one in self.world.gifts))
    @rule(data=st.data())
    def a_decision_is_undone(self, data: st.DataObject) -> None:
        gift = data.draw(st.sampled_from([one for one in self.world.gifts if one.decided]))
        document, before = gift.decided[-1]
        self._does("undo", document)
        gift.decided.pop()
        gift.donor = before

    @precondition(lambda self: self.count > 3)
    @rule()
    def two_donors_are_made_one_or_two_again(self) -> None:
        words = ["donors", "merge", "D0001", "D0011", *(["--undo"] if self.world.merged else [])]
        before = self.obole.state()
        result = self.obole(*words)
        if result.exit_code:  # the receipts of the two say which way round, or hold gifts of both
            assert "receipt" in result.output
            assert self.obole.state() == before
        else:
            self.world.merged = not self.world.merged

    # Receipts

    @rule(year=st.sampled_from((2025, 2025, 2025, 2026)), dry_run=st.sampled_from((False, False, True)),
          printed=st.booleans())  # fmt: skip
    def receipts_are_issued(self, year: int, *, dry_run: bool, printed: bool = False) -> None:
        due = self.world.due(year)
        words = ["receipts", "issue", "--year", str(year), "--date", TODAY, "--yes"]
        if not due:
            assert re.search("no receipt of .* is due|there is no receipt to issue", self._refused(*words))
        elif dry_run:
            before = self.obole.state()
            assert f"{len(due)} receipt" in self._does(*words, "--dry-run")
            assert self.obole.state() == before
        else:
            self._does(*words)
            self._issued(due)
            if printed:
                self.receipts_are_rendered(year)

    def _issued(self, due: list[Given]) -> None:
        for one in due:
            assert (one.year, one.number) not in self.given, f"{one} was given before"
            self.given[one.year, one.number] = one
        self.world.receipts += due

    @rule(year=st.sampled_from((2025, 2025, 2026)))
    def receipts_are_rendered(self, year: int) -> None:
        words = ["receipts", "render", "--year", str(year)]
        if any(one.year == year for one in self.world.receipts):
            self._does(*words)
            self.world.printed |= {(one.year, one.number) for one in self.world.receipts if one.year == year}
        else:
            assert "no receipts of" in self._refused(*words)

    @precondition(lambda self: self.world.printed - self._lost())
    @rule(data=st.data())
    def a_pdf_is_deleted(self, data: st.DataObject) -> None:
        year, number = data.draw(st.sampled_from(sorted(self.world.printed - self._lost())))
        self._pdf(year, number).unlink()

    def _pdf(self, year: int, number: int) -> Path:
        return self.obole.books / f"receipts/{year}/{number:06d}.pdf"

    def _lost(self) -> set[tuple[int, int]]:
        return {one for one in self.world.printed if not self._pdf(*one).exists()}

    @precondition(lambda self: not self.world.aside)
    @rule(year=st.sampled_from((2025, 2025, 2026)), never_sent=st.booleans(), named=st.booleans())
    def belcotax_is_written(self, year: int, *, never_sent: bool, named: bool) -> None:
        words = ["receipts", "belcotax", "--year", str(year), "--date", TODAY]
        path = self.folder / f"filed-{self._next()}.xml"
        words += ["-o", str(path)] if named else []
        words += ["--never-sent", "AB: not sent"] if never_sent else []
        queue = self.world.queue(year)
        rows = [one for one in self.world.receipts if one.year == year]
        slips = [(one.number, one.cents) for one in rows if not queue.get(one.number, (0, 0, False))[2]]
        before = self.world.shipped.setdefault(year, [])
        if not slips or (before and not never_sent and slips != before[-1]):
            self._refused(*words)
            return
        there = set(self.desk.glob("belcotax-*.xml"))
        result = self.obole(*words)
        assert result.exit_code == (len(slips) < len(rows)), result.output
        made = [path] if named else [one for one in self.desk.glob("belcotax-*.xml") if one not in there]
        if not before or never_sent:
            before.append(slips)
        for one in made:
            self.filed.setdefault(year, []).append(one)
            self._told_rightly(one, year, slips)

    def _told_rightly(self, path: Path, year: int, slips: list[tuple[int, int]]) -> None:
        told = [(int(number), int(cents)) for number, cents in SLIP.findall(path.read_text(encoding="utf-8"))]
        assert told == slips
        stand = sum(one.net for one in self.world.gifts if one.stands and one.donor and one.year == year)
        assert sum(cents for _number, cents in told) <= stand, "Belcotax is told of more than was given"

    # Older copies

    @rule()
    def a_copy_is_made(self) -> None:
        folder = self.folder / f"copy-{self._next()}"
        shutil.copytree(self.obole.books, folder)
        self.copied = Copied(folder, copy.deepcopy(self.world))

    @rule(which=st.sampled_from((STORES[:1], STORES[1:], STORES)), data=st.data())
    def an_older_store_stands_there_for_a_while(self, which: tuple[str, ...], data: st.DataObject) -> None:
        """A command is tried, nothing is written, and the newest is put back, as it is told."""
        commands = self._told_by(which)
        if not commands:
            return
        books = self.obole.books
        kept = {name: (books / name).read_bytes() for name in which}
        for name in which:
            shutil.copy(self.copied.folder / name, books / name)
        try:
            tried = data.draw(st.sampled_from(commands))
            said = self._refused(*tried)
            assert "ut the newest" in said or "ut back the newest" in said, (tried, said)
            before = self.obole.state()
            assert TOGETHER in self._broken(), "an older copy, and `check` is content"
            assert self.obole.state() == before
        finally:
            for name, content in kept.items():
                (books / name).write_bytes(content)

    def _told_by(self, which: tuple[str, ...]) -> list[list[str]]:
        """The commands that must see older stores: of one all, of both where journal, seals or PDFs are newer."""
        old = {name: _rows(self.copied.folder / name) for name in STORES}
        now = {name: _rows(self.obole.books / name) for name in STORES}
        if which != STORES:
            return self._commands() if old[which[0]] != now[which[0]] else []
        register, older = now[STORES[0]], old[STORES[0]]
        if len(register["document"]) > len(older["document"]) or (
            self.world.closed and self.world.closings > self.copied.world.closings
        ):
            return self._commands()
        known = {(one.year, one.number) for one in self.copied.world.receipts} | self.copied.world.aside
        unknown = sorted({year for year, number in self._printed() - known})
        return [["receipts", "issue", "--year", str(year), "--date", TODAY, "--yes"] for year in unknown]

    def _printed(self) -> set[tuple[int, int]]:
        return {(int(path.parent.name), int(path.stem)) for path in self.obole.books.glob("receipts/*/*.pdf")}

    def _commands(self) -> list[list[str]]:
        """The commands that write, as they would be given."""
        path = write_csv(self.folder / "late.csv", CRM_HEAD, [("late", "late", "2026-10-02", "30.00", "gift", "D0001")])
        year = ["--year", "2025"]
        return [
            ["import", str(path)],
            ["receipts", "issue", *year, "--date", TODAY],
            ["receipts", "issue", *year, "--date", TODAY, "--dry-run"],
            ["receipts", "belcotax", *year, "-o", str(self.folder / "never.xml")],
            ["donors", "merge", "D0001", "D0011"],
            ["close", "2025"],
            ["lock", "2026-10"],
            ["mend"],
        ]

    @precondition(lambda self: self.obole.receipts())
    @rule(papers=st.sampled_from((True, True, False)))
    def the_folder_goes_back_to_the_copy(self, *, papers: bool) -> None:
        """All but what left it: with `papers` the PDFs and shipments stay. A person sets aside what these tell of."""
        books, now = self.obole.books, self.world
        kept = self.folder / f"kept-{self._next()}"
        shutil.copytree(books, kept)
        shutil.rmtree(books)
        shutil.copytree(self.copied.folder, books)
        self.world = copy.deepcopy(self.copied.world)
        known = {(one.year, one.number) for one in self.world.receipts} | self.world.aside
        told = {one for one in self._filed_numbers() if one not in known}
        if papers:
            if (kept / "receipts").exists():
                shutil.copytree(kept / "receipts", books / "receipts", dirs_exist_ok=True)
            self.world.shipped = copy.deepcopy(now.shipped)
            unknown = self._printed() - known
            assert self._broken() >= ({TOGETHER} if unknown else set())
            for year in {year for year, _number in unknown}:
                said = self._refused("receipts", "issue", "--year", str(year), "--date", TODAY, "--yes")
                assert "given already" in said
            told |= unknown
        else:
            self.pdfs = {}
        self._set_aside(told)
        lost = {one: self.given[one] for one in told if one in self.given}
        self.given = {(one.year, one.number): one for one in self.world.receipts} | lost
        for year in {year for year, _number in told}:
            self.receipts_are_issued(year, dry_run=False)

    def _filed_numbers(self) -> Iterator[tuple[int, int]]:
        for year, paths in self.filed.items():
            for path in filter(Path.exists, paths):
                yield from ((year, int(number)) for number, _cents in SLIP.findall(path.read_text(encoding="utf-8")))

    def _set_aside(self, told: set[tuple[int, int]]) -> None:
        files = [path for paths in self.filed.values() for path in paths if path.exists()]
        words = [word for path in files for word in ("--belcotax", str(path))]
        if told and files:
            assert self.obole("check", *words).exit_code == 1
        said = self._does("receipts", "set-aside", *words)
        assert all(f"{year}/{number:06d} is set aside" in said for year, number in told), said
        self.world.aside |= told

    # Closing

    @precondition(lambda self: self.world.gifts)
    @rule()
    def the_year_is_closed(self) -> None:
        """Carry the result, say why suspense is not nil, and seal."""
        words = ["close", str(CLOSED), *self._explained()]
        if self.world.closed:
            self._refused(*words)
            return
        result = self.obole(*words, "--dry-run")
        found = LEFT_TO_CARRY.search(result.output)
        if found:
            cents = round(float(found[1]) * 100)
            name = f"AFF-{self._next()}"
            signs = (("692000", cents), ("140000", -cents))
            rows = [("2025-12-31", code, _amount(sum_), _amount(-sum_), "Affectation", name) for code, sum_ in signs]
            if not self._take(Source(Journal(rows, f"{name}.csv").write(self.folder), date(2025, 12, 31))):
                return
        if self._lost():
            self._refused(*words)
            return
        self._does(*words)
        self._closed()

    def _explained(self) -> list[str]:
        standing = [one for one in self.world.gifts if one.stands and one.year == CLOSED and one.way == "stranger"]
        return ["--explain", "499000", "Donneur inconnu"] if standing else []

    def _closed(self) -> None:
        world = self.world
        world.closed, world.closings = True, world.closings + 1
        seal = json.loads((self.obole.books / f"seals/{CLOSED}.json").read_text(encoding="utf-8"))
        world.sealed = {code: cents for code, cents in self._balances().items() if cents}
        world.in_seal = {one.number for one in world.receipts if one.year == CLOSED}
        found = {code: cents for code, cents in seal["balances"].items() if cents}
        assert found == world.sealed, (found, world.sealed)
        assert seal["closing"] == world.closings

    def _balances(self) -> dict[str, int]:
        """The balance of each account at the end of the year, read from the files of the books."""
        found: defaultdict[str, int] = defaultdict(int)
        for path in (*self.obole.books.glob("journal/**/*.beancount"), *self.obole.books.glob("manual/*.beancount")):
            inside = False
            for line in path.read_text(encoding="utf-8").splitlines():
                if (begins := ENTRY.match(line)) is not None:
                    inside = int(begins[1]) <= CLOSED
                words = line.split()
                if inside and len(words) == 3 and words[2] == "EUR" and line.startswith("  "):
                    found[words[0].rpartition(":")[2].partition("-")[0]] += int(words[1].replace(".", ""))
        return found

    @precondition(lambda self: self.world.closed)
    @rule(how=st.sampled_from(("entry", "cent", "seal", "receipt", "nothing")))
    def a_sealed_year_is_tampered_with(self, how: str) -> None:
        """What was done is named, and when it is put right nothing is."""
        books = self.obole.books
        kept = {path: path.read_bytes() for path in books.rglob("*") if path.is_file()}
        if how == "entry":
            path = books / "manual/2025.beancount"
            path.write_text(path.read_text(encoding="utf-8") + BY_HAND, encoding="utf-8")
            self._named("616000")
        elif how == "cent":
            found = (
                (path, path.read_text(encoding="utf-8")) for path in books.glob("journal/2025/journal-*.beancount")
            )
            path, text = next(one for one in found if "1000.00 EUR" in one[1])
            path.write_text(text.replace("1000.00 EUR", "1000.01 EUR"), encoding="utf-8")
            self._named("550000")
        elif how == "seal":
            (books / f"seals/{CLOSED}.json").unlink()
            self._named("its seal 2025.json")
        elif how == "receipt" and self.world.in_seal:
            number = min(self.world.in_seal)
            self.obole.change(f"UPDATE receipt SET cents = cents + 1 WHERE year = {CLOSED} AND number = {number}")
            self._named(f"receipt {CLOSED}/{number:06d}", {NUMBERED})
        for path, content in kept.items():
            path.write_bytes(content)
        self._does("verify")

    def _named(self, what: str, broken: set[int] | None = None) -> None:
        told = self.obole("verify")
        assert told.exit_code == 1, told.output
        assert what in told.output, told.output
        assert self._broken() >= (broken or {SEALED})

    @rule(empty=st.booleans())
    def the_year_is_reopened(self, *, empty: bool) -> None:
        words = ["reopen", str(CLOSED), "--reason", "" if empty else "un don oublié", "--by", "AB"]
        if empty or not self.world.closed:
            self._refused(*words)
        else:
            self._does(*words)
            self.world.closed = False

    @rule(month=st.sampled_from((date(2025, 6, 1), date(2025, 12, 1), date(2026, 1, 1))), opens=st.booleans())
    def months_are_locked_or_opened(self, month: date, *, opens: bool) -> None:
        world, named = self.world, f"{month:%Y-%m}"
        if opens:
            words = ["unlock", named, "--reason", "oubli", "--by", "AB"]
            if world.locked is None or world.locked < month:
                self._refused(*words)
                return
            self._does(*words)
            world.locked = month - timedelta(days=1)
            return
        until = (month + timedelta(days=31)).replace(day=1) - timedelta(days=1)
        if world.locked is not None and until < world.locked:
            self._refused("lock", named)
            return
        self._does("lock", named)
        world.locked = until

    # Kills

    @rule(
        number=st.sampled_from((*range(1, 8), *range(1, 24))),
        what=st.sampled_from(("import", "issue", "render", "belcotax", "close", "merge")),
    )
    def a_command_is_killed(self, number: int, what: str) -> None:
        """The next start takes it for what it is; what was committed is finished, all else as it was."""
        found = getattr(self, f"_kill_{what}")()
        if found is None:
            return
        words, go_on = found
        command = ["--books", str(self.obole.books), *map(str, words)]
        stopped_before_write(number, lambda: self.obole.runner.invoke(main, command))
        books, before = open_books(self.obole.books), self.obole.state()
        try:
            relation = books.pair.look()
        except Apart as error:
            raise AssertionError(f"{words}, write {number}: a killed run is taken for a copy put back") from error
        assert self.obole.state() == before
        with books.writing():
            settle(books)
        assert open_books(self.obole.books).pair.look() is Relation.SAME, (words, number, relation)
        go_on()

    def _kill_import(self) -> "Killed | None":
        source = next((one for one in self.world.statements if not one.document), None)
        if source is None or self.world.shut(source.day):
            return None
        before = self.obole.documents()

        def go_on() -> None:
            made = [name for name in self.obole.documents() if name not in before]
            if made:
                self._taken(source, made[0])
            else:
                self._take(source)

        return ["import", source.path], go_on

    def _kill_issue(self) -> "Killed | None":
        due, before = self.world.due(CLOSED), len(self.obole.receipts())

        def go_on() -> None:
            if len(self.obole.receipts()) > before:
                self._issued(due)
            else:
                self.receipts_are_issued(CLOSED, dry_run=False)

        return (["receipts", "issue", "--year", CLOSED, "--date", TODAY], go_on) if due else None

    def _kill_render(self) -> "Killed | None":
        if not any(one.year == CLOSED for one in self.world.receipts):
            return None
        return ["receipts", "render", "--year", CLOSED], lambda: self.receipts_are_rendered(CLOSED)

    def _kill_belcotax(self) -> "Killed | None":
        if self.world.shipped.get(CLOSED) or self.world.aside or not self.world.receipts:
            return None

        def go_on() -> None:
            made = list(self.desk.glob(f"belcotax-*-{CLOSED}-*.xml"))
            self.belcotax_is_written(CLOSED, never_sent=False, named=False)
            if made:
                self.filed.setdefault(CLOSED, []).extend(made)

        return ["receipts", "belcotax", "--year", CLOSED, "--date", TODAY], go_on

    def _kill_close(self) -> "Killed | None":
        if self.world.closed:
            words = ["reopen", str(CLOSED), "--reason", "un don oublié", "--by", "AB"]
        else:
            words = ["close", str(CLOSED), *self._explained()]
            if self.obole(*words, "--dry-run").exit_code:
                return None

        def go_on() -> None:
            with self.obole.register() as connection:
                committed = (CLOSED in closed_years(connection)) != self.world.closed
            if not committed:
                self._does(*words)
            if self.world.closed:
                self.world.closed = False
            else:
                self._closed()

        return words, go_on

    def _kill_merge(self) -> "Killed | None":
        def go_on() -> None:
            books = open_books(self.obole.books)
            with books.vault.connect() as identities:
                merged = "D0011" in survivors(identities)
            if merged:
                self.world.merged = True
            else:
                self.two_donors_are_made_one_or_two_again()

        return None if self.world.merged else (["donors", "merge", "D0001", "D0011"], go_on)

    # What must hold

    def _broken(self) -> set[int]:
        result = self.obole("check", "--format", "json")
        return {one["number"] for one in json.loads(result.output)["invariants"] if one["faults"]}

    @invariant()
    def what_is_kept_is_right(self) -> None:
        if not hasattr(self, "world"):
            return
        state = self.obole.state()
        if state == self.checked:
            return
        self.checked = state
        self._receipts_are_right()
        for name, digest in state.items():
            if name.endswith(".pdf"):
                assert self.pdfs.setdefault(name, digest) == digest, f"{name} is another one now"
        result = json.loads(self.obole("check", "--format", "json").output)
        broken = {one["number"]: one["faults"] for one in result["invariants"] if one["faults"]}
        assert broken.keys() == ({UNCHANGED} if self._lost() else set()), broken
        queued = {
            (int(year), int(number)): (round(float(issued) * 100), round(float(now) * 100))
            for one in result["invariants"]
            for note in one["notes"]
            for year, number, issued, now in QUEUED.findall(note)
        }
        expected = {(year, number): row[:2] for year in YEARS for number, row in self.world.queue(year).items()}
        assert queued == expected
        if self.world.closed:
            assert {code: cents for code, cents in self._balances().items() if cents} == self.world.sealed

    def _receipts_are_right(self) -> None:
        """The register has the receipts that the model gave, and no euro is on two of them."""
        for year in YEARS:
            expected = [(one.number, one.donor, one.cents) for one in self.world.receipts if one.year == year]
            assert [(row.number, row.donor, row.cents) for row in self.obole.receipts(year)] == sorted(expected)
            assert all(row.state == "issued" for row in self.obole.receipts(year))


Kept.TestCase.settings = settings(
    max_examples=25,
    derandomize=True,
    stateful_step_count=10,  # 30 take a minute or more: `tests/bench/any_order.py --kept` has those
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.generate,),  # a sequence takes seconds: to shrink one would take an hour
)
TestKeptInAnyOrder = Kept.TestCase
