"""Keys of a line: declared, for the right days, in the metadata and the tags of what is posted."""

from datetime import date

import pytest

from ledger.dimensions import Dimension, DimensionKey, DimensionKeys, LineKeys, keys_of, with_keys, with_tags
from ledger.journal import Entry, Line

DAY = date(2025, 3, 14)
DECLARED = DimensionKeys(
    {
        Dimension.PROJECT: {
            "SCHOOLS": DimensionKey("SCHOOLS", {"fr": "Écoles", "nl": "Scholen"}),
            "OLD": DimensionKey("OLD", {}, last=date(2024, 12, 31)),
            "NEXT": DimensionKey("NEXT", {}, first=date(2026, 1, 1)),
            "ONCE": DimensionKey("ONCE", {}, date(2025, 3, 14), date(2025, 3, 14)),
        },
        Dimension.DEPARTMENT: {"COMM": DimensionKey("COMM", {"en": "Communication"})},
    }
)


@pytest.mark.parametrize(
    ("keys", "found"),
    [
        (LineKeys(), None),
        (LineKeys(project="SCHOOLS", department="COMM"), None),
        (LineKeys(project="ONCE"), None),
        (LineKeys(fund="anything"), None),  # no [[fund]] is declared
        (LineKeys(project="schools"), 'project `schools` is not declared; correct it, or add [[project]] with key = "'),
        (LineKeys(department="HR"), "department `HR` is not declared"),
        (LineKeys(project="OLD"), "project `OLD` is not for 2025-03-14 (until 2024-12-31)"),
        (LineKeys(project="NEXT"), "project `NEXT` is not for 2025-03-14 (from 2026-01-01)"),
    ],
)
def test_what_stands_against_a_line(keys: LineKeys, found: str | None):
    problems = list(DECLARED.problems(keys, DAY))
    assert len(problems) == (found is not None)
    assert all(problem.startswith(found or "") for problem in problems)


@pytest.mark.parametrize("day", [date(2025, 3, 13), date(2025, 3, 15)])
def test_a_key_of_one_day_is_for_that_day_alone(day: date):
    assert list(DECLARED.problems(LineKeys(project="ONCE"), day)) != []
    assert list(DECLARED.problems(LineKeys(project="ONCE"), None)) == []


@pytest.mark.parametrize(
    ("keys", "found"),
    [
        (LineKeys(), None),
        (LineKeys(project="ONCE", department="COMM"), None),
        (LineKeys(project="elsewhere", fund="free"), None),  # not declared is another fault
        (LineKeys(project="OLD", department="COMM"), (Dimension.PROJECT, "OLD", "until 2024-12-31")),
        (LineKeys(project="NEXT"), (Dimension.PROJECT, "NEXT", "from 2026-01-01")),
    ],
)
def test_the_first_key_that_is_not_for_the_day_is_named(keys: LineKeys, found: tuple[Dimension, str, str] | None):
    assert DECLARED.outside(keys, DAY) == found


@pytest.mark.parametrize(
    ("keys", "problems"), [(LineKeys(project="P"), 0), (LineKeys(fund="F"), 0), (LineKeys(department="D"), 1)]
)
def test_where_nothing_is_declared_projects_and_funds_are_free_and_departments_are_not(keys: LineKeys, problems: int):
    assert len(list(DimensionKeys().problems(keys, DAY))) == problems


@pytest.mark.parametrize(("first", "last", "words"), [
    (None, date(2024, 12, 31), "until 2024-12-31"), (date(2026, 1, 1), None, "from 2026-01-01"),
    (date(2026, 1, 1), date(2026, 12, 31), "2026-01-01 to 2026-12-31"),
])  # fmt: skip
def test_a_period_is_told_in_words(first: date | None, last: date | None, words: str):
    keys = DimensionKeys({Dimension.FUND: {"F": DimensionKey("F", {}, first, last)}})
    assert keys.outside(LineKeys(fund="F"), DAY) == (Dimension.FUND, "F", words)
    (problem,) = keys.problems(LineKeys(fund="F"), DAY)
    assert f"({words})" in problem
    assert list(keys.problems(LineKeys(fund="F", party="anybody"), None)) == []


def test_every_fault_of_a_line_is_told():
    assert len(list(DECLARED.problems(LineKeys("x", "y", None), DAY))) == 2


def test_a_label_is_that_of_the_language_else_the_first_else_the_key():
    schools = DECLARED.keys[Dimension.PROJECT]["SCHOOLS"]
    assert [schools.label(language) for language in ("nl", "de")] == ["Scholen", "Écoles"]
    assert DECLARED.keys[Dimension.PROJECT]["OLD"].label("fr") == "OLD"


def test_keys_are_metadata_of_the_line_and_come_back():
    line = with_keys(Line("615000", 100, {"text": "x"}), LineKeys("P", None, "F", "S0012"))
    assert line.meta == {"text": "x", "project": "P", "fund": "F", "party": "S0012"}
    assert keys_of(line.meta) == LineKeys("P", None, "F", "S0012")
    assert keys_of({"project": "P"}, {"project": "Q", "fund": "F"}) == LineKeys("P", None, "F", None)
    bare = Line("615000", 100)
    assert with_keys(bare, LineKeys()) is bare


def test_an_entry_is_tagged_with_the_dimensions_of_its_lines_and_not_with_its_party():
    lines = (
        with_keys(Line("615000", 100), LineKeys("P", "D", None, None)),
        with_keys(Line("440000", -100), LineKeys("P", None, "Fonds enfance", "S0012")),
    )
    assert with_tags(Entry(DAY, "x", lines, tags=("gift",))).tags == ("gift", "department-D", "project-P")
    twice = Entry(DAY, "x", lines, tags=("project-P", "department-D"))
    assert with_tags(twice) is twice
    plain = Entry(DAY, "x", (Line("615000", 100), Line("440000", -100)))
    assert with_tags(plain) is plain
