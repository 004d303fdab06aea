"""Register and vault as a pair: a killed run is told from a copy that was put back, and only the first is finished.

Both carry the identity of their books, a step that counts up and a token that each step draws anew. Who writes to the
vault says in the same transaction that a step is under way; the register makes that step in the transaction that
commits it; then the vault notes that it is done. A step of the register alone needs no word of the vault before: the
vault notes it after, and until then the register's `base` names the last step that the vault has.

    the vault                        the register                 is
    token of the register, done      any                          the same
    token of the register's base     steps of its own since       the same; the vault notes them
    under way, token of the register that step                    a killed run that was committed
    under way, before = its token    one step before              a killed run that was not committed: taken back
    all else                                                      a copy put back: nothing is written

Everything that commits through the engines of a `Pair` keeps to this; `docs/reliability.md` has each instant.
"""

import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from enum import Enum, auto
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import PoolProxiedConnection

from ledger.clock import posting_time
from ledger.engines import has_written, on_server, wait_at_most
from ledger.errors import OboleError
from ledger.register.receipts import last_number, sheet_digests
from ledger.register.stand import Stand, put_stand, stand_of
from ledger.vault.intent import (
    VaultStand,
    announced,
    answered,
    digest_of_sheets,
    last_sheets,
    put_vault_stand,
    vault_stand_of,
)
from ledger.vault.sheets import drop_sheets_after
from ledger.words import _, many

# Milliseconds that the vault's note of a step that is done waits for who reads the vault: after each, and at the end.
_NOTE_WAIT, _LAST_WAIT = 50, 5000


class Apart(OboleError):
    """Register and vault are not of the same books, or not of the same moment: one of them is a copy put back."""


class Relation(Enum):
    """The relation of register and vault where both are of the same moment."""

    NEW = auto()  # neither has an identity yet
    SAME = auto()
    DONE = auto()  # all is committed; the vault has not noted it
    CUT_OFF = auto()  # the vault has begun a step that the register did not commit


class Stands(NamedTuple):
    """The rows that say how far register and vault are."""

    register: Stand | None
    vault: VaultStand | None


def relation(stands: Stands, names: Mapping[str, str]) -> Relation:
    """Tell how register and vault stand to each other; Apart, with what to put back, where they do not fit."""
    register, vault = stands
    if register is None and vault is None:
        return Relation.NEW
    if register is None or vault is None:
        _refuse_unmarked(stands, names)
        return Relation.CUT_OFF  # killed between the two, when they got their identity
    if register.identity != vault.identity:
        message = _(
            "{register} and {vault} are of two different sets of books, and nothing is written; put back those that "
            "belong together, from one backup."
        )
        raise Apart(message.format(**names))
    if not vault.under_way and vault.token == register.token:
        return Relation.SAME
    if vault.token in {register.token, register.base}:
        return Relation.DONE
    if vault.under_way and vault.before == register.token:
        return Relation.CUT_OFF
    raise Apart(_older(register, vault, names))


def _refuse_unmarked(stands: Stands, names: Mapping[str, str]) -> None:
    """Raise Apart where one of the two was made before stores had an identity, and the other has gone on since."""
    older, newer = ("vault", stands.register) if stands.vault is None else ("register", stands.vault)
    if newer is not None and (newer.step or older == "vault"):
        message = _(
            "{file} is a copy from before the upgrade of these books, older than all that was done since (the other "
            "was last written on {at}); nothing is written. Put back the newest {store}, or both from one backup."
        )
        raise Apart(message.format(file=names[older], at=_day(newer.at), store=older))


def _older(register: Stand, vault: VaultStand, names: Mapping[str, str]) -> str:
    """Return which of the two is a copy put back, by how many steps, and from when each is."""
    steps = abs(vault.step - register.step)
    words: dict[str, Any] = {**names, "count": steps, "register_at": _day(register.at), "vault_at": _day(vault.at)}
    if vault.step == register.step:
        return _(
            "{register} (last written on {register_at}) and {vault} (last written on {vault_at}) are from two copies "
            "of these books that went different ways; nothing is written. Put back the two that belong together, from "
            "one backup."
        ).format(**words)
    if vault.step > register.step:
        return many(
            "{register} is older than {vault} by {count} step: it was last written on {register_at}, the vault on "
            "{vault_at}. It was put back from a copy, and nothing is written; put back the newest {register}, or both "
            "from one backup.",
            "{register} is older than {vault} by {count} steps: it was last written on {register_at}, the vault on "
            "{vault_at}. It was put back from a copy, and nothing is written; put back the newest {register}, or both "
            "from one backup.",
            steps,
        ).format(**words)
    return many(
        "{vault} is older than {register} by {count} step: it was last written on {vault_at}, the register on "
        "{register_at}. It was put back from a copy, and nothing is written; put back the newest {vault}, or both "
        "from one backup.",
        "{vault} is older than {register} by {count} steps: it was last written on {vault_at}, the register on "
        "{register_at}. It was put back from a copy, and nothing is written; put back the newest {vault}, or both "
        "from one backup.",
        steps,
    ).format(**words)


def _day(at: str) -> str:
    """Return a time of posting as it is told."""
    return at.replace("T", " ").removesuffix("Z")


def refuse_unknown_sheets(
    gifts: Connection, identities: Connection, names: Mapping[str, str], last: Callable[[Connection, int], int]
) -> None:
    """Raise Apart where the vault has what receipts print that are behind the `last` of the register in their year."""
    for year, frozen in last_sheets(identities).items():
        known = last(gifts, year)
        if frozen > known:
            raise _unknown(names, year, known + 1, frozen)


def _unknown(names: Mapping[str, str], year: int, first: int, last: int) -> Apart:
    message = _(
        "{vault} holds what the receipts {year}/{first:06d} to {last:06d} print, and {register} did not issue "
        "them: it is a copy from before, or an earlier Obole was interrupted while it issued them. Nothing is "
        "written; put back the newest {register}, or run `obole check` of the Obole that was interrupted."
    )
    return Apart(message.format(**names, year=year, first=first, last=last))


class Dropped(NamedTuple):
    """Prepared receipts of a year that were taken back."""

    year: int
    sheets: int


class Pair:
    """Register and vault of a set of books, of which each commit is a step of both.

    The engines are asked for when they are needed; `watch_register` and `watch_vault` take part in their commits.
    """

    def __init__(self, register: Callable[[], Engine], vault: Callable[[], Engine], names: Mapping[str, str]) -> None:
        self._register = register
        self._vault = vault
        self._names = names
        self._known: Stands | None = None
        self._next: Stands | None = None
        self._begun = ""  # the token of the step that this process has under way
        self._moved = False  # whether this process has made any
        self._own = False

    def watch_register(self, engine: Engine) -> Engine:
        """Let every commit of the register that writes be a step; the engine."""
        return self._watch(engine, self._register_commits)

    def watch_vault(self, engine: Engine) -> Engine:
        """Let every commit of the vault that writes begin a step; the engine."""
        return self._watch(engine, self._vault_commits)

    def forget(self) -> None:
        """Look again: another process may have written."""
        self._known, self._begun, self._moved = None, "", False

    def look(self) -> Relation:
        """Tell how the two stand to each other now, and write nothing; Apart where one is a copy put back."""
        self.forget()
        return relation(self._stands(), self._names)

    def settle(self) -> list[Dropped]:
        """Finish what a killed run has begun; what was taken back of it. Apart where one is a copy put back.

        The caller holds the books for writing. Books without an identity get one.
        """
        found = self.look()
        dropped = self._take_back() if found is Relation.CUT_OFF else []
        self._refuse_unknown_sheets()
        if found is Relation.NEW:
            self._identify()
        self._note()
        return dropped

    def _refuse_unknown_sheets(self) -> None:
        """Raise Apart where the vault has what receipts print that the register does not know, or other sheets."""
        with self._reading(self._vault, None) as identities, self._reading(self._register, None) as gifts:
            for one in announced(identities):
                digests = sheet_digests(gifts, one.year, one.first, one.last)
                if digests and digest_of_sheets(digests) != one.digest:
                    raise _unknown(self._names, one.year, one.first, one.last)
            refuse_unknown_sheets(gifts, identities, self._names, last_number)

    def finish(self) -> None:
        """End the steps of this process before others may write."""
        if self._moved:
            self._known = None  # others of this process may have gone on
            if relation(self._stands(), self._names) is Relation.CUT_OFF and self._begun:
                self._take_back()
            self._note(_LAST_WAIT)
        self.forget()

    def begin_with(self, key_check: str) -> None:
        """Write down by which key the vault is sealed, where it does not say yet."""
        with self._quietly(self._vault()) as connection:
            vault = vault_stand_of(connection)
            if vault is not None and not vault.key_check:
                put_vault_stand(connection, vault._replace(key_check=key_check))
        self._known = None

    def _watch(self, engine: Engine, before: Callable[[Connection], None]) -> Engine:
        commit = engine.dialect.do_commit

        def commit_a_step(connection: PoolProxiedConnection) -> None:
            commit(connection)
            self._after()

        event.listen(engine, "commit", before)
        engine.dialect.do_commit = commit_a_step  # type: ignore[method-assign, assignment]
        return engine

    def _stands(self, register: Connection | None = None, vault: Connection | None = None) -> Stands:
        """Return how far the two are, asked once while the books are held."""
        if self._known is None:
            with self._reading(self._register, register) as connection:
                ours = stand_of(connection)
            with self._reading(self._vault, vault) as connection:
                self._known = Stands(ours, vault_stand_of(connection))
        return self._known

    @contextmanager
    def _reading(self, engine: Callable[[], Engine], connection: Connection | None) -> Iterator[Connection]:
        if connection is not None:
            yield connection
        else:
            with engine().connect() as opened:
                yield opened

    def _ready(self, register: Connection | None = None, vault: Connection | None = None) -> Stands | None:
        """Return how far the two are, before something is committed; None of books without an identity.

        Apart where one is a copy put back, or where a killed run is not settled yet.
        """
        stands = self._stands(register, vault)
        found = relation(stands, self._names)
        if found is Relation.CUT_OFF and not self._begun:
            message = _("what a killed run has begun is not finished yet; run the command again.")
            raise Apart(message)
        return None if found is Relation.NEW else stands

    def _register_commits(self, connection: Connection) -> None:
        if self._own:
            return
        self._next = None
        stands = self._ready(register=connection) if has_written(connection) else None
        if stands is None:
            return
        register, vault = stands
        assert register is not None
        assert vault is not None
        if self._begun:
            now = Stand(register.identity, vault.step, vault.token, vault.token, posting_time())
        else:
            now = Stand(register.identity, register.step + 1, _token(), vault.token, posting_time())
        put_stand(connection, now)
        self._next = Stands(now, vault)

    def _vault_commits(self, connection: Connection) -> None:
        if self._own:
            return
        self._next = None
        stands = None if self._begun or not has_written(connection) else self._ready(vault=connection)
        if stands is None:
            return
        register, vault = stands
        assert register is not None
        assert vault is not None
        now = vault._replace(
            step=register.step + 1, token=_token(), before=register.token, under_way=True, at=posting_time()
        )
        put_vault_stand(connection, now)
        self._next = Stands(register, now)

    def _after(self) -> None:
        """Go on from what was committed."""
        if self._own or self._next is None:
            return
        self._known, self._next, self._moved = self._next, None, True
        register, vault = self._known
        if register is not None and vault is not None:
            self._begun = vault.token if vault.under_way and vault.before == register.token else ""
        if not self._begun:
            self._note(_NOTE_WAIT)

    def _note(self, wait: int = 0) -> None:
        """Let the vault note the steps that are done; with `wait`, later where somebody reads the vault for longer."""
        register, vault = self._stands()
        if register is None or vault is None or (vault.token == register.token and not vault.under_way):
            return
        now = vault._replace(step=register.step, token=register.token, before="", under_way=False, at=register.at)
        try:
            with self._quietly(self._vault(), wait) as connection:
                put_vault_stand(connection, now)
                answered(connection)
        except SQLAlchemyError:
            if not wait:
                raise
            return
        self._known = Stands(register, now)

    def _take_back(self) -> list[Dropped]:
        """Take back what the vault has begun and the register did not commit; the step counts as made."""
        vault = self._stands().vault
        assert vault is not None
        with self._quietly(self._vault()) as identities, self._reading(self._register, None) as gifts:
            dropped = []
            for one in announced(identities):
                gone = drop_sheets_after(identities, one.year, max(one.first - 1, last_number(gifts, one.year)))
                dropped += [Dropped(one.year, gone)] if gone else []
        now = Stand(vault.identity, vault.step, vault.token, vault.token, posting_time())
        with self._quietly(self._register()) as connection:
            put_stand(connection, now)
        self._known, self._begun = Stands(now, vault), ""
        return dropped

    def _identify(self) -> None:
        """Give books their identity: the vault first."""
        token, at = _token(), posting_time()
        vault = VaultStand(secrets.token_hex(16), 0, token, "", under_way=True, at=at, key_check="")
        with self._quietly(self._vault()) as connection:
            put_vault_stand(connection, vault)
        register = Stand(vault.identity, 0, token, token, at)
        with self._quietly(self._register()) as connection:
            put_stand(connection, register)
        self._known = Stands(register, vault)

    @contextmanager
    def _quietly(self, engine: Engine, wait: int = 0) -> Iterator[Connection]:
        """Yield a transaction that is no step itself."""
        self._own = True
        try:
            with engine.connect() as connection:
                if wait and not on_server(engine):
                    with wait_at_most(connection, wait), connection.begin():
                        yield connection
                else:
                    with connection.begin():
                        yield connection
        finally:
            self._own = False


def _token() -> str:
    return secrets.token_hex(8)
