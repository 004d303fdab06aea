"""The pre-notification list that donor services mail before a collection."""

from collections.abc import Sequence
from datetime import timedelta

from ledger.instalments import Instalment
from obole.books.identities import donors_of
from obole.books.opened import Books
from obole.books.policies import collection_settings
from obole.debits.message import full_name
from obole.words import text_in
from reports.tables import Column, ColumnKind, Row, RowKind, Table


def notification(books: Books, name: str, instalments: Sequence[Instalment]) -> Table:
    """Return the list from which donors are told of a debit before it happens: one row each, by donor."""
    language = books.config.organisation.language

    donors = donors_of(books, instalments)
    rows = []
    for one in sorted(instalments, key=lambda one: (one.donor, one.mandate, one.sequence)):
        donor = donors.get(one.donor)
        who = (donor.language, full_name(donor), donor.email) if donor is not None else ("", "", "")
        rows.append(Row(RowKind.LINE, (one.donor, *who, one.cents, one.due, one.mandate, one.kind.value)))
    total = sum(one.cents for one in instalments)
    rows.append(Row(RowKind.TOTAL, ("", "", "", "", total, None, "", ""), first=0))
    columns = (
        Column("donor", text_in(language, "Donor"), width=12),
        Column("language", text_in(language, "Language"), width=8),
        Column("name", text_in(language, "Name"), width=32),
        Column("email", text_in(language, "E-mail"), width=32),
        Column("amount", text_in(language, "Amount EUR"), ColumnKind.CENTS, width=14, summed=True),
        Column("due", text_in(language, "Due"), ColumnKind.DATE, width=12),
        Column("mandate", text_in(language, "Mandate"), width=36),
        Column("kind", text_in(language, "Type"), width=8),
    )
    notify_by = min(one.due for one in instalments) - timedelta(days=collection_settings(books).notice)
    title = text_in(language, "Pre-notification, {document}: to be sent by {day}")
    title = title.format(document=name, day=notify_by)
    return Table(title, books.config.organisation.name, language, columns, rows)
