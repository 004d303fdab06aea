"""One set of books, opened: configuration, chart, register, vault and key, recovered from a kill if there was one."""

import secrets
import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Connection, Engine

from ledger.chart import Account, UnknownAccount, house, path_of, read_chart, render_chart
from ledger.errors import OboleError
from ledger.folder import Folder
from ledger.journal import quote, write_whole
from ledger.locks import writing
from ledger.posting import Posting, recover
from ledger.register import receipts as receiptbook
from ledger.register.years import closed_years
from ledger.seals import read_seals
from ledger.store import open_store, sqlite_url
from ledger.vault.key import Sealer, create_key
from ledger.vault.sheets import drop_sheets_after, sheet_years
from obole.config import FILE_NAME, Config, load, read_settings


class NoBooks(OboleError):
    """A folder with settings whose books were never made."""


class BooksExist(OboleError):
    """A folder that already holds books."""


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

    def archive_of(self, account: str) -> Path:
        """The folder where Fava shows the documents of an account."""
        return self.folder.documents.joinpath(*self.paths[account].split(":"))

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


def today() -> date:
    """The day it is here."""
    return datetime.now(UTC).astimezone().date()


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


def initialise(root: Path, settings: str) -> Books:
    """Create books in `root` from the text of an obole.toml; BooksExist where there are some.

    The vault's key goes to the key folder, under a name of its own that is added to obole.toml.
    """
    if (root / "main.beancount").exists():
        raise BooksExist(f"{root}: there are books here already; choose another folder.")
    root.mkdir(parents=True, exist_ok=True)
    folder = Folder(root.resolve())
    name = f"obole-{secrets.token_hex(6)}"
    written = root / FILE_NAME
    text = settings or read_settings(written)
    if not any(line.startswith(("key ", "key=")) for line in text.splitlines()):
        text = f'key = "{name}"\n' + text
    write_whole(written, text.encode())
    config = load(root)
    with writing(folder):
        create_key(config.key, root)
        accounts = {account.code: account for account in house()}
        for code, label in _accounts_named_only_in(config):
            accounts.setdefault(code, Account(code, path_of(code, label), (label, label, label, label)))
        write_whole(folder.chart, render_chart(accounts.values(), config.first_day).encode())
        year = config.first_day.year
        write_whole(
            folder.journal / str(year) / "00-year.beancount",
            b"; Posted documents stand here, one file each. Obole writes them; do not edit.\n",
        )
        write_whole(
            root / "manual" / f"{year}.beancount",
            b"; What finance staff enter by hand in Fava stands here.\n",
        )
        for part in (folder.documents, folder.receipts, folder.seals):
            part.mkdir(exist_ok=True)
        books = Books(folder, config)
        books.register  # noqa: B018 - creates the store
        books.vault  # noqa: B018
        write_whole(root / "import.py", _IMPORT.encode())
        write_whole(folder.main, main_text(config).encode())
    return open_books(root)


def _accounts_named_only_in(config: Config) -> list[tuple[str, str]]:
    named = [(bank.account, f"Banque {bank.alias}") for bank in config.bank]
    for name, platform in config.platforms.items():
        named += [(platform.account, f"Plateforme {name}"), (platform.fee_account, f"Commissions {name}")]
    return named + [(rule.account, rule.label) for rule in config.rules if rule.account]


_IMPORT = '''"""The sources of these books for beangulp and Fava's import page, to look at: `obole import` posts."""

from pathlib import Path

import beangulp

from obole.extraction import importers

CONFIG = importers(Path(__file__).parent)

if __name__ == "__main__":
    beangulp.Ingest(CONFIG)()
'''


def main_text(config: Config) -> str:
    """The text of main.beancount: what Fava opens, and the checks that run each time it loads."""
    register = config.register_url or "register.sqlite3"
    gifts = {"register": register, "accounts": list(config.gifts.control)}
    banks = {"register": register, "accounts": {bank.alias: bank.account for bank in config.bank}}
    day = config.first_day.isoformat()
    locale = "fr_BE" if config.organisation.language == "fr" else f"{config.organisation.language}_BE"
    return f"""; Obole books of {_comment(config.organisation.name)}. Open with `obole serve` or `fava main.beancount`.
option "title" {quote(config.organisation.name)}
option "operating_currency" "EUR"
; Without this a balance may be one cent off and pass.
option "tolerance_multiplier" "0"
option "documents" "documents"

include "chart.beancount"
include "journal/*/*.beancount"
include "manual/*.beancount"

plugin "ledger.plugins.accounts"
plugin "reports.mapped"
plugin "ledger.plugins.gifts" {quote(repr(gifts))}
plugin "ledger.plugins.banks" {quote(repr(banks))}
plugin "ledger.plugins.periods" "seals"

{day} custom "fava-extension" "obole.pages"
{day} custom "fava-option" "default-page" "extension/Statements/"
{day} custom "fava-option" "import-config" "import.py"
{day} custom "fava-option" "locale" "{locale}"
{day} custom "fava-option" "collapse-pattern" "^[A-Z][a-z]+:[0-9]+[^:]*$"
{day} custom "fava-option" "invert-income-liabilities-equity" "true"
{day} custom "fava-option" "show-accounts-with-zero-balance" "false"
"""


def _comment(text: str) -> str:
    return " ".join(text.split())
