"""New books: folder, key, chart, stores and the main file that Fava opens."""

import secrets
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path

from ledger.chart import Account, house, path_of, render_chart
from ledger.errors import OboleError
from ledger.folder import Folder
from ledger.journal import quote, write_whole
from ledger.locks import writing
from ledger.store import STORES, open_store
from ledger.vault.key import create_key
from obole.books.form import write_form
from obole.books.opened import Books, open_books
from obole.books.settings import FILE_NAME, Config, load, read_settings
from obole.words import _, text_in


class BooksExist(OboleError):
    """A folder that already holds books."""


def initialise(root: Path, settings: str) -> Books:
    """Create books in `root` from the text of an obole.toml; BooksExist where there are some.

    The vault's key goes to the key folder, under a name of its own that is added to obole.toml.
    """
    if (root / "main.beancount").exists():
        raise BooksExist(_("{root}: there are books here already; choose another folder.").format(root=root))
    root.mkdir(parents=True, exist_ok=True)
    folder = Folder(root.resolve())
    name = f"obole-{secrets.token_hex(6)}"
    written = root / FILE_NAME
    text = settings or read_settings(written)
    if not any(line.startswith(("key ", "key=")) for line in _before_tables(text)):
        text = f'key = "{name}"\n' + text
    write_whole(written, text.encode())
    config = load(root)
    with writing(folder):
        create_key(config.key, root)
        language = config.organisation.language
        accounts = {account.code: account for account in house(language)}
        for code, label in _accounts_named_only_in(config):
            accounts.setdefault(code, Account(code, path_of(code, label, language), (label, label, label, label)))
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
        for store in STORES:
            open_store(books.address(store), store).dispose()
        write_whole(root / IMPORT_FILE, IMPORT_TEXT.encode())
        write_form(root)
        write_whole(folder.main, main_text(config).encode())
    return open_books(root)


def _before_tables(text: str) -> Iterator[str]:
    """Yield the lines above the first table: a `key` further down is that of a project, a department or a fund."""
    return takewhile(lambda line: not line.startswith("["), text.splitlines())


def _accounts_named_only_in(config: Config) -> list[tuple[str, str]]:
    language = config.organisation.language
    bank, platform_name = text_in(language, "Bank {name}"), text_in(language, "Platform {name}")
    fees = text_in(language, "Commissions {name}")
    named = [(one.account, bank.format(name=one.alias)) for one in config.bank]
    named += [(one.charges, fees.format(name=one.alias)) for one in config.bank]
    for name, platform in config.platforms.items():
        named.append((platform.account, platform_name.format(name=name)))
        named.append((platform.fee_account, fees.format(name=name)))
    cash = text_in(language, "Cash {name}")
    named += [(code, cash.format(name=name)) for name, code in config.cash.books.items()]
    return named + [(rule.account, rule.label) for rule in config.rules if rule.account]


IMPORT_FILE = "import.py"
IMPORT_TEXT = '''"""The sources of these books for beangulp and Fava's import page, to look at: `obole import` posts."""

from pathlib import Path

import beangulp

from obole.extraction import importers

CONFIG = importers(Path(__file__).parent)

if __name__ == "__main__":
    beangulp.Ingest(CONFIG)()
'''


def main_text(config: Config) -> str:
    """Return the text of main.beancount: what Fava opens, and the checks that run each time it loads."""
    # The address of a server stands in obole.toml alone, where the plugins read it: it may hold a password.
    register = {} if config.register_url else {"register": "register.sqlite3"}
    gifts = register | {"accounts": list(config.gifts.control)}
    banks = register | {"accounts": {bank.alias: bank.account for bank in config.bank}}
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
