"""Every account opened is a valid name, lies below an account of annex 3, and stands under the root of its code.

`plugin "ledger.plugins.accounts"`. The parser's own check of names is not anchored and lets bad tails pass.
It also lets an exchange at a total price balance: Beancount checks balances after the plugins, and keeps the price of
one unit.
"""

import unicodedata
from typing import Any, NamedTuple

from beancount.core import data
from beancount.core.account import is_valid

from ledger.chart import code_of, root_of, statutory_parent
from ledger.weights import CURRENCY, DUST
from ledger.words import _

__plugins__ = ("check_accounts",)


class AccountError(NamedTuple):
    """An account that has no place in the chart."""

    source: data.Meta
    message: str
    entry: Any


def check_accounts(entries: data.Entries, options: dict[str, Any]) -> tuple[data.Entries, list[AccountError]]:
    """Check each `open` directive."""
    options["inferred_tolerance_default"] = {CURRENCY: DUST, **options.get("inferred_tolerance_default", {})}
    errors = [
        AccountError(entry.meta, problem, entry)
        for entry in entries
        if isinstance(entry, data.Open) and (problem := _problem(entry)) is not None
    ]
    return entries, errors


def _problem(entry: data.Open) -> str | None:
    name = entry.account
    if not is_valid(name) or unicodedata.normalize("NFC", name) != name:
        return _("{name}: not a valid account name; use letters, digits and hyphens only").format(name=name)
    code = code_of(name)
    if code is None:
        return _("{name}: its last part must begin with its account code, such as 731100-Dons").format(name=name)
    written = entry.meta.get("code")
    if written is not None and str(written) != code:
        return _("{name}: the code {written} written below it is not {code}").format(
            name=name, written=written, code=code
        )
    if statutory_parent(code) is None:
        return _("{name}: {code} lies below no account of annex 3 of the royal decree of 21.10.2018").format(
            name=name, code=code
        )
    root = name.partition(":")[0]
    if root != root_of(code):
        return f"{name}: {code} belongs under {root_of(code)}, not {root}"
    return None
