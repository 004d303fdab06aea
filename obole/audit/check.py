"""`obole check`: every invariant of the books, each with what breaks it; nothing is written, whatever is found."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Connection, Integer, cast, func, select

from ledger.chart import code_of
from ledger.errors import OboleError
from ledger.languages import spoken
from ledger.money import to_decimal
from ledger.numbered import number_faults
from ledger.pairing import Relation
from ledger.passing import is_left, left_behind
from ledger.posting import file_faults, posted_since
from ledger.register import receipts as receiptbook
from ledger.register import tables
from ledger.register.gifts import cents_booked, day_totals
from ledger.register.openings import opening_lines
from ledger.register.proof import alterations
from ledger.register.stand import numbers_set_aside
from ledger.register.statements import gaps
from ledger.register.suspense import open_items
from ledger.register.tables import stands
from ledger.register.transfers import transfer_lines, transferred_in
from ledger.register.years import closed_years
from obole.audit.nameless import named_in_clear
from obole.audit.verifying import out_of_order, seals_faults
from obole.books.loading import LoadedBooks, load_books
from obole.books.opened import Books, folders_of_commands, temporary_files, told_since
from obole.books.policies import pictures_of, policy_for
from obole.receipting.changed import told_changed
from obole.receipting.elsewhere import unknown_numbers
from obole.receipting.papers import papers_of, told_papers
from obole.receipting.steps import gift_income
from obole.words import N_, _
from receipts.decide.parameters import known_years
from receipts.issue import changed_receipts, refuse_circles
from receipts.paper.render import document_faults
from reports.identities import broken_identities, doubts_of_year, spread_result
from reports.scheme import SCHEMES, load_scheme
from reports.statements import balance, statement


@dataclass(slots=True)
class Result:
    """One invariant: what it says, what breaks it (`faults`), and what waits for a person without breaking it."""

    number: int
    rule: str
    faults: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        """True where nothing breaks it."""
        return not self.faults


@dataclass(slots=True)
class _Proof:
    books: Books
    gifts: Connection
    identities: Connection
    loaded: LoadedBooks
    shipments: Sequence[Path]


def check_books(
    books: Books,
    progress: Callable[[str, int, int], None] | None = None,
    loaded: LoadedBooks | None = None,
    shipments: Sequence[Path] = (),
) -> list[Result]:
    """Check the invariants in their order (design: what must always be true), of books that may be loaded already.

    `shipments` are files sent to Belcotax, whose numbers the register must know.
    """
    results = []
    with books.register.connect() as gifts, books.vault.connect() as identities:
        work = _Proof(books, gifts, identities, loaded or load_books(books.folder.main, books.years), shipments)
        for number, (rule, look) in enumerate(_RULES, start=1):
            if progress is not None:
                progress(_(rule), number - 1, len(_RULES))
            result = Result(number, _(rule))
            try:
                for fault in look(work, result):
                    result.faults.append(fault)
            except OboleError as error:
                result.faults.append(str(error))
            results.append(result)
    return results


def _once(work: _Proof, _result: Result) -> Iterator[str]:
    document = tables.document
    twice = (
        select(document.c.bank, document.c.closing_date, document.c.sequence, func.count())
        .where(document.c.bank.is_not(None), stands)
        .group_by(document.c.bank, document.c.closing_date, document.c.sequence)
        .having(func.count() > 1)
    )
    for bank, day, sequence, count in work.gifts.execute(twice):
        yield _("statement {sequence} of {bank} closing on {day} was posted {count} times").format(
            sequence=sequence, bank=bank, day=day, count=count
        )
    for alteration in alterations(work.gifts):
        yield f"{alteration.table}: {alteration.place}: {alteration.problem}"


def _whole(work: _Proof, result: Result) -> Iterator[str]:
    movement, document = tables.movement, tables.document
    by_document = (
        select(movement.c.document_id, cast(func.sum(movement.c.cents), Integer))
        .where(movement.c.parent.is_(None))
        .group_by(movement.c.document_id)
    )
    sums = {row[0]: row[1] for row in work.gifts.execute(by_document)}
    query = (
        select(document.c.id, document.c.name, document.c.bank, document.c.opening, document.c.closing)
        .where(document.c.bank.is_not(None), stands)
        .order_by(document.c.closing_date, document.c.sequence)
    )
    banks = set()
    for number, name, bank, opening, closing in work.gifts.execute(query):
        banks.add(bank)
        total = sums.get(number, 0)
        if opening + total != closing:
            yield (
                _("{name}: opening {opening} + movements {movements} is not its closing balance {closing}").format(
                    name=name, opening=to_decimal(opening), movements=to_decimal(total), closing=to_decimal(closing)
                )
            )
    yield from work.loaded.problems(work.loaded.gaps)
    told = {gap.statement for gap in work.loaded.gaps}
    for bank in sorted(banks):
        for gap in gaps(work.gifts, bank):
            if gap.before is not None and gap.statement not in told:  # something else in the books makes up for it
                result.notes.append(
                    _("a gap of {amount} EUR between {known} and {name}; import the statement that is missing").format(
                        amount=to_decimal(gap.cents), known=gap.before, name=gap.statement
                    )
                )


def _equal(work: _Proof, _result: Result) -> Iterator[str]:
    yield from work.loaded.problems(work.loaded.faults)
    yield from file_faults(work.books.folder, work.gifts, work.books.archive)


def _explained(work: _Proof, result: Result) -> Iterator[str]:
    config = work.books.config
    by_calendar = work.loaded.calendar_totals
    for year in by_calendar.years:
        if year not in known_years():
            result.notes.append(
                _("{year}: no receipt parameters for this year; the gift accounts are not tied out").format(year=year)
            )
            continue
        # That each gift has one line and no more is how `assess` is made; here they must come to what the books have.
        refuse_circles(work.gifts, work.identities, year, policy_for(config, year))
        income = gift_income(work.books, by_calendar.in_year(year), year)
        _lines, taken = transferred_in(work.gifts, year, work.books.config.gifts.control)
        difference = income - cents_booked(work.gifts, year) + taken
        if difference:
            yield _("{year}: the gift accounts differ from the register by {amount} EUR").format(
                year=year, amount=to_decimal(difference)
            )
    yield from _of_financial_years(work)
    open_cents = sum(item.cents for item in open_items(work.gifts))
    suspense = work.books.config.gifts.suspense
    booked = -sum(
        cents
        for code, cents in work.loaded.totals.until(max(work.loaded.totals.years, default=0)).items()
        if code == suspense
    )
    if booked != open_cents:
        yield (
            _("the suspense account {suspense} holds {booked} EUR, its open items are {open} EUR").format(
                suspense=suspense, booked=to_decimal(booked), open=to_decimal(open_cents)
            )
        )
    if open_cents:
        result.notes.append(
            _("{amount} EUR wait on the suspense account: `obole match`").format(amount=to_decimal(open_cents))
        )


def _of_financial_years(work: _Proof) -> Iterator[str]:
    """Yield the financial years, of other days than the calendar's, whose gift accounts are not the register's."""
    years, control = work.books.years, set(work.books.config.gifts.control)
    if years.are_calendar:
        return
    given: Counter[int] = Counter()
    for total in day_totals(work.gifts):
        given[years.label(total.day)] += total.cents * (total.account in control)
    for line in opening_lines(work.gifts):
        given[years.label(line.day)] -= line.cents * (line.account in control)
    for taken in transfer_lines(work.gifts):
        given[years.label(taken.day)] -= taken.cents * (taken.account in control)
    for year in work.loaded.totals.years:
        booked = -sum(cents for code, cents in work.loaded.totals.in_year(year).items() if code in control)
        if booked != given[year]:
            yield _("{year}: the gift accounts differ from the register by {amount} EUR").format(
                year=year, amount=to_decimal(booked - given[year])
            )


def _numbered(work: _Proof, result: Result) -> Iterator[str]:
    for year in sorted({one.year for one in numbers_set_aside(work.gifts)}):
        result.notes += told_papers(year, papers_of(work.books, work.gifts, year))
    for fault in receiptbook.faults(work.gifts):
        yield _("receipt {year}/{number:06d}: {problem}").format(
            year=fault.year, number=fault.number, problem=fault.problem
        )


def _unchanged(work: _Proof, result: Result) -> Iterator[str]:
    # What was issued has its pictures in the vault: those that obole.toml names are for the next issue.
    result.notes += pictures_of(work.books)[1]
    for year in receiptbook.years_issued(work.gifts):
        yield from document_faults(
            work.books.register, work.books.vault, work.books.sealer, work.books.folder.receipts, year
        )


def _reversals(work: _Proof, result: Result) -> Iterator[str]:
    config = work.books.config
    for year in receiptbook.years_issued(work.gifts):
        for changed in changed_receipts(work.gifts, work.identities, year, policy_for(config, year)):
            result.notes.append(told_changed(year, changed))
    return
    yield


def _sealed(work: _Proof, result: Result) -> Iterator[str]:
    result.notes += out_of_order(work.books, closed_years(work.gifts))
    yield from seals_faults(work.books, work.gifts, work.loaded)


def _nameless(work: _Proof, _result: Result) -> Iterator[str]:
    yield from named_in_clear(work.books, work.gifts, work.identities)


def _settled(work: _Proof, _result: Result) -> Iterator[str]:
    root = work.books.folder
    left = _("{file}: left by a killed run; any command that writes settles it")
    for folder in (root.journal, root.documents, root.seals):
        for path in folder.rglob(".*.new"):
            yield left.format(file=path.relative_to(root.root).as_posix())
    for path in temporary_files(root):
        yield left.format(file=path.relative_to(root.root).as_posix())
    for path in (*left_behind(root.root), *filter(is_left, folders_of_commands(root))):
        yield left.format(file=path.name)


def _together(work: _Proof, result: Result) -> Iterator[str]:
    found = work.books.pair.look()
    if found is Relation.CUT_OFF:
        yield _("a killed run had begun to write and was not finished; any command that writes settles it")
    elif found is Relation.DONE:
        result.notes.append(_("the vault has not noted the last step of the register; any command that writes does"))
    since = posted_since(work.books.folder, work.gifts)
    if since:
        yield told_since(since)
    yield from unknown_numbers(work.books, work.gifts, work.shipments)


def _mapped(work: _Proof, result: Result) -> Iterator[str]:
    totals = work.loaded.totals
    for name in SCHEMES:
        scheme = load_scheme(name)
        for year in totals.years:
            difference = balance(statement("balance-sheet", scheme, year, totals))[0].difference
            if difference:
                yield _("{year}, scheme {name}: assets and liabilities differ by {amount} EUR").format(
                    year=year, name=name, amount=to_decimal(difference)
                )
    for year in totals.years:
        yield from broken_identities(totals, year)
        result.notes += spread_result(totals, year, spoken())
        wrong = doubts_of_year(totals, work.loaded.accounts, year, spoken())
        said = _("{year}, on a side that the law does not allow: {line}")
        result.notes += [said.format(year=year, line=line) for line in wrong]
    for code in {code_of(path) for path in work.loaded.opened} - set(work.books.chart):
        yield _("account {code} is open in the books and not in chart.beancount; open it there").format(code=code)


def _in_series(work: _Proof, _result: Result) -> Iterator[str]:
    yield from number_faults(work.gifts, work.books.folder.root, work.loaded.entries, work.books.years)


_RULES: tuple[tuple[str, Callable[[_Proof, Result], Iterable[str]]], ...] = (
    (N_("every euro stands in the register once, as posted"), _once),
    (N_("a statement is taken whole: opening + movements = closing"), _whole),
    (N_("the register and the books are equal, and every journal file is as posted"), _equal),
    (N_("every euro of the gift accounts is receipted or has its reason"), _explained),
    (N_("receipt numbers of a year are 1..N, each for its gifts"), _numbered),
    (N_("what was issued does not change"), _unchanged),
    (N_("a reversal after issue waits in a queue"), _reversals),
    (N_("a closed year does not change"), _sealed),
    (N_("no name, IBAN, e-mail or national number in the books"), _nameless),
    (N_("nothing is left half done"), _settled),
    (
        N_("every account falls in one line of each scheme; assets = liabilities; (14) = 14"),
        _mapped,
    ),
    (N_("entries are numbered 1..N per journal and year, in the books as in the register"), _in_series),
    (N_("register, vault and receipts are of the same books and the same moment"), _together),
)
