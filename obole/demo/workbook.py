"""Workbooks written fast and the same to the byte each time: plain cells, one date format, no creation time.

openpyxl takes ten seconds for the donor register at full size and stamps the hour into two places; this writer streams
a sheet in under one and knows just what the registers need: text, exact amounts and dates.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

Cell = str | int | Decimal | date | None
Sheet = tuple[str, Sequence[str], Iterable[Sequence[Cell]]]

_EPOCH = date(1899, 12, 30)  # day 0 of a workbook (ECMA-376 part 1, 18.17.4.1)
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPES = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_FLUSH = 4096  # rows between two writes, so that memory stays small

# Cell formats 0 general, 1 date (number format 14), 2 amount (4: #,##0.00), 3 bold heading.
_STYLES = (
    f'{_HEAD}<styleSheet xmlns="{_MAIN}"><fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>'
    '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts><fills count="2"><fill><patternFill/></fill>'
    '<fill><patternFill patternType="gray125"/></fill></fills><borders count="1"><border/></borders>'
    '<cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="4"><xf/><xf numFmtId="14" applyNumberFormat="1"/>'
    '<xf numFmtId="4" applyNumberFormat="1"/><xf fontId="1" applyFont="1"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)


def write_workbook(path: Path, sheets: Iterable[Sheet]) -> int:
    """Write the sheets (name, headings, rows) and return the number of rows below headings."""
    sheets = list(sheets)
    names = [name for name, _, _ in sheets]
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = 0
    with ZipFile(path, "w", ZIP_DEFLATED, compresslevel=4) as archive:
        for name, text in _frame(names):
            archive.writestr(_member(name), text)
        for number, (_, headings, lines) in enumerate(sheets, 1):
            rows += _write_sheet(archive, f"xl/worksheets/sheet{number}.xml", headings, lines)
    return rows


def _write_sheet(archive: ZipFile, name: str, headings: Sequence[str], lines: Iterable[Sequence[Cell]]) -> int:
    count = 0
    with archive.open(_member(name), "w", force_zip64=True) as stream:
        title = "".join(f'<c s="3" t="inlineStr"><is><t>{escape(heading)}</t></is></c>' for heading in headings)
        buffer = [f'{_HEAD}<worksheet xmlns="{_MAIN}"><sheetData><row>{title}</row>']
        for line in lines:
            count += 1
            buffer.append(f"<row>{''.join(map(_cell, line))}</row>")
            if len(buffer) >= _FLUSH:
                stream.write("".join(buffer).encode())
                buffer.clear()
        buffer.append("</sheetData></worksheet>")
        stream.write("".join(buffer).encode())
    return count


def _cell(value: Cell) -> str:
    if value is None or value == "":
        return "<c/>"
    if isinstance(value, str):
        return f'<c t="inlineStr"><is><t>{escape(value)}</t></is></c>'
    if isinstance(value, date):
        return f'<c s="1"><v>{(value - _EPOCH).days}</v></c>'
    if isinstance(value, Decimal):
        return f'<c s="2"><v>{value}</v></c>'
    return f"<c><v>{value}</v></c>"


def _frame(names: Sequence[str]) -> list[tuple[str, str]]:
    numbers = range(1, len(names) + 1)
    overrides = "".join(
        f'<Override PartName="/xl/worksheets/sheet{number}.xml" ContentType="{_TYPES}.worksheet+xml"/>'
        for number in numbers
    )
    listed = "".join(
        f'<sheet name="{escape(name)}" sheetId="{number}" r:id="rId{number}"/>'
        for number, name in zip(numbers, names, strict=True)
    )
    relations = "".join(
        f'<Relationship Id="rId{number}" Type="{_RELATIONS}/worksheet" Target="worksheets/sheet{number}.xml"/>'
        for number in numbers
    )
    types = (
        f'{_HEAD}<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPES}.sheet.main+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{_TYPES}.styles+xml"/>{overrides}</Types>'
    )
    root = (
        f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" '
        f'Type="{_RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
    )
    book = f'{_HEAD}<workbook xmlns="{_MAIN}" xmlns:r="{_RELATIONS}"><sheets>{listed}</sheets></workbook>'
    styles = f'<Relationship Id="rId{len(names) + 1}" Type="{_RELATIONS}/styles" Target="styles.xml"/>'
    return [
        ("[Content_Types].xml", types),
        ("_rels/.rels", root),
        ("xl/workbook.xml", book),
        (
            "xl/_rels/workbook.xml.rels",
            f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">{relations}{styles}</Relationships>',
        ),
        ("xl/styles.xml", _STYLES),
    ]


def _member(name: str) -> ZipInfo:
    member = ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
    member.compress_type = ZIP_DEFLATED
    member.external_attr = 0o600 << 16
    return member
