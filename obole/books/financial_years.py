"""Faults of the financial years of obole.toml: among themselves, and against the years that are sealed."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from ledger.errors import OboleError
from ledger.periods import FinancialYear, FinancialYears, PeriodFault, beside, faults_of, year_end
from ledger.seals import NotASeal, read_seal, seal_files
from obole.words import N_, _

_DAY = timedelta(days=1)
_SENTENCES = {
    PeriodFault.ORDER: N_("periods: {label} ends on {last}, before it begins on {first}; exchange the two days"),
    PeriodFault.LONG: N_(
        "periods: {label} lasts from {first} to {last}; a financial year lasts at most 24 months less a day: let it "
        "end earlier, or begin later"
    ),
    PeriodFault.LABEL: N_(
        "periods: {label} lasts from {first} to {last}; a label is the calendar year of one of its days: write "
        "{last:%Y}"
    ),
    PeriodFault.OVERLAP: N_(
        "periods: {label} ends on {last} and {other} begins on {other_first}; let {other} begin on {next}, or {label} "
        "end on {eve}"
    ),
    PeriodFault.TWICE: N_(
        "periods: {label} is there twice; give the year from {other_first} to {other_last} another label"
    ),
    PeriodFault.GAP: N_(
        "periods: between {label}, which ends on {last}, and {other}, which begins on {other_first}, are no whole "
        "years; list the year that begins on {next} too, or let {other} begin on that day"
    ),
    PeriodFault.END: N_(
        'periods: {label} ends on {last}, and the years after it on {ends}; write ends = "{end}", or list the year '
        "that begins on {next} too"
    ),
    PeriodFault.BEFORE: N_(
        "periods: {label} begins on {first}, and the year before it, from {other_first} to {other_last}, is called "
        "{other}; labels are different and rise: make one long year of both, or list the year before too, under a "
        "smaller label"
    ),
    PeriodFault.AFTER: N_(
        "periods: {label} ends on {last}, and the year after it, from {other_first} to {other_last}, is called "
        "{other}; labels are different and rise: give {label} a smaller one"
    ),
}


class SealedYearMoved(OboleError):
    """Settings by which days would come into a sealed year, or leave it."""


def period_problems(years: FinancialYears) -> Iterator[str]:
    """Yield what is wrong with the financial years listed, each with what was expected and what to write."""
    for what, of, other in list(faults_of(years)) or list(beside(years)):
        against, end = other or of, year_end(of.last)
        yield _(_SENTENCES[what]).format(
            label=of.label,
            first=of.first,
            last=of.last,
            other=against.label,
            other_first=against.first,
            other_last=against.last,
            next=of.last + _DAY,
            eve=against.first - _DAY,
            end=f"{end.month:02}-{end.day:02}",
            ends=f"{years.end.month:02}-{years.end.day:02}",
        )


def refuse_moved(years: FinancialYears, seals: Path) -> None:
    """Raise SealedYearMoved where the settings say otherwise than a seal from when to when its year lasts.

    A seal that cannot be read is told by what proves the seals.
    """
    for path in seal_files(seals):
        try:
            sealed = read_seal(path).period
        except NotASeal:
            continue
        now = years.find(sealed.label)
        if now != sealed:
            raise SealedYearMoved(_moved(sealed, now))


def _moved(sealed: FinancialYear, now: FinancialYear | None) -> str:
    values = {"label": sealed.label, "first": sealed.first, "last": sealed.last, "next": sealed.last + _DAY}
    if now is None:
        message = _(
            "obole.toml: financial_year: {label} is closed and sealed from {first} to {last}, and no year is called "
            "so any more: put ends and periods back as they were; a change of the closing day is a year in periods "
            "that begins on {next}."
        )
        return message.format(**values)
    message = _(
        "obole.toml: financial_year: {label} is closed and sealed from {first} to {last}, and would last from "
        "{now_first} to {now_last}: put ends and periods back as they were; a change of the closing day is a year in "
        "periods that begins on {next}. Where the closed year itself is wrong, put them back, run `obole reopen "
        "{label} --reason ... --by ...`, then change them."
    )
    return message.format(**values, now_first=now.first, now_last=now.last)
