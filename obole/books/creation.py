"""New books: folder, key, chart, stores and the main file that Fava opens."""

import secrets
import shlex
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path

from ledger.chart import Account, house, path_of, render_chart
from ledger.errors import OboleError
from ledger.folder import Folder
from ledger.given import real_place
from ledger.journal import quote, write_whole
from ledger.locks import writing
from ledger.register.stand import stand_of
from ledger.store import HEADS, STORES, StoreName, open_store, store_version
from ledger.vault.intent import vault_stand_of
from ledger.vault.key import create_key
from obole.books.form import FORM_FILE, write_form
from obole.books.opened import Books, open_books, settle
from obole.books.settings import FILE_NAME, Config, load, read_settings
from obole.words import _, text_in


class BooksExist(OboleError):
    """A folder that already holds books."""


class NotOverwritten(OboleError):
    """A file of a person, or a store of other books, stands where new books would put theirs."""


def initialise(root: Path, settings: str) -> Books:
    """Create books in `root` from the text of an obole.toml; BooksExist where there are some.

    The vault's key goes to the key folder, under a name of its own that is added to obole.toml. What is there already
    is kept to the byte: of books whose main file is lost, or whose creation was broken off, only what is missing is
    made. NotOverwritten where that cannot be done without a guess; Busy where another process makes these books.
    """
    if (root / "main.beancount").exists():
        raise _exist(root)
    root.mkdir(parents=True, exist_ok=True)
    folder = Folder(real_place(root))
    with writing(folder):
        if folder.main.exists():  # made by another process meanwhile
            raise _exist(root)
        _write_settings(root, settings)
        config = load(root)
        books = Books(folder, config)
        _refuse_lost(books)
        create_key(config.key, root)
        _write_parts(folder, config)
        for store in STORES:
            open_store(books.address(store), store).dispose()
    with books.writing():
        settle(books)  # which gives the stores their identity
        _write_new(folder.main, main_text(config).encode())
    return open_books(root)


def _exist(root: Path) -> BooksExist:
    return BooksExist(_("{root}: there are books here already; choose another folder.").format(root=root))


def _write_settings(root: Path, settings: str) -> None:
    """Put obole.toml in place, with the name of a key; NotOverwritten where another one stands there."""
    written = root / FILE_NAME
    there = read_settings(written) if written.exists() or not settings else ""
    if settings and there and _without_key(there) != _without_key(settings):
        message = _(
            "{file}: stands in {folder} already and says other things; run `obole init {typed}` without --config to "
            "use it, or choose another folder."
        )
        raise NotOverwritten(message.format(file=FILE_NAME, folder=root, typed=shlex.quote(str(root))))
    text = there or settings
    if not any(line.startswith(("key ", "key=")) for line in _before_tables(text)):
        text = f'key = "obole-{secrets.token_hex(6)}"\n' + text
    if text != there:
        write_whole(written, text.encode())


def _without_key(text: str) -> list[str]:
    """Return the lines of an obole.toml but that which names its key."""
    above = list(_before_tables(text))
    kept = [line for line in above if not line.startswith(("key ", "key="))]
    return [*kept, *text.splitlines()[len(above) :]]


def _refuse_lost(books: Books) -> None:
    """Raise NotOverwritten where a part of books that have been worked with is lost and would be made empty."""
    there = {store: _exists(books, store) for store in STORES}
    worked = [store for store in STORES if there[store] and _has_rows(books, store)]
    for store in STORES:
        if worked and not there[store]:
            file = books.embedded(store)
            message = _("{file}: the {store} of these books is missing; restore it from your backup.")
            raise NotOverwritten(message.format(file=file.name if file is not None else store, store=store))
    if worked and not books.folder.chart.exists():
        message = _(
            "{name}: there is a {store} with documents already, and no chart.beancount of it here; restore that from "
            "your backup, or name another folder or database for new books."
        )
        raise NotOverwritten(message.format(name=books.folder.root.name, store=worked[0]))


def _exists(books: Books, store: StoreName) -> bool:
    file = books.embedded(store)
    return file.exists() if file is not None else store_version(books.address(store), store) is not None


def _has_rows(books: Books, store: StoreName) -> bool:
    """Tell whether a store was worked with; one that an earlier Obole made is taken for such."""
    version = store_version(books.address(store), store)
    if version is None:
        return False
    if version != HEADS[store]:
        return True
    engine = open_store(books.address(store), store, migrate=False)
    with engine.connect() as connection:
        stand = stand_of(connection) if store == "register" else vault_stand_of(connection)
    engine.dispose()
    return stand is not None and stand.step > 0


def _write_parts(folder: Folder, config: Config) -> None:
    """Write what Fava and a person need beside the stores, where it is not there yet."""
    language = config.organisation.language
    accounts = {account.code: account for account in house(language)}
    for code, label in _accounts_named_only_in(config):
        accounts.setdefault(code, Account(code, path_of(code, label, language), (label, label, label, label)))
    _write_new(folder.chart, render_chart(accounts.values(), config.first_day).encode())
    year = config.first_day.year
    _write_new(
        folder.journal / str(year) / "00-year.beancount",
        b"; Posted documents stand here, one file each. Obole writes them; do not edit.\n",
    )
    _write_new(
        folder.root / "manual" / f"{year}.beancount",
        b"; What finance staff enter by hand in Fava stands here.\n",
    )
    for part in (folder.documents, folder.receipts, folder.seals):
        part.mkdir(exist_ok=True)
    _write_new(folder.root / IMPORT_FILE, IMPORT_TEXT.encode())
    if not (folder.root / FORM_FILE).exists():
        write_form(folder.root)


def _write_new(path: Path, content: bytes) -> None:
    """Write a file whole where there is none; what stands there is somebody's."""
    if not path.exists():
        write_whole(path, content)


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
