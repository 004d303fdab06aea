"""Income by source as a picture: an SVG of horizontal bars, the year above the year before, with a title and its words.

Text takes the colour of the page around it, so that the picture reads on a light and on a dark ground.
"""

from html import escape

from reports.marks import numbers
from reports.scheme import LineKind
from reports.statements import AnnualLine, AnnualStatement
from reports.words import text_in

_WIDTH = 720
_LABELS = 220  # the labels' column
_FIGURES = 100  # room for a figure right of the longest bar
_BAR = 16
_GAP = 18
_TOP = 58
_NOW, _BEFORE = "#1f6f8b", "#a9c5cf"
_LONGEST_LABEL = 34
_ATTRIBUTES = 'aria-labelledby="income-title income-description" font-family="sans-serif" font-size="13"'


def income_picture(of: AnnualStatement, language: str) -> str:
    """Return the lines of income of an income statement; empty where there is no income in either year."""
    lines = [line for line in of.lines if line.section == "income" and line.kind is LineKind.LINE and not line.memo]
    lines = [line for line in lines if line.cents or line.previous]
    longest = max((abs(cents) for line in lines for cents in (line.cents, line.previous or 0)), default=0)
    if not longest:
        return ""
    rows = 2 if of.has_previous else 1
    pitch = rows * _BAR + _GAP
    height = _TOP + len(lines) * pitch
    scale = (_WIDTH - _LABELS - _FIGURES) / longest
    if of.has_previous:
        title = text_in(language, "Income by source, {year} / {previous}")
    else:
        title = text_in(language, "Income by source, {year}")
    title = title.format(year=of.year, previous=of.previous_year)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img" {_ATTRIBUTES}>',
        f'<title id="income-title">{escape(title)}</title>',
        f'<desc id="income-description">{escape(_described(of, lines, language))}</desc>',
        f'<text x="0" y="16" fill="currentColor" font-weight="bold">{escape(title)}</text>',
        *_legend(of),
    ]
    for index, line in enumerate(lines):
        top = _TOP + index * pitch
        label = _shortened(line.label(language))
        middle = top + rows * _BAR / 2 + 4
        parts.append(f'<text x="0" y="{middle:g}" fill="currentColor">{escape(label)}</text>')
        parts += _bar(line.cents, top, _NOW, scale, language)
        if line.previous is not None:
            parts += _bar(line.previous, top + _BAR, _BEFORE, scale, language)
    parts.append("</svg>")
    return "\n".join(parts)


def _described(of: AnnualStatement, lines: list[AnnualLine], language: str) -> str:
    marks = numbers(language)
    listed = "; ".join(
        f"{line.label(language)} "
        + " / ".join(f"{marks.euros(cents)} €" for cents in (line.cents, line.previous) if cents is not None)
        for line in lines
    )
    if of.has_previous:
        words = text_in(language, "Horizontal bars, {year} and {previous}: {list}.")
    else:
        words = text_in(language, "Horizontal bars, {year}: {list}.")
    return words.format(year=of.year, previous=of.previous_year, list=listed)


def _legend(of: AnnualStatement) -> list[str]:
    years = [(of.year, _NOW)] + ([(of.previous_year, _BEFORE)] if of.has_previous else [])
    parts = []
    for index, (year, colour) in enumerate(years):
        left = _LABELS + index * 80
        parts.append(f'<rect x="{left}" y="26" width="12" height="12" fill="{colour}"/>')
        parts.append(f'<text x="{left + 18}" y="37" fill="currentColor">{year}</text>')
    return parts


def _bar(cents: int, top: int, colour: str, scale: float, language: str) -> list[str]:
    """Return a bar and its figure; a negative amount keeps its sign in the figure and has no bar."""
    width = max(cents, 0) * scale
    figure = escape(numbers(language).euros(cents))
    return [
        f'<rect x="{_LABELS}" y="{top}" width="{width:.1f}" height="{_BAR - 2}" fill="{colour}"/>',
        f'<text x="{_LABELS + width + 6:.1f}" y="{top + 12}" fill="currentColor" font-size="12">{figure} €</text>',
    ]


def _shortened(label: str) -> str:
    return label if len(label) <= _LONGEST_LABEL else label[: _LONGEST_LABEL - 1].rstrip() + "…"
