"""Shared by the plugins that read the register: their settings in main.beancount, and the register of the books.

Where obole.toml beside main.beancount says that the register lies on a server, that is the one: its address stands
there alone, so that it can change, and the password in it is not shown with the books. Bank and gift accounts of
obole.toml are checked whatever main.beancount repeats of it: what is added after `init` is checked from then on.
"""

import ast
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from ledger.errors import OboleError
from ledger.store import StoreUnreadable, open_store, sqlite_url
from ledger.words import _


class BadSettings(OboleError):
    """The text behind a plugin's name in main.beancount is not what it needs."""


def read_settings(plugin: str, config: str, accounts: type) -> dict[str, Any]:
    """Return the settings of a plugin, a Python dictionary as text; `accounts` in them is of the type given."""
    try:
        settings = ast.literal_eval(config)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        settings = None
    if isinstance(settings, dict):
        settings = {"register": "register.sqlite3", "accounts": accounts()} | settings
        listed = settings["accounts"]
        values = [*listed, *listed.values()] if isinstance(listed, dict) else listed
        if isinstance(listed, accounts) and all(isinstance(value, str) for value in [settings["register"], *values]):
            return settings
    raise BadSettings(
        _("plugin {plugin}: its settings are not {{'register': ..., 'accounts': ...}}; correct them.").format(
            plugin=plugin
        )
    )


@contextmanager
def register_of(settings: dict[str, Any], options: dict[str, Any]) -> Iterator[Connection]:
    """Yield a connection to the register of obole.toml, else the one the plugin's settings name beside main.beancount.

    StoreUnreadable where there is none, BadSettings where obole.toml cannot be read.
    """
    folder = Path(options["filename"]).parent
    address = str(_written(folder).get("register_url", "")) or settings["register"]
    url = address if "://" in address else sqlite_url(folder / address, read_only=True)
    engine = open_store(url, "register", migrate=False)
    try:
        with engine.connect() as connection:
            yield connection
    except (SQLAlchemyError, ValueError, TypeError):  # ValueError, TypeError: a value changed by hand to what is none
        raise StoreUnreadable(
            _("the register cannot be read; run `obole check`, or restore it from your backup.")
        ) from None
    finally:
        engine.dispose()


def banks_of(settings: dict[str, Any], options: dict[str, Any]) -> dict[str, str]:
    """Return alias and account of each bank account: those of the plugin's settings, and what obole.toml says now.

    BadSettings where obole.toml cannot be read.
    """
    written = _written(Path(options["filename"]).parent).get("bank", ())
    said = [bank for bank in written if isinstance(bank, dict)] if isinstance(written, list) else []
    accounts: dict[str, str] = settings["accounts"]
    return accounts | {
        bank["alias"]: bank["account"]
        for bank in said
        if isinstance(bank.get("alias"), str) and isinstance(bank.get("account"), str)
    }


_NO_GIFTS = ("suspense",)  # of [gifts]: what it names is no gift account


def gift_accounts_of(settings: dict[str, Any], options: dict[str, Any]) -> frozenset[str]:
    """Return the gift accounts: those of the plugin's settings, and what obole.toml says now.

    BadSettings where obole.toml cannot be read.
    """
    written = _written(Path(options["filename"]).parent).get("gifts", {})
    said = written.items() if isinstance(written, dict) else ()
    return frozenset(settings["accounts"]) | {
        code for name, code in said if name not in _NO_GIFTS and isinstance(code, str)
    }


def _written(folder: Path) -> dict[str, Any]:
    """Return what obole.toml says, nothing where there is none."""
    path = folder / "obole.toml"
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError):
        raise BadSettings(
            _("{file}: cannot be read as TOML; correct it, or restore your backup.").format(file=path.name)
        ) from None
