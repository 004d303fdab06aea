"""Every account in use falls in exactly one line of each statement scheme: a beancount plugin.

`plugin "reports.mapped"`. It stands here and not with the other plugins because the schemes are this room's.
"""

from typing import Any, NamedTuple

from beancount.core import data

from ledger.chart import code_of
from reports.scheme import SCHEMES, doubly_mapped, load_scheme, unmapped
from reports.words import _

__plugins__ = ("check_mapped",)


class MappingError(NamedTuple):
    """An account that a statement would leave out or count twice."""

    source: data.Meta
    message: str
    entry: Any


def check_mapped(entries: data.Entries, _options: dict[str, Any]) -> tuple[data.Entries, list[MappingError]]:
    """Check each `open` directive against each scheme."""
    opens = {code: entry for entry in entries if isinstance(entry, data.Open) and (code := code_of(entry.account))}
    errors = []
    for name in SCHEMES:
        scheme = load_scheme(name)
        outside = _("account {code} falls in no line of the scheme {name}: choose a code below a mapped account")
        twice = _(
            "account {code} falls in more than one line of the scheme {name}: choose a code below a mapped account"
        )
        for codes, told in ((unmapped(scheme, opens), outside), (doubly_mapped(scheme, opens), twice)):
            errors += [MappingError(opens[code].meta, told.format(code=code, name=name), opens[code]) for code in codes]
    return entries, errors
