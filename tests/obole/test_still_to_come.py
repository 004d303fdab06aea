"""What is dated after today: refused where it can only have happened, told where it may be meant so.

Here it is 15 June 2025. A slip, a cheque, a gift in kind, a step of a legacy and what was paid in cash at an event have
happened (WER III.83: a cash book is kept day by day; art. 145/33 CIR 92: a gift counts when it is paid); an entry of
the general journal (the closing entries of a year), an invoice of an event and the day of a decision may lie ahead.
"""

import re
import shutil
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from small_books import STATEMENT, Obole

from ledger.clock import today

TOMORROW, TODAY = "2025-06-16", "2025-06-15"
CHEQUE = "date;number;nature;means;amount;donor;drawer_bank;credited;unpaid\n"
EVENT = "reference;event;event_name;event_date;kind;date;amount;paid;party\nG-1;GALA;Gala;2025-09-01;"
REFUSED = {
    "cash_slip": "date;number;nature;amount;donor\n{day};1;gift;50;D0001\n",
    "count_of_the_cash_book": "date;number;nature;amount;donor\n{day};;count;0;\n",
    "cheque_received": CHEQUE + "{day};9;gift;cheque;50;D0001;KBC;;\n",
    "cheque_credited": CHEQUE + "2025-06-01;9;gift;cheque;50;D0001;KBC;{day};\n",
    "cheque_unpaid": CHEQUE + "2025-06-01;9;gift;cheque;50;D0001;KBC;2025-06-02;{day}\n",
    "gift_in_kind": "reference;date;donor;category;description;value;valuation;evidence;account\n"
    "K-1;{day};D0001;goods;Chaises;100;invoice;F-1;610000\n",
    "legacy": "legacy;event;date;testator;notary;asset;amount\nL-1;opening;{day};Paul Martin;Anne Modele;;\n",
    "event_in_cash": EVENT + "ticket;{day};25;cash;\n",
}
TOLD = {
    "journal": "date;account;debit;credit;text;document\n{day};610000;10;;Loyer;P-1\n{day};440000;;10;Loyer;P-1\n",
    "event_by_bank": EVENT + "ticket;{day};25;bank;\n",
    "decision": f"document;position;donor;date\n{STATEMENT.document};7;D0005;{{day}}\n",
}


@pytest.fixture(autouse=True)
def _june(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ledger.clock.now", lambda: datetime(2025, 6, 15, 10, tzinfo=UTC))
    assert today() == date(2025, 6, 15)


def said(obole: Obole, text: str, day: str) -> tuple[int, str]:
    path = obole.books.parent / "register.csv"
    path.write_text(text.format(day=day), encoding="utf-8")
    told = obole("--lang", "en", "import", path, "--dry-run")
    return told.exit_code, " ".join(told.output.split())


@pytest.fixture(scope="module")
def books(_small: Path, tmp_path_factory: pytest.TempPathFactory) -> Obole:
    """One set of books for all: nothing is kept of what is tried."""
    folder = tmp_path_factory.mktemp("ahead") / "books"
    shutil.copytree(_small, folder)
    return Obole(folder)


@pytest.mark.parametrize("case", REFUSED)
def test_what_can_only_have_happened_is_refused(books: Obole, case: str) -> None:
    status, told = said(books, REFUSED[case], TOMORROW)
    assert (status, f"dated {TOMORROW}, which is still to come" in told) == (1, True), told
    status, told = said(books, REFUSED[case], TODAY)
    assert (status, "still to come" in told) == (0, False), told


@pytest.mark.parametrize("case", TOLD)
def test_what_may_lie_ahead_is_told_and_posted(books: Obole, case: str) -> None:
    status, told = said(books, TOLD[case], TOMORROW)
    assert status == 0, told
    assert re.search(r"1 row is dated after today \(\d\)", told), told
    assert "after today" not in said(books, TOLD[case], TODAY)[1]
