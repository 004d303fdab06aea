"""Shared by the plugins that read the register: their settings in main.beancount, and the register of the books.

Where obole.toml beside main.beancount says that the register lies on a server, that is the one: its address stands
there alone, so that it can change, and the password in it is not shown with the books.
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
    address = _server(folder / "obole.toml") or settings["register"]
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


def _server(settings: Path) -> str:
    """Return the address of a register that lies outside the books; empty where it lies in them."""
    try:
        return str(tomllib.loads(settings.read_text(encoding="utf-8")).get("register_url", ""))
    except FileNotFoundError:
        return ""
    except (OSError, ValueError):
        raise BadSettings(
            _("{file}: cannot be read as TOML; correct it, or restore your backup.").format(file=settings.name)
        ) from None
