"""Amounts in words, as a receipt spells them beside the figures: Belgian French, Dutch, German, English.

Own rules instead of num2words, whose Belgian French is wrong for most numbers.
Spellings chosen: traditional French hyphens (only inside a number below one hundred: `vingt et un`, `deux cent un`);
Dutch `duizend honderd` rather than `elfhonderd`; German `ein` before the noun (`einhundertein Euro`); British `and`.
"""

from collections.abc import Callable

LARGEST = 99_999_999_999  # cents: 999 999 999,99


def in_words(cents: int, language: str) -> str:
    """Spell an amount of 0 to 999 999 999,99 euro in `fr`, `nl`, `de` or `en`; ValueError outside of that.

    15050, "fr" -> "cent cinquante euros et cinquante cents". Whole euros name no cents; under one euro, only cents.
    """
    if not 0 <= cents <= LARGEST:
        raise ValueError("an amount in words lies between 0 and 999 999 999,99 euro")
    if language not in _AMOUNTS:
        raise ValueError(f"no amounts in words in {language!r}; known: {', '.join(_AMOUNTS)}")
    return _AMOUNTS[language](*divmod(cents, 100))


def _join(euros: str, cents: str, whole: int, fraction: int, conjunction: str) -> str:
    if not fraction:
        return euros
    return f"{euros} {conjunction} {cents}" if whole else cents


# French ---------------------------------------------------------------------------------------------------------------

_FR_UNITS = (
    "zéro",
    "un",
    "deux",
    "trois",
    "quatre",
    "cinq",
    "six",
    "sept",
    "huit",
    "neuf",
    "dix",
    "onze",
    "douze",
    "treize",
    "quatorze",
    "quinze",
    "seize",
    "dix-sept",
    "dix-huit",
    "dix-neuf",
)


_FR_TENS = ("", "", "vingt", "trente", "quarante", "cinquante", "soixante", "septante", "quatre-vingt", "nonante")


def _fr_amount(whole: int, fraction: int) -> str:
    partitive = whole and whole % 1_000_000 == 0  # un million d'euros, but un million cent euros
    euros = _french(whole) + (" d'" if partitive else " ") + ("euro" if whole <= 1 else "euros")
    return _join(euros, f"{_french(fraction)} {'cent' if fraction == 1 else 'cents'}", whole, fraction, "et")


def _french(number: int) -> str:
    if number == 0:
        return _FR_UNITS[0]
    millions, rest = divmod(number, 1_000_000)
    thousands, units = divmod(rest, 1000)
    parts = []
    if millions:
        parts.append(f"{_fr_hundreds(millions)} {'million' if millions == 1 else 'millions'}")
    if thousands:
        # Mille is a numeral: what stands before it takes no s (deux cent mille, quatre-vingt mille).
        parts.append("mille" if thousands == 1 else f"{_fr_hundreds(thousands, plural=False)} mille")
    if units:
        parts.append(_fr_hundreds(units))
    return " ".join(parts)


def _fr_hundreds(number: int, *, plural: bool = True) -> str:
    hundreds, rest = divmod(number, 100)
    if not hundreds:
        return _fr_tens(rest, plural=plural)
    cent = "cent" if hundreds == 1 else f"{_FR_UNITS[hundreds]} cent"
    if rest:
        return f"{cent} {_fr_tens(rest, plural=plural)}"
    return f"{cent}s" if plural and hundreds > 1 else cent


def _fr_tens(number: int, *, plural: bool) -> str:
    if number < len(_FR_UNITS):
        return _FR_UNITS[number]
    tens, unit = divmod(number, 10)
    word = _FR_TENS[tens]
    if tens == 8:  # noqa: PLR2004  eighty alone counts in twenties
        return f"{word}-{_FR_UNITS[unit]}" if unit else word + ("s" if plural else "")
    if unit == 1:
        return f"{word} et un"
    return f"{word}-{_FR_UNITS[unit]}" if unit else word


# Dutch ----------------------------------------------------------------------------------------------------------------

_NL_UNITS = (
    "nul",
    "een",
    "twee",
    "drie",
    "vier",
    "vijf",
    "zes",
    "zeven",
    "acht",
    "negen",
    "tien",
    "elf",
    "twaalf",
    "dertien",
    "veertien",
    "vijftien",
    "zestien",
    "zeventien",
    "achttien",
    "negentien",
)


_NL_TENS = ("", "", "twintig", "dertig", "veertig", "vijftig", "zestig", "zeventig", "tachtig", "negentig")


def _nl_amount(whole: int, fraction: int) -> str:
    return _join(f"{_dutch(whole)} euro", f"{_dutch(fraction)} cent", whole, fraction, "en")


def _dutch(number: int) -> str:
    if number == 0:
        return _NL_UNITS[0]
    millions, rest = divmod(number, 1_000_000)
    thousands, units = divmod(rest, 1000)
    parts = []
    if millions:
        parts += [_nl_hundreds(millions), "miljoen"]
    if thousands:
        parts.append("duizend" if thousands == 1 else f"{_nl_hundreds(thousands)}duizend")
    if units:
        parts.append(_nl_hundreds(units))
    # A one that stands by itself carries accents, not to be read as the article.
    return " ".join("één" if part == "een" else part for part in parts)


def _nl_hundreds(number: int) -> str:
    hundreds, rest = divmod(number, 100)
    head = "" if not hundreds else "honderd" if hundreds == 1 else f"{_NL_UNITS[hundreds]}honderd"
    return head + (_nl_tens(rest) if rest else "")


def _nl_tens(number: int) -> str:
    if number < len(_NL_UNITS):
        return _NL_UNITS[number]
    tens, unit = divmod(number, 10)
    if not unit:
        return _NL_TENS[tens]
    link = "ën" if _NL_UNITS[unit].endswith("e") else "en"
    return f"{_NL_UNITS[unit]}{link}{_NL_TENS[tens]}"


# German ---------------------------------------------------------------------------------------------------------------

_DE_UNITS = (
    "null",
    "ein",
    "zwei",
    "drei",
    "vier",
    "fünf",
    "sechs",
    "sieben",
    "acht",
    "neun",
    "zehn",
    "elf",
    "zwölf",
    "dreizehn",
    "vierzehn",
    "fünfzehn",
    "sechzehn",
    "siebzehn",
    "achtzehn",
    "neunzehn",
)


_DE_TENS = ("", "", "zwanzig", "dreißig", "vierzig", "fünfzig", "sechzig", "siebzig", "achtzig", "neunzig")


def _de_amount(whole: int, fraction: int) -> str:
    return _join(f"{_german(whole)} Euro", f"{_german(fraction)} Cent", whole, fraction, "und")


def _german(number: int) -> str:
    if number == 0:
        return _DE_UNITS[0]
    millions, rest = divmod(number, 1_000_000)
    thousands, units = divmod(rest, 1000)
    parts = []
    if millions:
        parts.append("eine Million" if millions == 1 else f"{_de_hundreds(millions)} Millionen")
    below = (f"{_de_hundreds(thousands)}tausend" if thousands else "") + (_de_hundreds(units) if units else "")
    if below:
        parts.append(below)
    return " ".join(parts)


def _de_hundreds(number: int) -> str:
    hundreds, rest = divmod(number, 100)
    return (f"{_DE_UNITS[hundreds]}hundert" if hundreds else "") + (_de_tens(rest) if rest else "")


def _de_tens(number: int) -> str:
    if number < len(_DE_UNITS):
        return _DE_UNITS[number]
    tens, unit = divmod(number, 10)
    return f"{_DE_UNITS[unit]}und{_DE_TENS[tens]}" if unit else _DE_TENS[tens]


# English --------------------------------------------------------------------------------------------------------------

_EN_UNITS = (
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
)


_EN_TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")


def _en_amount(whole: int, fraction: int) -> str:
    euros = f"{_english(whole)} {'euro' if whole == 1 else 'euros'}"
    return _join(euros, f"{_english(fraction)} {'cent' if fraction == 1 else 'cents'}", whole, fraction, "and")


def _english(number: int) -> str:
    if number == 0:
        return _EN_UNITS[0]
    millions, rest = divmod(number, 1_000_000)
    thousands, units = divmod(rest, 1000)
    parts = []
    if millions:
        parts.append(f"{_en_hundreds(millions)} million")
    if thousands:
        parts.append(f"{_en_hundreds(thousands)} thousand")
    if units:
        parts.append(("and " if parts and units < 100 else "") + _en_hundreds(units))  # noqa: PLR2004  one hundred
    return " ".join(parts)


def _en_hundreds(number: int) -> str:
    hundreds, rest = divmod(number, 100)
    if not hundreds:
        return _en_tens(rest)
    return f"{_EN_UNITS[hundreds]} hundred" + (f" and {_en_tens(rest)}" if rest else "")


def _en_tens(number: int) -> str:
    if number < len(_EN_UNITS):
        return _EN_UNITS[number]
    tens, unit = divmod(number, 10)
    return f"{_EN_TENS[tens]}-{_EN_UNITS[unit]}" if unit else _EN_TENS[tens]


_AMOUNTS: dict[str, Callable[[int, int], str]] = {
    "fr": _fr_amount,
    "nl": _nl_amount,
    "de": _de_amount,
    "en": _en_amount,
}
