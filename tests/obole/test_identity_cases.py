"""Which of several lines of one day and amount is new: told by who paid and what they wrote, never by the amount.

Sources of the events: [F] facts of the formats (CODA: the bank's reference is informative, no key; CAMT: AcctSvcrRef,
EndToEndId); [O77] OCA/bank-statement-import 77 and 83 (statements fetched several times a day overlap, line numbers
are no identity); [S886] securo 886 (equal lines of one day are dropped); [B276] otherworld-dev/Budget 276 (identical
rows are two transactions, occurrence counts); [M288] monize 288 (same day and amount, another payee and memo);
[L9098] firefly-iii 9098 (two equal memberships of one couple); [D] design, what must always be true, 1.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pytest
from camt_writer import Ntry, Stmt, Tx, encode
from small_books import DAY, IBAN, OPENING, Line, Obole, Statement, collected, iban, ogm, returned, write_donors

from ledger.vault.counterparties import all_counterparties
from obole.books.opened import open_books

STRANGER = iban(7359999999)
NEXT = DAY + timedelta(days=1)


def paid(
    cents: int, donor: int | None = None, *, text: str = "", name: str = "X", account: str = STRANGER,
    day: date = DAY, reference: str = "", end_to_end: str = "",
) -> Ntry:  # fmt: skip
    """A transfer in a CAMT statement, with the OGM of a donor or with text."""
    tx = Tx(abs(cents), name, account, end_to_end, ogm=ogm(donor) if donor else "", lines=(text,) if text else ())
    return Ntry(cents, day, (tx,), code="0150000" if cents > 0 else "0101000", reference=reference)


def debited(cents: int, mandate: str, reference: str) -> Ntry:
    """One direct debit by itself, of a mandate."""
    return Ntry(cents, DAY, (Tx(cents, "X", STRANGER, reference, mandate),), code="0552000")


def camt(
    folder: Path, name: str, opening: int, entries: Sequence[Ntry], *, day: date = DAY, sequence: str = ""
) -> Path:
    path = folder / f"{name}.xml"
    path.write_bytes(encode([Stmt(list(entries), opening, account=IBAN, sequence=sequence, day=day)]))
    return path


def transfer(cents: int, text: str, *, name: str = "X", account: str = STRANGER, structured: str = "") -> Line:
    return Line(cents, "00150000" if cents > 0 else "00101000", text, structured=structured, name=name, iban=account)


def coda(folder: Path, number: int, opening: int, lines: Sequence[Line], day: date = DAY) -> Path:
    return Statement(number, opening, lines, day, name=f"{number}-{opening}.cod").write(folder)


@dataclass(frozen=True)
class Case:
    """Files taken in one after the other, and what each donor has given in the end; `open` are the amounts waiting."""

    source: str
    files: Sequence[tuple[str, int, Sequence[Ntry | Line]]]
    given: dict[str | None, int]
    open: Sequence[int] = ()
    told: str = ""


MORNING, WHOLE = "morning", "whole"
CASES = {
    "no communication of ours, the account alone says who": Case(
        "[F]",
        [
            (MORNING, 1_000_00, [paid(25_00, account=iban(7350000001))]),
            (WHOLE, 1_000_00, [paid(25_00, account=iban(7350000002)), paid(25_00, account=iban(7350000001))]),
        ],
        {"D0001": 25_00, "D0002": 25_00},
    ),
    "the first file is CODA with the OGM in free text, the second CAMT with it structured": Case(
        "[F] 14: OGM in free text",
        [
            (
                "10.cod",
                1_000_00,
                [transfer(40_00, f"MERCI {ogm(1)[:3]}/{ogm(1)[3:7]}/{ogm(1)[7:]}", name="DUPONT ZOE")],
            ),
            (WHOLE, 1_000_00, [paid(40_00, 2, name="Jan Van den Berg"), paid(40_00, 1, name="Dupont Zoé")]),
        ],
        {"D0001": 40_00, "D0002": 40_00},
    ),
    "CAMT first and CODA after it, names cut and without accents": Case(
        "[F] CODA names of 35 characters",
        [
            (MORNING, 1_000_00, [paid(30_00, 5, name="Exemple Industries société anonyme de droit belge")]),
            (
                "10.cod",
                1_000_00,
                [
                    transfer(30_00, ogm(6), structured="101", name="PEETERS AN"),
                    transfer(30_00, ogm(5), structured="101", name="EXEMPLE INDUSTRIES SOCIETE ANONYME"),
                ],
            ),
        ],
        {"D0005": 30_00, "D0006": 30_00},
    ),
    "single direct debits of one amount: the mandate says whose": Case(
        "[F] 2.2 customer reference, mandate",
        [
            (MORNING, 1_000_00, [debited(20_00, "M-2", "E-1")]),
            (WHOLE, 1_000_00, [debited(20_00, "M-6", "E-2"), debited(20_00, "M-2", "E-1")]),
        ],
        {"D0002": 20_00, "D0006": 20_00},
    ),
    "a morning and an afternoon that cancel out with the same amounts are two": Case(
        "[S886] with balances that say nothing",
        [
            (MORNING, 1_000_00, [paid(50_00, 1), paid(-50_00, text="FACTURE 1", account=iban(7357777777))]),
            ("after", 1_000_00, [paid(50_00, 2), paid(-50_00, text="FACTURE 2", account=iban(7356666666))]),
        ],
        {"D0001": 50_00, "D0002": 50_00},
        open=[-50_00, -50_00],
    ),
    "a day that cancels out, in its other format, is the same day": Case(
        "[D]",
        [
            (
                "10.cod",
                1_000_00,
                [transfer(50_00, ogm(1), structured="101", name="DUPONT"), Line(-50_00, "08037000", "FRAIS")],
            ),
            (WHOLE, 1_000_00, [paid(50_00, 1, name="Dupont Zoé"), Ntry(-50_00, DAY, (), code="8037000", text="Frais")]),
        ],
        {"D0001": 50_00},
    ),
    "two of a couple pay the same membership from one account": Case(
        "[L9098]",
        [
            (MORNING, 1_000_00, [paid(35_00, 1, text="")]),
            (WHOLE, 1_000_00, [paid(35_00, 2), paid(35_00, 1), paid(35_00, 1)]),
        ],
        {"D0001": 70_00, "D0002": 35_00},
    ),
    "a third line like two others, of the same donor: no doubt, nothing waits": Case(
        "[B276]",
        [
            (MORNING, 1_000_00, [paid(10_00, 1), paid(10_00, 1)]),
            (WHOLE, 1_000_00, [paid(10_00, 1), paid(10_00, 1), paid(10_00, 1)]),
        ],
        {"D0001": 30_00},
    ),
    "the bank's reference tells lines of one donor apart, whatever their order": Case(
        "[F] AcctSvcrRef",
        [
            (MORNING, 1_000_00, [paid(10_00, 1, reference="B2")]),
            (
                WHOLE,
                1_000_00,
                [paid(10_00, 1, reference="B3"), paid(10_00, 1, reference="B2"), paid(10_00, 1, reference="B1")],
            ),
        ],
        {"D0001": 30_00},
    ),
    "references of the bank that are counted anew in each file are no sign of another line": Case(
        "[O77], [F] no programming in the field",
        [
            (MORNING, 1_000_00, [paid(10_00, 1, reference="1"), paid(10_00, 2, reference="2")]),
            (
                WHOLE,
                1_000_00,
                [paid(15_00, 5, reference="1"), paid(10_00, 2, reference="2"), paid(10_00, 1, reference="3")],
            ),
        ],
        {"D0001": 10_00, "D0002": 10_00, "D0005": 15_00},
    ),
    "a file that names nobody: which of two is new cannot be told, it waits": Case(
        "[D] what is ambiguous goes to suspense",
        [
            ("10.cod", 1_000_00, [Line(50_00, "00150000")]),
            (WHOLE, 1_000_00, [paid(50_00, 2), paid(50_00, 1)]),
        ],
        {},
        open=[50_00, 50_00],
        told="cannot be told",
    ),
    "the same lines with another payer: there by amount and balance, and told": Case(
        "[M288]",
        [
            (MORNING, 1_000_00, [paid(60_00, 1)]),
            (WHOLE, 1_000_00, [paid(60_00, 2, account=iban(7351111111))]),
        ],
        {"D0001": 60_00},
        told="with another account, communication or reference",
    ),
    "of three parts of a day the middle one comes last, in a file of the whole day": Case(
        "[O77]",
        [
            ("1", 1_000_00, [paid(10_00, 1)]),
            ("3", 1_030_00, [paid(10_00, 5)]),
            (WHOLE, 1_000_00, [paid(10_00, 5), paid(20_00, 2), paid(10_00, 1)]),
        ],
        {"D0001": 10_00, "D0002": 20_00, "D0005": 10_00},
    ),
    "a longer period under a number of its own is no second euro": Case(
        "[F] CODA of a week after those of its days",
        [
            ("10.cod", 1_000_00, [transfer(10_00, ogm(1), structured="101")]),
            (
                "20.cod",
                1_000_00,
                [transfer(10_00, ogm(2), structured="101"), transfer(10_00, ogm(1), structured="101")],
            ),
        ],
        {"D0001": 10_00, "D0002": 10_00},
    ),
}


@pytest.fixture
def ready(empty: Obole, tmp_path: Path) -> Obole:
    empty.takes_well(write_donors(tmp_path / "donors.csv"), OPENING.write(tmp_path))
    return empty


def write(folder: Path, name: str, opening: int, lines: Sequence[Ntry | Line]) -> Path:
    if name.endswith(".cod"):
        return coda(folder, int(name[:-4]), opening, [one for one in lines if isinstance(one, Line)])
    number = name if name.isdigit() else ""
    return camt(folder, name, opening, [one for one in lines if isinstance(one, Ntry)], sequence=number)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_the_line_that_is_new_is_told_by_more_than_its_amount(ready: Obole, tmp_path: Path, case: Case):
    told = ""
    for name, opening, lines in case.files:
        told += ready.takes_well(write(tmp_path, name, opening, lines)).output
    assert ready.given_by() == case.given
    assert sorted(one.cents for one in ready.waiting()) == sorted(case.open)
    assert case.told in told
    before = ready.state()
    for name, opening, lines in case.files:
        again = write(tmp_path, name, opening, lines)
        again.write_bytes(again.read_bytes() + b"\n")  # another file that says the same
        ready.takes_well(again)
    assert ready.state() == before, "taken again, nothing is new"
    assert ready.checks().exit_code == 0


def test_a_line_in_doubt_waits_with_both_names_for_a_person_and_for_nobody_else(ready: Obole, tmp_path: Path):
    ready.takes_well(coda(tmp_path, 10, 1_000_00, [Line(50_00, "00150000")]))
    entries = [paid(50_00, 2, name="Berg", account=iban(7350000002)), paid(50_00, 1, name="Dupont")]
    ready.takes_well(camt(tmp_path, WHOLE, 1_000_00, entries))
    doubtful = ready.waiting()[-1]
    with open_books(ready.books).vault.connect() as connection:
        behind = all_counterparties(connection)[doubtful.document, doubtful.position]
    assert sorted(behind.name.split(" / ")) == ["Berg", "Dupont"]
    assert behind.account == "", "an account that may be the other's would be learnt"
    assert sorted(behind.communication.split(" / ")) == sorted([ogm(1), ogm(2)])
    ready.takes_well(write_donors(tmp_path / "donors-again.csv"))
    assert ready.given_by() == {}, "no later import decides it"


def test_without_the_archived_file_equal_lines_wait_and_others_are_known(ready: Obole, tmp_path: Path):
    ready.takes_well(camt(tmp_path, MORNING, 1_000_00, [paid(50_00, 1), paid(70_00, 2)]))
    for archived in (ready.books / "documents").rglob("*.xml"):
        archived.unlink()
    told = ready.takes_well(camt(tmp_path, WHOLE, 1_000_00, [paid(50_00, 2), paid(70_00, 2), paid(50_00, 1)])).output
    assert "cannot be told" in told
    assert ready.given_by() == {"D0001": 50_00, "D0002": 70_00}
    assert [one.cents for one in ready.waiting()] == [50_00]


def test_a_dry_run_and_one_command_tell_the_same_as_two(ready: Obole, tmp_path: Path):
    first = camt(tmp_path, MORNING, 1_000_00, [paid(50_00, 1)])
    second = camt(tmp_path, WHOLE, 1_000_00, [paid(50_00, 2), paid(50_00, 1), paid(5_00, 5, day=NEXT)], day=NEXT)
    before = ready.state()
    assert "2 of its 3 lines are new" in ready.takes(first, second, dry_run=True).output
    assert ready.state() == before
    ready.takes_well(second, first)
    assert ready.given_by() == {"D0001": 50_00, "D0002": 50_00, "D0005": 5_00}
    assert ready.waiting() == []


def test_of_two_equal_returns_the_new_one_takes_back_its_own_gift(ready: Obole, tmp_path: Path):
    gifts = [collected(30_00, "M-2", "E-1"), collected(30_00, "M-6", "E-2")]
    ready.takes_well(Statement(10, 1_000_00, [(Line(60_00, "10550000", reference="C-1"), gifts)]).write(tmp_path))
    back = [returned(-30_00, "M-2", "E-1"), returned(-30_00, "M-6", "E-2")]
    ready.takes_well(Statement(11, 1_060_00, back[:1], NEXT).write(tmp_path))
    entries = [
        Ntry(-30_00, NEXT, (Tx(30_00, "X", STRANGER, reference, mandate, reason="MS03"),), code="0503000")
        for mandate, reference in (("M-6", "E-2"), ("M-2", "E-1"))
    ]
    ready.takes_well(camt(tmp_path, WHOLE, 1_060_00, entries, day=NEXT))
    assert ready.given_by() == {}
    assert [one.cents for one in ready.waiting()] == []
    assert len(ready.returns()) == 2


def test_a_thousand_equal_gifts_half_of_them_there_reach_each_donor_once(ready: Obole, tmp_path: Path):
    """A campaign of 10.00: the file of noon has every second one."""
    entries = [paid(10_00, text=f"COUREUR {number}", name=f"N{number}", account=iban(7400000000 + number))
               for number in range(600)]  # fmt: skip
    ready.takes_well(camt(tmp_path, MORNING, 1_000_00, entries[::2]))
    ready.takes_well(camt(tmp_path, WHOLE, 1_000_00, entries[::-1]))
    with open_books(ready.books).vault.connect() as connection:
        names = sorted(one.name for one in all_counterparties(connection).values())
    assert names == sorted(f"N{number}" for number in range(600))


def test_a_second_delivery_under_one_number_with_another_payer_is_told(ready: Obole, tmp_path: Path):
    ready.takes_well(coda(tmp_path, 10, 1_000_00, [transfer(60_00, ogm(1), structured="101")]))
    before = ready.state()
    other = coda(tmp_path, 10, 1_000_00, [transfer(60_00, ogm(2), structured="101")])
    told = ready.takes_well(other).output
    assert "1 line is there by day, amount and balance, but with another account" in told
    assert ready.state() == before


def details(folder: Path, name: str, *parts: Tx) -> Path:
    entry = Ntry(sum(one.cents or 0 for one in parts), DAY, parts, code="0150000")
    path = folder / f"{name}.xml"
    path.write_bytes(encode([Stmt([entry], account=IBAN, sequence="", day=DAY)], "02", "054"))
    return path


@pytest.mark.parametrize("together", [True, False])
def test_the_details_of_two_equal_totals_of_a_day_split_one_each(ready: Obole, tmp_path: Path, together: bool):
    """Totals without a reference: the details of the second are no repetition of those of the first ([D])."""
    total = Line(100_00, "20150000", "REGROUPEMENT")
    ready.takes_well(Statement(10, 1_000_00, [total, total]).write(tmp_path))
    both = [
        details(tmp_path, "one", Tx(60_00, ogm=ogm(1)), Tx(40_00, ogm=ogm(2))),
        details(tmp_path, "two", Tx(60_00, ogm=ogm(5)), Tx(40_00, ogm=ogm(6))),
    ]
    for group in [both] if together else [[one] for one in both]:
        ready.takes_well(*group)
    assert ready.given_by() == {"D0001": 60_00, "D0002": 40_00, "D0005": 60_00, "D0006": 40_00}
    before = ready.state()
    ready.takes(*both)
    assert ready.state() == before
    assert ready.balance("499000") == 0
    assert ready.checks().exit_code == 0


def test_details_of_a_total_that_has_them_do_not_split_its_twin_but_those_of_the_twin_do(ready: Obole, tmp_path: Path):
    parts = [transfer(60_00, ogm(1), structured="101"), transfer(40_00, ogm(2), structured="101")]
    whole = (Line(100_00, "10150000", "GLOBAL"), [one._replace(code="50150000") for one in parts])
    ready.takes_well(Statement(10, 1_000_00, [whole, Line(100_00, "10150000", "GLOBAL")]).write(tmp_path))
    same = details(tmp_path, "same", Tx(60_00, ogm=ogm(1)), Tx(40_00, ogm=ogm(2)))
    assert "no such total waits" in ready.takes(same).output
    ready.takes_well(details(tmp_path, "twin", Tx(60_00, ogm=ogm(5)), Tx(40_00, ogm=ogm(6))))
    assert ready.given_by() == {"D0001": 60_00, "D0002": 40_00, "D0005": 60_00, "D0006": 40_00}
