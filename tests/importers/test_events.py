"""The register of fundraising events, by golden cases."""

from pathlib import Path

import pytest
from registers import assert_case, cases

from importers.registers import events


@pytest.mark.parametrize("folder", cases("events"), ids=lambda folder: folder.name)
def test_the_case_reads_as_expected(folder: Path, tmp_path: Path) -> None:
    assert_case(events, folder, tmp_path)
