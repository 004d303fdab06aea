"""The tables of the vault as SQLAlchemy knows them."""

from sqlalchemy import (
    Boolean,
    Column,
    Date,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)

metadata = MetaData()


donor = Table(
    "donor",
    metadata,
    Column("key", String, primary_key=True),
    Column("kind", String, nullable=False),
    Column("last_name", String, nullable=False),
    Column("first_name", String, nullable=False),
    Column("street", String, nullable=False),
    Column("postcode", String, nullable=False),
    Column("municipality", String, nullable=False),
    Column("country", String, nullable=False),
    Column("language", String, nullable=False),
    Column("email", String, nullable=False),
    Column("delivery", String, nullable=False),
    Column("national_number", LargeBinary),
    Column("national_mark", String),
    Column("enterprise_number", String),
    Column("consent", Text, nullable=False),
    Column("origin", Text, nullable=False),
    Column("since", Date),
    Column("merged_into", String),
)


Index("donor_national_mark", donor.c.national_mark)


donor_iban = Table(
    "donor_iban",
    metadata,
    Column("iban", String, primary_key=True),
    Column("donor", String, primary_key=True),
    sqlite_with_rowid=False,
)


# What decisions at the desk taught, each with the line it was decided on (`coda-current-2025-073:7`): a donor register
# read again does not know of it, and a decision undone takes it away.
learnt_iban = Table(
    "learnt_iban",
    metadata,
    Column("iban", String, primary_key=True),
    Column("donor", String, primary_key=True),
    Column("line", String, primary_key=True),
    sqlite_with_rowid=False,
)


mandate = Table(
    "mandate",
    metadata,
    Column("reference", String, primary_key=True),
    Column("donor", String, nullable=False),
    sqlite_with_rowid=False,
)


Index("mandate_donor", mandate.c.donor)


communication = Table(
    "communication",
    metadata,
    Column("ogm", String, primary_key=True),
    Column("donor", String, nullable=False),
    Column("campaign", String),
    sqlite_with_rowid=False,
)


Index("communication_donor", communication.c.donor)


counterparty = Table(
    "counterparty",
    metadata,
    Column("document", String, primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("name", String, nullable=False),
    Column("account", String, nullable=False),
    Column("communication", Text, nullable=False),
    sqlite_with_rowid=False,
)


# What the debtor's bank knows of a mandate that changed: the account (empty: that did not) and the reference before,
# and the number of its last debit then.
amendment = Table(
    "amendment",
    metadata,
    Column("mandate", String, primary_key=True),
    Column("iban", String, nullable=False),
    Column("reference", String, nullable=False),
    Column("sequence", Integer, nullable=False),
    sqlite_with_rowid=False,
)


pledge = Table(
    "pledge",
    metadata,
    Column("mandate", String, primary_key=True),
    Column("iban", String, nullable=False),
    Column("holder", String, nullable=False),
    Column("signed", Date, nullable=False),
    Column("cents", Integer, nullable=False),
    Column("months", Integer, nullable=False),
    Column("first_due", Date, nullable=False),
    Column("last_due", Date),
    Column("state", String, nullable=False),
    Column("reason", String, nullable=False),
    Column("changed", Date),
    sqlite_with_rowid=False,
)


party = Table(
    "party",
    metadata,
    Column("key", String, primary_key=True),
    Column("kinds", String, nullable=False),
    Column("name", String, nullable=False),
    Column("first_name", String, nullable=False),
    Column("street", String, nullable=False),
    Column("postcode", String, nullable=False),
    Column("municipality", String, nullable=False),
    Column("country", String, nullable=False),
    Column("language", String, nullable=False),
    Column("iban", String, nullable=False),
    Column("enterprise_number", String, nullable=False),
    Column("payment_term", Integer),
)


frozen_sheet = Table(
    "frozen_sheet",
    metadata,
    Column("year", Integer, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("sheet", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)


# The salt, encrypted, of the digest by which a seal knows what a receipt printed: erased with the sheet.
sheet_salt = Table(
    "sheet_salt",
    metadata,
    Column("year", Integer, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("salt", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)


# Pictures that receipts bear (logo, signature), encrypted, by the SHA-256 that the frozen sheets name.
printed_image = Table(
    "printed_image",
    metadata,
    Column("digest", String, primary_key=True),
    Column("image", LargeBinary, nullable=False),
)


# The key, encrypted, from which the salts of a closed year's leaves follow: it stays in the house.
year_key = Table(
    "year_key",
    metadata,
    Column("year", Integer, primary_key=True, autoincrement=False),
    Column("key", LargeBinary, nullable=False),
)


# One row: how far the vault is, and whether the register has made that step too (`ledger.pairing`).
vault_stand = Table(
    "stand",
    metadata,
    Column("identity", String, primary_key=True),
    Column("step", Integer, nullable=False),
    Column("token", String, nullable=False),
    Column("before", String, nullable=False),
    Column("under_way", Boolean, nullable=False),
    Column("at", String, nullable=False),
    # A fingerprint that the right key alone gives; empty where no key was there yet to ask.
    Column("key_check", String, nullable=False),
)


# The numbers that an issue is about to give, written with the sheets and before the register commits.
freezing = Table(
    "freezing",
    metadata,
    Column("year", Integer, primary_key=True, autoincrement=False),
    Column("first", Integer, nullable=False),
    Column("last", Integer, nullable=False),
    Column("digest", String, nullable=False),
)


# Who was given an archived source in clear, and when.
reading = Table(
    "reading",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", String, nullable=False),
    Column("person", String, nullable=False),
    Column("archive", String, nullable=False),
)
