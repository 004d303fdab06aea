"""Doubts about the figures of a year: identities of the law that do not hold, amounts on a side they may not be on.

The identities are exact, in cents: the result carried forward by the appropriation is account 14 of the balance sheet,
and what it took over is account 14 of the year before (KB/AR 29.4.2019 annex 6 and 7; art. 3:3 section 2).
"""

from collections.abc import Iterable, Iterator, Mapping

from ledger.chart import Account
from ledger.money import to_decimal
from reports.scheme import SCHEMES, What, load_scheme
from reports.statements import AnnualStatement, statement
from reports.totals import RESULT_CLASSES, Totals
from reports.words import _, text_in

# Accounts of money and placements have no rubric of their other side (a bank's has, 43); 5x9 are amounts written off.
_MONEY = ("50", "51", "52", "53", "54", "57")
_WRITTEN_OFF = "9"
_TO_14 = ("692", "792")
_FROM_14 = ("690", "790")
_APPROPRIATION = ("69", "79")


def broken_identities(totals: Totals, year: int) -> Iterator[str]:
    """Yield what the appropriation of a year says otherwise than the balance sheet; nothing while none is posted."""
    moved = totals.in_year(year)
    results = {code: cents for code, cents in moved.items() if code[0] in RESULT_CLASSES}
    if sum(results.values()) or not any(code.startswith(_APPROPRIATION) for code in results):
        return
    carried = -sum(cents for code, cents in results.items() if not code.startswith(_TO_14))
    stands, stood = _on_14(totals, year), _on_14(totals, year - 1)
    taken = -sum(cents for code, cents in results.items() if code.startswith(_FROM_14))
    if carried != stands:
        said = _("{year}: (14) of the appropriation is {carried} EUR, account 14 of the balance sheet {stands} EUR")
        yield said.format(year=year, carried=to_decimal(carried), stands=to_decimal(stands))
    if taken != stood and any(totals.standing(year - 1).values()):  # the books hold the year before
        said = _(
            "{year}: 14P of the appropriation (790, 690) is {taken} EUR, account 14 of the year before {stood} EUR; "
            "post what the year before carried forward on 790 or 690"
        )
        yield said.format(year=year, taken=to_decimal(taken), stood=to_decimal(stood))


def spread_result(totals: Totals, year: int, language: str) -> Iterator[str]:
    """Yield that the appropriation of a year takes results of earlier years too, which its statement leaves out."""
    own = {code: cents for code, cents in totals.in_year(year).items() if code[0] in RESULT_CLASSES}
    earlier = totals.unappropriated_before(year)
    if earlier and sum(own.values()) == -earlier and any(code.startswith(_APPROPRIATION) for code in own):
        said = text_in(
            language,
            "{year}: the appropriation takes a result of {amount} EUR of before {first} too, which the income "
            "statement of {year} leaves out; where all of it is one financial year, say so with [financial_year] in "
            "obole.toml, else appropriate each year by itself",
        )
        yield said.format(year=year, amount=to_decimal(-earlier), first=totals.periods.get(year).first)


def wrong_sides(of: AnnualStatement, totals: Totals, accounts: Mapping[str, Account], language: str) -> Iterator[str]:
    """Yield the rubrics of a statement, and its accounts of money, whose amount the law does not allow."""
    for line in of.lines:
        if not line.sign.allows(line.cents):
            yield f"{line.code or line.key} {line.label(language)}: {to_decimal(line.cents)}"
    if of.what is What.BALANCE_SHEET:
        for code, cents in sorted(totals.standing(of.year).items()):
            if cents < 0 and code.startswith(_MONEY) and code[2:3] != _WRITTEN_OFF:
                label = accounts[code].label(language) if code in accounts else ""
                yield f"{code} {label}: {to_decimal(cents)}"


def doubts(of: AnnualStatement, totals: Totals, accounts: Mapping[str, Account], language: str) -> str:
    """Return what a reader of a statement must know of its figures, in a sentence or two; empty where all is well."""
    wrong = list(wrong_sides(of, totals, accounts, language))
    said = [f"{one}." for one in spread_result(totals, of.year, language)]
    said += [f"{one}." for one in broken_identities(totals, of.year)] if of.what is not What.INCOME_STATEMENT else []
    if wrong:
        said.append(text_in(language, "On a side that the law does not allow: {lines}.").format(lines="; ".join(wrong)))
    return " ".join(said)


def doubts_of(
    statements: Iterable[AnnualStatement], totals: Totals, accounts: Mapping[str, Account], language: str
) -> tuple[str, ...]:
    """Return the doubts about the statements of a year in one scheme, a sentence or two each."""
    of_year = (doubts(of, totals, accounts, language) for of in statements)
    return tuple(dict.fromkeys(one for one in of_year if one))


def doubts_of_year(totals: Totals, accounts: Mapping[str, Account], year: int, language: str) -> list[str]:
    """Return the rubrics and accounts on a wrong side in any scheme, each once."""
    found: dict[str, None] = {}
    for name in SCHEMES:
        for what in (What.BALANCE_SHEET, What.INCOME_STATEMENT):
            of = statement(what, load_scheme(name), year, totals)
            found.update(dict.fromkeys(wrong_sides(of, totals, accounts, language)))
    return list(found)


def _on_14(totals: Totals, year: int) -> int:
    return -sum(cents for code, cents in totals.standing(year).items() if code.startswith("14"))
