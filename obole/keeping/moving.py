"""The stores of books that are put back, moved: out of a server's address into files, or from files to a server.

They are always files first, so that they are proved wherever they came from. A server gets the rows of a file in one
transaction, reads them back, and keeps them only where they are the same.
"""

import tomllib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, Engine, NullPool, inspect, make_url
from sqlalchemy.exc import SQLAlchemyError

from ledger.engines import UNREACHED, cause_of, create, sqlite_url
from ledger.errors import OboleError
from ledger.folder import Folder
from ledger.journal import quote, write_whole
from ledger.locks import writing
from ledger.rows import pour, tables_of
from ledger.store import STORES, StoreName, migrate_to, store_version
from obole.books.settings import FILE_NAME
from obole.keeping.merging import with_own_register
from obole.words import _

_LONGEST = 3  # lines that a setting may take


class NotMoved(OboleError):
    """A store that cannot go where it shall lie."""


@dataclass(frozen=True, slots=True)
class Servers:
    """The SQLAlchemy addresses of the databases for the stores; empty: a file in the folder of the books."""

    register: str = ""
    vault: str = ""

    def of(self, name: StoreName) -> str:
        """Return the address for a store."""
        return self.register if name == "register" else self.vault

    @property
    def named(self) -> list[StoreName]:
        """Return the stores that shall lie on a server."""
        return [name for name in STORES if self.of(name)]


NOWHERE = Servers()


def refuse_unfit(servers: Servers) -> None:
    """Raise NotMoved for an address that is no database of a server, or one that is not empty."""
    if servers.register and servers.register == servers.vault:
        message = _("--register-url and --vault-url name the same database; make one for each of the two.")
        raise NotMoved(message)
    for name in servers.named:
        with _connected(servers.of(name), name) as connection:
            _require_empty(connection, name)


@contextmanager
def _connected(url: str, name: StoreName) -> Iterator[Connection]:
    """Yield a transaction in a database, kept where the block ends well; NotMoved where it cannot be reached."""
    option = f"--{name}-url"
    engine = _engine(url, option)
    try:
        opened = engine.connect()
    except UNREACHED as error:
        message = _(
            "{option}: the database cannot be reached ({type_name}); check the address, and that its server answers "
            "and has this database."
        )
        raise NotMoved(message.format(option=option, type_name=type(error).__name__)) from None
    with opened as connection:
        try:
            with connection.begin():
                yield connection
        except SQLAlchemyError as error:
            message = _(
                "{option}: the database did not take the {store} ({cause}) and keeps nothing of it; look into "
                "the log of its server, or name another."
            )
            raise NotMoved(message.format(option=option, store=name, cause=cause_of(error))) from None


def _engine(url: str, option: str) -> Engine:
    with suppress(*UNREACHED):
        if make_url(url).get_backend_name() == "postgresql":
            return create(url, poolclass=NullPool)
    message = _(
        "{option}: is no address of a PostgreSQL database; write postgresql+pg8000://USER:PASSWORD@SERVER/DATABASE, or "
        "leave it out to have the store in the folder."
    )
    raise NotMoved(message.format(option=option))


def _require_empty(connection: Connection, name: StoreName) -> None:
    """Raise NotMoved where a database holds any table: nothing is ever written over."""
    if inspect(connection).get_table_names():
        message = _(
            "{option}: the database holds tables already, and a restore writes over none; make an empty one (createdb) "
            "and name that."
        )
        raise NotMoved(message.format(option=f"--{name}-url"))


def brought_home(root: Path) -> list[StoreName]:
    """Let unpacked books, whose stores are files, name no server any more; the stores that lay on one."""
    home = [name for name in STORES if _set_address(root / FILE_NAME, f"{name}_url", "")]
    if home:
        main = Folder(root).main
        text = main.read_bytes()
        own = with_own_register(text.decode(errors="surrogateescape")).encode(errors="surrogateescape")
        if own != text:
            write_whole(main, own)
    return home


def told(home: list[StoreName], servers: Servers) -> list[str]:
    """Tell in sentences where stores lie, of those that lay on a server or go to one."""
    said = []
    for name in STORES:
        if name in servers.named:
            text = _("Their {store} lies in the database that --{store}-url named; {file} says so.")
        elif name in home:
            text = _("Their {store} lay on a server and is a file in the folder now; {file} names no server for it.")
        else:
            continue
        said.append(text.format(store=name, file=FILE_NAME))
    return said


def move_stores(root: Path, servers: Servers, key: str) -> None:
    """Move stores from the folder of unpacked books into the databases.

    `key` is the name of the key, under which the databases are held meanwhile. NotMoved or RowsDiffer where a database
    does not take them: then none of them holds anything.
    """
    if not servers.named:
        return
    files = {name: _file_of(root, name) for name in servers.named}
    with writing(Folder(root), *map(servers.of, files), key=key), ExitStack() as kept:
        for name, file in files.items():
            target = kept.enter_context(_connected(servers.of(name), name))
            _require_empty(target, name)
            _pour(file, name, target)
            _set_address(root / FILE_NAME, f"{name}_url", servers.of(name))
    for file in files.values():
        file.unlink()


def _file_of(root: Path, name: StoreName) -> Path:
    return Folder(root).register if name == "register" else Folder(root).vault


def _pour(file: Path, name: StoreName, target: Connection) -> None:
    url = sqlite_url(file, read_only=True)
    version = store_version(url, name)
    if version is None:
        message = _("{file}: there is no {store} in it; take another backup.")
        raise NotMoved(message.format(file=file.name, store=name))
    migrate_to(target, name, version)
    with create(url, poolclass=NullPool).connect() as source:
        pour(source, target, tables_of(name, version))


def _set_address(path: Path, key: str, url: str) -> bool:
    """Write a setting at the top of obole.toml, or take it away where it is empty; whether anything was changed.

    All else in the file stays as it is, to the byte; NotMoved where the line cannot be found.
    """
    text = path.read_bytes().decode(errors="surrogateescape")
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    text = text.removeprefix(mark)
    try:
        before = tomllib.loads(text)
    except ValueError:
        return False  # said when the books are opened
    if before.get(key, "") == url:
        return False
    wanted = {name: value for name, value in before.items() if name != key} | ({key: url} if url else {})
    line = f"{key} = {quote(url)}\n" if url else ""
    lines = text.splitlines(keepends=True)
    places = (
        [(0, 0)]
        if key not in before
        else [
            (start, start + count) for start, one in enumerate(lines) if key in one for count in range(1, _LONGEST + 1)
        ]
    )
    for start, end in places:
        changed = "".join((*lines[:start], line, *lines[end:]))
        if _means(changed, wanted):
            write_whole(path, (mark + changed).encode(errors="surrogateescape"))
            return True
    message = _(
        "{file}: the address of the store cannot be changed where it stands; write {key} on a line of its own in the "
        "books, and back them up again."
    )
    raise NotMoved(message.format(file=path.name, key=key))


def _means(text: str, wanted: dict[str, object]) -> bool:
    try:
        return tomllib.loads(text) == wanted
    except ValueError:
        return False
