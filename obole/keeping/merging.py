"""Adding to the files of a set of books what a newer Obole needs there, and nothing else.

`chart.beancount` and `main.beancount` belong to the foundation: accounts added by hand, renamed labels, other options
stay as they are. What is missing is added at the end; what cannot be added is said, with what to write.
"""

import ast
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from ledger.chart import Account, code_of, render_chart
from ledger.journal import quote
from obole.words import _, many

ADDED = "; Added by `obole upgrade`."

_DIRECTIVE = re.compile(r'(?P<kind>option|include|plugin)\s+"(?P<name>[^"]*)"(?:\s+"(?P<value>(?:[^"\\]|\\.)*)")?')
_CUSTOM = re.compile(r'[0-9-]+\s+custom\s+"(?P<kind>fava-[a-z]+)"\s+"(?P<name>[^"]*)"')
# Preferences of Fava that a person may drop; the other lines carry a check or a page.
_PREFERENCES = ("default-page", "locale", "collapse-pattern", "invert-income-liabilities-equity",
                "show-accounts-with-zero-balance")  # fmt: skip


@dataclass(slots=True)
class Merged:
    """A file with what was missing in it: its text, what was added, and what a person must do, in sentences."""

    text: str
    added: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Opened:
    """An account that is opened elsewhere than in the chart, and where."""

    code: str
    path: str
    place: str


def line_of(file: str, line: int) -> str:
    """Return a place in a file, as a message begins with it."""
    return _("{file}: line {line}").format(file=file, line=line)


def with_accounts(
    text: str, wanted: Iterable[Account], elsewhere: Sequence[Opened], first_day: date, language: str
) -> Merged:
    """Return a chart with the wanted accounts added; one that is opened in another file is left to a person.

    `language` is the foundation's, in which the accounts that were added are told.
    """
    merged = Merged(text)
    added = []
    for account in wanted:
        other = next((one for one in elsewhere if account.code == one.code or account.path == one.path), None)
        if other is None:
            added.append(account)
        else:
            message = _(
                "{place}: account {code} is opened here; move the line to chart.beancount, where Obole looks for "
                "accounts."
            )
            merged.left.append(message.format(place=other.place, code=other.code))
    if added:
        directives = render_chart(added, first_day).split("\n", 2)[2]  # without its heading
        merged.text = f"{_ended(text)}\n{ADDED}\n{directives}"
        names = ", ".join(f"{account.code} ({account.label(language)})" for account in added)
        told = many(
            "chart.beancount: {count} account was added: {names}.",
            "chart.beancount: {count} accounts were added: {names}.",
            len(added),
        )
        merged.added.append(told.format(count=len(added), names=names))
    return merged


def with_directives(text: str, expected: str) -> Merged:
    """Return a main file with the directives of `expected` that it lacks; what it says otherwise stays."""
    merged = Merged(text)
    lines = text.splitlines(keepends=True)
    there = [_read(line) for line in lines]
    missing: list[_Line] = []
    for wanted in filter(None, map(_read, expected.splitlines())):
        same = [index for index, one in enumerate(there) if one is not None and one.is_for(wanted)]
        if not same:
            if wanted.name in _PREFERENCES:
                continue
            if any(line.lstrip().startswith(";") and f'"{wanted.name}"' in line for line in lines):
                message = _(
                    "main.beancount: `{directive}` stands in a comment; take the `;` away if it was not meant so."
                )
                merged.left.append(message.format(directive=wanted.short))
            else:
                missing.append(wanted)
            continue
        _settle(merged, lines, same[-1], there[same[-1]], wanted)
    if missing:
        last = [ADDED, *(one.line for one in missing), ""]
        lines = [_ended("".join(lines)), "\n", "\n".join(last)]
        told = _("main.beancount: added at the end: {directives}.")
        merged.added.append(told.format(directives=", ".join(one.short for one in missing)))
    merged.text = "".join(lines)
    return merged


@dataclass(frozen=True, slots=True)
class _Line:
    """A directive of a main file: what it is, what it names, and what it says of it."""

    line: str
    kind: str
    name: str
    value: str

    @property
    def short(self) -> str:
        return f'{self.kind} "{self.name}"'

    def is_for(self, other: "_Line") -> bool:
        """Tell whether this line is in the place of another; any include of a folder is in place of ours."""
        if self.kind == other.kind == "include":
            return self.name.split("/")[0] == other.name.split("/")[0]
        return self.kind == other.kind and self.name == other.name


def _read(line: str) -> _Line | None:
    match = _DIRECTIVE.match(line) or _CUSTOM.match(line)
    if match is None:
        return None
    value = match.groupdict().get("value") or ""
    return _Line(line.rstrip("\r\n"), match["kind"], match["name"], re.sub(r"\\(.)", r"\1", value))


def _settle(merged: Merged, lines: list[str], index: int, found: _Line | None, wanted: _Line) -> None:
    """Bring a line that is there to what the settings say, as far as that only adds to it."""
    if found is None or found.value == wanted.value:
        return
    place = line_of("main.beancount", index + 1)
    if wanted.name == "tolerance_multiplier":
        message = _('{place}: the tolerance_multiplier is not "0", so that a balance may be one cent off; write "0".')
        merged.left.append(message.format(place=place))
    if wanted.kind != "plugin":
        return
    said, asked = _settings(found.value), _settings(wanted.value)
    if said is None or asked is None:
        message = _("{place}: the settings of plugin {plugin} are not Obole's; write `{line}`.")
        merged.left.append(message.format(place=place, plugin=found.name, line=wanted.line))
        return
    # Where the register lies on a server, obole.toml alone says it.
    if "register" in asked and said.get("register", asked["register"]) != asked["register"]:
        message = _("{place}: plugin {plugin} names another register than obole.toml; correct one of them.")
        merged.left.append(message.format(place=place, plugin=found.name))
    accounts, new = _joined(said.get("accounts"), asked["accounts"])
    if new:
        settings = repr(said | {"accounts": accounts})
        ending = lines[index][len(lines[index].rstrip("\r\n")) :]
        lines[index] = f'plugin "{found.name}" {quote(settings)}{ending}'
        told = _("{place}: {added} added to what plugin {plugin} holds against the register.")
        merged.added.append(told.format(place=place, added=", ".join(new), plugin=found.name))
    if isinstance(accounts, dict):
        message = _(
            "{place}: plugin {plugin} has {there} as the account of `{name}`, obole.toml has {asked}; correct one of "
            "them."
        )
        merged.left += [
            message.format(place=place, plugin=found.name, there=accounts[name], name=name, asked=account)
            for name, account in asked["accounts"].items()
            if accounts[name] != account
        ]


def with_own_register(text: str) -> str:
    """Return a main file in which no plugin names a server: where one is used, obole.toml alone says it."""
    lines = text.splitlines(keepends=True)
    for index, found in enumerate(map(_read, lines)):
        settings = _settings(found.value) if found is not None and found.kind == "plugin" else None
        if found is not None and settings is not None and "://" in str(settings.get("register", "")):
            ending = lines[index][len(lines[index].rstrip("\r\n")) :]
            kept = {key: value for key, value in settings.items() if key != "register"}
            lines[index] = f'plugin "{found.name}" {quote(repr(kept))}{ending}'
    return "".join(lines)


def _settings(value: str) -> dict[str, Any] | None:
    """Return the settings of a plugin of the register, None where they are not a dictionary with accounts."""
    try:
        settings = ast.literal_eval(value)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return None
    return settings if isinstance(settings, dict) and isinstance(settings.get("accounts"), (list, dict)) else None


def _joined(said: Any, asked: list[str] | Mapping[str, str]) -> tuple[Any, list[str]]:
    """Return what a plugin proves together with what it lacks, and what that is; a list or accounts by bank."""
    if isinstance(asked, list):
        known = list(said) if isinstance(said, list) else []
        new = [account for account in asked if account not in known]
        # In the order of the settings where nothing else stands there: then the line is the one that `init` writes.
        joined = asked if set(known) <= set(asked) else [*known, *new]
        return joined, new
    banks = dict(said) if isinstance(said, dict) else {}
    names = [name for name in asked if name not in banks]
    return banks | {name: asked[name] for name in names}, names


def _ended(text: str) -> str:
    return text if not text or text.endswith("\n") else f"{text}\n"


_OPEN = re.compile(r"(?P<day>[0-9]{4}[-/][0-9]{2}[-/][0-9]{2})(?P<rest>\s+open\s+(?P<path>\S+).*)")
OPENED = "; Added by `obole opening`."


def with_opening(text: str, new: Iterable[Account], used: Collection[str], day: date) -> Merged:
    """Return a chart in which the `new` accounts are open, and those `used` since `day` or before."""
    merged = Merged(text)
    lines = text.splitlines(keepends=True)
    earlier = []
    for index, line in enumerate(lines):
        match = _OPEN.match(line)
        code = code_of(match["path"]) if match else None
        if match is not None and code in used and match["day"].replace("/", "-") > day.isoformat():
            lines[index] = f"{day.isoformat()}{match['rest']}{line[match.end() :]}"
            earlier.append(str(code))
    merged.text = "".join(lines)
    if earlier:
        told = many(
            "chart.beancount: {count} account is open since {day} now.",
            "chart.beancount: {count} accounts are open since {day} now.",
            len(earlier),
        )
        merged.added.append(told.format(count=len(earlier), day=day))
    added = sorted(new, key=lambda account: account.code)
    if added:
        directives = render_chart(added, day).split("\n", 2)[2]  # without its heading
        merged.text = f"{_ended(merged.text)}\n{OPENED}\n{directives}"
        told = many(
            "chart.beancount: {count} account was added: {names}.",
            "chart.beancount: {count} accounts were added: {names}.",
            len(added),
        )
        merged.added.append(told.format(count=len(added), names=", ".join(account.code for account in added)))
    return merged
