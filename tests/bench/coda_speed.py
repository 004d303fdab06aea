"""How fast a CODA file becomes classified movements, beside febelfin-coda, which only reads it: 100,000 of them.

    python tests/bench/coda_speed.py [MOVEMENTS]

One physical file, a statement a day: 600 transfers (six in ten with a structured OGM, two standing orders known by
their account, one OGM typed by hand, one that nobody knows), a fee, and a collection of 400 direct debits. The desk
knows 36,500 donors, two grants and eight rules. Each reader runs nine times in a fresh process, by turns; its time is
from the file to its records, by the clock and of its cores: as `obole import` does, ours reads a large file of several
statements in two processes, and decides what is read while the rest is; what is done is counted and let go. Memory is
the peak above the started reader, and all of a second process.
"""

import re
import resource
import subprocess
import sys
import time
from datetime import date, timedelta
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from importers.deciding import booking
from importers.deciding.booking import Desk, document_name
from importers.deciding.found import Found
from importers.deciding.rules import GiftRule, Rule
from ledger.collector import paused
from ledger.records import Channel, Counterpart, Nature
from ledger.vault.links import Links
from obole.intake.reading import reading

sys.path.insert(0, str(Path(__file__).parents[1] / "importers"))

import coda_writer as write

GIFTS, DEBITS = 600, 400  # of one day's statement
DONORS = 36_500
STRUCTURED, TYPED = 6, 8  # of ten transfers: those below the first, the one that is the second
REPEATS = 9


def make(path: Path, movements: int) -> None:
    """Write a file of about so many movements, one statement a day."""
    opening = 0
    with path.open("wb") as stream:
        for index in range(max(1, round(movements / (GIFTS + DEBITS + 2)))):
            day = date(2025, 1, 1) + timedelta(days=index)
            lines = _day(index, day)
            records = write.statement(lines, opening, day, f"{index % 365 + 1:03d}")
            opening += sum(line.cents for line in lines)
            stream.write(write.encode(records))


def _day(index: int, day: date) -> list[write.Line]:
    gifts = [_transfer(index, number, day) for number in range(GIFTS)]
    debits = [
        write.Line(
            1000,
            "50550000",
            write.debit_text(f"MANDATE-{number:08d}", "DON MENSUEL MERCI", day),
            structured=True,
            reference=f"E2E-{index:03d}-{number:06d}",
            bic="GEBABEBB",
            account=_iban(number).ljust(34) + "EUR",
            name=f"DONATRICE EXEMPLE {number}",
            day=day,
            value=day,
        )
        for number in range(DEBITS)
    ]
    total = write.Line(1000 * DEBITS, "10550000", reference=f"COLLECTION-{index:03d}", day=day, details=debits)
    fee = write.Line(-1250, "00800000", "FRAIS DE GESTION", day=day)
    return [*gifts, fee, total]


def _transfer(index: int, number: int, day: date) -> write.Line:
    """A gift of a donor: with a structured OGM, a standing order, an OGM typed by hand, or nothing to know it by."""
    kind = number % 10
    donor = (index * 1000 + number) % DONORS // 10 * 10 + kind
    ogm = write.ogm(donor or 1)
    if kind < STRUCTURED:
        text = "101" + ogm
    elif kind == TYPED:
        text = f"DON POUR VOS PROJETS {ogm[:3]}/{ogm[3:7]}/{ogm[7:]} MERCI"
    else:
        text = f"DON MENSUEL MERCI POUR TOUT 2025 {number}"
    return write.Line(
        2500 + 500 * (number % 7),
        "00150000",
        text,
        structured=kind < STRUCTURED,
        reference=f"NOTPROVIDED{number:05d}" if number % 2 else "",
        bic="KREDBEBB" if number % 2 else "",
        account=_iban(donor).ljust(34) + "EUR",
        name=f"DONATEUR EXEMPLE {donor}",
        day=day,
        value=day,
    )


def _iban(donor: int) -> str:
    return f"BE{donor % 97:02d}{donor:012d}"


def _desk() -> Desk:
    """What the books of the bench know."""
    communications = {write.ogm(serial): (f"D{serial:07d}", "spring") for serial in range(1, DONORS)}
    mandates = {f"MANDATE-{number:08d}": f"D{number:07d}" for number in range(DONORS)}
    ibans: dict[str, str | None] = {_iban(number): f"D{number:07d}" for number in range(6, DONORS, 10)}
    ibans |= {_iban(number): f"D{number:07d}" for number in range(7, DONORS, 10)}
    return Desk(
        alias="current",
        account="550000",
        money="731100",
        suspense="499000",
        receivable="413000",
        links=Links(communications, mandates, ibans),
        rules=_rules(),
        grants={"C-2025-1": "G1", "ABC/2025/77": "G2"},
        language="fr",
    )


def _rules() -> tuple[Rule, ...]:
    """Eight rules such as a foundation has: fees, payouts, suppliers, a box, an estate."""
    box = GiftRule("731300", Nature.MONEY, Channel.CASH, Counterpart.NONE, None, None)
    return (
        Rule("Frais bancaires", account="657000", credit=False, codes=("80",)),
        Rule("Salaires", account="455000", credit=False, communication=re.compile("salaire|loon", re.IGNORECASE)),
        Rule("Loyer", account="610000", credit=False, name=re.compile("immobili.re", re.IGNORECASE)),
        Rule("Cartes", account="580000", credit=True, codes=("04",)),
        Rule("Plateforme", account="580000", credit=True, name=re.compile("stripe|mollie|paypal", re.IGNORECASE)),
        Rule("Tronc", gift=box, credit=True, communication=re.compile(r"tronc|collecte\s", re.IGNORECASE)),
        Rule("Succession", account="731900", credit=True, name=re.compile("^notaire ", re.IGNORECASE)),
        Rule("Caisse", account="570000", codes=("09",), iban="BE68539007547034"),
    )


def measure(reader: str, file: str) -> None:
    """In a process of its own: print movements, how many were explained, seconds, peak megabytes above the start."""
    from coda import CODA  # noqa: PLC0415 - an oracle of the test extra

    path, desk = Path(file), _desk()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    count = gifts = 0
    began = time.process_time()
    start = time.perf_counter()
    if reader == "obole":
        with paused(), reading([path]) as sources:  # as `obole import` does
            for source in sources:
                for statement in source.statements:
                    one = booking.book(
                        statement, desk, Found(document_name(desk.alias, statement)), source.digest
                    ).booking
                    count, gifts = count + len(one.movements), gifts + len(one.gifts)
        seconds = time.perf_counter() - start
    else:
        for statement in CODA(str(path)).statements:
            count += len(list(statement.all_moves))
        seconds = time.perf_counter() - start
    own, child = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    peak = (own.ru_maxrss - before + child.ru_maxrss) // 1024
    cpu = time.process_time() - began + child.ru_utime + child.ru_stime
    sys.stdout.write(f"{count} {gifts} {seconds} {cpu} {peak}\n")


def main(movements: int) -> None:
    """Print the table."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "speed.cod"
        make(path, movements)
        size = path.stat().st_size / 1e6
        runs: dict[str, list[list[str]]] = {"obole": [], "febelfin-coda": []}
        for _ in range(REPEATS):
            for reader, answers in runs.items():
                # Not as the main module: the second process would load it all first; that of `obole` does not.
                code = "import sys; sys.path.insert(0, sys.argv[1]); import coda_speed as it; it.measure(*sys.argv[2:])"
                command = [sys.executable, "-c", code, str(Path(__file__).parent), reader, str(path)]
                answers.append(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split())
    count, gifts = map(int, runs["obole"][0][:2])
    spent = {reader: [float(answer[2]) for answer in answers] for reader, answers in runs.items()}
    cpu = {reader: min(float(answer[3]) for answer in answers) for reader, answers in runs.items()}
    best, middle = ({reader: of(all_) for reader, all_ in spent.items()} for of in (min, median))
    sys.stdout.write(f"CODA file of {size:.0f} MB, {count:,} movements, {gifts:,} of them gifts; {REPEATS} runs\n")
    headings = ("best s", "mov/s", "ratio", "median s", "ratio", "CPU s", "ratio", "memory MB")
    sys.stdout.write(f"{'reader':<15}" + "".join(f"{heading:>10}" for heading in headings) + "   all runs\n")
    for reader, answers in runs.items():
        ratios = [baseline["febelfin-coda"] / baseline[reader] for baseline in (best, middle, cpu)]
        sys.stdout.write(
            f"{reader:<15}{best[reader]:>10.2f}{count / best[reader]:>10,.0f}{ratios[0]:>10.2f}{middle[reader]:>10.2f}"
            f"{ratios[1]:>10.2f}{cpu[reader]:>10.2f}{ratios[2]:>10.2f}{max(int(answer[4]) for answer in answers):>10}"
            f"   {' '.join(f'{one:.2f}' for one in spent[reader])}\n"
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
