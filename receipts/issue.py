"""Issuing: receipts get the numbers 1..N of their calendar year in one transaction, with what they print frozen.

The sheets go to the vault first, encrypted, and with them which numbers are about to be given; then the register
numbers them and commits. Killed between the two, the sheets of numbers that were never given are removed at the next
start, and the same numbers go to the same donors.
"""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import islice

from sqlalchemy import Connection, Engine

from ledger.collector import paused
from ledger.errors import OboleError
from ledger.postcodes import read_place
from ledger.records import Channel
from ledger.register import receipts as receiptbook
from ledger.register.gifts import sums_given
from ledger.register.restated import donors_taken_back, steps_of
from ledger.vault.donors import Donor, find_donors, merged_keys
from ledger.vault.images import keep_images
from ledger.vault.intent import announce
from ledger.vault.key import Sealer
from ledger.vault.links import survivors
from ledger.vault.sheets import freeze_sheets
from receipts.decide.claims import Changed, Claimed, Claims, changed_of, claims_of
from receipts.decide.eligibility import Assessment, DonorDecision, Policy, Warn, assess, kinds_receipted
from receipts.decide.facts import assess_year, donor_facts, gift_facts
from receipts.decide.given import GivenYear, Money, Straddling, giving_of, straddling_of
from receipts.decide.moved import waiting_for_other_years
from receipts.decide.papers import NO_PAPERS, Papers, waiting_for_papers
from receipts.paper.sheet import Addressee, Institution, Look, Sheet, SheetGift, to_json
from receipts.words import _

_CHUNK = 2000  # sheets encrypted at a time: what is printed on all of them need not be in memory at once


class NothingToIssue(OboleError):
    """No donor is due a receipt that they do not have."""


class DatedBefore(OboleError):
    """A day of issue before a gift that the receipts attest."""


@dataclass(frozen=True, slots=True)
class Issuer:
    """The foundation in one language: itself, the place it issues in, and the function of who signs."""

    institution: Institution
    place: str
    signatory_role: str = ""


@dataclass(frozen=True, slots=True)
class Printing:
    """All that the foundation prints on every receipt of an issue.

    `issuers` say it in the languages that have words of their own for it; `images` are the pictures of `look` by
    digest.
    """

    institution: Institution
    place: str
    signatory: str = ""
    signatory_role: str = ""
    amount_in_words: bool = True
    issuers: Mapping[str, Issuer] = field(default_factory=dict)
    look: Look = field(default_factory=Look)
    images: Mapping[str, bytes] = field(default_factory=dict)

    def issuer(self, language: str) -> Issuer:
        """Return the foundation as a receipt in this language names it."""
        return self.issuers.get(language) or Issuer(self.institution, self.place, self.signatory_role)


@dataclass(frozen=True, slots=True)
class Preview:
    """A preview of an issue: `due` get the next numbers, `changed` wait for a decision, `waiting` for those.

    `settled` are the gifts on receipts that are right, `straddling` those due whose days lie in two years, `covered`
    those on a valid receipt with its number. `papers` are the numbers set aside.
    """

    assessment: Assessment
    first_number: int
    due: tuple[DonorDecision, ...]
    changed: tuple[Changed, ...]
    waiting: tuple[Claimed, ...] = ()
    settled: frozenset[int] = frozenset()
    straddling: tuple[Straddling, ...] = ()
    covered: Mapping[int, int] = field(default_factory=dict)
    papers: Papers = NO_PAPERS

    @property
    def cents(self) -> int:
        """Return the sum of the receipts that would be issued."""
        return sum(decision.cents for decision in self.due)


def preview(  # noqa: PLR0917 - the stores, and what is asked of them
    gifts: Connection,
    identities: Connection,
    sealer: Sealer,
    year: int,
    policy: Policy,
    papers: Papers = NO_PAPERS,
) -> Preview:
    """Return who is due a receipt of a year and has none yet, and which receipts issued before are no longer right."""
    with paused():
        merged = survivors(identities)
        held = _held(gifts, merged, year)
        assessment = assess_year(gifts, identities, sealer, year, policy, issued=held)
        covered = receiptbook.covered_gifts(gifts, year)
        claims = _claims(gifts, assessment, held, policy, covered)
    claimed = {one.donor for one in claims.waiting}
    free = [one for one in assessment.due if one.donor not in held and one.donor not in claimed]
    moved = tuple(waiting_for_other_years(gifts, year, free, policy.gift_date))
    elsewhere = {one.donor for one in moved}
    kept = tuple(waiting_for_papers(free, elsewhere, papers, merged))
    waiting = elsewhere | {one.donor for one in kept}
    due = tuple(one for one in free if one.donor not in waiting)
    return Preview(
        assessment,
        receiptbook.last_number(gifts, year) + 1,
        due,
        claims.changed,
        (*claims.waiting, *moved, *kept),
        claims.settled,
        _straddling(gifts, due, year, policy),
        covered,
        papers,
    )


def changed_receipts(gifts: Connection, identities: Connection, year: int, policy: Policy) -> tuple[Changed, ...]:
    """Return which receipts issued are no longer right, as `preview` does; reads few gifts one by one.

    Those of donors whose eligible gifts do not come to their receipt, or were taken back, and of those merged.
    """
    held = _held(gifts, survivors(identities), year)
    if not held:
        return ()
    doubtful = None
    if year in policy.recognised:
        sums = sums_given(gifts, year, kinds_receipted(policy))
        doubtful = {donor for donor, rows in held.items() if [row.cents for row in rows] != [sums.get(donor, 0)]}
        doubtful |= donors_taken_back(gifts, year) | merged_keys(identities)
    assessment = _assess_some(gifts, identities, year, policy, doubtful)
    some = held if doubtful is None else {donor: rows for donor, rows in held.items() if donor in doubtful}
    return changed_of(assessment, some)


def refuse_circles(gifts: Connection, identities: Connection, year: int, policy: Policy) -> None:
    """Raise FactsRefused where reversals or merged donors go in a circle, so that their gifts have no reason."""
    _assess_some(gifts, identities, year, policy, donors_taken_back(gifts, year) | merged_keys(identities))


def _assess_some(
    gifts: Connection, identities: Connection, year: int, policy: Policy, donors: Collection[str] | None
) -> Assessment:
    """Return the year of some donors, None for all: the sums are right, what of a donor is missing is not looked at."""
    found = donor_facts(find_donors(identities, None, donors))
    return assess(year, gift_facts(gifts, year, donors), found, policy)


def _held(gifts: Connection, merged: Mapping[str, str], year: int) -> dict[str, list[receiptbook.NumberedReceipt]]:
    """Return the valid receipts of a year by donor, those of a key that was merged under the one that remains."""
    held: dict[str, list[receiptbook.NumberedReceipt]] = {}
    for row in receiptbook.numbered_receipts(gifts, year):
        if row.state == receiptbook.State.ISSUED:
            held.setdefault(merged.get(row.donor, row.donor), []).append(row)
    return held


def _claims(
    gifts: Connection,
    assessment: Assessment,
    held: Mapping[str, list[receiptbook.NumberedReceipt]],
    policy: Policy,
    covered: Mapping[int, int],
) -> Claims:
    """Return what the valid receipts of a year still say rightly, and whose gifts they claim."""
    year = assessment.year
    if not held:
        return Claims((), (), frozenset())
    money = Money(steps_of(gifts, year))
    return claims_of(assessment, held, covered, money, lambda: giving_of(gifts, year, policy.gift_date))


def _straddling(gifts: Connection, due: Iterable[DonorDecision], year: int, policy: Policy) -> tuple[Straddling, ...]:
    """Return the gifts that will be on a receipt and whose days lie in two years, for a person to look at."""
    over = [one for one in due if Warn.STRADDLES_YEARS in one.warnings]
    return tuple(straddling_of(giving_of(gifts, year, policy.gift_date), over)) if over else ()


def issue(
    gifts: Engine,
    identities: Engine,
    sealer: Sealer,
    year: int,
    *,
    policy: Policy,
    printing: Printing,
    issued_on: date,
    papers: Papers = NO_PAPERS,
) -> Preview:
    """Number and freeze every receipt due; return what was issued. NothingToIssue where none is due.

    The caller holds the books for writing.
    """
    with gifts.connect() as connection, connection.begin():
        with identities.connect() as vault_connection:
            plan = preview(connection, vault_connection, sealer, year, policy, papers)
            if not plan.due:
                raise NothingToIssue(_nothing(plan))
            keys = {decision.donor for decision in plan.due}
            donors = {row.key: row for row in find_donors(vault_connection, sealer, keys)}
            giving = giving_of(connection, year, policy.gift_date)
        _refuse_earlier(plan, giving, issued_on)
        rows: list[receiptbook.NewReceipt] = []
        sheets = _sheets(plan, donors, giving, printing, issued_on)
        with identities.begin() as vault_connection:
            keep_images(vault_connection, sealer, printing.images)
            while frozen := [_freeze(decision, sheet, rows) for decision, sheet in islice(sheets, _CHUNK)]:
                freeze_sheets(vault_connection, sealer, frozen)
            announce(vault_connection, year, plan.first_number, (row.sheet_digest for row in rows))
        receiptbook.insert_receipts(connection, year, plan.first_number, issued_on, rows)
    return plan


def _nothing(plan: Preview) -> str:
    """Say why no receipt is due: nobody gave anything, all are there, or those that are not have reasons."""
    year = plan.assessment.year
    if not any(gift.counted == year for gift in plan.assessment.gifts):
        return _("no gift of {year} is in the books, so there is no receipt to issue.").format(year=year)
    return _(
        "no receipt of {year} is due that was not issued before; `obole receipts status --year {year}` "
        "says why donors have none."
    ).format(year=year)


def _refuse_earlier(plan: Preview, giving: GivenYear, issued_on: date) -> None:
    """Raise DatedBefore where a receipt would be dated before a gift it attests."""
    last = max(given.date for decision in plan.due for given in giving.of(decision.gift_ids))
    if last > issued_on:
        raise DatedBefore(
            _("--date {day}: gifts on these receipts were made until {last}; date them on that day or later.").format(
                day=issued_on, last=last
            )
        )


def _freeze(decision: DonorDecision, sheet: Sheet, rows: list[receiptbook.NewReceipt]) -> tuple[int, int, int, str]:
    """Return the sheet as the vault keeps it; its receipt is added to `rows`."""
    text = to_json(sheet)
    digest = hashlib.sha256(text.encode()).hexdigest()
    rows.append(receiptbook.NewReceipt(decision.donor, decision.cents, decision.gift_ids, digest))
    return sheet.year, sheet.number, sheet.version, text


def _sheets(
    plan: Preview,
    donors: Mapping[str, Donor],
    giving: GivenYear,
    printing: Printing,
    issued_on: date,
) -> Iterator[tuple[DonorDecision, Sheet]]:
    year = plan.assessment.year
    for number, decision in enumerate(plan.due, start=plan.first_number):
        gifts = tuple(SheetGift(*given) for given in giving.of(decision.gift_ids))
        to = addressee(donors[decision.donor])
        sheet = _sheet(printing, to, gifts, year=year, number=number, issued_on=issued_on, cents=decision.cents)
        yield decision, sheet


def _sheet(
    printing: Printing,
    to: Addressee,
    gifts: tuple[SheetGift, ...],
    *,
    year: int,
    number: int,
    issued_on: date,
    cents: int,
) -> Sheet:
    """Return the first version of a receipt."""
    issuer = printing.issuer(to.language)
    return Sheet(
        year=year,
        number=number,
        version=1,
        issued_on=issued_on,
        institution=issuer.institution,
        addressee=to,
        cents=cents,
        place=issuer.place,
        signatory=printing.signatory,
        signatory_role=issuer.signatory_role,
        amount_in_words=printing.amount_in_words,
        gifts=gifts,
        look=printing.look,
    )


def addressee(donor: Donor) -> Addressee:
    """Return a donor as a receipt addresses them, a postcode as people write it in the form of the post."""
    language = donor.language if donor.language in ("fr", "nl", "de", "en") else "fr"
    place = read_place(donor.country, donor.postcode, donor.municipality)
    return Addressee(
        kind="natural" if donor.kind == "natural" else "legal",
        last_name=donor.last_name,
        first_name=donor.first_name,
        street=donor.street,
        postcode=place.postcode,
        municipality=place.municipality,
        country=place.country,
        language=language,  # type: ignore[arg-type]
        national_number=donor.national_number,
        enterprise_number=donor.enterprise_number,
    )


def example_sheet(printing: Printing, year: int, language: str, rows: int = 3) -> Sheet:
    """Return the sheet of a receipt of nobody: invented donor and gifts, the foundation's own texts."""
    given = tuple(
        SheetGift(date(year, 1 + row % 12, 1 + row // 12), (row + 1) * 10_00, Channel.TRANSFER) for row in range(rows)
    )
    donor = Donor("", "natural", "Exemple", "Ada", "Rue de l'Exemple 1", "1000", "Bruxelles", language=language)
    cents = sum(gift.cents for gift in given)
    day = date(year + 1, 1, 31)
    return _sheet(printing, addressee(donor), given, year=year, number=1, issued_on=day, cents=cents)
