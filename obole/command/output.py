"""Options and refusals of every command that writes a list or a report: the format, the file, what may not be there.

The ending of the name decides the format. Nothing is written into the books, whose files are made by importing; nothing
is overwritten that Obole did not write.
"""

import zipfile
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple

import click

from ledger.errors import OboleError
from obole.books.opened import Books
from obole.words import N_, _
from reports.formats import WHOSE


class Form(StrEnum):
    """The formats of a list or a report; `EXCEL_CSV` is CSV as a Belgian Excel opens it."""

    TEXT = "text"
    CSV = "csv"
    JSON = "json"
    XLSX = "xlsx"
    EXCEL_CSV = "excel-csv"


class Output(NamedTuple):
    """The format, and the file; None for the terminal."""

    form: Form
    path: Path | None


_ENDINGS = {".txt": Form.TEXT, ".csv": Form.CSV, ".json": Form.JSON, ".xlsx": Form.XLSX}
_DIALECTS = ("plain", "excel-be")
_UNTOUCHED = b"2000-01-01T00:00:00Z</dcterms:modified>"  # of a workbook of ours that nobody saved anew
_WHOSE_JSON = '"enterprise_number": "'  # in the first object of a list
_LINE = 10_000  # characters: no first line of ours is as long


class NotOurs(OboleError):
    """A file that stands where one would be written, and that Obole did not write."""


def output_options(function: Any) -> Any:
    """Add `--format`, `--dialect` and `-o` to a command, which gets `form`, `dialect` and `output`."""
    for option in (
        click.option(
            "-o",
            "output",
            type=click.Path(path_type=Path),
            help=N_("Write to this file; its ending decides the format."),
        ),
        click.option(
            "--dialect",
            type=click.Choice(_DIALECTS),
            default=_DIALECTS[0],
            show_default=True,
            help=N_("Of csv: plain (comma, decimal point), or excel-be (semicolon, decimal comma, with the title)."),
        ),
        click.option("--format", "form", type=click.Choice(["text", "csv", "json", "xlsx"]), help=N_("Default: text.")),
    ):
        function = option(function)
    return function


def target(form: str | None, dialect: str, output: Path | None) -> Output:
    """Return what is to be written and where; UsageError where that cannot be. `refuse_over` says where it may not."""
    made = _form(form, output)
    if dialect != _DIALECTS[0]:
        if made is not Form.CSV:
            raise click.UsageError(_("--dialect goes with csv only"))
        made = Form.EXCEL_CSV
    if made is Form.XLSX and output is None:
        raise click.UsageError(_("an xlsx report needs -o FILE"))
    return Output(made, output)


def _form(form: str | None, output: Path | None) -> Form:
    """Return the format that the ending of the file says, or that was asked for."""
    ending = output.suffix.lower() if output is not None else ""
    if output is None or (form is not None and not ending):
        return Form(form or "text")
    if ending not in _ENDINGS:
        said = _("-o {file}: its ending says no format that is written here; end it in .xlsx, .csv, .json or .txt")
        raise click.UsageError(said.format(file=output.name))
    if form is not None and Form(form) is not _ENDINGS[ending]:
        said = _("-o {file} and --format {form} say different formats; leave --format out or end the name in .{form}")
        raise click.UsageError(said.format(file=output.name, form="txt" if form == "text" else form))
    return _ENDINGS[ending]


def refuse_over(books: Books, output: Path | None) -> None:
    """OboleError for a file inside the books, or over one that Obole did not write."""
    books.require_place(output)
    if output is None:
        return
    if output.exists() and not _ours(output):
        said = _("{file}: is there already and was not written by Obole; choose another name, or move it away.")
        raise NotOurs(said.format(file=output.name))


def _ours(path: Path) -> bool:
    """Tell what Obole wrote by how it begins; an empty file and what is none (`/dev/stdout`) lose nothing."""
    if not path.is_file() or not path.stat().st_size:
        return True
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as package:
            return "docProps/core.xml" in package.namelist() and _UNTOUCHED in package.read("docProps/core.xml")
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        first, second, third = (file.readline(_LINE) for _ in range(3))
    return first.rstrip().endswith(WHOSE) or " Obole " in third or _WHOSE_JSON in second
