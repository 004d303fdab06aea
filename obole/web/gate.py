"""The gate before Fava: who may ask, what no browser may ask for, and books that are read anew where they changed.

A plain WSGI program around Fava's. Fava itself knows no users, answers to any Host, and offers requests that read a
path of this machine or copy the stores for whoever asks; its journal puts texts of the books into a page as they are.
"""

import re
import shlex
import threading
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from hashlib import sha256
from http import HTTPStatus
from ipaddress import ip_address
from itertools import chain
from pathlib import Path
from typing import Any, Final

from fava.core import FavaLedger
from jinja2 import BaseLoader, Environment
from werkzeug.http import parse_options_header
from werkzeug.wsgi import ClosingIterator

from ledger.archive import MAGIC
from ledger.languages import speaking, spoken
from obole.words import _

Stamp = tuple[tuple[str, int, int], ...]  # path, time of change and size of what a change of the books changes

_Environ = dict[str, Any]
_StartResponse = Callable[..., Any]
_Application = Callable[[_Environ, _StartResponse], Iterable[bytes]]

# They read a path that the browser names, or copy the stores (the importers of the books open them); `bean-extract`
# on a terminal does the same for the person whose books they are.
_CLOSED = ("/api/extract/", "/api/imports/", "/import/")
_READING = ("GET", "HEAD")
_FILES = ("/document/", "/statement/")  # where Fava hands out a file of the books
_ASKING = "/api/changed"  # Fava tells the browser itself that its figures are old
_PAGES = Path(__file__).parent.parent / "pages" / "templates"
_JOURNAL: Final = "_journal_table.html"
_BARE: Final = "{% autoescape false %}"


def _policy() -> str:
    """Return what a page may load: nothing from elsewhere, no script but Fava's and ours, styles by hash."""
    style = (_PAGES / "pages.css").read_text(encoding="utf-8").removesuffix("\n")
    digest = b64encode(sha256(style.encode()).digest()).decode()
    rules = {
        "default-src": "'self'",
        "script-src": "'self' 'wasm-unsafe-eval'",  # the grammar of Fava's editor
        "style-src": f"'self' 'sha256-{digest}'",
        "img-src": "'self' data:",
        "object-src": "'none'",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())


class Gate:
    """Fava behind a gate. `hosts` are the names that are ours; `ledgers` what Fava loaded from `books` at a `stamp`.

    Where `by_number` is set, any numeric address is ours too: a server that others reach cannot know all of its own,
    and what makes a browser ask a wrong server is a name.
    """

    def __init__(
        self,
        application: _Application,
        hosts: Iterable[str],
        books: Path,
        ledgers: Iterable[FavaLedger],
        stamp: Stamp,
        *,
        by_number: bool,
        read_only: bool,
    ) -> None:
        self._application = application
        self._hosts = frozenset(hosts)
        self._books = books
        self._ledgers = tuple(ledgers)
        self._read_only = read_only
        self._stamp = stamp
        self._by_number = by_number
        self._language = spoken()
        self._lock = threading.Lock()
        self._headers = [
            ("Content-Security-Policy", _policy()),
            ("X-Content-Type-Options", "nosniff"),
            ("X-Frame-Options", "DENY"),
            ("Referrer-Policy", "same-origin"),
            ("Cross-Origin-Opener-Policy", "same-origin"),
            ("Cross-Origin-Resource-Policy", "same-origin"),
        ]

    def __call__(self, environ: _Environ, start_response: _StartResponse) -> Iterable[bytes]:
        """Answer a request: refuse it in a sentence, or hand it on."""
        with speaking(self._language):  # a server answers in threads, which speak English by themselves
            refusal = self._refusal(environ)
        if refusal is not None:
            return self._said(*refusal, start_response)
        self._refresh(environ.get("PATH_INFO", ""))
        if _below(environ) in _FILES:
            return self._file(environ, start_response)

        def started(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            return start_response(status, headers + self._headers, *rest)

        return self._application(environ, started)

    def _said(self, status: HTTPStatus, sentence: str, start_response: _StartResponse) -> Iterable[bytes]:
        body = sentence.encode()
        headers = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body)))]
        start_response(f"{status.value} {status.phrase}", headers + self._headers)
        return [body]

    def _file(self, environ: _Environ, start_response: _StartResponse) -> Iterable[bytes]:
        """Answer with a file of the books; in place of an archived source, which is sealed, with how to get it.

        As an answer and no refusal: Fava's page of documents shows the one and hides the other.
        """
        begun: list[tuple[str, list[tuple[str, str]]]] = []

        def started(status: str, headers: list[tuple[str, str]], *_rest: Any) -> Callable[[bytes], Any]:
            begun.append((status, headers))
            return lambda _data: None

        answer = self._application(environ, started)
        body = iter(answer)
        first = next(body, b"")
        status, headers = begun[-1]
        if not first.startswith(MAGIC):
            start_response(status, headers + self._headers)
            return ClosingIterator(chain([first], body), getattr(answer, "close", None))
        ClosingIterator(body, getattr(answer, "close", None)).close()
        name = parse_options_header(dict(headers).get("Content-Disposition", ""))[1].get("filename", "")
        with speaking(self._language):
            said = _(
                "{file}: the archived sources are encrypted, because they hold names. On the machine of the books "
                "`{command}` writes it in clear to a file of your own, and logs that."
            )
        command = f"obole document {shlex.quote(name)} -o FILE"
        return self._said(HTTPStatus.OK, said.format(file=name, command=command), start_response)

    def _refusal(self, environ: _Environ) -> tuple[HTTPStatus, str] | None:
        if not self._is_ours(str(environ.get("HTTP_HOST", ""))):
            said = _("This address is not one of this server; it answers to {hosts}.")
            return HTTPStatus.MISDIRECTED_REQUEST, said.format(hosts=", ".join(sorted(self._hosts)))
        if _is_closed(environ):
            said = _("Files are taken in with `obole import FILE`, not from a page that anybody can ask for.")
            return HTTPStatus.FORBIDDEN, said
        if self._read_only and environ.get("REQUEST_METHOD") not in _READING:
            return HTTPStatus.FORBIDDEN, _("These pages show the books and change nothing; use the command line.")
        return None

    def _is_ours(self, host: str) -> bool:
        """Tell whether a Host, with or without a port, names this server."""
        name = re.sub(r":\d*$", "", host.lower()).strip("[]")
        return name in self._hosts or (self._by_number and _is_address(name))

    def _refresh(self, path: str) -> None:
        """Have the books read anew where something changed since; Fava by itself does not see files that are new."""
        if stamp_of(self._books) == self._stamp:
            return
        with self._lock:
            stamp = stamp_of(self._books)  # before reading: what changes meanwhile is seen by the next request
            if stamp == self._stamp:
                return
            for ledger in self._ledgers:
                ledger.watcher.last_notified = max(ledger.watcher.last_checked, ledger.watcher.last_notified) + 1
                if not path.rstrip("/").endswith(_ASKING):
                    ledger.changed()
            self._stamp = stamp


def _is_closed(environ: _Environ) -> bool:
    """Tell whether a path, below the name of the books, is one that no browser may ask for."""
    return _below(environ).startswith(_CLOSED)


def _below(environ: _Environ) -> str:
    """Return the path that is asked for, below the name of the books."""
    return "/" + str(environ.get("PATH_INFO", "")).strip("/").partition("/")[2].strip("/") + "/"


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def stamp_of(books: Path) -> Stamp:
    """Return what a change of the books changes: Obole's files come by renaming, which a folder's time shows."""
    stamp = []
    for path in (books, *_watched(books)):
        with suppress(FileNotFoundError):  # a writer's own file, gone since the folder was listed
            found = path.stat(follow_symlinks=False)
            stamp.append((str(path), found.st_mtime_ns, found.st_size))
    return tuple(stamp)


def _watched(books: Path) -> Iterator[Path]:
    """Yield the files of the folder itself and the folders of the journal."""
    yield from sorted(path for path in books.iterdir() if path.is_file() and not path.name.startswith("."))
    journal = books / "journal"
    if journal.is_dir():
        yield journal
        yield from sorted(path for path in journal.rglob("*") if path.is_dir())


class _EscapingLoader(BaseLoader):
    """Fava's templates, the journal's with its texts escaped: a narration is no HTML, whoever wrote it."""

    def __init__(self, templates: BaseLoader) -> None:
        self._templates = templates

    def get_source(self, environment: Environment, template: str) -> tuple[str, str | None, Callable[[], bool] | None]:
        source, filename, current = self._templates.get_source(environment, template)
        if template == _JOURNAL:
            source = source.replace(_BARE, _BARE.replace("false", "true"))
        return source, filename, current


def escape_journal(environment: Environment) -> None:
    """Make Fava's journal escape what it shows."""
    assert environment.loader is not None
    environment.loader = _EscapingLoader(environment.loader)
