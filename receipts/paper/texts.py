"""The texts of a receipt: from a sheet to ready lines in the donor's language, in the words of the sheet's edition.

The words stand in a TOML file per language in the folder of each edition, where its layout is too; everything said on
the page is decided here, how it looks there. What is changed here may change no edition that was released (a test holds
their PDFs). Figures keep one notation in all languages
(decimal comma, a thin space between thousands); the amount of the receipt itself is enclosed and ungrouped, against
tampering: `***1234,56*** EUR` (FPS Finance, finances.belgium.be/fr/asbl/dons/recus).
"""

import csv
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any

from receipts.paper.sheet import EDITION, Addressee, Institution, Sheet, SheetGift
from receipts.paper.words import in_words

ROWS = 14  # rows of gifts; more are shown by month


RUN = 3  # gifts of one amount and way, one after the other, that are shown as one row


_EDITIONS = Path(__file__).parent / "editions"


_NAMES = {1: "first", 2: "second"}


@dataclass(frozen=True, slots=True)
class Texts:
    """All that stands on the page, in the donor's language. `gifts` and what goes with it are empty without detail."""

    language: str
    title: str
    author: str
    mention: str
    mention_language: str
    replaces: str | None
    duplicate: str | None
    name: str
    form: str
    institution: tuple[str, ...]
    address: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    amount_label: str
    amount: str
    words: str | None
    finality: str
    gifts_heading: str
    gifts_columns: tuple[str, str, str]
    gifts: tuple[tuple[str, str, str], ...]
    total: tuple[str, str, str]
    issued: str
    signatory: str
    role: str
    note: str
    reference: str
    signature: str = ""  # said of the picture of one to who cannot see it


def edition_folder(edition: int) -> Path:
    """Return where the layout and the words of an edition are."""
    return _EDITIONS / _NAMES[edition]


def compose(sheet: Sheet) -> Texts:
    """Return the texts of one receipt. English readers get English labels and the statutory mention in French."""
    donor, institution = sheet.addressee, sheet.institution
    wording = _wording(sheet.edition, donor.language)
    label = wording["label"]
    heading, columns, rows, total = _gifts(sheet, wording)
    issued = wording["issued"] if sheet.place else wording["issued_nowhere"]
    return Texts(
        language=donor.language,
        title=wording["title"].format(year=sheet.year),
        author=institution.name,
        mention=wording["mention"],
        mention_language=wording["mention_language"],
        replaces=wording["replaces"].format(version=sheet.version) if sheet.replaces else None,
        duplicate=wording["duplicate"] if sheet.duplicate else None,
        name=institution.name,
        form=institution.legal_form,
        institution=_issuer(institution, label),
        address=address_lines(donor, sheet.edition),
        facts=_facts(sheet, label),
        amount_label=label["amount"],
        amount=f"***{_plain(sheet.cents)}*** EUR",
        words=label["words"].format(words=in_words(sheet.cents, donor.language)) if sheet.amount_in_words else None,
        finality=wording["finality"],
        gifts_heading=heading,
        gifts_columns=columns,
        gifts=rows,
        total=total,
        issued=issued.format(place=sheet.place, date=_long(sheet.issued_on, wording)),
        signatory=sheet.signatory,
        role=sheet.signatory_role,
        note=wording["note"],
        reference=wording["reference"].format(reference=sheet.reference),
        signature=wording.get("signature", "").format(name=sheet.signatory),
    )


def specimen(sheet: Sheet) -> Texts:
    """Return the texts of a receipt that is none: marked as such, and without a number."""
    wording = _wording(sheet.edition, sheet.addressee.language)
    texts = compose(sheet)
    mark = wording["specimen"]
    facts = ((texts.facts[0][0], mark), *texts.facts[1:])
    return replace(texts, duplicate=mark, facts=facts, reference=wording["reference"].format(reference=mark))


def address_lines(donor: Addressee, edition: int = EDITION) -> tuple[str, ...]:
    """Return the lines in the window of the envelope."""
    return _filled(_full_name(donor), *_address(donor, edition))


def _issuer(institution: Institution, label: Mapping[str, str]) -> tuple[str, ...]:
    """Return the lines below the institution's name, empty ones left out."""
    return _filled(
        institution.street,
        f"{institution.postcode} {institution.municipality}",
        f"{label['enterprise_number']} {enterprise_number(institution.enterprise_number)}",
        institution.recognition,
        institution.telephone,
        institution.email,
        institution.website,
    )


def _facts(sheet: Sheet, label: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Return number, year and donor of a receipt, each behind its label."""
    donor = sheet.addressee
    return (
        (label["number"], str(sheet.number)),
        (label["year"], str(sheet.year)),
        (label[donor.kind], ", ".join(_filled(donor.last_name, donor.first_name))),
        (label["address"], ", ".join(_address(donor, sheet.edition))),
        _identifier(donor, label),
    )


def enterprise_number(digits: str) -> str:
    """Return ten digits as people write them: 0123.456.749."""
    return f"{digits[:4]}.{digits[4:7]}.{digits[7:]}"


def national_number(digits: str) -> str:
    """Return eleven digits as people write them: 85.07.30-033.28."""
    return f"{digits[:2]}.{digits[2:4]}.{digits[4:6]}-{digits[6:9]}.{digits[9:]}"


def _gifts(
    sheet: Sheet, wording: dict[str, Any]
) -> tuple[str, tuple[str, str, str], tuple[tuple[str, str, str], ...], tuple[str, str, str]]:
    """Return the detail: heading, columns, rows, total. Gift by gift, regular ones in one row, else by month."""
    label = wording["gifts"]
    amount = _grouped(sheet.cents)
    rows = tuple(_runs(sheet.gifts, wording))
    if len(rows) <= ROWS:
        return (
            label["heading"],
            (label["date"], label["channel"], label["amount"]),
            rows,
            (label["total"], "", amount),
        )
    return (
        label["heading_by_month"],
        (label["month"], label["count"], label["amount"]),
        tuple(_months(sheet.gifts, wording)),
        (label["total"], str(len(sheet.gifts)), amount),
    )


def _runs(gifts: Iterable[SheetGift], wording: dict[str, Any]) -> Iterable[tuple[str, str, str]]:
    """Yield one row per gift by date; the same amount the same way several times running is one row with its count.

    A monthly donor reads one line instead of twelve, and the page is typeset in half the time.
    """
    ordered = sorted(gifts, key=lambda gift: gift.date)
    for (channel, cents), run in groupby(ordered, key=lambda gift: (gift.channel, gift.cents)):
        same = list(run)
        way = wording["channel"][channel]
        if len(same) < RUN:
            yield from ((_short(gift.date, wording), way, _grouped(gift.cents)) for gift in same)
        else:
            days = f"{_short(same[0].date, wording)} – {_short(same[-1].date, wording)}"
            yield days, f"{way}, {len(same)} × {_grouped(cents)}", _grouped(len(same) * cents)


def _months(gifts: Iterable[SheetGift], wording: dict[str, Any]) -> Iterable[tuple[str, str, str]]:
    months: dict[tuple[int, int], list[int]] = defaultdict(list)
    for gift in gifts:
        months[gift.date.year, gift.date.month].append(gift.cents)
    for (year, month), cents in sorted(months.items()):
        yield f"{wording['calendar']['months'][month - 1]} {year}", str(len(cents)), _grouped(sum(cents))


def _full_name(donor: Addressee) -> str:
    return " ".join(_filled(donor.first_name, donor.last_name))


def _address(donor: Addressee, edition: int) -> tuple[str, ...]:
    abroad = "" if donor.country == "BE" else _country(edition, donor.country, donor.language)
    return _filled(donor.street, f"{donor.postcode} {donor.municipality}", abroad)


def _country(edition: int, code: str, language: str) -> str:
    """Return the country in capitals, as the post asks for it; the code itself where it is no known one."""
    return _countries(edition, language).get(code, code).upper()


def _identifier(donor: Addressee, label: Mapping[str, str]) -> tuple[str, str]:
    if donor.kind == "legal":
        number = donor.enterprise_number
        return label["enterprise_number"], enterprise_number(number) if number else label["unknown"]
    number = donor.national_number
    if not number:
        return label["national_number"], label["unknown"]
    # A BIS number is a national number whose month is 20 or 40 higher (as in python-stdnum, be.bis).
    return label["bis_number" if number[2:3] in "2345" else "national_number"], national_number(number)


def _plain(cents: int) -> str:
    euros, fraction = divmod(cents, 100)
    return f"{euros},{fraction:02d}"


def _grouped(cents: int) -> str:
    euros, fraction = divmod(abs(cents), 100)
    grouped = f"{euros:,}".replace(",", "\u202f")
    return f"{'−' if cents < 0 else ''}{grouped},{fraction:02d}"


def _long(day: date, wording: dict[str, Any]) -> str:
    calendar = wording["calendar"]
    number = calendar["first"] if day.day == 1 else day.day
    text: str = calendar["long"].format(day=number, month=calendar["months"][day.month - 1], year=day.year)
    return text.replace(" ", "\u00a0")


def _short(day: date, wording: dict[str, Any]) -> str:
    text: str = wording["calendar"]["short"].format(day=day.day, month=day.month, year=day.year)
    return text


def _filled(*texts: str) -> tuple[str, ...]:
    return tuple(text.strip() for text in texts if text.strip())


@cache
def _wording(edition: int, language: str) -> dict[str, Any]:
    return tomllib.loads((edition_folder(edition) / f"{language}.toml").read_text(encoding="utf-8"))


@cache
def _countries(edition: int, language: str) -> dict[str, str]:
    """Return names by ISO code, from Unicode CLDR 47; kept here so that a newer CLDR does not change an old receipt."""
    with (edition_folder(edition) / "countries.csv").open(encoding="utf-8", newline="") as file:
        return {row["code"]: row[language] for row in csv.DictReader(file)}
