"""Errors that carry their faults, the places of a folder, and the garbage collector put off."""

import gc
from pathlib import Path

import pytest

from ledger.collector import paused
from ledger.dimensions import NO_KEYS, LineKeys, keys_of, with_keys
from ledger.errors import Fault, Severity, SourceRefused, refuses, remarks_among
from ledger.folder import Folder
from ledger.journal import Line
from ledger.languages import language_of


def test_a_refused_source_names_each_error_and_no_warning():
    faults = (Fault("a", 3), Fault("b", severity=Severity.WARNING), Fault("c"))
    refused = SourceRefused("x.csv", faults)
    assert str(refused) == "x.csv: refused, nothing was posted: line 3: a; c."
    assert (refused.file, refused.faults) == ("x.csv", faults)
    assert remarks_among(faults) == [faults[1]]
    assert refuses(faults)
    assert not refuses(faults[1:2])
    assert not refuses([])


def test_each_part_of_the_books_has_its_place():
    folder = Folder(Path("books"))
    places = [
        folder.main,
        folder.chart,
        folder.journal,
        folder.documents,
        folder.register,
        folder.vault,
        folder.receipts,
    ]
    assert [place.relative_to("books").as_posix() for place in [*places, folder.seals]] == [
        "main.beancount", "chart.beancount", "journal", "documents", "register.sqlite3", "vault.sqlite3",
        "receipts", "seals",
    ]  # fmt: skip


@pytest.mark.parametrize("on", [True, False])
def test_the_collector_is_as_it_was_after_the_pause(on: bool):
    was = gc.isenabled()
    try:
        (gc.enable if on else gc.disable)()
        with paused():
            assert not gc.isenabled()
        assert gc.isenabled() is on
    finally:
        (gc.enable if was else gc.disable)()


@pytest.mark.parametrize(
    ("locale", "language"),
    [
        ("nl_BE.UTF-8", "nl"),
        ("de-DE", "de"),
        ("EN", "en"),
        ("fr.UTF-8", "fr"),
        ("it_IT", None),
        ("C", None),
        ("", None),
    ],
)
def test_a_locale_names_its_language(locale: str, language: str | None):
    assert language_of(locale) == language


def test_a_line_has_its_own_keys_before_those_of_another():
    mine, theirs = LineKeys("school", None, None, "P1"), LineKeys("garden", "north", None, None)
    assert mine.or_else(theirs) == LineKeys("school", "north", None, "P1")
    assert mine.meta() == {"project": "school", "party": "P1"}
    assert keys_of({"project": "school"}, {"project": "garden", "fund": "f"}) == LineKeys("school", None, "f", None)
    assert keys_of(None) == NO_KEYS
    assert with_keys(Line("1", 2, {"a": "b"}), mine).meta == {"a": "b", "project": "school", "party": "P1"}
    assert with_keys(Line("1", 2), NO_KEYS) == Line("1", 2)
