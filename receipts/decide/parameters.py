"""The figures the law fixes per income year: threshold, rates, caps, national number, filing channel and date.

The figures stand with their sources in `data/years.toml`; a year that is not there is an error, never a guess.
"""

import tomllib
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from importlib.resources import files

from ledger.errors import OboleError
from receipts.words import _


class NationalNumber(StrEnum):
    """The effect of a missing national number on a slip: a warning, or a refusal."""

    TOLERATED = "tolerated"
    REQUIRED = "required"


class FilingChannel(StrEnum):
    """The way slips reach the administration: classic XML, or JSON from Belcotax-on-web 2.0."""

    XML = "xml"
    JSON = "json"


class UnknownYear(OboleError):
    """An income year whose parameters are not in the table."""

    def __init__(self, year: int) -> None:
        known = ", ".join(str(each) for each in known_years())
        super().__init__(
            _(
                "income year {year}: its rules for gift receipts are not known here (known: {known}); update "
                "Obole before issuing receipts for it."
            ).format(year=year, known=known)
        )


@dataclass(frozen=True, slots=True)
class YearParameters:
    """One income year. Amounts in cents, percentages whole.

    `rate_percent`, `cap_percent` and `cap_cents` are the reduction of natural persons, `company_cap_*` the limits of
    companies: the donor's business, for information texts only. `schema` names the official XML schema, empty where
    none is in hand. `unsure` maps the fields that no source settles to why, and to the default taken.
    """

    year: int
    threshold_cents: int
    rate_percent: int
    cap_percent: int
    cap_cents: int
    company_cap_percent: int
    company_cap_cents: int
    national_number: NationalNumber
    channel: FilingChannel
    schema: str
    file_before: date
    return_code: str
    sources: tuple[str, ...]
    unsure: dict[str, str]

    @property
    def assessment_year(self) -> int:
        """Return the year after, in which the income is assessed."""
        return self.year + 1


def parameters(year: int) -> YearParameters:
    """Return the rules of an income year; UnknownYear where the table has none."""
    try:
        return _table()[year]
    except KeyError:
        raise UnknownYear(year) from None


def known_years() -> tuple[int, ...]:
    """Return the income years in the table, in order."""
    return tuple(sorted(_table()))


@cache
def _table() -> dict[int, YearParameters]:
    raw = tomllib.loads((files("receipts") / "data" / "years.toml").read_text(encoding="utf-8"))
    sources: dict[str, str] = raw["sources"]
    years = [
        YearParameters(
            **row
            | {
                "national_number": NationalNumber(row["national_number"]),
                "channel": FilingChannel(row["channel"]),
                "sources": tuple(sources[key] for key in row["sources"]),
                "unsure": row.get("unsure", {}),
            }
        )
        for row in raw["year"]
    ]
    return {each.year: each for each in years}
