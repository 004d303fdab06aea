"""One set of books, opened: configuration, chart, register, vault and key, recovered from a kill if there was one."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from pathlib import Path
from shlex import quote
from typing import NamedTuple

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from ledger.archive import Archive
from ledger.chart import Account, UnknownAccount, read_chart
from ledger.clock import today
from ledger.dry_run import tried
from ledger.errors import OboleError
from ledger.folder import Folder
from ledger.given import real_place, require_target
from ledger.locks import require_idle, writing
from ledger.pairing import Apart, Pair
from ledger.passing import known_to, sweep, sweep_folder
from ledger.periods import ClosedYears, FinancialYears
from ledger.posting import JournalText, Posting, posted_since, recover
from ledger.records import DocumentKind
from ledger.register.documents import names_unknown
from ledger.register.vouchers import voucher_contents
from ledger.register.years import closed_years, closings
from ledger.seals import AnySeal, NotASeal, Seal, read_seal, read_seals, seal_files, settle_seals
from ledger.sources import archive_path
from ledger.store import STORES, StoreName, StoreUnreadable, open_store, sqlite_url
from ledger.vault.intent import any_sealed, vault_stand_of
from ledger.vault.key import KeyMissing, Sealer, WrongKey
from ledger.vault.links import forget_ibans, learnt_accounts
from obole.books.financial_years import refuse_moved
from obole.books.form import require_form
from obole.books.settings import FILE_NAME, Config, load
from obole.words import _, many


class NoBooks(OboleError):
    """A folder with settings whose books were never made."""


@dataclass(frozen=True, slots=True)
class Trial:
    """Stores of which nothing is kept, the journal files that would have been written, archives by SHA-256."""

    register: Engine
    vault: Engine
    journal: list[JournalText] = field(default_factory=list)
    archives: dict[str, bytes] = field(default_factory=dict)
    reopened: bool = False


@dataclass(frozen=True)
class Books:
    """Everything a command needs of a set of books; stores are opened when first used, or are those of a trial."""

    folder: Folder
    config: Config
    key: bytes | None = None  # of the vault, where it is not in the key folder: a copy that is being proved
    trial: Trial | None = None

    @cached_property
    def chart(self) -> Mapping[str, Account]:
        """Return the accounts in use, by code."""
        return read_chart(self.folder.chart)

    @cached_property
    def paths(self) -> Mapping[str, str]:
        """Return the Beancount account of each code in use."""
        return {code: account.path for code, account in self.chart.items()}

    @cached_property
    def register(self) -> Engine:
        """Return the register; StoreUnreadable where it is missing or was not upgraded."""
        return self.trial.register if self.trial else self.pair.watch_register(self._open("register"))

    @cached_property
    def vault(self) -> Engine:
        """Return the vault; StoreUnreadable where it is missing or was not upgraded."""
        return self.trial.vault if self.trial else self.pair.watch_vault(self._open("vault"))

    @cached_property
    def pair(self) -> Pair:
        """Return register and vault as a pair, of which each commit is a step."""
        return Pair(lambda: self.register, lambda: self.vault, self.store_names)

    @property
    def store_names(self) -> dict[str, str]:
        """Return how a person knows the two stores: the file of each, or its name where it lies on a server."""
        embedded = {name: self.embedded(name) for name in STORES}
        return {name: file.name if file is not None else name for name, file in embedded.items()}

    @cached_property
    def sealer(self) -> Sealer:
        """Return the key of the vault; KeyMissing where it is not in the key folder, WrongKey where it is another."""
        sealer = Sealer(self.key) if self.key is not None else Sealer.open(self.config.key)
        with self.vault.connect() as connection:
            stand, sealed = vault_stand_of(connection), any_sealed(connection)
        expected = stand.key_check if stand is not None else ""
        if expected and expected != sealer.check_value:
            raise WrongKey(self.config.key, sealer.check_value, expected)
        if not expected and sealed is not None:
            sealer.open_sealed(*sealed)
        return sealer

    def embedded(self, name: StoreName) -> Path | None:
        """Return the file of a store, None where it lies on a server."""
        elsewhere = self.config.register_url if name == "register" else self.config.vault_url
        return None if elsewhere else self.folder.register if name == "register" else self.folder.vault

    def address(self, name: StoreName) -> str:
        """Return the SQLAlchemy address of a store."""
        file = self.embedded(name)
        if file is not None:
            return sqlite_url(file)
        return self.config.register_url if name == "register" else self.config.vault_url

    def _open(self, name: StoreName) -> Engine:
        return open_store(self._there(name), name, migrate=False)

    def _there(self, name: StoreName) -> str:
        """Return the address of a store that is there: SQLite would make an empty one."""
        file = self.embedded(name)
        if file is not None and not file.exists():
            raise StoreUnreadable(
                _("{file}: the {store} of these books is missing; restore it from your backup.").format(
                    file=file.name, store=name
                )
            )
        return self.address(name)

    def posting(self) -> Posting:
        """Return a unit of work on register and journal."""
        language = self.config.organisation.language
        shown = self.trial.journal if self.trial else None
        return Posting(
            self.folder, self.register, self.paths, language, archive=self.archive, shown=shown, years=self.years
        )

    @cached_property
    def archive(self) -> Archive:
        """Return the archived sources, which the key of the vault opens."""
        return Archive(self.folder.root, lambda: self.sealer)

    @contextmanager
    def writing(self, wait: float = 0) -> Iterator[None]:
        """Hold the books for writing; Busy where another process does for longer than `wait` seconds."""
        with writing(self.folder, *self._servers, wait=wait, key=self.config.key):
            self.pair.forget()
            try:
                yield
            except BaseException:
                with suppress(OboleError, SQLAlchemyError):  # what is left is settled at the next start
                    self.pair.finish()
                raise
            self.pair.finish()

    @property
    def _servers(self) -> list[str]:
        return list(filter(None, (self.config.register_url, self.config.vault_url)))

    def require_idle(self) -> None:
        """Raise Busy where another process is writing to these books; nothing is written, nor made."""
        require_idle(self.folder, *self._servers, key=self.config.key)

    @contextmanager
    def tried(self) -> Iterator["Books"]:
        """Yield these books for a dry run: all that is done to them is taken back; Busy as for `writing`."""
        with self.writing(), self._unmoved(), self._trial() as trial:
            yield trial

    @contextmanager
    def trial_of_held(self) -> Iterator["Books"]:
        """Yield these books, which the caller holds, for a trial in which closed years are open; all is taken back."""
        with self._trial(reopened=True) as trial:
            yield trial

    @contextmanager
    def _trial(self, *, reopened: bool = False) -> Iterator["Books"]:
        with (
            tried(self._there("register"), "register") as register,
            tried(self._there("vault"), "vault") as vault,
        ):
            yield replace(self, trial=Trial(register, vault, reopened=reopened))

    @contextmanager
    def _unmoved(self) -> Iterator[None]:
        """Let register and vault be looked at before a trial; Apart where one is a copy put back."""
        self.pair.look()
        with self.register.connect() as connection:
            refuse_before(self, connection)
        yield

    @property
    def years(self) -> FinancialYears:
        """Return the financial years of these books."""
        return self.config.years

    @property
    def first_year(self) -> int:
        """Return the label of the first financial year of these books."""
        return self.years.label(self.config.first_day)

    @property
    def labels(self) -> list[int]:
        """Return the labels of the financial years from the first of these books to that of today."""
        return [one.label for one in self.years.since(self.config.first_day, today())]

    def closed_years(self, connection: Connection) -> ClosedYears:
        """Return the years in which nothing can be posted any more: entered as closed in the register, or sealed.

        With a year those before it are: what is posted in them changes its balances.
        """
        if self.trial is not None and self.trial.reopened:
            return ClosedYears(self.years)
        closed = {*closed_years(connection), *read_seals(self.folder.seals)}
        return ClosedYears(self.years, frozenset({*closed, *range(self.first_year, max(closed, default=0))}))

    def archive_path(
        self, kind: DocumentKind, day: date, name: str, suffix: str, *, account: str | None = None
    ) -> Path:
        """Return where the file of a document is kept; a file of the bank with the documents of its `account`."""
        return archive_path(self.folder, kind, day, name, suffix, account=self.paths[account] if account else None)

    def refuse_inside(self, output: Path | None) -> None:
        """OboleError for a file that would be written into the books, beside or over what importing makes."""
        if output is not None and real_place(output).is_relative_to(self.folder.root):
            raise OboleError(
                _(
                    "{file}: lies inside the books, which only Obole's own files may; choose a folder outside them."
                ).format(file=output.name)
            )

    def require_place(self, output: Path | None) -> None:
        """OboleError for a file that would be written into the books, or where none can be."""
        self.refuse_inside(output)
        if output is not None and not output.parent.is_dir():
            raise OboleError(_("{folder}: is no folder; make it first.").format(folder=output.parent))
        if output is not None:
            require_target(output)

    def require_new(self, output: Path) -> None:
        """OboleError for a file inside the books or one that is there: what was sent or filled in stays."""
        self.require_place(output)
        if output.exists():
            raise OboleError(
                _("{file}: is there already; name a new file, or move that one away.").format(file=output.name)
            )

    def require(self, codes: set[str], where: str) -> None:
        """UnknownAccount for the first code that the chart of these books does not open."""
        for code in sorted(codes - self.chart.keys()):
            raise UnknownAccount(code, where)


def found_books(root: Path) -> Books:
    """Return the books in a folder, of whatever form; NoBooks where there are settings only."""
    books = Books(Folder(real_place(root)), load(root))
    if not books.folder.main.exists():
        message = _("{root}: there are settings here and no books yet; make them with `obole init {typed}`.")
        if books.folder.chart.exists():
            message = _(
                "{root}: main.beancount is missing; restore it from your backup, or let `obole init {typed}` write it "
                "anew, which leaves everything else as it is."
            )
        raise NoBooks(message.format(root=root, typed=quote(str(root))))
    return books


def open_books(root: Path) -> Books:
    """Open the books in a folder, of this Obole's form, and check that obole.toml and the chart fit together.

    OldBooks where `obole upgrade` comes first, UnknownAccount where the settings name an account that is not open,
    SealedYearMoved where they move days into a sealed year or out of it.
    """
    books = found_books(root)
    require_form(root)
    known_to(books.folder.root)
    books.require(accounts_named(books.config), FILE_NAME)
    refuse_moved(books.years, books.folder.seals)
    return books


def accounts_named(config: Config) -> set[str]:
    """Return the codes of the accounts that settings name or leave at their default."""
    named = (
        {code for bank in config.bank for code in (bank.account, bank.charges)}
        | set(config.gifts.control)
        | {config.gifts.suspense}
    )
    named |= set(config.grants.model_dump().values())
    named |= config.cash.named
    named |= {rule.account for rule in config.rules if rule.account}
    named |= {rule.gift.account for rule in config.rules if rule.gift and rule.gift.account}
    return named | {code for platform in config.platforms.values() for code in (platform.account, platform.fee_account)}


class Changing(NamedTuple):
    """The books that a change is made to, and in sentences what a killed run had left."""

    books: Books
    recovered: list[str]


@contextmanager
def changing(books: Books, *, dry_run: bool) -> Iterator[Changing]:
    """Hold the books for a change, settled first; with `dry_run` yield a trial of which nothing is kept.

    Busy where another process holds them.
    """
    if dry_run:
        with books.tried() as trial:
            yield Changing(trial, [])
        return
    with books.writing():
        yield Changing(books, settle(books))


def settle(books: Books) -> list[str]:
    """After a kill: finish what it has begun, in files and stores. What was done, in sentences.

    Apart where register or vault is a copy put back: then nothing is done.
    """
    dropped = books.pair.settle()
    with books.register.connect() as connection:
        refuse_before(books, connection)
        said = [*recover(books.folder, connection, books.archive), *settle_seals(books.folder.seals, connection)]
    swept = sweep(books.folder.root) + sum(map(sweep_folder, folders_of_commands(books.folder)))
    for path in temporary_files(books.folder):
        path.unlink(missing_ok=True)
    if swept:
        message = many(
            "an interrupted run had left what it unpacked: {count} folder was removed.",
            "interrupted runs had left what they unpacked: {count} folders were removed.",
            swept,
        )
        said.append(message.format(count=swept))
    _forget_undecided(books)
    _know_the_key(books)
    for one in dropped:
        told = many(
            "an interrupted issue of receipts {year} had not been numbered: {count} prepared receipt was "
            "removed (the state before).",
            "an interrupted issue of receipts {year} had not been numbered: {count} prepared receipts were "
            "removed (the state before).",
            one.sheets,
        )
        said.append(told.format(year=one.year, count=one.sheets))
    return said


def folders_of_commands(folder: Folder) -> list[Path]:
    """Return the folders outside the books that a killed command may have left in clear: what a restore unpacked."""
    return [folder.root.with_name(f".{folder.root.name}.restoring")]


# Seconds after which a PDF that is being written by whoever typesets, without holding the books, is nobody's.
_LEFT = 600


def temporary_files(folder: Folder) -> list[Path]:
    """Return the temporary files of a killed run that no register decides about: of settings, by hand, of receipts."""
    ours = [path for pattern in ("*.beancount", "*.toml", "*.py") for path in folder.root.glob(f".{pattern}.new")]
    own = [*ours, *(folder.root / "manual").rglob(".*.beancount.new")]
    paper = []
    for path in folder.receipts.rglob("*.new"):
        with suppress(FileNotFoundError):
            if path.stat().st_mtime < time.time() - _LEFT:
                paper.append(path)
    return sorted((*own, *paper))


def refuse_before(books: Books, connection: Connection) -> None:
    """Raise Apart where seals or journal files name what the register does not have: it is a copy from before."""
    _refuse_before_seals(books, connection)
    since = posted_since(books.folder, connection)
    if since:
        raise Apart(f"{told_since(since)}.")


def told_since(files: list[str]) -> str:
    """Say that journal files were posted and that the register does not know them, with what to do."""
    message = many(
        "{file} was posted, and the register does not know it: register and vault are copies from before, and nothing "
        "is written. Put the newest of both back from your backup; where there is none, move that file out of the "
        "books and import its source again",
        "{file} and others, {count} in all, were posted, and the register does not know them: register and vault are "
        "copies from before, and nothing is written. Put the newest of both back from your backup; where there is "
        "none, move the files that `obole check` names out of the books and import their sources again",
        len(files),
    )
    return message.format(file=files[0], count=len(files))


def _refuse_before_seals(books: Books, connection: Connection) -> None:
    """Raise Apart where a seal names what the register does not have: it is a copy from before."""
    for path in seal_files(books.folder.seals):
        with suppress(NotASeal):  # told by `obole check`
            gone = _unknown_to(connection, read_seal(path))
            if gone:
                message = _(
                    "seals/{file} names {document}, which the register does not have: register and vault are copies "
                    "from before {year} was closed, and nothing is written. Put the newest of both back from your "
                    "backup, or the whole folder with its seals."
                )
                raise Apart(message.format(file=path.name, document=gone, year=path.stem))


def _unknown_to(connection: Connection, seal: AnySeal) -> str:
    """Return what a seal names and the register does not have: a document, or the closing itself; empty if nothing."""
    if isinstance(seal, Seal):
        return next(iter(names_unknown(connection, seal.documents)), "")
    if any(one.year == seal.year and one.number >= seal.number for one in closings(connection)):
        return ""
    return _("closing number {number} of {year}").format(number=seal.number, year=seal.year)


def _know_the_key(books: Books) -> None:
    """Let the vault know its key, where an upgrade or new books had none at hand."""
    with books.vault.connect() as connection:
        stand = vault_stand_of(connection)
    if stand is None or stand.key_check:
        return
    with suppress(KeyMissing):
        books.pair.begin_with(books.sealer.check_value)


def _forget_undecided(books: Books) -> None:
    """Let the vault forget accounts that a decision taught which was not posted, or does not stand any more."""
    with books.vault.connect() as connection:
        lines = {one.line for one in learnt_accounts(connection)}
    if not lines:
        return
    with books.register.connect() as connection:
        gone = lines - voucher_contents(connection, DocumentKind.ASSIGNMENT, lines).keys()
    if gone:
        with books.vault.begin() as connection:
            forget_ibans(connection, gone)
