"""The words of this room, in the language of the person (`_`, `many`) or of a document (`text_in`, `many_in`)."""

from ledger.languages import N_, Catalogue, N_many

_catalogue = Catalogue("obole")

_ = _catalogue.text
many = _catalogue.many
text_in = _catalogue.text_in
many_in = _catalogue.many_in

__all__ = ["N_", "N_many", "_", "many", "many_in", "text_in"]
