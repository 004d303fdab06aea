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


# The decimal mark: one for the workbook

SHEETS = """# grants
reference;funder;funder_kind;amount;recognition
G-1;A;public;{grant};receipt
# instalments
reference;due;amount
G-1;2025-01-01;{instalment}
# costs
reference;date;amount;evidence
G-1;2025-02-01;{cost};F-1
"""


@pytest.mark.parametrize(
    ("written", "cents", "told"),
    [
        # One sheet shows the mark, and the others, which show none, are read by it.
        (("'1.234", "'1.234,00", "'1.000"), (1_234_00, 1_234_00), ""),
        (("'1,234.00", "'1,234", "'1,000"), (1_234_00, 1_234_00), ""),
        (("'1,234", "'1,234", "'999.50"), (1_234_00, 1_234_00), ""),  # a sheet of parts shows it
        # Two sheets show different ones: what is in no doubt is taken, the rest refused.
        (("'1.234,00", "'1,234.00", "'10"), (1_234_00, 1_234_00), "in sheet `instalments` and `,` in sheet `grants`"),
        (("'1.234,00", "'500.50", "'1.000"), None, "in sheet `instalments` and `,` in sheet `grants`"),
        (("'1,234", "'1,234", "'1,000"), None, "do not say"),  # none shows any
        ((1234, "'1.234,00", 10), (1_234_00, 1_234_00), ""),  # number cells say nothing and are in no doubt
    ],
)
def test_the_decimal_mark_is_that_of_the_whole_workbook(
    tmp_path: Path, written: tuple[object, ...], cents: tuple[int, int] | None, told: str
) -> None:
    """Firefly III 4106, 8404: an amount read by the wrong mark is a thousand times another one."""
    grant, instalment, cost = written
    text = SHEETS.format(grant=grant, instalment=instalment, cost=cost)
    file = grants.read(write_workbook(tmp_path / "grants.xlsx", text))
    said = " ".join(fault.message for fault in file.faults)
    assert told in said
    if cents is None:
        assert not file.rows
        assert not file.ok
    else:
        assert [(one.cents, one.instalments[0].cents) for one in file.rows] == [cents]
