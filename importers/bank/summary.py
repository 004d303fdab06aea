"""The content of a source file, told without any books: statements, balances, counts and faults, as JSON or as text.

A reader of another kind (register, journal) gives its own facts as pairs of label and value; the shape stays. Only the
file's name is told, never its folder; account numbers appear because the person asks about a file of their own.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from importers.bank import camt, coda, pain
from importers.bank.records import BankFile, Statement
from importers.words import _, many
from ledger.errors import Fault, Severity, refuses
from ledger.kinds import kind_word
from ledger.money import to_decimal

CODA = "coda"


UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class StatementSummary:
    """The figures of one statement; amounts in cents, `debits` positive; only booked lines count as movements.

    A balance that the file does not give is None.
    """

    account: str
    currency: str
    opening: int | None
    opening_date: date | None
    closing: int | None
    closing_date: date | None
    movements: int
    details: int
    credits: int
    debits: int
    reference: str


@dataclass(frozen=True, slots=True)
class Inspection:
    """The content of one file. `facts` are what is worth telling of a kind that has no statements."""

    file: str
    kind: str
    faults: tuple[Fault, ...] = ()
    statements: tuple[StatementSummary, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()

    @property
    def ok(self) -> bool:
        """Return True where nothing refuses the file or a part of it."""
        return not refuses(self.faults)


def inspect_bank_file(path: Path) -> Inspection:
    """Read a bank file and tell what it holds; a file of no known format gets a fault that says so."""
    try:
        if coda.identify(path):
            return of_bank_file(path.name, CODA, coda.read(path))
        if camt.identify(path):
            bank_file = camt.read(path)
            inspection = of_bank_file(path.name, camt.message_of(path), bank_file)
            return replace(inspection, facts=tuple(camt.describe(bank_file)))
        if pain.identify(path):
            file = pain.read(path)
            return Inspection(path.name, file.kind, file.faults, (), tuple(pain.describe(file)))
    except OSError as error:
        reason = error.strerror or _("no reason given")
        return Inspection(
            path.name,
            UNKNOWN,
            (Fault(_("cannot be opened ({reason}); check its name and its rights").format(reason=reason)),),
        )
    message = _(
        "not recognised as a bank file: a CODA file begins with a record 0 (header), a CAMT or pain file with its "
        "message; check that the right file was chosen and that it is whole"
    )
    return Inspection(path.name, UNKNOWN, (Fault(message, 1),))


def of_bank_file(name: str, kind: str, bank_file: BankFile) -> Inspection:
    """Return the inspection of a bank file that was read, whatever its format."""
    faults = bank_file.faults + tuple(fault for statement in bank_file.statements for fault in statement.faults)
    summaries = tuple(map(summarise, bank_file.statements))
    return Inspection(name, kind, tuple(sorted(faults, key=_place)), summaries)


def summarise(statement: Statement) -> StatementSummary:
    """Return the figures of a statement. Its reference is the bank's number and the year it counts in: `2025-073`."""
    booked = statement.booked
    year = f"{statement.number_year}-" if statement.number_year else ""
    return StatementSummary(
        account=statement.account,
        currency=statement.currency,
        opening=statement.opening if statement.opened else None,
        opening_date=statement.opening_date,
        closing=statement.closing if statement.closed else None,
        closing_date=statement.closing_date,
        movements=len(booked),
        details=statement.tally.details if statement.tally else len(statement.movements) - len(booked),
        credits=sum(movement.cents for movement in booked if movement.cents > 0),
        debits=-sum(movement.cents for movement in booked if movement.cents < 0),
        reference=f"{year}{statement.sequence}",
    )


def as_json(inspection: Inspection) -> dict[str, object]:
    """Return data for `json.dumps`: amounts as decimal strings, dates as ISO, null for what the file does not say."""
    data: dict[str, object] = {
        "file": inspection.file,
        "kind": inspection.kind,
        "ok": inspection.ok,
        "faults": [
            {
                "severity": fault.severity.value,
                "line": fault.line,
                "statement": fault.statement,
                "message": fault.message,
            }
            for fault in inspection.faults
        ],
        "statements": [
            {
                "account": summary.account or None,
                "currency": summary.currency,
                "opening": None if summary.opening is None else _amount(summary.opening),
                "opening_date": _iso(summary.opening_date),
                "closing": None if summary.closing is None else _amount(summary.closing),
                "closing_date": _iso(summary.closing_date),
                "movements": summary.movements,
                "details": summary.details,
                "credits": _amount(summary.credits),
                "debits": _amount(summary.debits),
                "reference": summary.reference,
            }
            for summary in inspection.statements
        ],
    }
    if inspection.facts:
        data["facts"] = dict(inspection.facts)
    return data


def as_text(inspection: Inspection) -> str:
    """Return a table for people: one line on the file, one row per statement, then the facts and the faults."""
    parts = [f"{inspection.file}: {kind_word(inspection.kind)}, {_verdict(inspection)}"]
    if inspection.statements:
        parts += _table(inspection.statements)
    parts += [f"  {label}: {value}" for label, value in inspection.facts]
    parts += [_sentence(fault) for fault in inspection.faults]
    return "\n".join(parts)


def _verdict(inspection: Inspection) -> str:
    errors = sum(fault.severity is Severity.ERROR for fault in inspection.faults)
    warnings = len(inspection.faults) - errors
    told = [_("refused") if errors else _("good")]
    if errors:
        told.append(many("{count} error", "{count} errors", errors).format(count=errors))
    if warnings:
        told.append(many("{count} warning", "{count} warnings", warnings).format(count=warnings))
    return ", ".join(told)


def _table(summaries: Iterable[StatementSummary]) -> list[str]:
    rows = [
        (
            _("statement"),
            _("account"),
            _("cur"),
            _("from"),
            _("opening"),
            _("to"),
            _("closing"),
            _("movements"),
            _("details"),
            _("credits"),
            _("debits"),
        )
    ]
    rows += [
        (
            summary.reference,
            summary.account,
            summary.currency,
            _iso(summary.opening_date) or "",
            "" if summary.opening is None else _amount(summary.opening),
            _iso(summary.closing_date) or "",
            "" if summary.closing is None else _amount(summary.closing),
            str(summary.movements),
            str(summary.details),
            _amount(summary.credits),
            _amount(summary.debits),
        )
        for summary in summaries
    ]
    words = {0, 1, 2, 3, 5}  # columns of text stand left, of figures right
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  "
        + "  ".join(
            cell.ljust(widths[column]) if column in words else cell.rjust(widths[column])
            for column, cell in enumerate(row)
        ).rstrip()
        for row in rows
    ]


def _sentence(fault: Fault) -> str:
    message = _("error: {fault}") if fault.severity is Severity.ERROR else _("warning: {fault}")
    return f"  {message.format(fault=fault)}"


def _place(fault: Fault) -> tuple[int, int]:
    return (0, fault.line) if fault.line is not None else (1, fault.statement or 0)


def _amount(cents: int) -> str:
    return str(to_decimal(cents))


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None
