"""`obole opening`: the balances of the old software taken over, so that the first statements begin where it ended.

One file is the trial balance of the day before `first_day`; another, where given, that of the end of the year before,
for comparison. Both become documents of the register and entries of the books, gift accounts too; each can be undone
and taken again. What does not fit refuses both.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import chain
from pathlib import Path
from typing import Any

from beancount.core import data
from sqlalchemy import Connection

from importers.registers import balances
from importers.registers.balances import AccountBalance, TrialFile
from ledger.chart import Account, UnknownAccount, code_of, house, path_of, statutory_parent
from ledger.errors import Fault, OboleError, Severity, refuses
from ledger.given import require_file
from ledger.journal import write_whole
from ledger.languages import LANGUAGES
from ledger.money import to_cents, to_decimal
from ledger.periods import FinancialYears
from ledger.posting import Booking
from ledger.records import DocumentKind
from ledger.register.documents import all_documents, free_name, undone_by
from ledger.register.openings import OPENING_TAG, StandingOpening, opening_rows, standing_openings
from ledger.register.statements import statement_balances
from ledger.sources import digest_of, source_document
from ledger.takeover import CarryAccounts, Takeover, takeover_entries
from ledger.weights import euros_of
from obole.books.loading import load_books
from obole.books.opened import Books, changing
from obole.books.watch import Watch
from obole.intake.guards import unknown_account
from obole.keeping.merging import Merged, with_opening
from obole.outcome import Told
from obole.words import _, many
from reports.scheme import SCHEMES, load_scheme, unmapped

_NAMED = 4  # accounts named where there are many of a kind


class CannotOpen(OboleError):
    """Books that cannot take an opening, or not yet."""


@dataclass(slots=True)
class TakenBalance:
    """One trial balance: all that is told of its file, and its balance where it could be read."""

    told: Told
    balance: Takeover | None = None


@dataclass(slots=True)
class TakenOpening:
    """The outcome of an opening: each balance, the oldest first, and what was changed in the chart."""

    taken: list[TakenBalance] = field(default_factory=list)
    charted: list[str] = field(default_factory=list)
    recovered: list[str] = field(default_factory=list)
    dry_run: bool = False

    @property
    def refused(self) -> bool:
        """True where something does not fit, so that nothing was posted."""
        return any(one.told.refused for one in self.taken)


@dataclass(slots=True)
class _Side:
    """One file on its way in: its day, its rows under the codes of these books, accounts to be opened for it."""

    path: Path
    day: date
    years: FinancialYears
    told: Told
    trial: TrialFile
    known: bool = False
    codes: dict[int, str] = field(default_factory=dict)
    new: dict[str, Account] = field(default_factory=dict)

    def fault(self, message: str, row: int | None = None) -> None:
        self.told.faults.append(Fault(message, row))

    def remark(self, message: str, row: int | None = None) -> None:
        self.told.faults.append(Fault(message, row, Severity.WARNING))

    @property
    def rows(self) -> Sequence[AccountBalance]:
        return self.trial.file.rows

    @property
    def balance(self) -> Takeover:
        found = {self.codes[row.row]: row.cents for row in self.rows if row.cents and row.row in self.codes}
        return Takeover(self.day, found, self.years)

    @property
    def year(self) -> int:
        return self.years.label(self.day)


def take_opening(
    books: Books, path: Path, before: Path | None = None, *, open_accounts: bool = False, dry_run: bool = False
) -> TakenOpening:
    """Take the trial balance of the day before `first_day` over, and that of the year before it.

    With `open_accounts` the accounts that the chart lacks are opened. CannotOpen where the books stand against it.
    """
    for file in filter(None, (path, before)):
        require_file(file)
    with changing(books, dry_run=dry_run) as change:
        outcome = _take(change.books, path, before, open_accounts=open_accounts)
    outcome.dry_run, outcome.recovered = dry_run, change.recovered
    return outcome


def _take(books: Books, path: Path, before: Path | None, *, open_accounts: bool) -> TakenOpening:
    day = books.config.first_day - timedelta(days=1)
    sides = [_side(books, path, day)]
    if before is not None:
        sides.insert(0, _side(books, before, _year_end_before(books, day)))
    with books.register.connect() as connection:
        _refuse_books(books, connection)
        standing = standing_openings(connection)
        _refuse_other_days(books, standing, day)
        for side in sides:
            _known(side, standing)
    new = [side for side in sides if not side.known]
    for side in new:
        _read(books, side, open_accounts=open_accounts)
    _compare(sides, new)
    if new and sides[-1] in new and not refuses(sides[-1].told.faults):
        _against_banks(books, sides[-1])
        _against_books(books, sides[-1])
    outcome = TakenOpening([TakenBalance(one.told, _shown(one)) for one in sides])
    if new and not outcome.refused:
        carry = _carry(books, new)
        outcome.charted = _charted(books, new, carry)
        _post(books, new, carry, day)
    return outcome


def _side(books: Books, path: Path, day: date) -> _Side:
    return _Side(path, day, books.years, Told(path.name, DocumentKind.OPENING), balances.read_trial(path))


def _year_end_before(books: Books, day: date) -> date:
    """Return the last day of the financial year before that of a day."""
    return books.years.of(day).first - timedelta(days=1)


def _shown(side: _Side) -> Takeover | None:
    return side.balance if side.codes and not side.told.refused else None


def _refuse_books(books: Books, connection: Connection) -> None:
    """Raise CannotOpen where a year is closed, or something of before `first_day` is posted."""
    first = books.config.first_day
    closed = books.closed_years(connection)
    if closed:
        raise CannotOpen(
            _("{year} is closed: what it began with does not change any more.").format(year=min(closed.labels))
        )
    undone = undone_by(connection)
    taken_back = {*undone, *undone.values()}
    for row in all_documents(connection):
        if row.kind != DocumentKind.OPENING and row.id not in taken_back and row.first_day < first:
            message = _(
                "{name} posts on {day}, before the first day of these books ({first}, first_day in obole.toml): the "
                "opening would count it twice; set first_day back, or undo {name}."
            )
            raise CannotOpen(message.format(name=row.name, day=row.first_day, first=first))


def _refuse_other_days(books: Books, standing: Sequence[StandingOpening], eve: date) -> None:
    """Raise CannotOpen where an opening stands for another day than those before `first_day`."""
    for one in standing:
        if one.day not in (eve, _year_end_before(books, eve)):
            message = _(
                "{name} is the balance of {day}, but first_day in obole.toml says that the books begin on {first}; put "
                "first_day back, or run `obole undo {name}` first."
            )
            raise CannotOpen(message.format(name=one.name, day=one.day, first=eve + timedelta(days=1)))


def _known(side: _Side, standing: Sequence[StandingOpening]) -> None:
    """Tell whether this balance is there; another one of its day refuses it."""
    for one in standing:
        if one.day != side.day:
            continue
        if one.file_digest == side.trial.file.digest:
            side.known = True
            side.told.known.append(one.name)
        else:
            message = _("the balance of {day} was taken from another file before; run `obole undo {name}` first")
            side.fault(message.format(day=side.day, name=one.name))
    if side.known:
        side.codes = {row.row: row.account for row in side.rows}


def _read(books: Books, side: _Side, *, open_accounts: bool) -> None:
    """Find out what does not fit in the file itself and in the chart."""
    file = side.trial.file
    side.told.faults.extend(file.faults)
    if not file.ok:
        return
    _of_its_year(side)
    _resolve(books, side, open_accounts=open_accounts)
    suspense = books.config.gifts.suspense
    for row in side.rows:
        if side.codes.get(row.row) == suspense and row.cents and side.day == _eve(books):
            message = _(
                "account {account} is kept by the list of open lines, which begins empty; put what waited in the old "
                "software on another account, such as 489000 or 416000"
            )
            side.fault(message.format(account=row.account), row.row)
    if not refuses(side.told.faults):
        _result(side)


def _eve(books: Books) -> date:
    return books.config.first_day - timedelta(days=1)


def _of_its_year(side: _Side) -> None:
    """Hold the year that the file or its name says against the day that it is taken for."""
    day, said = side.day, side.trial.year
    message = _(
        "the file says {said}, and it is taken as the balance of {day}; first_day in obole.toml is the day on which "
        "these books begin: correct it, or give the other file"
    )
    if said is not None and said not in (day.year, side.year):
        side.fault(message.format(said=said, day=day))
    named = [int(year) for year in re.findall(r"(?<![0-9])20[0-9]{2}(?![0-9])", side.path.stem)]
    if said is None and named and not {day.year, side.year} & {*named}:
        side.remark(_("its name says {said}, and it is taken as the balance of {day}").format(said=named[0], day=day))


def _resolve(books: Books, side: _Side, *, open_accounts: bool) -> None:
    """Find each account in the chart, by its code or by the same code with other zeros at its end."""
    chart = books.chart
    by_stem: dict[str, list[str]] = {}
    for code in chart:
        by_stem.setdefault(code.rstrip("0"), []).append(code)
    taken: dict[str, AccountBalance] = {}
    renamed: list[str] = []
    watch = Watch(books)
    for row in side.rows:
        found = [row.account] if row.account in chart else by_stem.get(row.account.rstrip("0"), [])
        if len(found) == 1:
            code = found[0]
            if code != row.account:
                renamed.append(f"{row.account} = {code}")
        elif row.cents == 0:
            continue
        elif open_accounts and (account := _opened(books, side, row, watch)) is not None:
            code = account.code
        elif open_accounts:
            continue
        else:
            side.fault(_unknown(row), row.row)
            continue
        other = taken.setdefault(code, row)
        if other is not row:
            message = _("{account} and {other} (row {row}) are one account of these books, {code}; add them up")
            side.fault(message.format(account=row.account, other=other.account, row=other.row, code=code), row.row)
        side.codes[row.row] = code
    if renamed:
        told = many(
            "{count} account has other zeros at its end here: {names}",
            "{count} accounts have other zeros at their end here: {names}",
            len(renamed),
        )
        names = ", ".join(renamed[:_NAMED]) + (", ..." if renamed[_NAMED:] else "")
        side.remark(told.format(count=len(renamed), names=names))


def _unknown(row: AccountBalance) -> str:
    told = unknown_account(row.account)
    if statutory_parent(row.account) is None or len(row.account) <= 2:  # noqa: PLR2004 - a group takes no posting
        return told
    return _("{told}, or let `--open` do it").format(told=told)


def _opened(books: Books, side: _Side, row: AccountBalance, watch: Watch) -> Account | None:
    """Return the account to open for a row; None, with a fault, where it can have no place."""
    language = books.config.organisation.language
    problem = watch.problem(row.label)
    if problem is not None:
        side.fault(problem, row.row)
        return None
    known = next((one for one in house(language) if one.code == row.account), None)
    if known is not None:
        side.new[row.account] = known
        return known
    heading = statutory_parent(row.account)
    if heading is None:
        side.fault(unknown_account(row.account), row.row)
        return None
    labels = tuple(row.label or heading.label(one) or heading.label("fr") for one in LANGUAGES)
    try:
        path = path_of(row.account, row.label or heading.label(language) or heading.label("fr"), language)
    except UnknownAccount:
        message = _("account {account} is a group, on which nothing is posted; give the account below it")
        side.fault(message.format(account=row.account), row.row)
        return None
    outside = [name for name in SCHEMES if unmapped(load_scheme(name), [row.account])]
    if outside:
        message = _("account {account} falls in no line of the scheme {name}; give its amount on a mapped account")
        side.fault(message.format(account=row.account, name=outside[0]), row.row)
        return None
    account = Account(row.account, path, labels)  # type: ignore[arg-type]
    side.new[row.account] = account
    return account


def _result(side: _Side) -> None:
    """Say what becomes of the result, and refuse an appropriation that takes a part of it only."""
    of = side.balance
    year = side.year
    if not of.has_result:
        message = _("no account of classes 6 and 7: the income statement will have no figures of {year}")
        side.remark(message.format(year=year))
    elif not of.ends_year:
        message = _(
            "the books begin within {year}: its income and expenses until {day} are taken over, but not the gifts: "
            "receipts of {year} for gifts before {first} come from the old software"
        )
        side.remark(message.format(year=year, day=side.day, first=side.day + timedelta(days=1)))
    elif of.appropriates and of.left:
        message = _(
            "the appropriation (69, 79) leaves {left} of the result of {year} ({result}) open; give every line of it, "
            "or none so that all is carried to 14"
        )
        side.fault(message.format(left=to_decimal(of.left), year=year, result=to_decimal(of.result)))
    elif not of.appropriates and of.left:
        message = _(
            "the result of {year}, {result} EUR, was not appropriated: it is carried to 14, which then holds {carried} "
            "EUR; if the board put a part of it elsewhere, give the balance with 691 or 791"
        )
        side.remark(message.format(year=year, result=to_decimal(of.result), carried=to_decimal(of.carried)))


def _compare(sides: Sequence[_Side], new: Sequence[_Side]) -> None:
    """Hold 14 at the start of a year against what the year before left there."""
    if len(sides) < 2 or not new or any(refuses(side.told.faults) for side in sides):  # noqa: PLR2004 - both years
        return
    before, after = (side.balance for side in sides)
    if not after.has_result or before.carried == after.carried_before:
        return
    message = _(
        "14 begins {year} with {start} EUR, but {earlier} leaves {left} EUR there after its result; if a part of that "
        "result went elsewhere, give {earlier} with 691 or 791, or correct 14"
    )
    sides[0].fault(
        message.format(
            year=after.year,
            start=to_decimal(after.carried_before),
            earlier=before.year,
            left=to_decimal(before.carried),
        )
    )


def _against_banks(books: Books, side: _Side) -> None:
    """Hold the balance of each bank account against what its first statement opens with."""
    amounts = side.balance.balances
    rows = {side.codes[row.row]: row.row for row in side.rows if row.row in side.codes}
    with books.register.connect() as connection:
        first = {bank.alias: statement_balances(connection, bank.alias)[:1] for bank in books.config.bank}
    for bank in books.config.bank:
        for statement in first[bank.alias]:
            cents = amounts.get(bank.account, 0)
            if statement.opening != cents:
                message = _(
                    "bank account {alias} ({account}) has {amount} EUR, its first statement, {name}, opens with "
                    "{opening} EUR; correct the amount (what was under way stands on 580000), or import the statements "
                    "between"
                )
                told = message.format(
                    alias=bank.alias,
                    account=bank.account,
                    amount=to_decimal(cents),
                    name=statement.statement,
                    opening=to_decimal(statement.opening),
                )
                side.fault(told, rows.get(bank.account))


def _against_books(books: Books, side: _Side) -> None:
    """Refuse a balance that the books have as an entry already: at least two of its lines, on the eve or first day."""
    amounts = side.balance.balances
    loaded = load_books(books.folder.main, books.years)
    for code in sorted(side.new.keys() & loaded.accounts.keys()):
        message = _("account {code} is open in a file of manual/; move its line to chart.beancount")
        side.fault(message.format(code=code))
    for entry in loaded.entries:
        if not isinstance(entry, data.Transaction) or OPENING_TAG in entry.tags:
            continue
        if not side.day <= entry.date <= side.day + timedelta(days=1):
            continue
        same = [one for one in entry.postings if _cents(one) and amounts.get(code_of(one.account) or "") == _cents(one)]
        if len(same) > 1:
            name = min((link for link in entry.links if link.startswith("journal-")), default="")
            if name in _taken_back(books):
                continue
            if name:
                remedy = _("run `obole undo {name}` first").format(name=name)
            else:
                place = f"{Path(str(entry.meta.get('filename'))).name}:{entry.meta.get('lineno')}"
                remedy = _("remove it from {place} first").format(place=place)
            message = _("an entry of {day} has {count} of these balances already; {remedy}")
            side.fault(message.format(day=entry.date, count=len(same), remedy=remedy))
            return


def _taken_back(books: Books) -> set[str]:
    with books.register.connect() as connection:
        undone = undone_by(connection)
        return {row.name for row in all_documents(connection) if row.id in undone}


def _cents(posting: data.Posting) -> int:
    weight = euros_of(posting)
    try:
        return 0 if weight is None else to_cents(weight)
    except ValueError:
        return 0


def _carry(books: Books, sides: Sequence[_Side]) -> CarryAccounts:
    """Return the accounts that carry the results: those of the balances and the chart, else those of the house."""
    held = [code for side in sides for code in side.balance.balances]
    names = {
        "carried": "14",
        "loss_before": "690",
        "profit_carried": "692",
        "profit_before": "790",
        "loss_carried": "792",
    }
    found = {
        name: next((code for code in (*sorted(held), *sorted(books.chart)) if code.startswith(prefix)), f"{prefix:0<6}")
        for name, prefix in names.items()
    }
    return CarryAccounts(**found)


def _entries_of(books: Books, side: _Side, carry: CarryAccounts, eve: date) -> list[Any]:
    until = None if side.day == eve else eve
    return takeover_entries(side.balance, carry, books.config.organisation.language, until)


def _charted(books: Books, sides: Sequence[_Side], carry: CarryAccounts) -> list[str]:
    """Open in the chart what is new, and open early enough what was open; the chart of a trial is kept in memory."""
    language = books.config.organisation.language
    entries = list(chain.from_iterable(_entries_of(books, side, carry, _eve(books)) for side in sides))
    used = {line.account for entry in entries for line in entry.lines}
    new = {code: account for side in sides for code, account in side.new.items()}
    for account in house(language):
        if account.code in used - books.chart.keys():
            new.setdefault(account.code, account)
    day = min(side.day for side in sides)
    merged: Merged = with_opening(books.folder.chart.read_bytes().decode(), new.values(), used, day)
    if books.trial is None and merged.added:
        write_whole(books.folder.chart, merged.text.encode())
    books.__dict__["chart"] = {**books.chart, **new}
    books.__dict__.pop("paths", None)
    return merged.added


def _post(books: Books, sides: Iterable[_Side], carry: CarryAccounts, eve: date) -> None:
    first = books.config.first_day
    with books.posting() as posting:
        for side in sides:
            entries = _entries_of(books, side, carry, eve)
            digest = side.trial.file.digest
            name = free_name(posting.connection, f"{DocumentKind.OPENING}-{side.year}-{digest[:8]}")
            linked = [_linked(entry, name) for entry in entries]
            record = source_document(
                DocumentKind.OPENING,
                name,
                digest_of(sorted(side.balance.balances.items())),
                # Until the first day: once its year is closed, what it opens with does not change.
                [side.day, first],
                counts={"accounts": len(side.balance.balances), "entries": len(entries)},
                cents={"accounts": side.balance.debits},
                file_digest=digest,
            )
            archive = books.archive_path(DocumentKind.OPENING, first, name, side.path.suffix.lower())
            booking = Booking(record, movements=opening_rows(linked), entries=linked)
            posting.post(booking, (archive, side.path.read_bytes()))
            side.told.posted.append(name)
            side.told.add(record.summary.counts, record.summary.cents)


def _linked(entry: Any, name: str) -> Any:
    return type(entry)(entry.day, entry.narration, entry.lines, entry.payee, entry.tags, (name,), entry.meta)
