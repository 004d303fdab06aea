"""Many sequences of commands in any order, or with a fault planted: those of ordinary bookkeeping
(`tests/obole/test_any_order.py`), or with `--kept` those of what is kept and goes out (`test_kept_in_any_order.py`).

    python tests/bench/any_order.py --sequences 500 --steps 30 --seed 1 --workers 2
    python tests/bench/any_order.py --kept --sequences 500 --seed 1
    python tests/bench/any_order.py --sequences 100 --plant kept-lesson

Each worker runs its part with a seed of its own, counted up from the one given. With `--plant` a function of ours is
replaced by one with a fault, which the sequences must find: exit code 1 where they do not.
"""

import argparse
import multiprocessing
import os
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import hypothesis
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT)]  # before the folder of tests, which has folders of the same names
sys.path += [str(ROOT / "tests" / name) for name in ("obole", "importers", "")]


def _same_amount(_original: Any) -> Any:
    """What is new of equal amounts of a day is the last of them, whoever gave."""
    return lambda _pairer, movements, posted: list(movements)[len(posted) :]


def _one_sided(original: Any) -> Any:
    """A gift that is decided anew is entered, and the first not reversed whole."""

    def restated(books: Any, case: Any, posted: Any) -> Any:
        back, again = original(books, case, posted)
        return back._replace(cents=back.cents + 1), again

    return restated


def _kept_lesson(_original: Any) -> Any:
    """What a decision taught stays decided when it is undone or changed."""
    from obole.intake.untaught import TakenBack  # noqa: PLC0415 - imported in the worker

    return lambda *_: TakenBack()


def _wrong_donor(original: Any) -> Any:
    """A payment takes the gift back from the donor and gives it to another."""

    def paid_back(refund: Any, posted: Any) -> Any:
        first, *rest = original(refund, posted)
        return (first._replace(donor="D0003"), *rest)

    return paid_back


def _lost_return(_original: Any) -> Any:
    """The gift that a return takes back is not found by its reference."""
    return lambda _connection, _references: {}


def _nobody_waits(original: Any) -> Any:
    """A gift that was moved to another donor reaches a receipt of that donor too."""
    return lambda *given: replace(original(*given), waiting=())


def _known_numbers_only(_original: Any) -> Any:
    """Numbers that were set aside are given again."""
    from ledger.register.receipts import last_issued  # noqa: PLC0415 - imported in the worker

    return last_issued


def _never_apart(original: Any) -> Any:
    """A copy that was put back is taken for the newest."""
    from ledger.pairing import Apart, Relation  # noqa: PLC0415 - imported in the worker

    def relation(*given: Any) -> Any:
        try:
            return original(*given)
        except Apart:
            return Relation.SAME

    return relation


def _all_as_sealed(_original: Any) -> Any:
    """What differs from the seal is not told."""
    from obole.audit.sealing import Compared  # noqa: PLC0415 - imported in the worker

    return lambda *_: Compared()


def _less_is_right(original: Any) -> Any:
    """A receipt whose gift came back after it was issued stays as it is."""
    return lambda holder: (one for one in original(holder) if one.now_cents >= one.issued_cents)


PLANTS: dict[str, tuple[Callable[[Any], Any], tuple[str, ...]]] = {  # a fault, and where it is planted
    "same-amount": (_same_amount, ("importers.bank.identity.Pairer.left_over",)),
    "one-sided": (_one_sided, ("obole.suspense.decisions._restated",)),
    "kept-lesson": (_kept_lesson, ("obole.intake.undo.take_back", "obole.suspense.decisions.take_back")),
    "wrong-donor": (_wrong_donor, ("obole.suspense.refunds._paid_back",)),
    "lost-return": (_lost_return, ("obole.intake.lookup.originals_of",)),
}
PLANTS_OF_KEPT: dict[str, tuple[Callable[[Any], Any], tuple[str, ...]]] = {
    "double-euro": (_nobody_waits, ("receipts.issue.claims_of",)),
    "number-again": (_known_numbers_only, ("ledger.register.receipts.last_number",)),
    "written-on-restore": (_never_apart, ("ledger.pairing.relation",)),
    "seal-unnoticed": (_all_as_sealed, ("obole.audit.verifying.compare",)),
    "late-return-lost": (_less_is_right, ("receipts.decide.claims._changed",)),
}


def run(sequences: int, steps: int, seed: int, plant: str | None, *, kept: bool) -> str:
    """Run sequences in this process; empty where all hold, else the first fault."""
    os.environ |= {"OBOLE_KEYS": tempfile.mkdtemp(prefix="any-order-keys-"), "OBOLE_LANG": "en"}
    from test_any_order import Commands  # noqa: PLC0415 - after the key folder is set
    from test_kept_in_any_order import Kept  # noqa: PLC0415 - as before

    if plant is not None:
        make, places = (PLANTS | PLANTS_OF_KEPT)[plant]
        for place in places:
            module, _, name = place.rpartition(".")
            owner = _found(module)
            patch.object(owner, name, make(getattr(owner, name))).start()
    chosen = settings(
        max_examples=sequences,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    try:
        run_state_machine_as_test(hypothesis.seed(seed)(Kept if kept else Commands), settings=chosen)
    except BaseException as error:  # noqa: BLE001 - whatever a sequence ends with is what is told
        places = (f"{frame.name}:{frame.lineno}" for frame in traceback.extract_tb(_first(error).__traceback__))
        where = " > ".join(place for place in places if not place.startswith("<"))
        return f"seed {seed}: {type(error).__name__}: {str(_first(error))[:2000]}\n  {where[-400:]}"
    return ""


def _first(error: BaseException) -> BaseException:
    """Return the first of the faults that Hypothesis found at once."""
    return _first(error.exceptions[0]) if isinstance(error, BaseExceptionGroup) else error


def _found(path: str) -> Any:
    """Import a module, or a class in one."""
    try:
        return __import__(path, fromlist=["_"])
    except ImportError:
        module, _, name = path.rpartition(".")
        return getattr(__import__(module, fromlist=["_"]), name)


def main() -> None:
    """Run the parts and print what was found."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sequences", type=int, default=500)
    parser.add_argument("--steps", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--kept", action="store_true", help="the sequences of what is kept and goes out")
    parser.add_argument("--plant", choices=PLANTS | PLANTS_OF_KEPT)
    chosen = parser.parse_args()
    kept = chosen.kept or chosen.plant in PLANTS_OF_KEPT
    began = time.perf_counter()
    part = -(-chosen.sequences // chosen.workers)
    parts = [(part, chosen.steps, chosen.seed + number, chosen.plant) for number in range(chosen.workers)]
    with multiprocessing.get_context("spawn").Pool(chosen.workers) as pool:
        faults = [fault for fault in pool.starmap(partial(run, kept=kept), parts) if fault]
    seeds = ", ".join(str(seed) for _, _, seed, _ in parts)
    said = f"{part * chosen.workers} sequences of {chosen.steps} steps, seeds {seeds}"
    sys.stdout.write(f"{said}: {len(faults)} faults, {time.perf_counter() - began:.0f} s\n")
    sys.stdout.writelines(f"{fault}\n" for fault in faults)
    sys.exit(bool(faults) != bool(chosen.plant))


if __name__ == "__main__":
    main()
