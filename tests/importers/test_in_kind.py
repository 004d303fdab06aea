"""The register of gifts in kind, by golden cases."""

from pathlib import Path

import pytest
from registers import assert_case, cases

from importers.registers import in_kind


@pytest.mark.parametrize("folder", cases("in_kind"), ids=lambda folder: folder.name)
def test_the_case_reads_as_expected(folder: Path, tmp_path: Path) -> None:
    assert_case(in_kind, folder, tmp_path)
