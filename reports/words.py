"""The words of this room, in the language of the person (`_`, `many`) or of a document (`text_in`, `many_in`)."""

from ledger.languages import N_, Catalogue, N_many

_catalogue = Catalogue("reports")

_ = _catalogue.text
many = _catalogue.many
text_in = _catalogue.text_in
many_in = _catalogue.many_in

# What the statements, their sections, the schemes and the periods are called, by their keys in the data.
_NAMES = {
    "balance-sheet": N_("Balance sheet"),
    "income-statement": N_("Income statement"),
    "appropriation": N_("Appropriation of the result"),
    "assets": N_("Assets"),
    "liabilities": N_("Liabilities"),
    "income": N_("Income"),
    "expenses": N_("Expenses"),
    "result": N_("Result"),
    "published": N_("Published accounts"),
    "full": N_("Full scheme"),
    "abbreviated": N_("Abbreviated scheme"),
    "micro": N_("Micro scheme"),
    "at": N_("at 31 December {year}"),
    "of-year": N_("year {year}"),
    "draft": N_("draft"),
    "sealed": N_("sealed"),
    "number": N_("Number"),
    "party": N_("Third party"),
    "project": N_("Project"),
    "department": N_("Department"),
    "fund": N_("Fund"),
}

__all__ = ["N_", "N_many", "_", "many", "many_in", "named", "text_in"]


def named(key: str, language: str) -> str:
    """Return what a statement, a section, a scheme or a period is called in the language of the document."""
    return text_in(language, _NAMES[key])
