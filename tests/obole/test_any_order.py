"""Ordinary commands in any order over small books, held against sums kept outside of them.

The world knows what really happened at the bank, who really gave, and what a person decided, rightly or wrongly. After
each command: each line of the bank stands once, no euro is doubled or lost or with a donor to whom nobody gave it, and
`obole check` is clean. In the end the person puts right what was wrong, and every donor has what was really given.
"""

import shutil
import tempfile
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from camt_writer import Ntry, Stmt, Tx, encode
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from small_books import (
    IBAN,
    OPENING,
    SETTINGS,
    Line,
    Obole,
    Statement,
    direct_debit,
    iban,
    new_books,
    ogm,
    write_csv,
    write_donors,
)

from ledger.register.debits import Debit

FIRST = date(2025, 1, 6)
CREDITOR = "BE81ZZZ0123456749"
COLLECTION = f"""
[collection]
creditor = "{CREDITOR}"
bank = "current"
bic = "KREDBEBB"
"""
PLEDGES = (
    ("M-2", "D0002", iban(7350000002), "2024-11-10", "15.00", "1", "2025-01-05"),
    ("M-6", "D0006", iban(7350000006), "2024-12-01", "25.00", "1", "2025-01-05"),
)
OWNER = {mandate: donor for mandate, donor, *_ in PLEDGES}
ISSUED = ("D0001", "D0002", "D0005", "D0006")  # who has an OGM
REALLY = ("D0003", "D0004", "D0005")  # who stands behind each unknown account
HEAD = ("document", "position", "donor", "date", "refund_of")


@dataclass
class BankLine:
    """A line of the bank; `wrong` is the donor a person gave it to by mistake, `into` the document it stands in."""

    day: date
    cents: int
    kind: str  # gift, stranger, collection, return, refund
    donor: str
    account: str = ""
    reference: str = ""
    parts: tuple[Debit, ...] = ()
    into: str | None = None

    def coda(self) -> Line | tuple[Line, list[Line]]:
        match self.kind:
            case "gift":
                number = ogm(int(self.donor[1:]))
                return Line(self.cents, "00150000", number, structured="101", name="X", iban=self.account)
            case "collection":
                return Line(self.cents, "10550000", reference=self.reference), [
                    Line(
                        one.cents,
                        "50550000",
                        direct_debit(self.day, CREDITOR, one.mandate),
                        structured="127",
                        reference=one.end_to_end,
                    )
                    for one in self.parts
                ]
            case "return":
                text = direct_debit(self.day, CREDITOR, self.parts[0].mandate, paid="2", r="2", reason="AM04")
                return Line(
                    self.cents,
                    "00503000",
                    text,
                    structured="127",
                    reference=self.reference,
                    return_type="2",
                    reason="AM04",
                )
            case "refund":
                return Line(self.cents, "00101000", "REMBOURSEMENT", name="X", iban=self.account)
        return Line(self.cents, "00150000", "BON COURAGE", name="L. INCONNU", iban=self.account)

    def camt(self) -> Ntry:
        match self.kind:
            case "gift":
                paid = Tx(self.cents, "X", self.account, ogm=ogm(int(self.donor[1:])))
                return Ntry(self.cents, self.day, (paid,))
            case "collection":
                parts = tuple(Tx(one.cents, end_to_end=one.end_to_end, mandate=one.mandate) for one in self.parts)
                return Ntry(self.cents, self.day, parts, code="0550000", block=self.reference, count=len(parts))
            case "return":
                back = Tx(-self.cents, end_to_end=self.reference, mandate=self.parts[0].mandate, reason="AM04")
                return Ntry(self.cents, self.day, (back,), code="0503000")
            case "refund":
                back = Tx(-self.cents, "X", self.account, lines=("REMBOURSEMENT",))
                return Ntry(self.cents, self.day, (back,), code="0101000")
        unknown = Tx(self.cents, "L. INCONNU", self.account, lines=("BON COURAGE",))
        return Ntry(self.cents, self.day, (unknown,))


@dataclass
class Decision:
    """A sheet of one row that a person took in: the line, the donor, the account of the line, the document."""

    line: BankLine
    donor: str
    document: str
    sheet: Path
    standing: bool = True


@dataclass
class World:
    """What happened, and which of it the books were told."""

    today: date = FIRST
    lines: list[BankLine] = field(default_factory=list)
    ended: list[date] = field(default_factory=list)  # days with a statement, in order
    taken: int = 0  # of those
    files: list[Path] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    strangers: int = 0
    in_parts: bool = False  # a day came in parts: its statements are undone together or not at all, which is not tried

    def on(self, day: date) -> list[BankLine]:
        return [line for line in self.lines if line.day == day]

    def before(self, day: date) -> int:
        return 1_000_00 + sum(line.cents for line in self.lines if line.day < day)

    @property
    def standing(self) -> list[BankLine]:
        return [line for line in self.lines if line.into is not None]


_made: list[Path] = []


def _template() -> Path:
    """Books with donors, pledges and three collections sent to the bank, made once."""
    if not _made:
        folder = Path(tempfile.mkdtemp(prefix="any-order-"))
        obole = Obole(new_books(folder / "books", SETTINGS + COLLECTION))
        headings = ("mandate", "donor", "iban", "signed", "amount", "months", "first_due")
        obole.takes_well(
            write_donors(folder / "donors.csv"),
            write_csv(folder / "pledges.csv", headings, PLEDGES),
            OPENING.write(folder),
        )
        for month in (1, 2, 3):
            assert obole("collect", "--month", f"2025-{month:02d}").exit_code == 0
        _made.append(folder)
    return _made[0]


class Commands(RuleBasedStateMachine):
    """Commands as a bookkeeper gives them, in any order."""

    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="any-order-"))
        shutil.copytree(_template() / "books", self.folder / "books")
        self.obole = Obole(self.folder / "books")
        self.world = World()
        self.collections: dict[str, list[Debit]] = defaultdict(list)
        for reference, debit in self.obole.debits():
            self.collections[reference].append(debit)
        self.checked: dict[str, str] = {}

    def teardown(self) -> None:
        if hasattr(self, "folder"):
            try:
                self.put_right()
            finally:
                shutil.rmtree(self.folder)

    # What happens at the bank

    @rule(donor=st.sampled_from(ISSUED), cents=st.sampled_from((10_00, 10_00, 20_00, 30_00, 60_00)))
    def somebody_gives(self, donor: str, cents: int) -> None:
        account = iban(7359999990 + int(donor[1:]))
        self.world.lines.append(BankLine(self.world.today, cents, "gift", donor, account))

    @rule(who=st.integers(0, 2))
    def a_stranger_gives(self, who: int) -> None:
        self.world.strangers += 1
        cents = 40_00 + self.world.strangers  # no two alike: so a line is known again
        self.world.lines.append(BankLine(self.world.today, cents, "stranger", REALLY[who], iban(7358888880 + who)))

    @precondition(lambda self: self.collections)
    @rule()
    def a_collection_is_credited(self) -> None:
        reference = next(iter(self.collections))
        parts = tuple(self.collections.pop(reference))
        cents = sum(one.cents for one in parts)
        self.world.lines.append(BankLine(self.world.today, cents, "collection", "", "", reference, parts))

    @precondition(lambda self: self._can_return())
    @rule(data=st.data())
    def a_debit_comes_back(self, data: st.DataObject) -> None:
        debit = data.draw(st.sampled_from(self._can_return()))
        donor = OWNER[debit.mandate]
        line = BankLine(self.world.today, -debit.cents, "return", donor, "", debit.end_to_end, (debit,))
        self.world.lines.append(line)

    def _can_return(self) -> list[Debit]:
        back = {line.reference for line in self.world.lines if line.kind == "return"}
        collected = [line for line in self.world.standing if line.kind == "collection"]
        return [one for line in collected for one in line.parts if one.end_to_end not in back]

    @precondition(lambda self: self._can_refund())
    @rule(data=st.data())
    def we_pay_a_gift_back(self, data: st.DataObject) -> None:
        gift = data.draw(st.sampled_from(self._can_refund()))
        self.world.lines.append(BankLine(self.world.today, -gift.cents, "refund", gift.donor, gift.account))

    def _can_refund(self) -> list[BankLine]:
        """The gifts of an amount that was not paid back before: so each payment is known again by its amount."""
        back = {-line.cents for line in self.world.lines if line.kind == "refund"}
        return [line for line in self.world.standing if line.kind == "gift" and line.cents not in back]

    @precondition(lambda self: self.world.on(self.world.today))
    @rule(days=st.integers(1, 20))
    def the_day_ends(self, days: int) -> None:
        """Write the statement of the day."""
        day = self.world.today
        self.world.ended.append(day)
        parts = [line.coda() for line in self.world.on(day)]
        path = Statement(len(self.world.ended), self.world.before(day), parts, day).write(self.folder)
        self.world.files.append(path)
        self.world.today = day + timedelta(days=days)

    # What the bookkeeper does

    @precondition(lambda self: self.world.taken < len(self.world.ended))
    @rule()
    def the_next_statement_is_imported(self) -> None:
        self._import(self.world.files[self.world.taken], self.world.ended[self.world.taken])
        self.world.taken += 1

    @precondition(lambda self: self.world.ended)
    @rule(data=st.data(), version=st.sampled_from(("02", "04", "08")))
    def an_overlapping_statement_is_imported(self, data: st.DataObject, version: str) -> None:
        """A CAMT file that begins in what is there, or right after it, with its lines in an order of its own."""
        last = data.draw(st.integers(0, len(self.world.ended) - 1))
        first = data.draw(st.integers(0, min(last, self.world.taken)))
        days = self.world.ended[first : last + 1]
        if first > self.world.taken:
            return
        lines = [line for line in self.world.lines if days[0] <= line.day <= days[-1]]
        shuffled = data.draw(st.permutations(lines))
        statement = Stmt(
            [line.camt() for line in shuffled],
            self.world.before(days[0]),
            account=IBAN,
            sequence="",
            day=days[-1],
        )
        path = self.folder / f"camt-{len(self.checked)}-{first}-{last}-{version}.xml"
        path.write_bytes(encode([statement], version))
        self._import(path, *days)
        self.world.taken = max(self.world.taken, last + 1)

    @precondition(lambda self: self.world.taken == len(self.world.ended) and self.world.on(self.world.today))
    @rule(data=st.data())
    def the_day_so_far_is_imported(self, data: st.DataObject) -> None:
        """A CAMT file of the lines that there are; the statement of the day will have more, in another order."""
        day = self.world.today
        lines = [line.camt() for line in data.draw(st.permutations(self.world.on(day)))]
        statement = Stmt(lines, self.world.before(day), account=IBAN, sequence="", day=day)
        path = self.folder / f"so-far-{day}-{len(lines)}.xml"
        path.write_bytes(encode([statement]))
        self._import(path, day)
        self.world.in_parts = True

    def _import(self, path: Path, *days: date) -> None:
        before = set(self.obole.documents())
        self.obole.takes_well(path)
        made = [name for name in self.obole.documents() if name not in before and name.startswith(("coda", "camt"))]
        for line in self.world.lines:
            if line.day in days and line.into is None:
                assert made, f"{path.name}: nothing posted, {line} was new"
                line.into = made[-1]

    @precondition(lambda self: self.world.taken)
    @rule(data=st.data())
    def a_file_is_imported_again(self, data: st.DataObject) -> None:
        path = self.world.files[data.draw(st.integers(0, self.world.taken - 1))]
        before = self.obole.state()
        self.obole.takes_well(path)
        assert self.obole.state() == before

    @precondition(lambda self: self._waiting("stranger"))
    @rule(data=st.data(), donor=st.sampled_from(("right", "right", "D0001", "D0006")))
    def a_line_is_decided(self, data: st.DataObject, donor: str) -> None:
        document, position, line = data.draw(st.sampled_from(self._waiting("stranger")))
        self._decide(document, position, line, line.donor if donor == "right" else donor)

    @precondition(lambda self: any(one.standing for one in self.world.decisions))
    @rule(data=st.data(), donor=st.sampled_from(("right", "D0001", "D0002")))
    def a_decision_is_changed(self, data: st.DataObject, donor: str) -> None:
        line = data.draw(st.sampled_from([one.line for one in self.world.decisions if one.standing]))
        wanted = line.donor if donor == "right" else donor
        document, position, held = self._where(line)
        if held != wanted:
            self._decide(document, position, line, wanted)

    def _decide(self, document: str, position: int, line: BankLine, donor: str) -> None:
        sheet = self.folder / f"sheet-{len(self.world.decisions)}.csv"
        day = (self.world.today + timedelta(days=1)).isoformat()
        write_csv(sheet, HEAD, [(document, position, donor, day, "")])
        before = set(self.obole.documents())
        self.obole.takes_well(sheet)
        made = [name for name in self.obole.documents() if name not in before]
        self.world.decisions.append(Decision(line, donor, made[0], sheet))

    @precondition(lambda self: self._waiting("refund"))
    @rule(data=st.data())
    def a_payment_is_set_against_its_gift(self, data: st.DataObject) -> None:
        document, position, line = data.draw(st.sampled_from(self._waiting("refund")))
        self._set_against(document, position, line)

    def _set_against(self, document: str, position: int, line: BankLine) -> None:
        gift = next(
            one
            for one in self.obole.posted()
            if one.gift.donor == line.donor and one.gift.cents == -line.cents and self._left(one.id) == one.gift.cents
        )
        sheet = write_csv(
            self.folder / f"refund-{document}-{position}.csv",
            HEAD,
            [(document, position, "", (self.world.today + timedelta(days=1)).isoformat(), self._place(gift.id))],
        )
        self.obole.takes_well(sheet)

    def _left(self, gift: int) -> int:
        posted = self.obole.posted()
        return sum(one.gift.cents for one in posted if gift in (one.id, one.gift.reverses))

    def _place(self, gift: int) -> str:
        ((document, position),) = self.obole.rows(
            f"SELECT d.name, g.position FROM gift g JOIN document d ON d.id = g.document_id WHERE g.id = {gift}"
        )
        return f"{document}:{position}"

    @precondition(lambda self: any(one.standing for one in self.world.decisions))
    @rule(data=st.data())
    def a_decision_is_undone(self, data: st.DataObject) -> None:
        decision = data.draw(st.sampled_from([one for one in self.world.decisions if one.standing]))
        before = self.obole.state()
        if self.obole("undo", decision.document).exit_code:
            assert self.obole.state() == before
        else:
            decision.standing = False

    @precondition(lambda self: not self.world.in_parts and self._last_document() is not None)
    @rule(again=st.booleans())
    def the_last_statement_is_undone(self, *, again: bool) -> None:
        name = self._last_document()
        assert name is not None
        before = self.obole.state()
        if self.obole("undo", name).exit_code:
            assert self.obole.state() == before
            return
        taken_back = [line for line in self.world.lines if line.into == name]
        for line in taken_back:
            line.into = None
        first = min(line.day for line in taken_back)
        if first in self.world.ended:
            self.world.taken = self.world.ended.index(first)
        if again and self.world.taken < len(self.world.ended):
            self._take_the_rest()

    def _last_document(self) -> str | None:
        """The statement of the last days, where it holds whole days only."""
        standing = self.world.standing
        if not standing:
            return None
        last = max(standing, key=lambda line: line.day).into
        days = {line.day for line in standing if line.into == last}
        whole = all(line.into == last for line in standing if line.day in days)
        return last if whole and max(days) == max(line.day for line in standing) else None

    def _take_the_rest(self) -> None:
        rest = slice(self.world.taken, None)
        for path, day in zip(self.world.files[rest], self.world.ended[rest], strict=True):
            self._import(path, day)
        self.world.taken = len(self.world.ended)

    # What must hold

    def _waiting(self, kind: str) -> list[tuple[str, int, BankLine]]:
        """The open lines of a kind, with what they really are."""
        found = []
        used: list[BankLine] = []
        for item in self.obole.waiting():
            same = [
                one
                for one in self.world.standing
                if (one.day, one.cents) == (item.booked, item.cents) and not any(one is other for other in used)
            ]
            assert same, f"{item} waits, and no line of the bank is it"
            line = same[0]
            used.append(line)
            if line.kind == kind:
                found.append((item.document, item.position, line))
        return found

    def _where(self, line: BankLine) -> tuple[str, int, str]:
        """Where the gift of a stranger's line stands now, and with whom: its amount is its own."""
        rows = self.obole.rows(
            "SELECT d.name, g.position, g.donor FROM gift g JOIN document d ON d.id = g.document_id "
            f"WHERE g.cents = {line.cents} AND g.id NOT IN (SELECT reverses FROM gift WHERE reverses IS NOT NULL)"
        )
        ((document, position, donor),) = rows
        return document, position, donor

    @invariant()
    def the_books_are_right(self) -> None:
        if not hasattr(self, "world"):
            return
        state = self.obole.state()
        if state == self.checked:
            return
        self.checked = state
        standing = self.world.standing
        assert self.obole.bank_lines() == sorted((line.day, line.cents) for line in standing)
        assert self.obole.balance("550000") == 1_000_00 + sum(line.cents for line in standing)
        waiting = self.obole.waiting()
        assert self.obole.balance("499000") == -sum(item.cents for item in waiting)
        given = self.obole.given_by()
        assert sum(given.values()) + sum(item.cents for item in waiting) == sum(line.cents for line in standing)
        open_cents = Counter(item.cents for item in waiting)
        self._donors_are_right(given, open_cents, standing)
        result = self.obole.checks()
        assert result.exit_code == 0, result.output

    def _donors_are_right(self, given: dict[str | None, int], waiting: Counter[int], standing: list[BankLine]) -> None:
        """Hold each donor's sum against what is certain, and what people ever decided for the accounts of strangers."""
        certain: Counter[str] = Counter()
        possible: defaultdict[str, int] = defaultdict(int)
        for line in standing:
            match line.kind:
                case "collection":
                    for one in line.parts:
                        certain[OWNER[one.mandate]] += one.cents
                case "gift":
                    certain[line.donor] += line.cents
                case "return" | "refund":
                    if waiting[line.cents]:
                        waiting[line.cents] -= 1
                    else:
                        certain[line.donor] += line.cents
                case _ if not waiting[line.cents]:
                    told = {
                        one.donor for one in self.world.decisions if one.standing and one.line.account == line.account
                    }
                    assert told, f"{line} was given to somebody by nobody"
                    for donor in told:
                        possible[donor] += line.cents
        for donor in {*certain, *possible, *filter(None, given)}:
            assert certain[donor] <= given.get(donor, 0) <= certain[donor] + possible[donor], donor

    def _really_given(self) -> dict[str | None, int]:
        really: Counter[str | None] = Counter()
        for line in self.world.standing:
            if line.kind == "collection":
                for one in line.parts:
                    really[OWNER[one.mandate]] += one.cents
            else:
                really[line.donor] += line.cents
        return {donor: cents for donor, cents in really.items() if cents}

    def put_right(self) -> None:
        """Take in what is left, decide what is open, correct what is wrong: all donors have what they gave."""
        if self.world.on(self.world.today):
            self.the_day_ends(1)
        self.world.taken = 0
        self._take_the_rest()
        for document, position, line in self._waiting("stranger"):
            if any(place[:2] == (document, position) for place in self._waiting("stranger")):
                self._decide(document, position, line, line.donor)
        for line in self.world.standing:
            if line.kind == "stranger":
                document, position, donor = self._where(line)
                if donor != line.donor:
                    self._decide(document, position, line, line.donor)
        for document, position, line in self._waiting("refund"):
            self._set_against(document, position, line)
        assert self.obole.waiting() == []
        assert self.obole.given_by() == self._really_given()
        result = self.obole.checks()
        assert result.exit_code == 0, result.output
        before = self.obole.state()
        for path in self.world.files:
            self.obole.takes(path)
        assert self.obole.state() == before


Commands.TestCase.settings = settings(
    max_examples=25,
    derandomize=True,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.generate,),  # a sequence takes seconds: to shrink one would take an hour
)
TestAnyOrder = Commands.TestCase
