"""The pre-notification list that donor services mail before a collection."""

from collections.abc import Sequence
from datetime import timedelta

from ledger.instalments import Instalment
from obole.books.identities import donors_of
from obole.books.opened import Books
from obole.books.policies import collection_settings
from obole.debits.message import full_name
from reports.tables import Column, ColumnKind, Row, RowKind, Table

_WORDS = {
    "title": {"fr": "Préavis", "nl": "Voorafgaande kennisgeving", "de": "Vorabankündigung", "en": "Pre-notification"},
    "donor": {"fr": "Donateur", "nl": "Schenker", "de": "Spender", "en": "Donor"},
    "language": {"fr": "Langue", "nl": "Taal", "de": "Sprache", "en": "Language"},
    "name": {"fr": "Nom", "nl": "Naam", "de": "Name", "en": "Name"},
    "email": {"fr": "Courriel", "nl": "E-mail", "de": "E-Mail", "en": "E-mail"},
    "amount": {"fr": "Montant EUR", "nl": "Bedrag EUR", "de": "Betrag EUR", "en": "Amount EUR"},
    "due": {"fr": "Échéance", "nl": "Vervaldag", "de": "Fälligkeit", "en": "Due"},
    "mandate": {"fr": "Mandat", "nl": "Mandaat", "de": "Mandat", "en": "Mandate"},
    "kind": {"fr": "Type", "nl": "Type", "de": "Art", "en": "Type"},
    "before": {
        "fr": "à envoyer au plus tard le {day}",
        "nl": "te verzenden uiterlijk op {day}",
        "de": "spätestens zu versenden am {day}",
        "en": "to be sent by {day}",
    },
}


def notification(books: Books, name: str, instalments: Sequence[Instalment]) -> Table:
    """The list from which donors are told of a debit before it happens: one row each, by donor."""
    language = books.config.organisation.language

    def say(key: str) -> str:
        return _WORDS[key][language]

    donors = donors_of(books, instalments)
    rows = []
    for one in sorted(instalments, key=lambda one: (one.donor, one.mandate, one.sequence)):
        donor = donors.get(one.donor)
        who = (donor.language, full_name(donor), donor.email) if donor is not None else ("", "", "")
        rows.append(Row(RowKind.LINE, (one.donor, *who, one.cents, one.due, one.mandate, one.kind.value)))
    total = sum(one.cents for one in instalments)
    rows.append(Row(RowKind.TOTAL, ("", "", "", "", total, None, "", ""), first=0))
    columns = (
        Column("donor", say("donor"), width=12),
        Column("language", say("language"), width=8),
        Column("name", say("name"), width=32),
        Column("email", say("email"), width=32),
        Column("amount", say("amount"), ColumnKind.CENTS, width=14, summed=True),
        Column("due", say("due"), ColumnKind.DATE, width=12),
        Column("mandate", say("mandate"), width=36),
        Column("kind", say("kind"), width=8),
    )
    notify_by = min(one.due for one in instalments) - timedelta(days=collection_settings(books).notice)
    title = f"{say('title')}, {name}: {say('before').format(day=notify_by)}"
    return Table(title, books.config.organisation.name, language, columns, rows)
