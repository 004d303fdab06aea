"""Years without postings, and identities of the statements told where people look: report, page, check."""

from datetime import date
from pathlib import Path

import pytest
from small_books import Journal, Obole, new_books

WRONG = Journal(
    (
        ("2025-06-01", "570000", "", "80.00", "Caisse", "N-1"),
        ("2025-06-01", "550000", "80.00", "", "Caisse", "N-1"),
        ("2025-06-02", "452000", "1000.00", "", "Impôt versé en trop", "N-2"),
        ("2025-06-02", "550000", "", "1000.00", "Impôt versé en trop", "N-2"),
    ),
    "wrong.csv",
)


def balance(obole: Obole, year: int, *words: str) -> str:
    return obole("report", "balance-sheet", "--year", str(year), "--scheme", "full", "--lang", "fr", *words).stdout


def test_books_f09_a_report_names_what_the_law_does_not_allow(small: Obole, tmp_path: Path):
    small.takes_well(WRONG.write(tmp_path))
    for form in ("text", "csv", "json"):
        assert "570000 Caisse: -80.00" in balance(small, 2025, "--format", form)
    rows = balance(small, 2025, "--format", "csv").splitlines()
    assert any(row.startswith("assets,41,Autres créances,1000.00,") for row in rows)
    checked = small.checks()
    assert checked.exit_code == 0
    assert "570000 Cash in hand: -80.00" in checked.output


def test_books_f21_a_year_without_postings_has_its_balance_sheet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """KB/AR 29.4.2019 art. 3:3 section 2: the opening balance is the closing balance of the year before."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1798761600")  # 1 January 2027
    obole = Obole(new_books(tmp_path / "books"))
    entries = (
        ("2025-01-02", "550000", "1000.00", "", "Apport", "N-1"),
        ("2025-01-02", "100000", "", "1000.00", "Apport", "N-1"),
    )
    obole.takes_well(Journal(entries, "a.csv").write(tmp_path))
    before = balance(obole, 2025, "--format", "csv").splitlines()[1].split(",")[:4]
    assert balance(obole, 2026, "--format", "csv").splitlines()[1].split(",")[:4] == before
    for what in ("income-statement", "appropriation", "trial-balance", "general-ledger", "tie-out"):
        told = obole("report", what, "--year", "2026")
        assert told.exit_code == 0, (what, told.output)
    trial = obole("report", "trial-balance", "--year", "2026", "--format", "csv").stdout
    assert "1000.00" in trial


@pytest.mark.parametrize("year", [2024, date.today().year + 1])  # noqa: DTZ011 - the year of the machine
def test_a_year_before_the_books_or_to_come_has_none(small: Obole, year: int):
    told = small("report", "balance-sheet", "--year", str(year))
    assert (told.exit_code, f"nothing of {year}" in told.stderr) == (1, True)
