"""Small books whose every figure is known by hand, and `Obole`: the command line on them.

Six invented donors. One statement (073 of 14 March 2025) opens with 1 000.00 EUR and closes with 1 247.50:

    1   50.00  OGM of D0001             5   35.00  from the IBAN of D0001
    2  105.00  collection: 3   60.00 mandate of D0002, 4   45.00 mandate of D0006
    6  -12.50  bank fees (rule)         7   70.00  from nobody known: suspense

so that the gifts are 190.00: D0001 85.00, D0002 60.00, D0006 45.00.
"""

import csv
import hashlib
import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import chdir, closing, contextmanager
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import stores
from click.testing import CliRunner, Result
from sqlalchemy import Connection

from ledger.instalments import Instalment
from ledger.records import DocumentKind
from ledger.register import tables as register_tables
from ledger.register.debits import Debit, collections_of, instalments_of, references_of
from ledger.register.documents import all_documents, undone_by
from ledger.register.entries import EntryNumber, entry_numbers
from ledger.register.gifts import PostedGift, gifts_of
from ledger.register.receipts import ReceiptRow, receipts_of
from ledger.register.statements import booked_amounts
from ledger.register.suspense import OpenItem, open_items
from ledger.store import StoreName
from ledger.vault import tables as vault_tables
from obole.books.creation import initialise
from obole.books.opened import open_books
from obole.command.frame import main
from obole.demo.coda_writer import CodaLine, Holder, StatementWriter, direct_debit

Line = CodaLine  # the name in cases kept outside this project

IBAN = "BE47435000000080"  # the example account of the standard
OTHER_IBAN = "BE68539007547034"
CREDITOR = "BE68ZZZ0123456749"
ISSUED = date(2026, 2, 13)
DAY = date(2025, 3, 14)

SETTINGS = f"""
first_day = 2025-01-01

[organisation]
name = "Fondation Exemple"
enterprise_number = "0123456749"
street = "Rue de l'Essai 1"
postcode = "1000"
municipality = "Bruxelles"
telephone = "+32 2 000 00 00"
email = "info@example.org"
contact = "Service donateurs"

[[recognition]]
from_year = 2025
to_year = 2030
reference = "ESSAI-1"

[[bank]]
alias = "current"
iban = "{IBAN}"
account = "550000"

[[bank]]
alias = "gifts"
iban = "{OTHER_IBAN}"
account = "551000"

[[rules]]
label = "Frais bancaires"
direction = "debit"
code = ["80"]
account = "657000"

[[rules]]
label = "Versement groupé"
direction = "credit"
communication = "^PAYOUT"
gift = {{ channel = "platform" }}
"""


def ogm(serial: int) -> str:
    """Twelve digits: ten and their remainder by 97, 97 for 0."""
    return f"{serial:010d}{serial % 97 or 97:02d}"


def national_number(birth: str, serial: int) -> str:
    """Eleven digits for somebody born before 2000."""
    base = f"{birth}{serial:03d}"
    return f"{base}{97 - int(base) % 97:02d}"


def iban(bban: int) -> str:
    """A Belgian IBAN of ten digits of account; check digits of the account and of ISO 13616."""
    account = f"{bban:010d}{bban % 97 or 97:02d}"
    return f"BE{98 - int(account + '111400') % 97:02d}{account}"


HOLDERS = {
    "current": Holder(IBAN, "Compte courant", "FONDATION EXEMPLE", "KREDBEBB", "0123456749"),
    "gifts": Holder(OTHER_IBAN, "Compte dons", "FONDATION EXEMPLE", "KREDBEBB", "0123456749"),
}
SHARED = iban(7355555555)

HEADINGS = (
    *("donor", "kind", "last_name", "first_name", "street", "postcode", "municipality", "language"),
    *("ibans", "mandates", "references", "national_number", "enterprise_number"),
)
DONORS = (
    ("D0001", "natural", "Dupont", "Zoé", "Rue A 1", "1000", "Bruxelles", "fr", iban(7350000001), "", ogm(1),
     national_number("850730", 33), ""),
    ("D0002", "natural", "Van den Berg", "Jan", "Straat 2", "9000", "Gent", "nl", iban(7350000002), "M-2", ogm(2),
     national_number("700101", 2), ""),
    ("D0003", "natural", "Lambert", "Anne", "Rue C 3", "5000", "Namur", "fr", SHARED, "", "", "", ""),
    ("D0004", "natural", "Lambert", "Luc", "Rue C 3", "5000", "Namur", "fr", SHARED, "", "", "", ""),
    ("D0005", "legal", "Exemple Industries", "", "Quai 5", "4000", "Liège", "de", iban(7350000005), "", ogm(5), "",
     "0123456749"),
    ("D0006", "natural", "Peeters", "An", "Plein 6", "2000", "Antwerpen", "nl", "", "M-6", ogm(6),
     national_number("600229", 6), ""),
)  # fmt: skip


def write_donors(path: Path, rows: Sequence[Sequence[str]] = DONORS) -> Path:
    return write_csv(path, HEADINGS, rows)


def write_csv(path: Path, headings: Sequence[str], rows: Sequence[Sequence[Any]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out, delimiter=";").writerows([headings, *rows])
    return path


@dataclass(frozen=True)
class Statement:
    """A statement to write: each part is a line, or a total with its details."""

    sequence: int = 73
    opening: int = 1_000_00
    parts: Sequence[CodaLine | tuple[CodaLine, Sequence[CodaLine]]] = ()
    day: date = DAY
    bank: str = "current"
    name: str = ""

    @property
    def document(self) -> str:
        return f"coda-{self.bank}-{self.day.year}-{self.sequence:03d}"

    def encoded(self) -> bytes:
        writer = StatementWriter(HOLDERS[self.bank], self.sequence, self.opening, self.day, self.day)
        for part in self.parts:
            if isinstance(part, CodaLine):
                writer.add(part)
            else:
                writer.add_total(*part)
        return writer.encoded()

    def write(self, folder: Path) -> Path:
        path = folder / (self.name or f"{self.document}.cod")
        path.write_bytes(self.encoded())
        return path


def given(cents: int, serial: int) -> CodaLine:
    """A transfer with the OGM of a donor."""
    return CodaLine(cents, "00150000", ogm(serial), structured="101", name="QUELQU'UN", iban=iban(7359999999))


def collected(cents: int, mandate: str, reference: str, *, settled: date = DAY, day: date | None = None) -> CodaLine:
    """A detail of a collection."""
    text = direct_debit(settled, CREDITOR, mandate)
    return CodaLine(cents, "50550000", text, structured="127", name="DEBITEUR", reference=reference, value=day)


def returned(cents: int, mandate: str, reference: str, *, code: str = "00503000") -> CodaLine:
    text = direct_debit(DAY, CREDITOR, mandate, paid="2", r="2", reason="MS03")
    return CodaLine(cents, code, text, structured="127", reference=reference, return_type="2", reason="MS03")


def collection(*details: CodaLine, reference: str = "COLL-1") -> tuple[CodaLine, Sequence[CodaLine]]:
    return CodaLine(sum(one.cents for one in details), "10550000", reference=reference), details


STATEMENT = Statement(
    parts=(
        given(50_00, 1),
        collection(collected(60_00, "M-2", "E2E-0001"), collected(45_00, "M-6", "E2E-0002")),
        CodaLine(35_00, "00150000", "MERCI", name="ZOE DUPONT", iban=iban(7350000001)),
        CodaLine(-12_50, "08037000", "FRAIS"),
        CodaLine(70_00, "00150000", "BON COURAGE", name="L. INCONNU", iban=iban(7358888888)),
    )
)


@dataclass(frozen=True)
class Journal:
    """A general journal to write: rows of date, account, debit, credit, text, document."""

    rows: Sequence[Sequence[str]]
    name: str = "journal.csv"

    def write(self, folder: Path) -> Path:
        headings = ("date", "account", "debit", "credit", "text", "document")
        return write_csv(folder / self.name, headings, self.rows)


OPENING = Journal(
    (
        ("2025-01-01", "550000", "1000.00", "", "Ouverture", "OUV-1"),
        ("2025-01-01", "100000", "", "1000.00", "Ouverture", "OUV-1"),
    ),
    "opening.csv",
)


def new_books(folder: Path, settings: str = SETTINGS) -> Path:
    """New books whose stores lie where the test runs: in the folder, or on the server."""
    if stores.current().name != "sqlite":
        register, vault = (stores.current().url(folder, name) for name in ("register", "vault"))
        settings = f'register_url = "{register}"\nvault_url = "{vault}"\n{settings}'
    initialise(folder, settings)
    return folder


@dataclass(frozen=True)
class Obole:
    """The command line on one set of books, and a look into them from outside."""

    books: Path
    runner: CliRunner = field(default_factory=CliRunner)

    def __call__(self, *words: str | Path) -> Result:
        """Run a command in the folder beside the books; an exception that reaches the terminal is a failure."""
        with chdir(self.books.parent):
            result = self.runner.invoke(main, ["--books", str(self.books), *map(str, words)])
        assert result.exception is None or isinstance(result.exception, SystemExit), repr(result.exception)
        return result

    def takes(self, *files: Path, dry_run: bool = False) -> Result:
        return self("import", *files, *(["--dry-run"] if dry_run else []))

    def takes_well(self, *files: Path) -> Result:
        result = self.takes(*files)
        assert result.exit_code == 0, result.output
        return result

    def refuses(self, *files: Path) -> str:
        """What is said of files that are refused, which must change nothing."""
        before = self.state()
        result = self.takes(*files)
        assert result.exit_code == 1, result.output
        assert self.state() == before
        return result.output

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """The rows of a query, where no function of the register reads them, or books are not of this version."""
        if stores.current().name == "sqlite":
            with closing(sqlite3.connect(self.books / "register.sqlite3")) as connection:
                return connection.execute(query).fetchall()
        return _on_server(self.books, "register", query)

    def change(self, *statements: str, store: str = "register") -> None:
        """Change a store by hand, past its triggers."""
        with closing(sqlite3.connect(self.books / f"{store}.sqlite3")) as connection, connection:
            for (trigger,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
                connection.execute(f"DROP TRIGGER {trigger}")
            for statement in statements:
                assert connection.execute(statement).rowcount, statement

    @contextmanager
    def register(self) -> Iterator[Connection]:
        """The register, for the functions of `ledger.register`."""
        with open_books(self.books).register.connect() as connection:
            yield connection

    def documents(self) -> list[str]:
        with self.register() as connection:
            return [one.name for one in all_documents(connection)]

    def posted(self) -> list[PostedGift]:
        """Every gift and return, in the order of the register."""
        with self.register() as connection:
            found = [gift for one in all_documents(connection) for gift in gifts_of(connection, one.id)]
        return sorted(found, key=lambda one: one.id)

    def gifts(self) -> list[tuple[str | None, int]]:
        return [(one.gift.donor, one.gift.cents) for one in self.posted()]

    def given_by(self) -> dict[str | None, int]:
        """The cents of each donor, returns taken off; nil left out."""
        sums: Counter[str | None] = Counter()
        for donor, cents in self.gifts():
            sums[donor] += cents
        return {donor: cents for donor, cents in sums.items() if cents}

    def returns(self) -> list[PostedGift]:
        return [one for one in self.posted() if one.gift.cents < 0]

    def receipts(self, year: int = 2025) -> list[ReceiptRow]:
        with self.register() as connection:
            return receipts_of(connection, year)

    def instalments(self) -> list[Instalment]:
        """Every instalment asked for, by mandate and number."""
        with self.register() as connection:
            found = [one for row in all_documents(connection) for one in instalments_of(connection, row.id)]
        return sorted(found, key=lambda one: (one.mandate, one.sequence))

    def debits(self) -> list[tuple[str, Debit]]:
        """Each debit of our collections that stand, with the PmtInfId that the bank's total names."""
        with self.register() as connection:
            names = [one.name for one in all_documents(connection) if one.kind == DocumentKind.COLLECTION]
            references = [reference for name in names for reference in references_of(connection, name)]
            found = collections_of(connection, references)
        return [(one.reference, debit) for one in found.values() for debit in one.debits]

    def entry_numbers(self) -> list[EntryNumber]:
        with self.register() as connection:
            return list(entry_numbers(connection))

    def bank_lines(self) -> list[tuple[date, int]]:
        """Day and cents of each line of the statements that stand, details of totals left out; sorted."""
        with self.register() as connection:
            undone = undone_by(connection)
            statements = [one.id for one in all_documents(connection) if one.bank is not None and one.id not in undone]
            booked = [booked_amounts(connection, document) for document in statements]
        return sorted((day, cents) for one in booked for day, amounts in one.items() for cents in amounts.elements())

    def waiting(self) -> list[OpenItem]:
        """The lines on suspense."""
        with self.register() as connection:
            return open_items(connection)

    def outcomes(self, document: str) -> list[tuple[int, int, str]]:
        """Position, cents and outcome of each movement."""
        return self.rows(
            "SELECT position, movement.cents, outcome FROM movement JOIN document ON document.id = document_id "
            f"WHERE document.name = '{document}' ORDER BY position"
        )

    def balance(self, code: str) -> int:
        """What the journal files have on an account, in cents, read without Beancount."""
        total = 0
        for path in (self.books / "journal").rglob("*.beancount"):
            for line in path.read_text(encoding="utf-8").splitlines():
                words = line.split()
                if len(words) == 3 and f":{code}-" in words[0] and words[2] == "EUR":
                    total += int(words[1].replace(".", ""))
        return total

    def files(self) -> Iterator[Path]:
        yield from (path for path in sorted(self.books.rglob("*")) if path.is_file() and path.name != ".obole.lock")

    def state(self) -> dict[str, str]:
        """Every file of the books, and every table of stores on a server, with its SHA-256."""
        found = {
            path.relative_to(self.books).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in self.files()
        }
        if stores.current().name != "sqlite":
            for store, metadata in (("register", register_tables.metadata), ("vault", vault_tables.metadata)):
                for table in metadata.tables:
                    rows = sorted(map(repr, _on_server(self.books, store, f"SELECT * FROM {table}")))
                    found[f"{store}/{table}"] = hashlib.sha256("\n".join(rows).encode()).hexdigest()
        return found

    def source(self, archive: str | Path) -> bytes:
        """An archived source as it was taken in."""
        return open_books(self.books).archive.read(self.books / archive)

    def folders(self) -> set[Path]:
        return {path for path in self.books.rglob("*") if path.is_dir()}

    def checks(self) -> Result:
        return self("check")

    def faults(self) -> str:
        """What `obole check` finds wrong."""
        result = self.checks()
        assert result.exit_code == 1, result.output
        return result.output


def _on_server(folder: Path, store: StoreName, query: str) -> list[tuple[Any, ...]]:
    """The rows of a query, with days and sums as SQLite gives them."""
    where = stores.current()
    assert isinstance(where, stores.Databases)
    return [tuple(map(_plain, row)) for row in where.rows(folder, store, query)]


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else int(value) if isinstance(value, Decimal) else value
