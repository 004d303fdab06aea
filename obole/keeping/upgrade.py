"""`obole upgrade`: books made by any earlier Obole brought up to date, in small steps that each can be taken again.

A step asks whether it is needed and says what it did. Killed at any instant, the steps that were not taken are taken
the next time. Whoever changes what `init` makes, or what the stores hold, adds a step here and counts FORM up.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from beancount.core import data
from beancount.parser import parser

from ledger.archive import is_sealed
from ledger.chart import code_of, house
from ledger.engines import create
from ledger.errors import OboleError
from ledger.given import digest_of_file
from ledger.journal import temporary_name, write_whole
from ledger.languages import LANGUAGES
from ledger.numbering import number_open_years, open_years_numbered
from ledger.pairing import Stands, refuse_unknown_sheets, relation
from ledger.register.receipts import last_issued
from ledger.register.sealed import archives
from ledger.register.stand import stand_of
from ledger.store import HEADS, STORES, StoreName, StoreUnreadable, open_store, store_version
from ledger.vault.intent import vault_stand_of
from ledger.vault.key import KeyMissing
from obole.books.creation import IMPORT_FILE, IMPORT_TEXT, main_text
from obole.books.form import FORM, FORM_FILE, NewerBooks, form_of, write_form
from obole.books.opened import Books, accounts_named, found_books, settle
from obole.keeping.merging import Merged, Opened, line_of, with_accounts, with_directives, with_opening
from obole.receipting.shipping import in_the_books, move_out, to_move
from obole.words import _


@dataclass(frozen=True, slots=True)
class Step:
    """One change that older books need; `form` is the one it belongs to.

    `needed` looks and writes nothing; `apply` makes the change whole or not at all and says it in sentences; `left`
    says what a person must do where the change cannot be made without touching what a person wrote.
    """

    form: int
    needed: Callable[[Books], bool]
    apply: Callable[[Books], list[str]]
    left: Callable[[Books], list[str]] = lambda _books: []


@dataclass(slots=True)
class Upgraded:
    """The deeds of an upgrade, in sentences; what is left to a person; the backup that was made before."""

    done: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    backup: Path | None = None


def upgrade(root: Path, keep: Callable[[Books], Path] | None = None, *, key: bytes | None = None) -> Upgraded:
    """Bring the books in `root` up to date; `keep` makes a backup of them before the first change.

    `key` is that of their vault, where it is not in the key folder. NewerBooks or StoreUnreadable where a newer Obole
    made them; nothing is done where nothing is needed.
    """
    books = replace(found_books(root), key=key)
    with books.writing():
        _refuse_newer(books)
        _refuse_put_back(books)
        outcome = Upgraded()
        needed = [step for step in STEPS if step.needed(books)]
        if needed and keep is not None:
            outcome.backup = keep(books)
        for step in STEPS:
            if step.needed(books):  # asked again: a step before may have made it so
                outcome.done += step.apply(books)
        # Opened anew: what a step looked at may have changed since.
        books = replace(found_books(root), key=key)
        outcome.left = [sentence for step in STEPS for sentence in step.left(books)]
        outcome.done += settle(books)
    return outcome


def upgrade_needed(root: Path) -> bool:
    """Tell whether the books in `root` need an upgrade before other commands take them."""
    books = found_books(root)
    _refuse_newer(books)
    return form_of(root) < FORM or _old_stores(books) != []


def _refuse_newer(books: Books) -> None:
    if form_of(books.folder.root) > FORM:
        raise NewerBooks(books.folder.root)
    for name in STORES:
        version = _version(books, name)
        if version > HEADS[name]:
            message = _("the {store} is at version {version}, this Obole needs {needed}; install the newest Obole.")
            raise StoreUnreadable(message.format(store=name, version=version, needed=HEADS[name]))


def _refuse_put_back(books: Books) -> None:
    """Raise Apart where one store is of an earlier Obole and the other was written to since: nothing is migrated.

    So too where both are, and the vault has receipts that the register does not know.
    """
    old = _old_stores(books)
    if len(old) == len(STORES):
        register, vault = create(books.address("register")), create(books.address("vault"))
        with register.connect() as gifts, vault.connect() as identities:
            refuse_unknown_sheets(gifts, identities, books.store_names, last_issued)
        register.dispose()
        vault.dispose()
    if len(old) == 1:
        stands = Stands(*(_stand(books, name) for name in STORES))
        if stands != (None, None):
            relation(stands, books.store_names)


# The versions since which the stores know how far they are.
_STANDS: dict[StoreName, str] = {"register": "0008", "vault": "0007"}


def _stand(books: Books, name: StoreName) -> Any:
    """Return how far a store is; None where it was made before stores knew."""
    if _version(books, name) < _STANDS[name]:
        return None
    engine = create(books.address(name))
    with engine.connect() as connection:
        stand = stand_of(connection) if name == "register" else vault_stand_of(connection)
    engine.dispose()
    return stand


def _version(books: Books, name: StoreName) -> str:
    """Return the version of a store; StoreUnreadable where it is missing or empty."""
    file = books.embedded(name)
    if file is not None and not file.exists():
        message = _("{file}: the {store} of these books is missing; restore it from your backup.")
        raise StoreUnreadable(message.format(file=file.name, store=name))
    version = store_version(books.address(name), name)
    if version is None:
        message = _("what stands where the {store} should be is empty; restore it from your backup.")
        raise StoreUnreadable(message.format(store=name))
    return version


def _old_stores(books: Books) -> list[StoreName]:
    return [name for name in STORES if _version(books, name) < HEADS[name]]


def _migrate(books: Books) -> list[str]:
    said = []
    for name in _old_stores(books):
        before = _version(books, name)
        open_store(books.address(name), name).dispose()
        told = _("The {store} was brought from version {before} to {now}.")
        said.append(told.format(store=name, before=before, now=HEADS[name]))
    return said


# Accounts that the house chart got after the books of the first form were made.
_NEW_ACCOUNTS = {1: ("416100", "616100", "743100", "743200")}


def _charted(books: Books) -> Merged:
    form = form_of(books.folder.root)
    codes = accounts_named(books.config)
    codes |= {code for since, new in _NEW_ACCOUNTS.items() if since > form for code in new}
    named = house(_language_of_names(books))
    wanted = [account for account in named if account.code in codes - books.chart.keys()]
    elsewhere = list(_opened_elsewhere(books)) if wanted else []
    taken = {account.path: account.code for account in books.chart.values()}
    free = [account for account in wanted if account.path not in taken]
    config = books.config
    merged = with_accounts(_text(books.folder.chart), free, elsewhere, config.first_day, config.organisation.language)
    message = _(
        "chart.beancount: {path} has the code {taken}, where Obole means {code}; give one of them another name or "
        'write `code: "{code}"` below it.'
    )
    merged.left += [
        message.format(path=account.path, taken=taken[account.path], code=account.code)
        for account in wanted
        if account.path in taken
    ]
    return merged


def _language_of_names(books: Books) -> str:
    """Return the language that most house accounts of these books are named in: earlier books were all in French."""
    paths = {account.path for account in books.chart.values()}
    return max(LANGUAGES, key=lambda language: sum(account.path in paths for account in house(language)))


def _opened_elsewhere(books: Books) -> Iterator[Opened]:
    root = books.folder.root
    for path in sorted((*root.glob("*.beancount"), *(root / "manual").rglob("*.beancount"))):
        if path == books.folder.chart:
            continue
        for entry in parser.parse_file(str(path))[0]:
            if isinstance(entry, data.Open):
                place = line_of(path.relative_to(root).as_posix(), entry.meta["lineno"])
                yield Opened(code_of(entry.account) or "", entry.account, place)


def _directed(books: Books) -> Merged:
    return with_directives(_text(books.folder.main), main_text(books.config))


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode()  # as bytes, so that the ends of lines stay what they are
    except UnicodeDecodeError:
        message = _("{file}: not written in UTF-8; save it as UTF-8 in your editor.")
        raise OboleError(message.format(file=path.name)) from None


def _merge(look: Callable[[Books], Merged], name: str) -> Callable[[Books], list[str]]:
    def apply(books: Books) -> list[str]:
        merged = look(books)
        write_whole(books.folder.root / name, merged.text.encode())
        books.__dict__.pop("chart", None)  # read before
        return merged.added

    return apply


def _opened_early(books: Books) -> Merged:
    """Return the chart with the accounts that `init` opened open since `first_day`, where that was set back since."""
    days = [account.opened for account in books.chart.values() if account.opened is not None]
    first, text = books.config.first_day, _text(books.folder.chart)
    if not days or min(days) <= first:
        return Merged(text)
    since = {code for code, account in books.chart.items() if account.opened == min(days)}
    return with_opening(text, (), since, first)


_NUMBERED = 2  # the form since which entries have numbers
_SEALED = 3  # the form since which archived sources are encrypted


def _unnumbered(books: Books) -> bool:
    """Tell whether entries of open years have no number; a store of an older version is migrated first, then asked."""
    if _old_stores(books):
        return form_of(books.folder.root) < _NUMBERED
    with books.register.connect() as connection:
        return not open_years_numbered(connection, books.years)


def _number(books: Books) -> list[str]:
    said = settle(books)  # what a kill left half done is no journal file as posted
    count = number_open_years(books.folder, books.register, books.years)
    if count:
        said.append(_("The entries of the open years got their numbers: {count}.").format(count=count))
    return said


def _in_clear(books: Books) -> Iterator[Path]:
    """Yield the archived sources that are not sealed; those that a killed run left without their names too."""
    with books.register.connect() as connection:
        archived = sorted(archives(connection))
    for name in archived:
        path = books.folder.root / name
        for one in (path, temporary_name(path)):
            if one.is_file() and not is_sealed(one):
                yield one


def _any_in_clear(books: Books) -> bool:
    """Tell whether an archived source is not sealed; a store of an older version is migrated first, then asked."""
    if _old_stores(books):
        return form_of(books.folder.root) < _SEALED
    return next(_in_clear(books), None) is not None


def _seal_sources(books: Books) -> list[str]:
    """Seal the archived sources one by one: each is there in clear or sealed, whenever this is killed.

    Without the key they stay as they are, which is told: who lost it must still be able to read the books.
    """
    said = settle(books)  # what a kill left half done gets its name, or goes
    count = 0
    for path in _in_clear(books) if _has_key(books) else ():
        with path.open("rb") as source:
            write_whole(path, books.archive.sealing(path.name, source, digest_of_file(path)))
        count += 1
    if count:
        said.append(
            _("The archived source files were encrypted with the key of the vault: {count}.").format(count=count)
        )
    return said


def _has_key(books: Books) -> bool:
    try:
        books.archive.sealing("", b"", "")
    except KeyMissing:
        return False
    return True


def _left_in_clear(books: Books) -> list[str]:
    if next(_in_clear(books), None) is None:
        return []
    message = _(
        "The archived source files stand in clear, because the right key {key}.key is not in the key folder; put it "
        "back and run `obole upgrade` again."
    )
    return [message.format(key=books.config.key)]


def _move_out(books: Books) -> list[str]:
    told = _("{file} was moved out of the books, which hold no names: it lies beside them now.")
    return [told.format(file=path.name) for path in move_out(books)]


def _left_in(books: Books) -> list[str]:
    left = _("{file}: has names and national numbers; move it out of the books (beside them a file has its name).")
    return [left.format(file=path.name) for path in in_the_books(books)]


def _write_import(books: Books) -> list[str]:
    write_whole(books.folder.root / IMPORT_FILE, IMPORT_TEXT.encode())
    told = _("{file} was missing and was written, so that Fava's import page knows the sources.")
    return [told.format(file=IMPORT_FILE)]


def _write_form(books: Books) -> list[str]:
    write_form(books.folder.root)
    return [_("{file} says that these books have form {form}.").format(file=FORM_FILE, form=FORM)]


STEPS: tuple[Step, ...] = (
    Step(1, lambda books: _old_stores(books) != [], _migrate),
    Step(
        1,
        lambda books: _charted(books).added != [],
        _merge(_charted, "chart.beancount"),
        lambda books: _charted(books).left,
    ),
    Step(1, lambda books: _opened_early(books).added != [], _merge(_opened_early, "chart.beancount")),
    Step(
        1,
        lambda books: _directed(books).added != [],
        _merge(_directed, "main.beancount"),
        lambda books: _directed(books).left,
    ),
    Step(1, lambda books: not (books.folder.root / IMPORT_FILE).exists(), _write_import),
    Step(_NUMBERED, _unnumbered, _number),
    Step(_SEALED, _any_in_clear, _seal_sources, _left_in_clear),
    Step(_SEALED, lambda books: to_move(books) != [], _move_out, _left_in),
    # Last: what was not done when an upgrade was killed is still of an older form.
    Step(FORM, lambda books: form_of(books.folder.root) < FORM, _write_form),
)
