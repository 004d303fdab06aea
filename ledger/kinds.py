"""The words for kinds that code names by one English word: of a document, of a line's outcome, of a platform's row."""

from ledger.languages import spoken
from ledger.words import N_, text_in

_WORDS = frozenset(
    {
        # documents
        N_("coda"),
        N_("camt"),
        N_("details"),
        N_("collection"),
        N_("status"),
        N_("platform"),
        N_("donors"),
        N_("pledges"),
        N_("parties"),
        N_("in-kind"),
        N_("grants"),
        N_("legacies"),
        N_("journal"),
        N_("cash"),
        N_("assignment"),
        N_("reclassification"),
        N_("undo"),
        N_("opening"),
        N_("events"),
        # outcomes of lines
        N_("gift"),
        N_("return"),
        N_("rule"),
        N_("grant"),
        N_("suspense"),
        N_("batch"),
        N_("instalment"),
        N_("detail"),
        N_("nothing"),
        N_("identity"),
        N_("transfer"),
        N_("legacy"),
        N_("restored"),
        N_("expected"),
        # rows of platforms
        N_("refund"),
        N_("chargeback"),
        N_("chargeback-reversed"),
        N_("fee"),
        N_("correction"),
        N_("spent"),
        N_("conversion"),
        N_("payout"),
        N_("hold"),
        N_("pending"),
        N_("void"),
        N_("test"),
        # dimensions of a line
        N_("project"),
        N_("department"),
        N_("fund"),
        N_("unknown"),
    }
)


def kind_word(kind: str, language: str | None = None) -> str:
    """Return the word for a kind, in the language of the person unless one is named; any other text as it is."""
    return text_in(language or spoken(), kind) if kind in _WORDS else kind
