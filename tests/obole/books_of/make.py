"""Make the small books of a version, to be kept: `python make.py OBOLE NAME`.

OBOLE is the command of that version, with the packages of its own lock file:

    git worktree add ../old 37d00a4 && cd ../old
    python3 -m venv .venv && .venv/bin/pip install -r requirements.lock && .venv/bin/pip install --no-deps -e .
    cd - && python tests/obole/books_of/make.py ../old/.venv/bin/obole 37d00a4

The sources are written by the helpers of today and taken in by the version of then. What comes out is NAME.tar.gz: a
folder `books` and, as data of a test, the folder `keys` with the key of its vault. Everyone in it is invented.
"""

import os
import subprocess
import sys
import tarfile
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import openpyxl

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parents[1]), str(HERE.parents[2])]

from small_books import (  # noqa: E402
    DONORS,
    SETTINGS,
    Journal,
    Line,
    Statement,
    collected,
    collection,
    given,
    iban,
    returned,
    write_csv,
    write_donors,
)

CLOSED, OPEN = 2024, 2025
UNKNOWN = iban(7358888888)
PLATFORM = """
[platforms.stripe]
payer = "^STRIPE"
"""
# What a person wrote into the books, each of which an upgrade must leave as it is.
HAND_ACCOUNT = "616500-Conseil"
HAND_LABEL = "Honoraires et conseils"
HAND_OPTION = '2024-01-01 custom "fava-option" "indent" "4"'
HAND_ENTRY = '2025-02-01 * "Conseil du trimestre"'

FIRST = Statement(
    1,
    1_000_00,
    (
        given(50_00, 1),
        collection(collected(60_00, "M-2", "E2E-1"), collected(45_00, "M-6", "E2E-2")),
        Line(-12_50, "08037000", "FRAIS"),
        Line(70_00, "00150000", "BON COURAGE", name="L. INCONNU", iban=UNKNOWN),
        Line(20_00, "00150000", "PAYOUT 1", name="CAGNOTTE"),
    ),
    date(CLOSED, 3, 14),
)
SECOND = Statement(
    1,
    1_232_50,
    (
        given(80_00, 1),
        collection(collected(60_00, "M-2", "E2E-3"), collected(45_00, "M-6", "E2E-4"), reference="COLL-2"),
        Line(48_50, "00150000", "STRIPE PO-1", name="STRIPE PAYMENTS"),
        Line(800_00, "00150000", "CONVENTION REG-2025-7 TRANCHE 1", name="REGION MODELE"),
        Line(33_00, "00150000", "POUR VOUS", name="X. PERSONNE", iban=iban(7357777777)),
    ),
    date(OPEN, 3, 14),
)
THIRD = Statement(2, 2_299_00, (returned(-45_00, "M-6", "E2E-4"),), date(OPEN, 3, 20))
IN_KIND = ("reference", "date", "donor", "category", "description", "value", "valuation", "evidence", "account")
PRINTER = ("NAT-1", "2024-05-05", "D0005", "goods", "Imprimante", "250.00", "invoice", "FAC-9", "613190")
STRIPE = (
    *("balance_transaction_id", "source_id", "charge_id", "created_utc", "available_on", "currency", "gross", "fee"),
    *("net", "reporting_category", "automatic_payout_id", "automatic_payout_effective_at", "payment_metadata[donor]"),
)
CHARGE = ("txn_1", "ch_1", "ch_1", "2025-03-10 12:00:00", "2025-03-12 00:00:00", "eur", "50.00", "1.50", "48.50",
          "charge", "po_1", "2025-03-13 00:00:00", "D0005")  # fmt: skip
PAID = ("txn_2", "x_2", "", "2025-03-13 00:00:00", "2025-03-12 00:00:00", "eur", "-48.50", "0.00", "-48.50",
        "payout", "po_1", "2025-03-13 00:00:00", "")  # fmt: skip


def main() -> None:
    command, name = Path(sys.argv[1]).resolve(), sys.argv[2]
    with TemporaryDirectory() as folder:
        work = Path(folder)
        Maker(command, work).make()
        with tarfile.open(HERE / f"{name}.tar.gz", "w:gz", compresslevel=9) as archive:
            for part in ("books", "keys"):
                archive.add(work / part, part, filter=_nobody)


def _nobody(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    if member.name.endswith((".lock", ".pyc")):
        return None
    member.uid = member.gid = member.mtime = 0
    member.uname = member.gname = ""
    return member


class Maker:
    """The command of a version on the books that it makes."""

    def __init__(self, command: Path, work: Path) -> None:
        self.command = command
        self.books = work / "books"
        self.sources = work / "sources"
        self.sources.mkdir()
        self.environment = os.environ | {"OBOLE_KEYS": str(work / "keys"), "SOURCE_DATE_EPOCH": "1770000000"}
        words = subprocess.run([command, "--help"], check=True, capture_output=True, text=True).stdout.split()
        self.knows_platforms = self.knows_undo = "undo" in words

    def run(self, *words: str | Path) -> None:
        done = subprocess.run(
            [self.command, "--books", self.books, *words],
            check=False,
            cwd=self.sources,  # where a file for Belcotax goes
            env=self.environment,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise SystemExit(f"{words}: {done.stdout}{done.stderr}")
        sys.stdout.write(done.stdout)

    def make(self) -> None:
        settings = self.sources / "obole.toml"
        text = SETTINGS.replace("first_day = 2025", "first_day = 2024").replace("from_year = 2025", "from_year = 2024")
        text = text.replace("to_year = 2030", "to_year = 2029")
        settings.write_text(text + (PLATFORM if self.knows_platforms else ""), encoding="utf-8")
        self.run("init", self.books, "--config", settings)
        self.write_by_hand()
        self.closed_year()
        self.open_year()
        self.run("check")

    def write_by_hand(self) -> None:
        chart = self.books / "chart.beancount"
        text = chart.read_text(encoding="utf-8").replace('label-fr: "Honoraires"', f'label-fr: "{HAND_LABEL}"')
        path = next(word for word in text.split() if word.endswith(":616000-Honoraires"))
        other = path.replace("616000-Honoraires", HAND_ACCOUNT)
        chart.write_text(f'{text}\n2024-01-01 open {other}  EUR\n  code: "616500"\n', encoding="utf-8")
        with (self.books / "main.beancount").open("a", encoding="utf-8") as out:
            out.write(f"; Ours\n{HAND_OPTION}\n")
        supplier = next(word for word in text.split() if word.endswith(":440000-Fournisseurs"))
        entry = f"{HAND_ENTRY}\n  {other}  121.00 EUR\n  {supplier}  -121.00 EUR\n"
        (self.books / "manual" / f"{OPEN}.beancount").write_text(entry, encoding="utf-8")

    def closed_year(self) -> None:
        opening = Journal(
            (
                ("2024-01-01", "550000", "1000.00", "", "Ouverture", "OUV-1"),
                ("2024-01-01", "100000", "", "1000.00", "Ouverture", "OUV-1"),
            ),
            "opening.csv",
        )
        result = Journal(
            (
                ("2024-12-31", "692000", "232.50", "", "Affectation", "AFF-1"),
                ("2024-12-31", "140000", "", "232.50", "Affectation", "AFF-1"),
            ),
            "result.csv",
        )
        decided = write_csv(
            self.sources / "decided.csv",
            ("document", "position", "donor", "account", "date", "reason"),
            [(FIRST.document, "6", "D0003", "", "2024-04-02", "rappelé")],
        )
        self.run(
            "import",
            write_donors(self.sources / "donors.csv", DONORS),
            opening.write(self.sources),
            FIRST.write(self.sources),
            write_csv(self.sources / "kind.csv", IN_KIND, [PRINTER]),
            result.write(self.sources),
        )
        self.run("import", decided)
        self.run("receipts", "issue", "--year", str(CLOSED), "--date", "2025-02-13")
        self.run("receipts", "render", "--year", str(CLOSED), "--workers", "1")
        self.run("receipts", "belcotax", "--year", str(CLOSED), "--date", "2025-02-14")
        self.run("close", str(CLOSED))

    def open_year(self) -> None:
        if self.knows_platforms:
            self.run("import", write_csv(self.sources / "stripe.csv", STRIPE, [CHARGE, PAID]))
        wages = Journal(
            (
                ("2025-01-31", "620000", "500.00", "", "Salaires", "SAL-1"),
                ("2025-01-31", "455000", "", "500.00", "Salaires", "SAL-1"),
            ),
            "wages.csv",
        )
        self.run(
            "import",
            self.grants(),
            wages.write(self.sources),
            SECOND.write(self.sources),
            THIRD.write(self.sources),
        )
        if self.knows_undo:
            self.run("undo", THIRD.document)
            self.run("import", THIRD.write(self.sources))

    def grants(self) -> Path:
        book = openpyxl.Workbook()
        sheet = book.active
        sheet.title = "grants"
        grant = {
            "reference": "G1",
            "funder": "Région Modèle",
            "funder_kind": "public",
            "contract": "REG-2025-7",
            "from": "2025-01-01",
            "to": "2025-12-31",
            "amount": "1200.00",
            "recognition": "period",
        }
        sheet.append(list(grant))
        sheet.append(list(grant.values()))
        other = book.create_sheet("instalments")
        for row in (("reference", "due", "amount"), ("G1", "2025-02-01", "800.00"), ("G1", "2025-09-01", "400.00")):
            other.append(list(row))
        path = self.sources / "grants.xlsx"
        book.save(path)
        return path


if __name__ == "__main__":
    main()
