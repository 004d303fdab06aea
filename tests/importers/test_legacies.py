"""The register of legacies, by golden cases; what is archived says the same without the names."""

from pathlib import Path

import pytest
from registers import assert_case, cases, write_workbook

from importers.registers import legacies

HOUSE = "a-house-and-money"


@pytest.mark.parametrize("folder", cases("legacies"), ids=lambda folder: folder.name)
def test_the_case_reads_as_expected(folder: Path, tmp_path: Path) -> None:
    assert_case(legacies, folder, tmp_path)


def test_the_archive_says_the_same_without_the_names() -> None:
    [folder] = [one for one in cases("legacies") if one.name == HOUSE]
    rows = legacies.read(folder / "source.csv").rows
    archive = legacies.archived(rows)
    assert b"Martin" not in archive
    assert b"Modele" not in archive
    assert [row.event for row in legacies.unarchived(archive)] == [row.event for row in rows]


def test_the_archive_of_a_sheet_with_a_title_and_gaps_keeps_its_rows(tmp_path: Path) -> None:
    text = (
        "# legs\nLegs 2025\n\nlegs;événement;date;bien;montant\n\nL-1;opening;2025-01-10;;\n\nL-1;closing;2025-01-11;;"
    )
    rows = legacies.read(write_workbook(tmp_path / "legs.xlsx", text)).rows
    assert [row.event.row for row in rows] == [5, 7]
    assert [row.event for row in legacies.unarchived(legacies.archived(rows))] == [row.event for row in rows]


def test_a_row_shows_no_name() -> None:
    [folder] = [one for one in cases("legacies") if one.name == HOUSE]
    assert "Martin" not in repr(legacies.read(folder / "source.csv").rows)
