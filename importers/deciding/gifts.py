"""Shared by bank lines and rows of platforms: whose a gift is, which year it counts for, how one is taken back.

And how what nobody knows waits on suspense.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from importers.bank.communications import find_references
from ledger.dimensions import NO_KEYS, LineKeys, with_keys
from ledger.gift_days import GiftDays, deciding_day
from ledger.journal import Entry, Line
from ledger.records import Channel, Counterpart, Gift, Nature
from ledger.register.gifts import Original
from ledger.vault.links import Links

_OF_SEVERAL: tuple[str | None, str | None] = (None, None)


def issued_to(structured: str | None, text: str, links: Links) -> tuple[str | None, str | None] | None:
    """Return donor and campaign of a communication that we issued: structured, or found in free text in any writing.

    Of several numbers the one that was issued counts. None where none was; nobody where they are of several donors.
    """
    if structured is not None:
        issued = links.communications.get(structured)
        if issued is not None or not text:
            return issued
    if not text:
        return None
    named = [issued for one in find_references(text) if (issued := links.communications.get(one)) is not None]
    if not named:
        return None
    return named[0] if all(one[0] == named[0][0] for one in named) else _OF_SEVERAL


def owner_of(account: str, links: Links) -> str | None:
    """Return the only donor who is known to pay from an account; None for no account, nobody's or that of several."""
    return links.ibans.get(account) if account else None


def counted_year(policy: str, executed: date | None, value: date | None, booked: date) -> int:
    """Return the year a gift counts for: by the date executed where evidenced, else value date, else booking."""
    return deciding_day(GiftDays(booked, executed, value), policy).year


def given_again(original: Original, cents: int, booked: date, position: int, channel: Channel) -> Gift:
    """Return a gift as the original was, with another amount, on a day: it counts for the year of the original."""
    return Gift(
        donor=original.donor,
        cents=cents,
        booked=booked,
        counted=original.counted,
        account=original.account,
        position=position,
        channel=channel,
        campaign=original.campaign,
        fund=original.fund,
        certificate_elsewhere=original.certificate_elsewhere,
        project=original.project,
        department=original.department,
        nature=Nature(original.nature),
        counterpart=Counterpart(original.counterpart),
    )


def taken_back(original: Original, booked: date, position: int, channel: Channel) -> Gift:
    """Return the reversal of a whole gift on a day, for the year that it counted for."""
    return given_again(original, -original.cents, booked, position, channel)._replace(reverses=original.id)


def two_lines(  # one of them the account that the money is on, the other where it belongs or waits
    day: date,
    label: str,
    cents: int,
    here: str,
    there: str,
    *,
    document: str,
    meta: Mapping[str, Any],
    keys: LineKeys = NO_KEYS,
) -> Entry:
    """Return the transaction of an amount that came on account `here` and is no gift.

    Its other line is `there`, with its project, department, fund and third party.
    """
    lines = (Line(here, cents), with_keys(Line(there, -cents), keys))
    return Entry(day, label, lines, links=(document,), meta=dict(meta))
