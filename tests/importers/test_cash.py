"""The register of cash and cheques, by golden cases."""

from pathlib import Path

import pytest
from registers import assert_case, cases

from importers.registers import cash


@pytest.mark.parametrize("folder", cases("cash"), ids=lambda folder: folder.name)
def test_the_case_reads_as_expected(folder: Path, tmp_path: Path) -> None:
    assert_case(cash, folder, tmp_path)
