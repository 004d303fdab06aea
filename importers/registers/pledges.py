"""The register of pledges: for each SEPA mandate what it is for, on which account, and from when to when.

What is read here goes into the vault and nowhere else; no message and no `repr` holds more than a mandate reference.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from importers.registers.donors import is_mandate, valid_iban
from importers.sheets.cells import Vocabulary
from importers.sheets.tabular import (
    RegisterFile,
    SheetColumn,
    SheetRow,
    SheetTable,
    has_columns,
    of_columns,
    read_sheet,
)
from importers.words import _, many
from ledger.instalments import PledgeState


@dataclass(frozen=True, slots=True, repr=False)
class PledgeRow:
    """One pledge. `state` is None where the register leaves it to Obole, `resumed` the day a person put it back.

    `replaces` is the mandate whose place it takes, as the debtor's bank knows it.
    """

    mandate: str
    donor: str
    iban: str
    holder: str
    signed: date
    cents: int
    months: int
    first_due: date
    last_due: date | None
    state: PledgeState | None
    resumed: date | None
    row: int
    replaces: str = ""

    def __repr__(self) -> str:
        return f"PledgeRow({self.mandate}, row {self.row})"


PledgesFile = RegisterFile[PledgeRow]


COLUMNS = (
    SheetColumn("mandate", "mandat", "mandaat", "mandat", required=True),
    SheetColumn("donor", "donateur", "schenker", "spender", required=True),
    SheetColumn("iban", "iban", "iban", "iban", present=True),
    SheetColumn("holder", "titulaire", "rekeninghouder", "kontoinhaber"),
    SheetColumn("signed", "signé_le", "getekend_op", "unterzeichnet_am", required=True),
    SheetColumn("amount", "montant", "bedrag", "betrag", required=True, amount=True),
    SheetColumn("months", "mois", "maanden", "monate"),
    SheetColumn("first_due", "première_échéance", "eerste_vervaldag", "erste_fälligkeit", required=True),
    SheetColumn("last_due", "dernière_échéance", "laatste_vervaldag", "letzte_fälligkeit"),
    SheetColumn("state", "état", "toestand", "status"),
    SheetColumn("resumed", "repris_le", "hervat_op", "wieder_ab"),
    SheetColumn("replaces", "remplace", "vervangt", "ersetzt"),
)


STATES = Vocabulary(
    {
        "active": ("actif", "actief", "aktiv"),
        "suspended": ("suspendu", "geschorst", "ausgesetzt"),
        "ended": ("terminé", "beëindigd", "beendet"),
    }
)


MONTHS = (1, 3, 6, 12)


def identify(path: Path) -> bool:
    """Return whether a file is a register of pledges, by its headings."""
    names = ("mandate", "first_due")
    return has_columns(path, *([column] for column in COLUMNS if column.name in names))


def read(path: Path) -> PledgesFile:
    """Return the pledges of a register, with its faults."""
    table = SheetTable(read_sheet(path, score=of_columns(COLUMNS)), COLUMNS)
    return table.file(_rows(table))


def describe(file: PledgesFile) -> list[tuple[str, str]]:
    """Return what the register holds, as labels and counts without any identity."""
    rows = file.rows
    every = [
        (
            many("every month", "every {months} months", months).format(months=months),
            sum(row.months == months for row in rows),
        )
        for months in MONTHS
    ]
    return [
        (_("pledges"), str(len(rows))),
        *((label, str(count)) for label, count in every if count),
        (_("with a last due date"), str(sum(row.last_due is not None for row in rows))),
        (_("without an IBAN"), str(sum(not row.iban for row in rows))),
        (_("suspended or ended"), str(sum(row.state not in (None, PledgeState.ACTIVE) for row in rows))),
    ]


def _rows(table: SheetTable) -> Iterator[PledgeRow]:
    seen: dict[str, int] = {}
    for row in table:
        pledge = _pledge(row)
        if not row.sound:
            continue
        first = seen.setdefault(pledge.mandate, row.number)
        if first != row.number:
            row.error("mandate", _("column `{column}` has the mandate of row {row} again; keep one"), row=first)
            continue
        yield pledge


def _pledge(row: SheetRow) -> PledgeRow:
    mandate = row.code("mandate")
    if mandate and not is_mandate(mandate):
        row.error(
            "mandate",
            _("column `{column}` is not a mandate reference (35 characters at most, no blanks); correct it"),
        )
    iban = row.text("iban").replace(" ", "").upper()
    if iban and not valid_iban(iban):
        row.error("iban", _("column `{column}` is not an IBAN (its form or check digits fail); correct or empty it"))
    months = row.whole("months")
    if months not in MONTHS:
        row.error(
            "months", _("column `{column}` is not 1, 3, 6 or 12; write how many months lie between two instalments")
        )
    signed, first_due, last_due = row.day("signed"), row.day("first_due"), row.day_or_none("last_due")
    if row.sound and signed > first_due:
        row.error("first_due", _("column `{column}` lies before the mandate was signed; correct one of the two"))
    if row.sound and last_due is not None and last_due < first_due:
        row.error("last_due", _("column `{column}` lies before the first due date; correct one of the two"))
    state = row.choice("state", STATES, "")
    return PledgeRow(
        mandate=mandate,
        donor=row.key("donor") or "",
        iban=iban,
        holder=row.text("holder"),
        signed=signed,
        cents=row.positive("amount"),
        months=months,
        first_due=first_due,
        last_due=last_due,
        state=PledgeState(state) if state else None,
        resumed=row.day_or_none("resumed"),
        row=row.number,
        replaces=row.code("replaces"),
    )
