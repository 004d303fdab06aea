"""The general journal: golden cases, and any journal that balances."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from registers import assert_case, cases, write_csv

from importers.registers import journal


@pytest.mark.parametrize("folder", cases("journal"), ids=lambda folder: folder.name)
def test_the_case_reads_as_expected(folder: Path, tmp_path: Path) -> None:
    assert_case(journal, folder, tmp_path)


amounts = st.integers(1, 10**11)
entries = st.lists(
    st.tuples(st.dates(date(2000, 1, 1), date(2099, 12, 31)), st.lists(amounts, min_size=1, max_size=4)),
    min_size=1,
    max_size=5,
)


def belgian(cents: int) -> str:
    return f"{cents // 100:,}".replace(",", ".") + f",{cents % 100:02d}"


@given(entries, st.data())
def test_any_balanced_journal_is_read_to_the_cent_in_any_order_of_its_rows(
    tmp_path_factory: pytest.TempPathFactory, written: list[tuple[date, list[int]]], data: st.DataObject
) -> None:
    rows = []
    for number, (day, parts) in enumerate(written):
        rows += [(day, "620200", belgian(cents), "", f"OD-{number}") for cents in parts]
        rows.append((day, "455000", "", belgian(sum(parts)), f"OD-{number}"))
    shuffled = data.draw(st.permutations(rows))
    lines = ["date;account;debit;credit;document", *(";".join(map(str, row)) for row in shuffled)]
    file = journal.read(write_csv(tmp_path_factory.mktemp("journal") / "journal.csv", "\n".join(lines)))
    assert file.ok
    found = {entry.document: entry for entry in file.rows}
    assert len(found) == len(written)
    for number, (day, parts) in enumerate(written):
        entry = found[f"OD-{number}"]
        assert entry.day == day
        assert sorted(line.cents for line in entry.lines) == sorted([*parts, -sum(parts)])
