"""The books in a browser: Fava with Obole's pages, on a server that stands being used by several people at once.

Fava knows no users: it is bound to this machine unless told otherwise, and read-only unless told otherwise. The gate
before it (`obole.web.gate`) refuses what no browser may ask for.
"""

import errno
from collections.abc import Callable, Sequence
from pathlib import Path
from shlex import quote
from socket import gethostname

from cheroot.wsgi import Server
from fava.application import create_app

from ledger.errors import OboleError
from obole.web.answers import answer_in_sentences
from obole.web.gate import Gate, escape_journal, stamp_of
from obole.words import _

MAIN_FILE = "main.beancount"


LOOPBACK = ("127.0.0.1", "localhost", "::1")


class NoMainFile(OboleError):
    """The folder holds no main file to open."""

    def __init__(self, books: Path) -> None:
        super().__init__(
            _(
                "{file}: not found, so there are no books here; create them with `obole init {typed}`, or "
                "say which books with --books or OBOLE_BOOKS."
            ).format(file=books / MAIN_FILE, typed=quote(str(books)))
        )


class AddressNotFree(OboleError):
    """The address cannot be bound: another program has it, or it is not this machine's."""

    def __init__(self, host: str, port: int, reason: str) -> None:
        super().__init__(
            _("http://{host}:{port}: cannot be opened ({reason}); choose another with --port or --host.").format(
                host=host, port=port, reason=reason
            )
        )


def serve(
    books: Path,
    host: str = "127.0.0.1",
    port: int = 5000,
    *,
    names: Sequence[str] = (),
    read_only: bool = True,
    say: Callable[[str], None] = print,
) -> None:
    """Show the books in `books` at http://host:port until interrupted; port 0 takes any that is free.

    `names` are further ones by which browsers reach it (behind a proxy); others are refused. `say` gets each sentence
    for the person who started it. NoBooks and AddressNotFree come before anything is shown.
    """
    server = prepare(books, host, port, names=names, read_only=read_only)
    bound_host, bound_port = server.bind_addr[:2]
    say(_("The books are at http://{host}:{port} (stop with Ctrl+C).").format(host=bound_host, port=bound_port))
    if host not in LOOPBACK:
        say(_("Whoever reaches this address can read the books: put a login in front of it."))
    try:
        server.serve()
    except KeyboardInterrupt:
        say(_("Stopped."))
    finally:
        server.stop()


def prepare(books: Path, host: str, port: int, *, names: Sequence[str] = (), read_only: bool = True) -> Server:
    """Return a server that has its address and has read the books, not yet answering."""
    main = books / MAIN_FILE
    if not main.is_file():
        raise NoMainFile(books)
    # Never the name "localhost": it can mean an IPv6 address that a browser then does not try.
    server = Server(("127.0.0.1" if host == "localhost" else host, port), None)
    try:
        server.prepare()
    except OSError as error:
        raise AddressNotFree(host, port, _reason(error)) from error
    stamp = stamp_of(books.resolve())  # before reading: what changes meanwhile is seen by the first request
    fava = create_app([main.resolve()], load=True, read_only=read_only)
    escape_journal(fava.jinja_env)
    answer_in_sentences(fava)
    at_home = host in LOOPBACK
    server.wsgi_app = Gate(
        fava.wsgi_app,
        {*(name.lower() for name in names), *(LOOPBACK if at_home else (host.lower(), gethostname().lower()))},
        books.resolve(),
        fava.config["LEDGERS"].ledgers,
        stamp,
        by_number=not at_home,
        read_only=read_only,
    )
    return server


def _reason(error: OSError) -> str:
    # Cheroot raises an error of its own whose text quotes the system's.
    if f"[Errno {errno.EADDRINUSE}]" in str(error):
        return _("another program is using that port")
    if f"[Errno {errno.EACCES}]" in str(error):
        return _("ports below 1024 are not for every user")
    return _("it is not an address of this machine")
