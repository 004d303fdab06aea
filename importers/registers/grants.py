"""The register of grants: a workbook with the sheets grants, instalments and, where needed, costs and assets.

What the contracts say is read and checked here; when a grant becomes income is decided in ledger.recognition.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from typing import TypeVar

from importers.registers.columns import DEPARTMENT, FUND, PROJECT, said_days
from importers.sheets.cells import Vocabulary
from importers.sheets.tabular import (
    RegisterFile,
    SheetColumn,
    SheetRow,
    SheetTable,
    fold,
    has_columns,
    is_text,
    of_columns,
    read_sheet,
    share_mark,
    tops_of,
)
from importers.words import _, many
from ledger.errors import Fault
from ledger.money import to_decimal
from ledger.recognition import (
    Cost,
    FunderKind,
    Grant,
    GrantAsset,
    GrantInstalment,
    InstalmentKind,
    RecognitionMethod,
)
from ledger.signs import one_line

T = TypeVar("T")


GrantsFile = RegisterFile[Grant]


@dataclass(frozen=True, slots=True)
class _SheetKind:
    """A sheet of the workbook: the names it goes by and its columns."""

    names: tuple[str, ...]
    columns: tuple[SheetColumn, ...]
    required: bool = False


_REFERENCE = SheetColumn("reference", "référence", "referentie", "referenz", required=True)


_AMOUNT = SheetColumn("amount", "montant", "bedrag", "betrag", required=True, amount=True)


GRANTS = _SheetKind(
    ("grants", "subsides", "subsidies"),
    (
        _REFERENCE,
        SheetColumn("funder", "bailleur", "financier", "geldgeber", required=True),
        SheetColumn("funder_kind", "type_bailleur", "soort_financier", "art_des_geldgebers", required=True),
        SheetColumn("contract", "contrat", "contract", "vertrag"),
        SheetColumn("title", "intitulé", "titel", "bezeichnung"),
        SheetColumn("signed", "signé_le", "getekend_op", "unterzeichnet_am"),
        SheetColumn("from", "du", "van", "von"),
        SheetColumn("to", "au", "tot", "bis"),
        _AMOUNT,
        SheetColumn("recognition", "reconnaissance", "opbrengst", "ertragserfassung", required=True),
        FUND,
        PROJECT,
        DEPARTMENT,
        SheetColumn("conditions", "conditions", "voorwaarden", "bedingungen"),
    ),
    required=True,
)


INSTALMENTS = _SheetKind(
    ("instalments", "tranches", "schijven"),
    (
        _REFERENCE,
        SheetColumn("due", "échéance", "vervaldag", "fällig_am", required=True),
        _AMOUNT,
        SheetColumn("kind", "type", "soort", "art"),
    ),
    required=True,
)


COSTS = _SheetKind(
    ("costs", "dépenses", "kosten"),
    (
        _REFERENCE,
        SheetColumn("date", "date", "datum", "datum", required=True),
        _AMOUNT,
        SheetColumn("evidence", "preuve", "bewijs", "nachweis", required=True),
    ),
)


ASSETS = _SheetKind(
    ("assets", "immobilisations", "activa"),
    (
        _REFERENCE,
        SheetColumn("account", "compte", "rekening", "konto", required=True),
        SheetColumn("acquired", "acquis_le", "verworven_op", "erworben_am", required=True),
        SheetColumn("cost", "coût", "kostprijs", "anschaffungskosten", required=True, amount=True),
        SheetColumn("years", "années", "jaren", "jahre", required=True),
    ),
)


SHEETS = (GRANTS, INSTALMENTS, COSTS, ASSETS)


FUNDER_KINDS = Vocabulary(
    {
        "public": ("public", "publiek", "öffentlich"),
        "private": ("privé", "privaat", "privat"),
    }
)


RECOGNITIONS = {recognition.value: recognition.value for recognition in RecognitionMethod}


INSTALMENT_KINDS = Vocabulary(
    {
        "advance": ("avance", "voorschot", "vorschuss"),
        "interim": ("intermédiaire", "tussentijds", "zwischenzahlung"),
        "balance": ("solde", "saldo", "restbetrag"),
    }
)


def identify(path: Path) -> bool:
    """Return whether a file is a register of grants, by its headings."""
    names = ("funder_kind", "recognition")
    return has_columns(path, *([column] for column in GRANTS.columns if column.name in names))


def read(path: Path) -> GrantsFile:
    """Return the grants of a workbook, each with instalments, costs, assets by date, and the faults of all sheets."""
    if is_text(path):
        message = _("a register of grants has several sheets and a CSV one; save it as an Excel workbook (.xlsx)")
        return GrantsFile((), (Fault(message),), read_sheet(path).digest)
    book = _GrantTables(path)
    grants = _read_grants(book)
    instalments = _grouped(book, INSTALMENTS, grants, _instalment)
    costs = _grouped(book, COSTS, grants, _cost)
    assets = _grouped(book, ASSETS, grants, _asset)
    whole: list[Grant] = []
    for reference, (row, grant) in grants.items():
        grant = replace(  # noqa: PLW2901 - the same grant, with its parts
            grant,
            instalments=tuple(sorted(instalments[reference], key=lambda part: part.due)),
            costs=tuple(sorted(costs[reference], key=lambda cost: cost.day)),
            assets=tuple(sorted(assets[reference], key=lambda asset: asset.acquired)),
        )
        if book.readable:
            _check(row, grant)
        if row.sound:
            whole.append(grant)
    return book.file(whole)


def describe(file: GrantsFile) -> list[tuple[str, str]]:
    """Return what the register holds: grants by recognition, their amount, what falls due and when."""
    told = [(_("grants"), str(len(file.rows)))]
    for recognition in RecognitionMethod:
        count = sum(grant.recognition is recognition for grant in file.rows)
        if count:
            told.append((_("recognised by {recognition}").format(recognition=recognition), str(count)))
    instalments = [instalment for grant in file.rows for instalment in grant.instalments]
    told.append((_("amount"), str(to_decimal(sum(grant.cents for grant in file.rows)))))
    told.append((_("instalments"), str(len(instalments))))
    if instalments:
        dues = [instalment.due for instalment in instalments]
        told.append((_("due"), said_days(dues)))
        told.append((_("due in all"), str(to_decimal(sum(instalment.cents for instalment in instalments)))))
    return told


@dataclass(slots=True)
class _GrantTables:
    """The tables of the workbook by kind of sheet; a missing or unknown sheet is a fault of the first."""

    path: Path
    tables: dict[_SheetKind, SheetTable] = field(default_factory=dict)

    def __post_init__(self) -> None:
        names = {fold(name): name for name, rows in tops_of(self.path) if rows}
        known: set[str] = set()
        for kind in SHEETS:
            name = next((names[fold(name)] for name in kind.names if fold(name) in names), None)
            if name is not None or kind.required:
                sheet = read_sheet(self.path, name or kind.names[0], of_columns(kind.columns))
                self.tables[kind] = SheetTable(sheet, kind.columns, place=name or "")
                known.add(fold(name or ""))
        share_mark(list(self.tables.values()))
        for folded, name in names.items():
            if folded not in known:
                wanted = ", ".join(kind.names[0] for kind in SHEETS)
                self.tables[GRANTS].warn(
                    _("the sheet `{name}` is left out; those read are {wanted}").format(
                        name=one_line(name), wanted=wanted
                    )
                )

    @property
    def readable(self) -> bool:
        """Return whether the rows of every sheet could be read, so that comparing them says something."""
        return all(table.readable for table in self.tables.values())

    def file(self, grants: list[Grant]) -> GrantsFile:
        """Return the register, each fault once (a file that cannot be opened says so on every sheet)."""
        faults = dict.fromkeys(fault for table in self.tables.values() for fault in table.faults)
        if not grants and not faults:
            self.tables[GRANTS].error(_("there is no row below the headings; fill in the register"))
            return self.file(grants)
        return RegisterFile(tuple(grants), tuple(faults), self.tables[GRANTS].digest)


def _read_grants(book: _GrantTables) -> dict[str, tuple[SheetRow, Grant]]:
    grants: dict[str, tuple[SheetRow, Grant]] = {}
    for row in book.tables[GRANTS]:
        grant = Grant(
            reference=row.code("reference"),
            funder=row.text("funder"),
            funder_kind=FunderKind(row.choice("funder_kind", FUNDER_KINDS, "public")),
            cents=row.positive("amount"),
            recognition=RecognitionMethod(row.choice("recognition", RECOGNITIONS, "receipt")),
            first=row.day_or_none("from"),
            last=row.day_or_none("to"),
            contract=row.code("contract"),
            title=row.text("title"),
            signed=row.day_or_none("signed"),
            fund=row.code("fund") or None,
            department=row.code("department") or None,
            project=row.code("project") or None,
            conditions=row.text("conditions"),
        )
        if grant.reference in grants:
            first = grants[grant.reference][0].number
            row.error(
                "reference", _("column `{column}` is that of row {row} again; give each grant its own"), row=first
            )
        elif grant.reference:
            grants[grant.reference] = (row, grant)
    return grants


def _grouped(
    book: _GrantTables, kind: _SheetKind, grants: Mapping[str, tuple[SheetRow, Grant]], make: Callable[[SheetRow], T]
) -> defaultdict[str, list[T]]:
    """Return the rows of a sheet by the grant they refer to."""
    parts: defaultdict[str, list[T]] = defaultdict(list)
    for row in book.tables.get(kind, ()):
        reference, part = row.code("reference"), make(row)
        if reference and reference not in grants:
            row.error(
                "reference", _("column `{column}` is on no row of the sheet of grants; correct it or add the grant")
            )
        if row.sound:
            parts[reference].append(part)
        elif reference in grants:
            # Sums over the rest of the grant's rows would say nothing.
            grants[reference][0].sound = False
    return parts


def _instalment(row: SheetRow) -> GrantInstalment:
    kind = InstalmentKind(row.choice("kind", INSTALMENT_KINDS, "interim"))
    return GrantInstalment(row.day("due"), row.positive("amount"), kind)


def _cost(row: SheetRow) -> Cost:
    return Cost(row.day("date"), row.positive("amount"), row.text("evidence"))


def _asset(row: SheetRow) -> GrantAsset:
    return GrantAsset(row.account("account"), row.day("acquired"), row.positive("cost"), row.whole("years"))


def _check(row: SheetRow, grant: Grant) -> None:
    """Add what is wrong between the parts of a grant; nothing where one of them is unsound already."""
    if not row.sound:
        return
    _check_period(row, grant)
    due = sum(instalment.cents for instalment in grant.instalments)
    if due > grant.cents:
        row.error(
            "amount",
            _("column `{column}` is {amount} but the instalments sum to {due}; correct one"),
            amount=to_decimal(grant.cents),
            due=to_decimal(due),
        )
    elif due < grant.cents:
        row.warn(
            "amount",
            _("column `{column}` is {amount}; instalments of {missing} are missing"),
            amount=to_decimal(grant.cents),
            missing=to_decimal(grant.cents - due),
        )
    if grant.signed and any(instalment.due < grant.signed for instalment in grant.instalments):
        row.warn("signed", _("column `{column}` is after the day an instalment is due; check both"))
    _check_spent(row, grant)
    _check_capital(row, grant)


def _check_period(row: SheetRow, grant: Grant) -> None:
    first, last = grant.first, grant.last
    if first and last and first > last:
        row.error("to", _("column `{column}` is before the day the period begins; correct one of the two"))
    elif grant.recognition is RecognitionMethod.PERIOD:
        if first is None or last is None:
            row.error(
                "from" if first is None else "to",
                _("column `{column}` is empty; recognition over the period needs both days"),
            )
        elif first.day != 1 or (last + timedelta(days=1)).day != 1:
            row.warn(
                "from",
                _(
                    "column `{column}` to the end are not whole calendar months; a month counts for the year in "
                    "which it begins"
                ),
            )
    if grant.signed and last and grant.signed > last:
        row.warn("signed", _("column `{column}` is after the end of the period; check both"))


def _check_spent(row: SheetRow, grant: Grant) -> None:
    if not grant.costs:
        return
    if grant.recognition is not RecognitionMethod.SPENT:
        row.warn(
            "recognition",
            _("column `{column}` is {recognition}, so the costs given for this grant change nothing"),
            recognition=grant.recognition,
        )
        return
    spent = sum(cost.cents for cost in grant.costs)
    if spent > grant.cents:
        row.warn(
            "amount",
            _("column `{column}` is {difference} less than the costs; the rest is not funded by it"),
            difference=to_decimal(spent - grant.cents),
        )
    outside = [
        cost.day for cost in grant.costs if cost.day < (grant.first or date.min) or cost.day > (grant.last or date.max)
    ]
    if outside:
        message = many(
            "column `{column}` to the end does not include {count} cost, that of {day}; check it",
            "column `{column}` to the end does not include {count} costs, such as that of {day}; check them",
            len(outside),
        )
        row.warn("from", message, count=len(outside), day=min(outside))


def _check_capital(row: SheetRow, grant: Grant) -> None:
    if grant.recognition is RecognitionMethod.CAPITAL:
        if not grant.assets:
            row.warn(
                "recognition",
                _(
                    "column `{column}` is capital but no asset is given; nothing is released to income until there "
                    "is one"
                ),
            )
        elif sum(asset.cost for asset in grant.assets) < grant.cents:
            row.warn("amount", _("column `{column}` is more than its assets cost; check both"))
    elif grant.assets:
        row.warn(
            "recognition",
            _("column `{column}` is {recognition}, so the assets given for this grant change nothing"),
            recognition=grant.recognition,
        )
