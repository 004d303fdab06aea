"""The word of a person on papers whose numbers were set aside, before the same gifts get new receipts beside them.

Each word leaves a record beside the receipts of its year: `receipts/2025/again-1.json`. The newest word on a number
decides.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from ledger.clock import posting_time
from ledger.errors import OboleError
from ledger.register.stand import numbers_set_aside
from ledger.vault.donors import find_donors
from obole.books.opened import Books
from obole.books.watch import Watch
from obole.receipting.records import keep_record, record_paths
from obole.words import _, many
from receipts.decide.papers import Papers, in_ranges

_RECORD = "again"
NOBODY = "-"  # in place of a donor: the paper of this number is with nobody


class PapersOut(OboleError):
    """Papers with numbers set aside may be with donors, and nobody has said what became of them."""


@dataclass(frozen=True, slots=True)
class Word:
    """The word of a person: who, and why new receipts may be given, and which donor keeps the paper of a number."""

    text: str = ""
    holders: Mapping[int, str] = field(default_factory=dict)


def papers_of(books: Books, gifts: Connection, year: int) -> Papers:
    """Return the numbers of a year that were set aside, and what was said of them until now."""
    numbers = tuple(one.number for one in numbers_set_aside(gifts, year))
    return _papers(numbers, list(_records(books, year))) if numbers else Papers()


def papers_answered(books: Books, gifts: Connection, year: int, word: Word, *, dry_run: bool) -> Papers:
    """Return the papers of a year after this word, which is kept; PapersOut where one is wanted and none is given."""
    numbers = tuple(one.number for one in numbers_set_aside(gifts, year))
    records = list(_records(books, year))
    if word.text or word.holders:
        _refuse(books, year, numbers, word)
        new = {
            "format": 1,
            "year": year,
            "written": posting_time(),
            "said": word.text,
            "numbers": list(numbers),
            "holders": {str(number): donor for number, donor in sorted(word.holders.items())},
        }
        records.append(new)
        if not dry_run:
            keep_record(books, year, _RECORD, new)
    papers = _papers(numbers, records)
    if papers.unanswered and not dry_run:
        raise PapersOut(_question(year, papers.unanswered))
    return papers


def told_papers(year: int, papers: Papers) -> list[str]:
    """Say which numbers of a year were set aside, and what is to be said of them before new receipts are issued."""
    if papers.unanswered:
        message = many(
            "number {numbers} of {year} was set aside: a donor may hold a paper with it, of gifts that would get a new "
            'number now. `obole receipts issue --year {year}` asks for `--again "WHO: WHY"`, and `--holds NUMBER '
            "DONOR` where the donor keeps it",
            "numbers {numbers} of {year} were set aside: donors may hold papers with them, of gifts that would get new "
            'numbers now. `obole receipts issue --year {year}` asks for `--again "WHO: WHY"`, and `--holds NUMBER '
            "DONOR` for each donor who keeps one",
            len(papers.unanswered),
        )
        return [message.format(numbers=in_ranges(papers.unanswered), year=year)]
    if papers.numbers:
        message = many(
            "number {numbers} of {year} was set aside and is not given; receipts/{year}/again-*.json says why new "
            "receipts may stand beside it",
            "numbers {numbers} of {year} were set aside and are not given; receipts/{year}/again-*.json says why new "
            "receipts may stand beside them",
            len(papers.numbers),
        )
        return [message.format(numbers=in_ranges(papers.numbers), year=year)]
    return []


def _papers(numbers: tuple[int, ...], records: list[dict[str, Any]]) -> Papers:
    answered: set[int] = set()
    keeps: dict[int, str] = {}
    for record in records:
        answered.update(record["numbers"])
        keeps.update({int(number): donor for number, donor in record["holders"].items()})
    holders: dict[str, tuple[int, ...]] = {}
    for number, donor in sorted(keeps.items()):
        if donor != NOBODY:
            holders[donor] = (*holders.get(donor, ()), number)
    return Papers(numbers, tuple(one for one in numbers if one not in answered), holders)


def _question(year: int, numbers: tuple[int, ...]) -> str:
    message = many(
        "number {numbers} of {year} was set aside: a donor may hold a paper with it, and the gifts on it would get a "
        'second receipt. Look at that paper, then say with `--again "WHO: WHY"` that new receipts may be given, and '
        "with `--holds NUMBER DONOR` which donor keeps it and gets no other; nothing is issued until then.",
        "numbers {numbers} of {year} were set aside: donors may hold papers with them, and the gifts on them would get "
        'a second receipt. Look at those papers, then say with `--again "WHO: WHY"` that new receipts may be given, '
        "and with `--holds NUMBER DONOR`, once for each, which donors keep theirs and get no other; nothing is issued "
        "until then.",
        len(numbers),
    )
    return message.format(numbers=in_ranges(numbers), year=year)


def _refuse(books: Books, year: int, numbers: tuple[int, ...], word: Word) -> None:
    """Raise OboleError where a word does not fit what was set aside, or has a name in it."""
    if not numbers:
        raise OboleError(_("--again: no number of {year} was set aside; leave it out.").format(year=year))
    if not word.text:
        raise OboleError(_('--holds: say with `--again "WHO: WHY"` who says it.'))
    problem = Watch(books).problem(word.text)
    if problem is not None:
        raise OboleError(_("--again: {problem}; it is kept in clear.").format(problem=problem))
    for number in word.holders:
        if number not in numbers:
            message = _("--holds {number}: this number was not set aside; those of {year} are {numbers}.")
            raise OboleError(message.format(number=number, year=year, numbers=in_ranges(numbers)))
    keys = set(word.holders.values()) - {NOBODY}
    with books.vault.connect() as identities:
        known = {one.key for one in find_donors(identities, None, keys)} if keys else set()
    for number, donor in word.holders.items():
        if donor not in known | {NOBODY}:
            message = _("--holds {number}: there is no donor {donor}; name the donor by key, or - for nobody.")
            raise OboleError(message.format(number=number, donor=donor))


def _records(books: Books, year: int) -> Iterator[dict[str, Any]]:
    for path in record_paths(books, year, _RECORD):
        try:
            record = json.loads(path.read_text(encoding="utf-8"))
            yield {"numbers": [int(one) for one in record["numbers"]], "holders": dict(record["holders"])}
        except (OSError, ValueError, KeyError, TypeError):
            message = _("receipts/{year}/{file}: cannot be read; restore it from your backup.")
            raise PapersOut(message.format(year=year, file=path.name)) from None
