"""Why pydantic refuses a setting, in sentences of ours: what was expected, in the person's language."""

from collections.abc import Collection, Mapping
from difflib import get_close_matches
from typing import Any

from obole.words import N_, _

# By pydantic's type of error; the values in braces are those it gives with it.
_SENTENCES = {
    "missing": N_("missing; add it"),
    "string_type": N_("a text is expected; write it between quotes"),
    "string_too_short": N_("may not be empty; fill it in"),
    "literal_error": N_("must be {expected}"),
    "enum": N_("must be {expected}"),
    "int_type": N_("a whole number is expected, without quotes"),
    "int_parsing": N_("a whole number is expected, without quotes"),
    "int_parsing_size": N_("this number is too large"),
    "int_from_float": N_("a whole number is expected, without a fraction"),
    "bool_type": N_("true or false is expected, without quotes"),
    "bool_parsing": N_("true or false is expected, without quotes"),
    "date_type": N_("a date is expected, such as 2025-01-31, without quotes"),
    "date_parsing": N_("a date is expected, such as 2025-01-31, without quotes"),
    "date_from_datetime_parsing": N_("a date is expected, such as 2025-01-31, without quotes"),
    "date_from_datetime_inexact": N_("a date is expected, such as 2025-01-31, without a time"),
    "decimal_type": N_("a number is expected"),
    "decimal_parsing": N_("a number is expected"),
    "finite_number": N_("a number is expected"),
    "greater_than": N_("must be more than {gt}"),
    "greater_than_equal": N_("must be at least {ge}"),
    "less_than": N_("must be less than {lt}"),
    "less_than_equal": N_("must be at most {le}"),
    "tuple_type": N_(
        "a list is expected: values between [ ], tables each under a heading in double brackets, [[bank]]"
    ),
    "model_type": N_("a table of settings is expected; see docs/configuration.md"),
    "model_attributes_type": N_("a table of settings is expected; see docs/configuration.md"),
    "dict_type": N_("a table of settings is expected; see docs/configuration.md"),
}


# How a text is written that a pattern holds, by the pattern.
ACCOUNT = r"^[0-9]{2,8}$"
POSTCODE = r"^[0-9]{4}$"
TELEPHONE = r"^[0-9+/ .]{6,20}$"
EMAIL = r"^[^@\s]+@[^@\s]+\.[^@\s]+$"
ALIAS = r"^[a-z][a-z0-9-]{1,20}$"
KEY = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$"
BIC = r"^([A-Z]{6}[A-Z0-9]{2}([A-Z0-9]{3})?)?$"
CURRENCY = r"^[A-Z]{3}$"
COLOUR = r"^#[0-9A-Fa-f]{6}$"
CASH_BOOK = r"^[A-Z0-9][A-Z0-9._]{0,19}$"
_WRITTEN = {
    ACCOUNT: N_('the code of an account is expected, two to eight digits, such as "550000"'),
    POSTCODE: N_('a Belgian postcode is expected, four digits, such as "1000"'),
    TELEPHONE: N_('a telephone number is expected, six to twenty digits, such as "+32 2 000 00 00"'),
    EMAIL: N_('an e-mail address is expected, such as "info@example.org"'),
    ALIAS: N_('a short name is expected: small letters, digits and hyphens, the first a letter, such as "current"'),
    KEY: N_('a key is expected: letters, digits, points and hyphens, at most 40, such as "P-2025.1"'),
    BIC: N_('a BIC is expected, eight or eleven capital letters and digits, such as "KREDBEBB"'),
    CASH_BOOK: N_('the name of a cash book is expected: capitals, digits and points, at most 20, such as "SHOP"'),
    COLOUR: N_('a colour is expected: # and six hexadecimal digits, such as "#1f5f8b"'),
    CURRENCY: N_('a currency is expected, three capital letters, such as "EUR"'),
}
_ALIKE = 0.7  # from here on a name was probably meant


def sentence_of(detail: Mapping[str, Any], names: Collection[str]) -> str:
    """Return why a setting is refused, from one of the errors that pydantic collected.

    `names` are the settings that may stand where it does, of which one may have been meant.
    """
    if detail["type"] == "extra_forbidden":
        return _no_such(str(detail["loc"][-1]), names)
    if detail["type"] == "string_pattern_mismatch":
        sentence = _WRITTEN[detail["ctx"]["pattern"]]
    else:
        sentence = _SENTENCES.get(detail["type"], "")
    if sentence:
        return _(sentence).format(**detail.get("ctx", {}))
    if detail["type"] == "value_error":
        return str(detail["ctx"]["error"])  # a sentence of ours, put into words where it was raised
    return _("not accepted ({type}); see docs/configuration.md").format(type=detail["type"])


def _no_such(name: str, names: Collection[str]) -> str:
    near = get_close_matches(name, names, n=1, cutoff=_ALIKE)
    if near:
        return _("no such setting; was `{near}` meant? docs/configuration.md lists the names").format(near=near[0])
    return _("no such setting; see docs/configuration.md for the names")
