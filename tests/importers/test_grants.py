"""The register of grants: golden cases, and a workbook that is none."""

from pathlib import Path

import pytest
from registers import assert_case, cases, write_csv, write_workbook

from importers.registers import grants


@pytest.mark.parametrize("folder", cases("grants"), ids=lambda folder: folder.name)
def test_the_case_reads_as_expected(folder: Path, tmp_path: Path) -> None:
    assert_case(grants, folder, tmp_path)


GRANT = "# grants\nreference;funder;funder_kind;amount;recognition\nG-1;A;public;100;receipt\n"


def test_a_csv_of_grants_is_known_and_refused_with_the_remedy(tmp_path: Path) -> None:
    source = write_csv(
        tmp_path / "grants.csv", "reference;funder;funder_kind;amount;recognition\nG-1;A;public;100;receipt\n"
    )
    assert grants.identify(source)
    file = grants.read(source)
    assert not file.ok
    assert [fault.message for fault in file.faults] == [
        "a register of grants has several sheets and a CSV one; save it as an Excel workbook (.xlsx)"
    ]
    assert len(file.digest) == 64


def test_a_workbook_without_instalments_says_so_and_nothing_else(tmp_path: Path) -> None:
    file = grants.read(write_workbook(tmp_path / "grants.xlsx", GRANT))
    assert [fault.message for fault in file.faults] == [
        "there is no visible sheet `instalments`; write the headings in row 1 of the sheet"
    ]


def test_a_sheet_with_a_wrong_heading_is_not_compared_with_the_others(tmp_path: Path) -> None:
    text = GRANT + "# instalments\nreference;due;amounts\nG-1;2025-01-01;100\n"
    file = grants.read(write_workbook(tmp_path / "grants.xlsx", text))
    assert [fault.message for fault in file.faults] == [
        "sheet `instalments`: the column `amounts` is not known; did you mean `amount`? Rename or remove it",
        "sheet `instalments`: the column `amount` or `montant` or `bedrag` or `betrag` is missing; add it",
    ]


def test_a_file_that_is_not_there_is_one_fault(tmp_path: Path) -> None:
    file = grants.read(tmp_path / "grants.xlsx")
    assert [fault.message for fault in file.faults] == [
        "the file cannot be opened: No such file or directory; check its name and rights"
    ]
