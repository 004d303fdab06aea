"""Why pydantic refuses a setting, in sentences of ours: what was expected, in the person's language."""

from collections.abc import Mapping
from typing import Any

from obole.words import N_, _

# By pydantic's type of error; the values in braces are those it gives with it.
_SENTENCES = {
    "missing": N_("missing; add it"),
    "extra_forbidden": N_("no such setting; see docs/configuration.md for the names"),
    "string_type": N_("a text is expected; write it between quotes"),
    "string_too_short": N_("may not be empty; fill it in"),
    "string_pattern_mismatch": N_("not written as expected (pattern {pattern}); correct it"),
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
    "tuple_type": N_("a list is expected, between square brackets"),
    "model_type": N_("a table of settings is expected; see docs/configuration.md"),
    "model_attributes_type": N_("a table of settings is expected; see docs/configuration.md"),
    "dict_type": N_("a table of settings is expected; see docs/configuration.md"),
}


def sentence_of(detail: Mapping[str, Any]) -> str:
    """Return why a setting is refused, from one of the errors that pydantic collected."""
    sentence = _SENTENCES.get(detail["type"])
    if sentence is not None:
        return _(sentence).format(**detail.get("ctx", {}))
    if detail["type"] == "value_error":
        return str(detail["ctx"]["error"])  # a sentence of ours, put into words where it was raised
    return _("not accepted ({type}); see docs/configuration.md").format(type=detail["type"])
