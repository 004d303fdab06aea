"""What the reader finds wrong in a sheet and what the books say against its other rows are told together."""

import re
import shutil
from pathlib import Path

import pytest
from small_books import STATEMENT, Obole, iban

UNKNOWN = "donor D0999 is not in the vault"
IN_KIND = "reference;date;donor;category;description;value;valuation;evidence;account\n"
EVENT = "reference;event;event_name;event_date;kind;date;amount;paid;donor;account\nG-1;GALA;Gala;2025-09-01;"
JOURNAL = "date;account;debit;credit;text;document\n"
PLEDGE = "mandate;donor;iban;signed;amount;first_due\n"
# A sheet whose row 2 cannot be read and whose row 3 (of a journal 4) the books do not take, and what they say of it.
SHEETS = {
    "cash": ("date;number;nature;amount;donor\nsoon;1;gift;50;D0001\n2025-03-02;2;gift;50;D0999\n", UNKNOWN),
    "in kind": (
        IN_KIND
        + "K-1;soon;;goods;Chaises;100;invoice;F-1;610000\nK-2;2025-03-02;;goods;Table;100;invoice;F-2;999999\n",
        "account 999999 is not in the chart",
    ),
    "events": (
        EVENT + "ticket;soon;25;cash;;\nG-2;GALA;;;ticket;2025-03-02;25;cash;D0999;\n",
        UNKNOWN,
    ),
    "journal": (
        JOURNAL + "soon;610000;10;;Loyer;P-1\n2025-03-02;610001;10;;Loyer;P-2\n2025-03-02;440000;;10;Loyer;P-2\n",
        "account 610001 is not in the chart",
    ),
    "pledges": (
        PLEDGE
        + f"M-8;D0001;{iban(7350000001)};soon;10;2025-03-01\nM-9;D0999;{iban(7350000002)};2025-01-01;10;2025-03-01\n",
        UNKNOWN,
    ),
    "decisions": (
        f"document;position;donor;date\n{STATEMENT.document};7;D0001;soon\n{STATEMENT.document};99;D0001;2025-03-20\n",
        f"movement 99 of {STATEMENT.document} neither waits on suspense nor is a gift",
    ),
}


@pytest.fixture(scope="module")
def books(_small: Path, tmp_path_factory: pytest.TempPathFactory) -> Obole:
    folder = tmp_path_factory.mktemp("together") / "books"
    shutil.copytree(_small, folder)
    return Obole(folder)


@pytest.mark.parametrize("case", SHEETS)
def test_the_faults_of_reader_and_books_are_told_together(books: Obole, tmp_path: Path, case: str):
    text, said = SHEETS[case]
    (tmp_path / "sheet.csv").write_text(text, encoding="utf-8")
    told = books("--lang", "en", "import", tmp_path / "sheet.csv")
    assert told.exit_code == 1
    refused = re.findall(r"refused: line (\d): (.+)", told.output)
    assert [row for row, _what in refused] == ["2", "3"], told.output
    assert "is not a date" in refused[0][1]
    assert said in refused[1][1]


def test_the_parts_of_a_payment_are_added_up_only_where_every_row_was_read(books: Obole, tmp_path: Path):
    """Line 6 pays 12.50: with one of its two parts unread nothing is said of the sum."""
    document = STATEMENT.document
    (tmp_path / "sheet.csv").write_text(
        "document;position;refund_of;part;date\n"
        f"{document};6;{document}:1;10.00;2025-03-20\n{document};6;{document}:5;much;2025-03-20\n",
        encoding="utf-8",
    )
    told = books("--lang", "en", "import", tmp_path / "sheet.csv")
    refused = re.findall(r"refused: line (\d): (.+)", told.output)
    assert [row for row, _what in refused] == ["3"], told.output
