"""Cash and cheques: slips of cash books and cheques received, into the books and the register of gifts.

A gift in cash is a gift on the day it was handed over, a cheque once the bank credited it (a setting). What goes to the
bank, or comes from it, waits on the account of transfers or of cheques for the bank's line (`ledger.register.cash`).
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from sqlalchemy import Connection

from importers.deciding.gifts import taken_back
from importers.registers import cash as cash_file
from importers.registers.cash import CashNature, CashRow
from ledger.chart import UnknownAccount, path_of
from ledger.dimensions import with_keys
from ledger.errors import Fault, SourceRefused
from ledger.journal import Entry, Line
from ledger.records import Channel, DocumentKind, DonorKind, Gift, Nature
from ledger.register.cash import ExpectedLine, expected_row
from ledger.register.gifts import originals_of
from ledger.register.vouchers import VoucherKey, all_vouchers
from ledger.sources import digest_of
from ledger.vault.donors import find_donors
from ledger.wording import word
from obole.books.opened import Books, accounts_named
from obole.books.settings import CashSettings
from obole.books.watch import Watch
from obole.intake.counting import balance_faults, remarks_on
from obole.intake.doubles import doubles
from obole.intake.guards import LineGuard, day_faults, named, perhaps_named, refuse_file, refuse_where, unknown_donor
from obole.intake.items import UNPAID, Item, take_items
from obole.outcome import Taken
from obole.words import _, text_in

# Natures that bring money in; the others take it out.
_IN = (CashNature.GIFT, CashNature.INCOME, CashNature.WITHDRAWAL, CashNature.SURPLUS)
_AT_BANK = (CashNature.DEPOSIT, CashNature.WITHDRAWAL)

# Cash in hand is 570 to 577 (annex 3): for a cash book of its own a whole group, then what is below one.
_OF_CASH = [f"{code}000" for code in range(571, 578)] + [f"57{code:04d}" for code in range(100, 8000, 100)]

_LABELS = {
    CashNature.DEPOSIT: "cash-deposit",
    CashNature.WITHDRAWAL: "cash-withdrawal",
    CashNature.SHORTAGE: "cash-difference",
    CashNature.SURPLUS: "cash-difference",
}


def take_cash(books: Books, path: Path) -> Taken:
    """Take slips and cheques in; what a count or the order of the slips says against them is told or refused."""
    file = cash_file.read(path)
    refuse_file(path, file, _faults(books, file.rows))
    with books.register.connect() as connection:
        known = all_vouchers(connection, DocumentKind.CASH)
    desk = _Desk(books, {key.reference for key in known})
    items = [item for row in file.rows for item in desk.items(row, path)]
    if _as_posted(items, known):  # what was changed refuses the file, and says how it is mended
        new = [item for item in items if item.key not in known]
        refuse_where(path, balance_faults(books, file.rows, new))
    remarks = [*remarks_on(books.config, file.rows, desk.known), *doubles(books, items, known)]
    remarks += perhaps_named(books, ((row.row, f"{row.text} | {row.reason}") for row in file.rows))
    taken = take_items(books, path, DocumentKind.CASH, items, file)
    taken.faults += remarks
    return taken


def _as_posted(items: Sequence[Item], known: Mapping[VoucherKey, str]) -> bool:
    """Return whether what was posted before of these slips and cheques is what the file says of them."""
    asked = {item.key for item in items}
    owners = {item.reference.partition(":")[0] for item in items}
    gone = (key for key in known if key not in asked and key.reference.partition(":")[0] in owners)
    return not any(gone) and all(known.get(item.key, item.digest) == item.digest for item in items)


def _faults(books: Books, rows: Sequence[CashRow]) -> list[Fault]:
    """Return what stands against the rows: days, names, keys, donors, accounts."""
    settings = books.config.cash
    watch = Watch(books)
    guard = LineGuard(books, watch, ())
    donors = _kinds_of(books, {row.donor for row in rows if row.donor})
    faults = []
    for row in rows:
        faults += guard.faults(row.keys, row.day, row.row)
        for day in filter(None, (row.day, row.credited, row.unpaid)):
            faults += day_faults(books, day, row.row, happened=True)
        texts = row.text, row.number, row.bank, row.reason
        faults += named(watch, row.row, *texts)
        faults += [Fault(problem, row.row) for problem in _donor_problems(row, donors)]
        if row.book and row.book not in settings.books:
            faults.append(Fault(_without_account(books, row.book), row.row))
            continue
        codes = _codes_of(row, settings, books.config.gifts.money, books.config.gifts.undocumented)
        faults += [Fault(str(UnknownAccount(code)).removesuffix("."), row.row) for code in codes - books.chart.keys()]
        if row.account in books.chart:
            faults += [Fault(problem, row.row) for problem in _account_problems(books, row)]
    return faults


def _without_account(books: Books, book: str) -> str:
    """Say how a cash book gets an account: one that nothing else has."""
    taken = books.chart.keys() | accounts_named(books.config)
    code = next((code for code in _OF_CASH if code not in taken), _OF_CASH[0])
    language = books.config.organisation.language
    path = path_of(code, text_in(language, "Cash {name}").format(name=book), language)
    message = _(
        "the cash book {book} is not in obole.toml; give it an account of its own there, under [cash.books]: "
        '{book} = "{code}", and open that in chart.beancount: {line}'
    )
    return message.format(book=book, code=code, line=f"{books.config.first_day} open {path} EUR")


def _kinds_of(books: Books, keys: Collection[str]) -> dict[str, DonorKind]:
    with books.vault.connect() as connection:
        return {one.key: DonorKind(one.kind) for one in find_donors(connection, None, keys)} if keys else {}


def _donor_problems(row: CashRow, donors: Mapping[str, DonorKind]) -> Iterator[str]:
    """Yield what stands against the donor of a row."""
    if row.donor and row.donor not in donors:
        yield unknown_donor(row.donor)
    elif row.donor and row.donor_kind is not None and row.donor_kind != donors[row.donor]:
        message = _("donor {donor} is of another kind in the vault; correct the key, or the kind in the donor register")
        yield message.format(donor=row.donor)


def _codes_of(row: CashRow, settings: CashSettings, *gifts: str) -> set[str]:
    """Return the accounts that a row uses."""
    if row.nature in (CashNature.COUNT, CashNature.VOID):
        return set()
    codes = {settings.cheques if row.cheque else _cash_account(row, settings)}
    if row.nature is CashNature.GIFT:
        codes |= {*gifts}
    if row.nature in _AT_BANK:
        codes.add(settings.transfer)
    if row.charge:
        codes.add(settings.charges)
    if row.nature in (CashNature.SHORTAGE, CashNature.SURPLUS):
        codes.add(row.account or _difference_account(row, settings))
    elif row.account:
        codes.add(row.account)
    return codes


def _cash_account(row: CashRow, settings: CashSettings) -> str:
    return settings.books[row.book] if row.book else settings.account


def _difference_account(row: CashRow, settings: CashSettings) -> str:
    return settings.shortage if row.nature is CashNature.SHORTAGE else settings.surplus


def _account_problems(books: Books, row: CashRow) -> Iterator[str]:
    """Yield what stands against the account of income, a cost or a difference."""
    gifts, settings, account = books.config.gifts, books.config.cash, row.account
    banks = {bank.account for bank in books.config.bank}
    if account in banks | settings.held | {settings.transfer, settings.cheques}:
        message = _("account {account} is money itself; enter cash for the bank as deposit or withdrawal")
        yield message.format(account=account)
    elif account == gifts.suspense:
        message = _("account {account} is kept by the list of open lines; write the account where it belongs")
        yield message.format(account=account)
    elif account in gifts.vouchers and row.nature is not CashNature.INCOME:
        message = _("account {account} is a gift account; a cost or a difference cannot stand there")
        yield message.format(account=account)
    elif account in gifts.control and account not in gifts.vouchers:
        message = _("account {account} is kept by the register of gifts; write `gift` as the nature, without account")
        yield message.format(account=account)
    if row.donor and row.nature is CashNature.INCOME and account not in gifts.vouchers:
        message = _("account {account} takes no gift; leave the donor out")
        yield message.format(account=account)


@dataclass(frozen=True, slots=True)
class _Desk:
    """The settings by which rows become items."""

    books: Books
    known: Collection[str]

    @property
    def settings(self) -> CashSettings:
        """Return what obole.toml says of cash."""
        return self.books.config.cash

    def posted(self, row: CashRow) -> bool:
        """Return whether a slip or cheque was posted before."""
        return row.reference in self.known

    def items(self, row: CashRow, path: Path) -> Iterator[Item]:
        """Yield what a row posts: nothing for a count, nor for a cheque that is no gift yet."""
        if row.nature is CashNature.COUNT:
            return
        if row.nature is CashNature.VOID:
            yield Item(row.reference, row.day, digest_of(["void"]), row.row)
            return
        given = not row.cheque or row.credited is not None or self.settings.cheque_date == "received"
        if given:
            yield self._received(row)
        elif self.posted(row):
            yield Item(row.reference, row.day, digest_of(["waiting"]), row.row)  # which is not as it was posted
        if row.unpaid is not None and (given or row.charge):
            gift = given and self._nature(row) is not None
            finished = _taking_back(row, path, self.settings.cheques) if gift else _as_it_is
            yield replace(self._unpaid(row, row.unpaid, given=given), finished=finished)

    def _received(self, row: CashRow) -> Item:
        """Return what the money of a row posts on the day it came or went."""
        nature = self._nature(row)
        here = self.settings.cheques if row.cheque else _cash_account(row, self.settings)
        counted = [self._paid(row).year] if row.cheque else []  # of cash its day says it
        said = [row.nature, row.cheque, row.cents, row.donor, row.account, row.text, *row.keys[:3], row.bank]
        digest = digest_of([*said, *counted])
        moved = tuple(expected_row(row.row, line) for line in self._expected(row))
        if nature is None:
            return Item(row.reference, row.day, digest, row.row, entries=(self._entry(row, here),), movements=moved)
        return Item(
            row.reference,
            row.day,
            digest,
            row.row,
            gifts=(self._gift(row, nature),),
            debits={row.row: here},
            batches={row.row: self._narration(row)},
            batch_meta={row.row: {"voucher": row.reference}},
            movements=moved,
        )

    def _nature(self, row: CashRow) -> Nature | None:
        """Return what kind of gift the register keeps of a row; None for other money."""
        if row.nature is CashNature.GIFT:
            return Nature.MONEY
        return self.books.config.gifts.vouchers.get(row.account) if row.nature is CashNature.INCOME else None

    def _paid(self, row: CashRow) -> date:
        """Return the day on which a gift is paid: cash when handed over, a cheque as the setting says."""
        received = not row.cheque or self.settings.cheque_date == "received"
        return row.day if received or row.credited is None else row.credited

    def _gift(self, row: CashRow, nature: Nature) -> Gift:
        gifts, paid = self.books.config.gifts, self._paid(row)
        account = row.account or (gifts.money if row.donor else gifts.undocumented)
        return Gift(
            donor=row.donor,
            cents=row.cents,
            booked=row.day,
            counted=paid.year,
            account=account,
            position=row.row,
            batch=row.row,
            nature=nature,
            channel=Channel.CHEQUE if row.cheque else Channel.CASH,
            executed=paid if paid != row.day else None,
            fund=row.keys.fund,
            project=row.keys.project,
            department=row.keys.department,
        )

    def _narration(self, row: CashRow) -> str:
        label = "cheque" if row.cheque else _LABELS.get(row.nature, "cash-slip")
        if row.nature is CashNature.GIFT and not row.cheque:
            label = "cash-gift" if row.donor else "cash-box"
        text = f"{word(label, self.books.config.organisation.language)} {row.reference}"
        return f"{text}: {row.text}" if row.text else text

    def _entry(self, row: CashRow, here: str, sign: int = 1) -> Entry:
        """Return the transaction of money that is no gift; with `sign` -1 taken back."""
        there = self.settings.transfer if row.nature in _AT_BANK else row.account
        there = there or _difference_account(row, self.settings)
        cents = sign * (row.cents if row.nature in _IN else -row.cents)
        lines = (Line(here, cents), with_keys(Line(there, -cents), row.keys))
        return Entry(row.day, self._narration(row), lines, meta={"voucher": row.reference, "row": row.row})

    def _expected(self, row: CashRow) -> Iterator[ExpectedLine]:
        """Yield the line that the bank will bring of a row."""
        if row.nature is CashNature.DEPOSIT:
            yield ExpectedLine(row.day, row.cents, self.settings.transfer, row.reference)
        elif row.nature is CashNature.WITHDRAWAL:
            yield ExpectedLine(row.day, -row.cents, self.settings.transfer, row.reference)
        elif row.cheque:
            day = row.credited or row.presented or row.day
            yield ExpectedLine(day, row.cents, self.settings.cheques, row.reference)

    def _unpaid(self, row: CashRow, day: date, *, given: bool) -> Item:
        """Return what an unpaid cheque posts: the charge the bank took with it; of what is no gift, its opposite."""
        settings, reference = self.settings, f"{row.reference}{UNPAID}"
        label = f"{word('cheque-unpaid', self.books.config.organisation.language)} {row.reference}"
        charge = (Line(settings.charges, row.charge), Line(settings.cheques, -row.charge)) if row.charge else ()
        back = replace(self._entry(row, settings.cheques, -1), day=day).lines if self._nature(row) is None else ()
        lines = (*(back if given else ()), *charge)
        entry = Entry(day, label, lines, meta={"voucher": reference, "row": row.row})
        cents = -row.charge - (row.cents if given else 0)
        moved = (expected_row(row.row, ExpectedLine(day, cents, settings.cheques, reference)),)
        digest = digest_of(["unpaid", row.cents, row.charge, given])
        return Item(reference, day, digest, row.row, entries=(entry,), movements=moved)


def _as_it_is(_connection: Connection, item: Item) -> Item:
    """Return an item that waits for the others because it is of the same row as one of them."""
    return item


def _taking_back(row: CashRow, path: Path, cheques: str) -> Callable[[Connection, Item], Item]:
    """Return what makes the item of an unpaid cheque whole: the gift it takes back, as that stands now."""

    def finished(connection: Connection, item: Item) -> Item:
        original = originals_of(connection, [row.reference]).get(row.reference)
        if original is None or original.reversed:
            message = _(
                "the gift of cheque {number} was taken back before; empty `unpaid`, or undo what took it back "
                "(`obole documents` lists it) and import this file again"
            )
            raise SourceRefused(path.name, (Fault(message.format(number=row.number), row.row),))
        gift = taken_back(original, item.day, row.row, Channel(original.channel))._replace(batch=row.row)
        charge, label = _lines_and_label(item)
        return replace(
            item,
            gifts=(gift,),
            debits={row.row: cheques},
            batches={row.row: label},
            batch_lines={row.row: charge},
            batch_meta={row.row: {"voucher": item.reference}},
            entries=(),
        )

    return finished


def _lines_and_label(item: Item) -> tuple[tuple[Line, ...], str]:
    """Return the charge in the one entry of an unpaid cheque, and its narration."""
    (entry,) = item.entries
    return entry.lines, entry.narration
