"""One set of books, opened: configuration, chart, register, vault and key, recovered from a kill if there was one."""

import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Connection, Engine

from ledger.chart import Account, UnknownAccount, read_chart
from ledger.errors import OboleError
from ledger.folder import Folder
from ledger.posting import Posting, recover
from ledger.records import DocumentKind
from ledger.register import receipts as receiptbook
from ledger.register.years import closed_years
from ledger.seals import read_seals
from ledger.sources import archive_path
from ledger.store import open_store, sqlite_url
from ledger.vault.key import Sealer
from ledger.vault.sheets import drop_sheets_after, sheet_years
from obole.books.settings import FILE_NAME, Config, load


class NoBooks(OboleError):
    """A folder with settings whose books were never made."""


@dataclass(frozen=True)
class Books:
    """Everything a command needs of a set of books; stores are opened when first used."""

    folder: Folder
    config: Config

    @cached_property
    def chart(self) -> Mapping[str, Account]:
        """The accounts in use, by code."""
        return read_chart(self.folder.chart)

    @cached_property
    def paths(self) -> Mapping[str, str]:
        """The Beancount account of each code in use."""
        return {code: account.path for code, account in self.chart.items()}

    @cached_property
    def register(self) -> Engine:
        """The register, migrated."""
        return open_store(self.config.register_url or sqlite_url(self.folder.register), "register")

    @cached_property
    def vault(self) -> Engine:
        """The vault, migrated."""
        return open_store(self.config.vault_url or sqlite_url(self.folder.vault), "vault")

    @cached_property
    def sealer(self) -> Sealer:
        """The key of the vault; KeyMissing where it is not in the key folder."""
        return Sealer.open(self.config.key)

    def posting(self) -> Posting:
        """A unit of work on register and journal."""
        return Posting(self.folder, self.register, self.paths, self.config.organisation.language)

    def closed_years(self, connection: Connection) -> set[int]:
        """The years in which nothing can be posted any more: entered as closed in the register, or sealed."""
        return {*closed_years(connection), *read_seals(self.folder.seals)}

    def archive_path(
        self, kind: DocumentKind, day: date, name: str, suffix: str, *, account: str | None = None
    ) -> Path:
        """Return where the file of a document is kept; a file of the bank with the documents of its `account`."""
        return archive_path(self.folder, kind, day, name, suffix, account=self.paths[account] if account else None)

    def refuse_inside(self, output: Path | None) -> None:
        """OboleError for a list with names that would be written into the books."""
        if output is not None and output.resolve().is_relative_to(self.folder.root):
            raise OboleError(
                f"{output.name}: lies inside the books, and the list has names; choose a folder outside them."
            )

    def require(self, codes: set[str], where: str) -> None:
        """UnknownAccount for the first code that the chart of these books does not open."""
        for code in sorted(codes - self.chart.keys()):
            raise UnknownAccount(code, where)


def open_books(root: Path) -> Books:
    """Open the books in a folder and check that obole.toml and the chart fit together."""
    config = load(root)
    books = Books(Folder(root.resolve()), config)
    if not books.folder.main.exists():
        raise NoBooks(f"{root}: there are settings here and no books yet; make them with `obole init {root}`.")
    named = {bank.account for bank in config.bank} | set(config.gifts.control) | {config.gifts.suspense}
    named |= set(config.grants.model_dump().values())
    named |= {rule.account for rule in config.rules if rule.account}
    named |= {rule.gift.account for rule in config.rules if rule.gift and rule.gift.account}
    named |= {code for platform in config.platforms.values() for code in (platform.account, platform.fee_account)}
    books.require(named, FILE_NAME)
    return books


def settle(books: Books) -> list[str]:
    """After a kill: bring files and vault to what the register says. What was done, in sentences."""
    with books.register.connect() as connection:
        said = recover(books.folder, connection)
        years = {year: receiptbook.last_number(connection, year) for year in _sheet_years(books)}
    with books.vault.begin() as connection:
        for year, last in years.items():
            dropped = drop_sheets_after(connection, year, last)
            if dropped:
                said.append(
                    f"an interrupted issue of receipts {year} had not been numbered: {dropped} prepared receipts were "
                    "removed (the state before)."
                )
    return said


@contextmanager
def scratch(books: Books) -> Iterator[Books]:
    """A copy of register and vault in a temporary folder, with the same configuration, to try things on."""
    if books.config.register_url or books.config.vault_url:
        raise OboleError("a dry run needs embedded stores; these books point at a server.")
    with TemporaryDirectory(prefix="obole-") as name:
        folder = Folder(Path(name))
        _copy_store(books.folder.register, folder.register)
        _copy_store(books.folder.vault, folder.vault)
        folder.chart.write_bytes(books.folder.chart.read_bytes())
        shutil.copytree(books.folder.seals, folder.seals)
        copy = Books(folder, books.config)
        try:
            yield copy
        finally:
            copy.register.dispose()
            copy.vault.dispose()


def _copy_store(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as connection, closing(sqlite3.connect(target)) as copy:
        connection.backup(copy)
    target.chmod(0o600)


def _sheet_years(books: Books) -> list[int]:
    with books.vault.connect() as connection:
        return sheet_years(connection)
