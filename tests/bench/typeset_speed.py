"""How long a receipt takes to typeset and how large it is, on 500 made-up donors of every language.

    python tests/bench/typeset_speed.py [RECEIPTS]

CPU time is that of all threads; with two processes it is that of the workers, their start included.
"""

import random
import resource
import sys
import time
from collections.abc import Iterator
from datetime import date, timedelta

from ledger.errors import OboleError
from ledger.records import Channel
from receipts.paper.sheet import Addressee, Institution, Sheet, SheetGift
from receipts.paper.typeset import Typesetter, render_many

INSTITUTION = Institution(
    "Fondation Exemple", "Fondation d’utilité publique", "Rue de l’Exemple 1", "1000", "Bruxelles", "0000000097",
    "", "dons@exemple.example", "www.exemple.example", "02 000 00 00",
)  # fmt: skip
NAMES = ("Peeters", "Lefèvre-Öztürk", "Nguyễn", "Παπαδόπουλος", "Хрущёва", "De Vos-van Steenbergen", "Łukasiewicz")
FIRST = ("Éléonore", "Jan", "Phương Ánh", "Νίκος", "Ольга", "Marie-Christine", "Zoë")
STREETS = ("Avenue de l’Exemple", "Voorbeeldstraat", "Beispielweg", "Chaussée du Long Exemple", "Rue Haute")
MONTHLY = 12


def sheets(count: int) -> Iterator[tuple[int, Sheet]]:
    """Receipts as a year has them: half of them monthly debits, the others one to five gifts, a few with many."""
    dice = random.Random(281)
    for number in range(1, count + 1):
        kind = dice.random()
        if kind < 0.5:
            cents = dice.choice((500, 1000, 1250, 2500))
            gifts = tuple(SheetGift(date(2025, month, 5), cents, Channel.DIRECT_DEBIT) for month in range(1, 13))
        else:
            gifts = tuple(
                SheetGift(date(2025, 1, 1) + timedelta(dice.randrange(365)), dice.randrange(4000, 30000), channel)
                for channel in dice.choices(list(Channel)[:5], k=dice.randint(1, 5) if kind < 0.95 else 40)
            )
        donor = Addressee(
            "natural", dice.choice(NAMES), dice.choice(FIRST), f"{dice.choice(STREETS)} {dice.randrange(1, 300)}",
            str(dice.randrange(1000, 9999)), "Exempleville", "BE", dice.choice(("fr", "fr", "nl", "nl", "de", "en")),
            f"{dice.randrange(10**11):011d}",
        )  # fmt: skip
        total = sum(gift.cents for gift in gifts)
        yield (
            number,
            Sheet(2025, number, 1, date(2026, 2, 2), INSTITUTION, donor, total, "Bruxelles", "A. Exemple", gifts=gifts),
        )


def _cpu(who: int) -> float:
    usage = resource.getrusage(who)
    return usage.ru_utime + usage.ru_stime


def main(count: int) -> None:
    """Print the figures for one process, then for two."""
    Typesetter().render(next(sheets(1))[1])
    for workers, who in ((1, resource.RUSAGE_SELF), (2, resource.RUSAGE_CHILDREN)):
        jobs = list(sheets(count))
        cpu, wall = _cpu(who), time.perf_counter()
        sizes = []
        for _, document in render_many(jobs, workers):
            if isinstance(document, OboleError):
                raise document
            sizes.append(len(document))
        cpu, wall = _cpu(who) - cpu, time.perf_counter() - wall
        peak = resource.getrusage(who).ru_maxrss / 1024
        print(
            f"{workers} process(es): {1000 * cpu / count:.1f} ms CPU and {1000 * wall / count:.1f} ms a receipt, "
            f"{sum(sizes) / count / 1000:.1f} kB, peak {peak:.0f} MB a process"
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 500)
