"""Closing a year, with all that is missing told at once; and reopening it, logged for ever."""

import re
from calendar import monthrange
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from hashlib import sha256
from typing import NamedTuple

from beancount.core import data

from ledger.clock import posting_time, posting_time_after, today
from ledger.errors import OboleError
from ledger.leaves import place_of, vouchers_named
from ledger.money import to_decimal
from ledger.numbered import NumberedEntry, number_by_hand, numbered_in
from ledger.numbering import number_open_years
from ledger.periods import FinancialYear
from ledger.register.sealed import insert_identities
from ledger.register.suspense import open_items
from ledger.register.years import (
    MonthLock,
    Reopening,
    closed_years,
    closings,
    enter_closing,
    enter_lock,
    enter_reopening,
    locked_until,
)
from ledger.seals import AlreadySealed, TreeSeal, missing_seals, read_seals, settle_seals, write_seal
from ledger.tree import seal_root
from ledger.vault.seal_keys import identity_digest, make_key, make_salts, salts_of
from ledger.vault.sheets import frozen_sheets
from obole.audit.check import check_books
from obole.audit.sealing import facts_of, issued_receipts, make_trees
from obole.books.loading import LoadedBooks, load_books
from obole.books.opened import Books, settle
from obole.books.watch import Watch
from obole.words import _, many

_TRANSIT = "58"  # internal transfers (annex 3 of the royal decree of 21.10.2018)
_SHOWN = 5  # faults of one rule
_OF_NO_YEAR = {9, 10, 13}  # rules of `check` whose faults name files and times, not years of the books
_YEARS = re.compile(r"(?<![0-9.])(20[0-9]{2})(?=$|[-/ :,;])")


class NotReady(OboleError):
    """A year that cannot be closed yet, with all that is missing."""

    def __init__(self, year: int, missing: list[str]) -> None:
        self.missing = missing
        if len(missing) == 1:
            super().__init__(_("{year} cannot be closed: {problem}.").format(year=year, problem=missing[0]))
        else:
            lines = "".join(f"\n  - {one}" for one in missing)
            super().__init__(_("{year} cannot be closed:{problems}").format(year=year, problems=lines))


class CannotReopen(OboleError):
    """A year or month that is not reopened, with what to do first."""


@dataclass(slots=True)
class Closed:
    """A year that was closed, or with `dry_run` could be; `without_voucher` are the entries by hand that name none."""

    year: int
    number: int = 1
    root: str = ""
    counts: dict[str, int] = field(default_factory=dict)
    without_voucher: list[str] = field(default_factory=list)
    dry_run: bool = False


def close_year(books: Books, year: int, explained: Mapping[str, str] | None = None, *, dry_run: bool = False) -> Closed:
    """Seal a year that is over, whole and explained; `explained` says by account why one is not nil.

    NotReady with all that is missing, AlreadySealed where it is closed. With `dry_run` nothing is written.
    """
    with books.writing():
        settle(books)
        with books.register.connect() as connection:
            if year in {*closed_years(connection), *read_seals(books.folder.seals)}:
                raise AlreadySealed(year)
        if not dry_run:
            # Of a year that was closed before entries had numbers.
            number_open_years(books.folder, books.register, books.years)
        loaded = load_books(books.folder.main, books.years)
        period = books.years.find(year)
        standing = _standing(books, loaded, period) if period is not None else _Standing({}, 0)
        texts, doubtful = _whole_codes(standing.accounts.keys(), explained or {}, year)
        missing = [*_missing(books, loaded, year, texts, standing), *doubtful]
        if missing:
            raise NotReady(year, missing)
        if not dry_run:
            return _seal(books, loaded, year, texts)
        with books.register.connect() as connection:
            numbered = numbered_in(connection, loaded.root, loaded.entries, [year], year, books.years)[year]
        return Closed(year, without_voucher=_bare(loaded, numbered), dry_run=True)


class _Standing(NamedTuple):
    """The accounts of suspense and transfers in transit that stand at the end of a year, and how many lines wait."""

    accounts: Mapping[str, int]
    waiting: int


def _missing(
    books: Books, loaded: LoadedBooks, year: int, texts: Mapping[str, str], standing: _Standing
) -> Iterator[str]:
    """Yield everything that keeps a year from being closed, with its remedy."""
    first, period = books.config.first_day, books.years.find(year)
    if period is None:
        message = _("{year} is no financial year of these books; they are {known}")
        yield message.format(year=year, known=", ".join(map(str, books.labels)))
        return
    if year < books.first_year:
        message = _(
            "{year} lies before the first day of these books ({first}, first_day in obole.toml); what the opening "
            "brought of it is sealed with {begun}"
        )
        yield message.format(year=year, first=first, begun=books.first_year)
        return
    if today() <= period.last:
        yield _("it is not over before {day}; close it then").format(day=period.last + timedelta(days=1))
    with books.register.connect() as connection:
        before = books.years.before(year)
        if year > books.first_year and before not in closed_years(connection):
            yield _("{before} is open: `obole close {before}` comes first").format(before=before)
    yield from _unchecked(books, loaded, year)
    yield from _entries_missing(loaded, period)
    left = loaded.totals.unappropriated_before(year + 1)
    if left:
        message = _(
            "a result of {amount} EUR is not carried to 14 yet; post the appropriation (14/790, 692/14) with the "
            "general journal"
        )
        yield message.format(amount=to_decimal(-left))
    yield from _not_nil(books, year, texts, standing)


def _unchecked(books: Books, loaded: LoadedBooks, year: int) -> Iterator[str]:
    """Yield what `check` finds, rule by rule; where the books have errors, each rule that asks them says the same."""
    told: set[str] = set()
    days = ((text, getattr(getattr(error, "entry", None), "date", None)) for error, text in loaded.told())
    dated = {text: books.years.label(day) for text, day in days if day is not None}
    for result in check_books(books, loaded=loaded):
        new = [fault for fault in result.faults if fault not in told]
        told.update(new)
        placed = result.number not in _OF_NO_YEAR
        yield from (_of_its_year(one, year, dated.get(one)) if placed else one for one in new[:_SHOWN])
        if len(new) > _SHOWN:
            yield many("and {count} more: `obole check`", "and {count} more: `obole check`", len(new) - _SHOWN).format(
                count=len(new) - _SHOWN
            )
    other = [problem for problem in loaded.problems() if problem not in told]
    yield from (_of_its_year(one, year, dated.get(one)) for one in other[:_SHOWN])


def _of_its_year(fault: str, year: int, dated: int | None) -> str:
    """Return a fault with the year it is of, where that is not the one to be closed, and what it is to that one."""
    years = {int(found) for found in _YEARS.findall(fault)} if dated is None else {dated}
    if not years or year in years:
        return fault
    if min(years) > year:
        message = _(
            "{fault} (of {other}, after {year}: nothing of {year} changes by it, but a year is sealed only while all "
            "of the books hold)"
        )
        return message.format(fault=fault, other=min(years), year=year)
    message = _("{fault} (of {other}: {year} begins with its balances, so this comes first)")
    return message.format(fault=fault, other=min(years), year=year)


def _entries_missing(loaded: LoadedBooks, period: FinancialYear) -> Iterator[str]:
    """Yield entries of the year that a person has not finished: flagged, without the file they name, or a pad."""
    for entry in loaded.entries:
        if not isinstance(entry, data.Transaction | data.Pad) or not period.holds(entry.date):
            continue
        place = place_of(entry, loaded.root)
        if isinstance(entry, data.Pad):
            message = _("{place}: a pad is no entry of its own; write the entry that it stands for in its place")
            yield message.format(place=place)
            continue
        if "!" in (entry.flag, *(line.flag for line in entry.postings)):
            message = _("{place}: the entry of {day} is flagged `!`; settle it and write `*`, or take it out")
            yield message.format(place=place, day=entry.date)
        for name, path in vouchers_named(entry, loaded.root).items():
            if path is None:
                message = _("{place}: the voucher {name} is missing; put the file into documents/, or correct its name")
                yield message.format(place=place, name=name)


def _standing(books: Books, loaded: LoadedBooks, period: FinancialYear) -> _Standing:
    """Return the accounts of suspense and transfers in transit that are not nil, or wait, at the end of a year."""
    suspense = books.config.gifts.suspense
    balances = loaded.totals.until(period.label)
    accounts = {code: cents for code, cents in balances.items() if cents and code.startswith((_TRANSIT, suspense))}
    with books.register.connect() as connection:
        waiting = sum(item.booked <= period.last for item in open_items(connection))
    if waiting:
        accounts.setdefault(suspense, balances.get(suspense, 0))
    return _Standing(accounts, waiting)


def _whole_codes(standing: Collection[str], texts: Mapping[str, str], year: int) -> tuple[dict[str, str], list[str]]:
    """Return the texts by the code of the account that each means, by its code or its beginning, and what is wrong."""
    found: dict[str, str] = {}
    wrong = []
    for said, text in texts.items():
        meant = [said] if said in standing else sorted(code for code in standing if said and code.startswith(said))
        if len(meant) == 1 and meant[0] not in found:
            found[meant[0]] = text
        elif len(meant) == 1:
            wrong.append(
                _("--explain {code}: {account} is explained twice; say it once").format(code=said, account=meant[0])
            )
        elif meant:
            message = _("--explain {code}: may be {accounts}; explain each of them by its own code")
            wrong.append(message.format(code=said, accounts=", ".join(meant)))
        elif standing:
            message = _("--explain {code}: nothing stands there at the end of {year}; what stands is {accounts}")
            wrong.append(message.format(code=said, year=year, accounts=", ".join(sorted(standing))))
        else:
            message = _("--explain {code}: nothing stands there at the end of {year}; leave it out")
            wrong.append(message.format(code=said, year=year))
    return found, wrong


def _not_nil(books: Books, year: int, texts: Mapping[str, str], standing: _Standing) -> Iterator[str]:
    """Yield suspense and transfers in transit that are not nil at the end of the year and that no text explains."""
    suspense, waiting = books.config.gifts.suspense, standing.waiting
    for code, cents in sorted(standing.accounts.items()):
        if texts.get(code, "").strip():
            continue
        explain = f'`obole close {year} --explain {code} "..."`'
        if code == suspense and waiting:
            message = many(
                "{count} line waits on suspense; see `obole match`, or say why with {explain}",
                "{count} lines wait on suspense; see `obole match`, or say why with {explain}",
                waiting,
            )
            yield message.format(count=waiting, explain=explain)
        else:
            message = _("account {code} stands at {amount} EUR; clear it, or say why with {explain}")
            yield message.format(code=code, amount=to_decimal(cents), explain=explain)
    watch = Watch(books)
    for code, text in texts.items():
        problem = watch.problem(text)
        if problem is not None:
            yield _("--explain {code}: {problem}").format(code=code, problem=problem)


def _without_voucher(loaded: LoadedBooks, entry: data.Transaction) -> bool:
    """Tell whether an entry by hand names no voucher: no file, no reference, no link (WER III.86)."""
    return not (entry.links or vouchers_named(entry, loaded.root) or "voucher" in entry.meta)


def _bare(loaded: LoadedBooks, entries: Iterable[NumberedEntry]) -> list[str]:
    """Return the numbers, and the places, of entries by hand that name no voucher."""
    bare = [one for one in entries if not one.document and _without_voucher(loaded, one.entry)]
    return [f"{one.number} ({place_of(one.entry, loaded.root)})".lstrip() for one in bare]


def _seal(books: Books, loaded: LoadedBooks, year: int, texts: Mapping[str, str]) -> Closed:
    """Write the seal and enter the closing: both or neither, whenever it is killed."""
    identities, key = _freeze_identities(books, year)
    with books.register.begin() as connection:
        before = [one for one in closings(connection) if one.year == year]
        number_by_hand(connection, loaded.root, loaded.entries, year, books.years)
        insert_identities(connection, identities)
        facts = facts_of(connection, loaded, {year: key}, books.first_year)[year]
        made = make_trees(facts)
        at = posting_time_after(before[-1].closed_at) if before else posting_time()
        seal = TreeSeal(
            year=year,
            number=len(before) + 1,
            sealed_at=at,
            root=seal_root(year, made.trees),
            trees=made.trees,
            balances=facts.balances,
            explained=dict(texts),
            without_voucher=tuple(_bare(loaded, facts.entries)),
            former=before[-1].seal_digest if before else "",
            leaves=sha256(made.marks).hexdigest(),
            lasts=facts.year,
        )
        digest = write_seal(books.folder.seals, seal, made.marks)
        enter_closing(connection, year, digest, at)
    with books.register.connect() as connection:
        settle_seals(books.folder.seals, connection)
    counts = {tree.kind: tree.leaves for tree in seal.trees}
    return Closed(year, seal.number, seal.root, counts, list(seal.without_voucher))


def _freeze_identities(books: Books, year: int) -> tuple[list[tuple[int, int, int, str]], bytes]:
    """Return the digests of what receipts of the year printed that no seal has yet, and the key of the year.

    The vault has salts and key first: without the closing they are harmless, and are taken again by the next one.
    """
    bare: dict[int, set[tuple[int, int]]] = {}
    for one in issued_receipts(books, books.years.get(year)):
        if one.identity is None:
            bare.setdefault(one.year, set()).add((one.number, one.version))
    rows: list[tuple[int, int, int, str]] = []
    with books.vault.begin() as connection:
        key = make_key(connection, books.sealer, year)
        for tax_year, new in bare.items():
            salts = salts_of(connection, books.sealer, tax_year)
            salts |= make_salts(connection, books.sealer, tax_year, new - salts.keys())
            rows += [
                (tax_year, number, version, identity_digest(salts[number, version], text))
                for number, version, text in frozen_sheets(connection, books.sealer, tax_year)
                if (number, version) in new
            ]
    return rows, key


def reopen_year(books: Books, year: int, reason: str, person: str) -> None:
    """Take the last closing back, for a reason and by a person, both kept for ever; CannotReopen where it is not it."""
    with books.writing():
        settle(books)
        _refuse_words(books, reason, person)
        with books.register.begin() as connection:
            closed = closed_years(connection)
            if year not in closed:
                message = _("{year} is not closed; there is nothing to reopen. Closed are: {known}.")
                known = ", ".join(str(one) for one in sorted(closed)) or _("none")
                raise CannotReopen(message.format(year=year, known=known))
            if year < max(closed):
                message = _("{last} is closed after it and begins with its balances; reopen {last} first.")
                raise CannotReopen(message.format(last=max(closed)))
            current = [one for one in closings(connection) if one.year == year and one.reopened is None]
            for fault in missing_seals(books.folder.seals, current):
                raise CannotReopen(f"{fault}.")
            enter_reopening(connection, year, closed[year], Reopening(reason, person, posting_time()))
        with books.register.connect() as connection:
            settle_seals(books.folder.seals, connection)


LOCKED = "-"  # the reason of a lock: a month over needs no other


def lock_months(books: Books, month: date | None, reason: str, person: str) -> date | None:
    """Lock every month until this one, or with None open them all; the day until which nothing is posted."""
    if month is not None and reason == LOCKED and month > today():
        said = _("{month} has not begun; lock a month that is over.")
        raise CannotReopen(said.format(month=f"{month:%Y-%m}"))
    until = None if month is None else date(month.year, month.month, monthrange(month.year, month.month)[1])
    with books.writing():
        settle(books)
        _refuse_words(books, reason, person)
        with books.register.begin() as connection:
            before = locked_until(connection)
            if reason == LOCKED and before is not None and until is not None and until < before:
                said = _("the months until {before} are locked already; to open those after {month}: {command}.")
                command = f"`obole unlock {until + timedelta(days=1):%Y-%m} --reason ... --by ...`"
                raise CannotReopen(said.format(before=f"{before:%Y-%m}", month=f"{until:%Y-%m}", command=command))
            enter_lock(connection, MonthLock(until, reason, person, posting_time()))
    return until


def unlock_month(books: Books, month: date, reason: str, person: str) -> date | None:
    """Open this month and those after it again; the last day that stays locked, None where none does."""
    with books.register.connect() as connection:
        until = locked_until(connection)
    if until is None or until < month:
        raise CannotReopen(_("{month} is not locked; there is nothing to unlock.").format(month=f"{month:%Y-%m}"))
    before = date(month.year, month.month, 1) - timedelta(days=1)
    return lock_months(books, before if before >= books.config.first_day else None, reason, person)


def _refuse_words(books: Books, reason: str, person: str) -> None:
    """Raise CannotReopen where reason or person is empty, or names somebody of the vault."""
    watch = Watch(books)
    for option, text in (("--reason", reason), ("--by", person)):
        if not text.strip():
            raise CannotReopen(_("{option}: is empty; it is kept for ever, so say it.").format(option=option))
        problem = watch.problem(text)
        if problem is not None:
            raise CannotReopen(_("{option}: {problem}.").format(option=option, problem=problem))
