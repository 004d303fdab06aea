"""Ordinary commands in any order over small books, held against sums kept outside of them.

The world knows what really happened at the bank, who really gave, and what a person decided, rightly or wrongly. After
each command: each line of the bank stands once, no euro is doubled or lost or with a donor to whom nobody gave it, and
`obole check` is clean. In the end the person puts right what was wrong, and every donor has what was really given.
"""

import csv
import json
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
    DONORS,
    IBAN,
    OPENING,
    SETTINGS,
    Journal,
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

[platforms.stripe]
payer = "^STRIPE"
"""
PLEDGES = (
    ("M-2", "D0002", iban(7350000002), "2024-11-10", "15.00", "1", "2025-01-05"),
    ("M-6", "D0006", iban(7350000006), "2024-12-01", "25.00", "1", "2025-01-05"),
)
OWNER = {mandate: donor for mandate, donor, *_ in PLEDGES}
TWIN = (*("D0011", "natural", "DUPONT", "Zoe", "Rue A 1", "1000", "Bruxelles", "fr", "", "", ogm(11), "", ""),)
PERSON = {"D0011": "D0001"}  # the key of a person who has two
ISSUED = ("D0001", "D0002", "D0005", "D0006", "D0011")  # who has an OGM
REALLY = ("D0003", "D0004", "D0005")  # who stands behind each unknown account
HEAD = ("document", "position", "donor", "date", "refund_of")
LATE = "2025-04"  # the month whose collection is entered after it was sent, as where books were restored
REPORT = (
    *("balance_transaction_id", "source_id", "charge_id", "created_utc", "available_on", "currency", "gross", "fee"),
    *("net", "reporting_category", "automatic_payout_id", "payment_metadata[ogm]"),
)
WHOLE = 2  # the invariant of `check` that a gap in an account breaks


@dataclass
class BankLine:
    """A line of the bank; `into` are the documents of which one has it, `once` where one ever had.

    `put_back` where a person put a gift back to what is open.
    """

    day: date
    cents: int
    kind: str  # gift, stranger, collection, return, refund
    donor: str
    account: str = ""
    reference: str = ""
    parts: tuple[Debit, ...] = ()
    into: tuple[str, ...] = ()
    once: bool = False
    put_back: bool = False

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
class Report:
    """A gift by a platform and what of it was given back since."""

    donor: str
    cents: int
    refunded: int = 0


@dataclass
class Entered:
    """A voucher of the general journal: what it costs, and the document that has it, where one has."""

    cents: int
    document: str | None = None


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
    reports: list["Report"] = field(default_factory=list)
    vouchers: dict[str, "Entered"] = field(default_factory=dict)
    merged: bool = False
    ever_merged: bool = False
    withdrawn: bool = False
    entered_late: bool = False

    def on(self, day: date) -> list[BankLine]:
        return [line for line in self.lines if line.day == day]

    def before(self, day: date) -> int:
        return 1_000_00 + sum(line.cents for line in self.lines if line.day < day)

    @property
    def standing(self) -> list[BankLine]:
        return [line for line in self.lines if line.into]

    @property
    def complete(self) -> bool:
        """Whether no line is missing among those that the account has."""
        last = max((line.day for line in self.standing), default=FIRST)
        return not any(line.day < last or line.once for line in self.lines if not line.into and line.day <= last)

    def person(self, donor: str | None) -> str | None:
        """Who a key is, once two keys were one: gifts stay with the key that they were given to."""
        return PERSON.get(donor or "", donor) if self.ever_merged else donor

    def of_platform(self) -> Counter[str | None]:
        """What each gave by the platform, refunds taken off."""
        given: Counter[str | None] = Counter()
        for one in self.reports:
            given[self.person(one.donor)] += one.cents - one.refunded
        return given


_made: list[Path] = []
_late: dict[str, list[Debit]] = defaultdict(list)


def _template() -> Path:
    """Books with donors, pledges and three collections sent to the bank, made once; the fourth in a copy of them."""
    if not _made:
        folder = Path(tempfile.mkdtemp(prefix="any-order-"))
        obole = Obole(new_books(folder / "books", SETTINGS + COLLECTION))
        headings = ("mandate", "donor", "iban", "signed", "amount", "months", "first_due")
        obole.takes_well(
            write_donors(folder / "donors.csv", (*DONORS, TWIN)),
            write_csv(folder / "pledges.csv", headings, PLEDGES),
            OPENING.write(folder),
        )
        for month in (1, 2, 3):
            assert obole("collect", "--month", f"2025-{month:02d}").exit_code == 0
        shutil.copytree(folder / "books", folder / "copy")
        before = {reference for reference, _debit in obole.debits()}
        copy = Obole(folder / "copy")
        assert copy("collect", "--month", LATE).exit_code == 0
        for reference, debit in copy.debits():
            if reference not in before:
                _late[reference].append(debit)
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
        self.late = {reference: tuple(debits) for reference, debits in _late.items()}
        self.checked: dict[str, str] = {}
        self.months = [1, 2, 3, 4]  # whose collections nobody tried to withdraw
        self.merged_at = 0  # lines of the bank then
        self.looked_at = self.checked  # the books when what is open was looked at last

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

    @rule(who=st.sampled_from((0, 0, 0, 1, 2)))  # one comes again and again, so that what a decision taught decides
    def a_stranger_gives(self, who: int) -> None:
        self.world.strangers += 1
        cents = 40_00 + self.world.strangers  # no two alike: so a line is known again
        self.world.lines.append(BankLine(self.world.today, cents, "stranger", REALLY[who], iban(7358888880 + who)))

    @precondition(lambda self: self.collections)
    @rule()
    def a_collection_is_credited(self) -> None:
        reference = next(iter(self.collections))
        self._credited(reference, tuple(self.collections.pop(reference)))

    @precondition(lambda self: self.late)
    @rule()
    def the_late_collection_is_credited(self) -> None:
        """The bank had its file, whether the books have it or not."""
        self._credited(*self.late.popitem())

    def _credited(self, reference: str, parts: tuple[Debit, ...]) -> None:
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

    def _import(self, path: Path, *days: date) -> None:
        made = [name for name in self._made_by(path) if name.startswith(("coda", "camt"))]
        for line in self.world.lines:
            if line.day in days and not line.into:
                assert made, f"{path.name}: nothing posted, {line} was new"
                line.into, line.once = tuple(made), True

    def _made_by(self, path: Path) -> list[str]:
        before = set(self.obole.documents())
        self.obole.takes_well(path)
        return [name for name in self.obole.documents() if name not in before]

    @precondition(lambda self: not self.world.entered_late and not self.world.withdrawn and not self._returned())
    @rule()
    def a_collection_is_entered_late(self) -> None:
        """The file that the bank has already, and whose money may be there already."""
        result = self.obole("collect", "--month", LATE)
        assert result.exit_code == 0, result.output
        assert {reference for reference, _debit in self.obole.debits()} >= _late.keys()
        self.world.entered_late = True

    def _returned(self) -> bool:
        return any(line.kind == "return" for line in self.world.lines)

    @precondition(lambda self: self.months and (self.world.entered_late or not self.late))
    @rule(data=st.data())
    def a_collection_is_withdrawn(self, data: st.DataObject) -> None:
        """The bank may have it all the same; each is tried once."""
        month = data.draw(st.sampled_from(self.months))
        self.months.remove(month)
        before = self.obole.state()
        if self.obole("undo", f"collection-2025-{month:02d}-1").exit_code:
            assert self.obole.state() == before
        else:
            self.world.withdrawn = True

    @precondition(lambda self: len(self.world.lines) > self.merged_at)
    @rule()
    def two_keys_are_made_one_or_two_again(self) -> None:
        words = ["donors", "merge", "D0001", "D0011", *(["--undo"] if self.world.merged else [])]
        result = self.obole(*words)
        assert result.exit_code == 0, result.output
        self.world.merged = not self.world.merged
        self.world.ever_merged = True
        self.merged_at = len(self.world.lines)

    @precondition(lambda self: self.checked is not self.looked_at)
    @rule(taken_back=st.booleans())
    def what_is_open_is_looked_at_again(self, *, taken_back: bool) -> None:
        result = self.obole("match", "--again", *(["--taken-back"] if taken_back else []))
        assert result.exit_code == 0, result.output
        if taken_back:
            for line in self.world.lines:
                line.put_back = False  # its communication says whose it is, as it did
        self.looked_at = self.checked

    @precondition(lambda self: self._gifts_that_stand())
    @rule(data=st.data())
    def a_line_is_put_back(self, data: st.DataObject) -> None:
        """A gift that the import knew goes back to what is open."""
        line = data.draw(st.sampled_from(self._gifts_that_stand()))
        place = self._place_of_gift(line)
        if place is None:
            return
        before = self.obole.state()
        if self.obole("undo", place[0], "--line", str(place[1])).exit_code:
            assert self.obole.state() == before
        else:
            line.put_back = True

    def _gifts_that_stand(self) -> list[BankLine]:
        return [line for line in self.world.standing if line.kind == "gift" and not line.put_back]

    def _place_of_gift(self, line: BankLine) -> tuple[str, int] | None:
        """Where the first gift of a line's donor, day and amount stands that nothing took back."""
        keys = {key for key in ISSUED if self.world.person(key) == self.world.person(line.donor)}
        rows = self.obole.rows(
            "SELECT d.name, g.position, g.donor FROM gift g JOIN document d ON d.id = g.document_id "
            f"WHERE g.cents = {line.cents} AND g.booked = '{line.day}' AND d.bank IS NOT NULL "
            "AND g.id NOT IN (SELECT reverses FROM gift WHERE reverses IS NOT NULL) ORDER BY g.id"
        )
        return next(((name, position) for name, position, donor in rows if donor in keys), None)

    @precondition(lambda self: any(line.put_back for line in self.world.standing))
    @rule(data=st.data())
    def a_line_put_back_is_decided(self, data: st.DataObject) -> None:
        waiting = self._waiting("gift")
        if waiting:
            document, position, line = data.draw(st.sampled_from(waiting))
            self._decide(document, position, line, line.donor)
            line.put_back = False

    @rule(donor=st.sampled_from(ISSUED))
    def a_platform_reports(self, donor: str) -> None:
        number = len(self.world.reports) + 1
        self.world.reports.append(Report(donor, 700_00 + number))
        self._report(number, "charge", 700_00 + number, ogm(int(donor[1:])))

    @precondition(lambda self: any(one.cents > one.refunded for one in self.world.reports))
    @rule(data=st.data(), part=st.sampled_from((1, 1, 2)))
    def a_platform_gives_back(self, data: st.DataObject, part: int) -> None:
        """Twice at most of a gift: a part, then the rest; or all of it."""
        left = [n for n, one in enumerate(self.world.reports, start=1) if one.cents > one.refunded]
        number = data.draw(st.sampled_from(left))
        one = self.world.reports[number - 1]
        cents = 300_00 if part == 1 and not one.refunded else one.cents - one.refunded
        self._report(number, "refund", -cents, suffix=f"-{one.refunded}")
        one.refunded += cents

    def _report(self, number: int, category: str, gross: int, text: str = "", suffix: str = "") -> None:
        """Write and take in an export of one row of the platform, which keeps 1.00 of a gift."""
        fee = 1_00 if gross > 0 else 0
        day = f"{self.world.today} 12:00:00"
        amounts = [f"{cents / 100:.2f}" for cents in (gross, fee, gross - fee)]
        name = f"{category}_{number}{suffix}"
        ids = (f"txn_{name}", f"ch_{number}" if category == "charge" else f"re_{name}", f"ch_{number}")
        path = self.folder / f"stripe-{name}.csv"
        with path.open("w", encoding="utf-8", newline="") as out:
            row = (*ids, day, day, "eur", *amounts, category, f"po_{name}", text)
            csv.writer(out).writerows([REPORT, row])
        self.obole.takes_well(path)

    @rule(cents=st.sampled_from((10_00, 20_00)), number=st.integers(1, 3))
    def a_voucher_is_entered(self, cents: int, number: int) -> None:
        """The voucher of this number, anew or changed: what is changed has to be taken back first, as it is told."""
        name = f"ACH-{number}"
        path = self._voucher(name, cents)
        there = self.world.vouchers.get(name)
        if there is not None and there.document is not None and there.cents != cents:
            told = self.obole.refuses(path)
            assert f"obole undo {there.document} --voucher {name}" in " ".join(told.split())
            assert self.obole("undo", there.document, "--voucher", name).exit_code == 0
            there.document = None
        made = self._made_by(path)
        if there is None or there.document is None:
            self.world.vouchers[name] = Entered(cents, made[-1])
        else:
            assert not made

    @precondition(lambda self: any(one.document for one in self.world.vouchers.values()))
    @rule(data=st.data())
    def a_voucher_is_undone(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from([name for name, one in self.world.vouchers.items() if one.document]))
        one = self.world.vouchers[name]
        assert one.document is not None
        assert self.obole("undo", one.document, "--voucher", name).exit_code == 0
        one.document = None

    def _voucher(self, name: str, cents: int) -> Path:
        amount = f"{cents / 100:.2f}"
        lines = (("613190", amount, ""), ("440000", "", amount))
        rows = [("2025-01-08", account, debit, credit, "Papier", name) for account, debit, credit in lines]
        return Journal(rows, f"{name}-{cents}.csv").write(self.folder)

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
        decided = [one.line for one in self.world.decisions if one.standing and one.line.kind == "stranger"]
        if not decided:
            return
        line = data.draw(st.sampled_from(decided))
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
        """Where the gift does not stand (its statement is undone, it is open again), the payment waits for it."""
        posted = [
            one
            for one in self.obole.posted()
            if self.world.person(one.gift.donor) == self.world.person(line.donor)
            if one.gift.cents == -line.cents and self._left(one.id) == one.gift.cents
        ]
        if not posted:
            return
        gift = posted[0]
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
            decision.line.put_back = decision.line.kind == "gift"

    @precondition(lambda self: self._undoable())
    @rule(data=st.data(), again=st.booleans())
    def a_statement_is_undone(self, data: st.DataObject, *, again: bool) -> None:
        """Any of them: the last, one in the middle, the first part of a day that came in parts."""
        name = data.draw(st.sampled_from(self._undoable()))
        before = self.obole.state()
        if self.obole("undo", name).exit_code:
            assert self.obole.state() == before
            return
        taken_back = [line for line in self.world.lines if line.into == (name,)]
        for line in taken_back:
            line.into, line.put_back = (), False
        first = min(line.day for line in taken_back)
        if first in self.world.ended:
            self.world.taken = min(self.world.taken, self.world.ended.index(first))
        if again and self.world.taken < len(self.world.ended):
            self._take_the_rest()

    def _undoable(self) -> list[str]:
        """The statements of which it is known which lines they hold."""
        return list(dict.fromkeys(line.into[0] for line in self.world.standing if len(line.into) == 1))

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
                if one.kind != "gift" or one.put_back
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
        given = self._given()
        platform = self.world.of_platform()
        came = sum(line.cents for line in standing) + platform.total()
        assert sum(given.values()) + sum(item.cents for item in waiting) == came
        assert self.obole.balance("416100") == platform.total() - 1_00 * len(self.world.reports)
        entered = sum(one.cents for one in self.world.vouchers.values() if one.document)
        assert (self.obole.balance("613190"), self.obole.balance("440000")) == (entered, -entered)
        open_cents = Counter(item.cents for item in waiting)
        self._donors_are_right(given, open_cents, standing)
        self._check_is_clean()

    def _check_is_clean(self) -> None:
        """Nothing is wrong; where a statement is missing among others, that is, and nothing else."""
        result = self.obole("check", "--format", "json")
        broken = [one for one in json.loads(result.output)["invariants"] if one["faults"]]
        if self.world.complete:
            assert not broken, broken
        else:
            assert [one["number"] for one in broken] in ([], [WHOLE]), broken

    def _given(self) -> dict[str | None, int]:
        given: Counter[str | None] = Counter()
        for donor, cents in self.obole.given_by().items():
            given[self.world.person(donor)] += cents
        return {donor: cents for donor, cents in given.items() if cents}

    def _donors_are_right(self, given: dict[str | None, int], waiting: Counter[int], standing: list[BankLine]) -> None:
        """Hold each donor's sum against what is certain, and what people ever decided for the accounts of strangers."""
        certain = self.world.of_platform()
        possible: defaultdict[str | None, int] = defaultdict(int)
        person = self.world.person
        for line in standing:
            match line.kind:
                case "collection":
                    for one in line.parts:
                        certain[OWNER[one.mandate]] += one.cents
                case "gift":
                    certain[person(line.donor)] += 0 if line.put_back else line.cents
                case "return" | "refund":
                    if waiting[line.cents]:
                        waiting[line.cents] -= 1
                    else:
                        certain[person(line.donor)] += line.cents
                case _ if not waiting[line.cents]:
                    told = {
                        one.donor for one in self.world.decisions if one.standing and one.line.account == line.account
                    }
                    assert told, f"{line} was given to somebody by nobody"
                    for donor in told:
                        possible[person(donor)] += line.cents
        for donor in {*certain, *possible, *filter(None, given)}:
            assert certain[donor] <= given.get(donor, 0) <= certain[donor] + possible[donor], donor

    def _really_given(self) -> dict[str | None, int]:
        really = self.world.of_platform()
        for line in self.world.standing:
            if line.kind == "collection":
                for one in line.parts:
                    really[OWNER[one.mandate]] += one.cents
            else:
                really[self.world.person(line.donor)] += line.cents
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
        for document, position, line in self._waiting("gift"):
            self._decide(document, position, line, line.donor)
            line.put_back = False
        for line in self.world.standing:
            if line.kind == "stranger":
                document, position, donor = self._where(line)
                if donor != line.donor:
                    self._decide(document, position, line, line.donor)
        for document, position, line in self._waiting("refund"):
            self._set_against(document, position, line)
        assert self.obole.waiting() == []
        assert self._given() == self._really_given()
        assert self.world.complete
        self._check_is_clean()
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
