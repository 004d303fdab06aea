"""How many of the cases that once came out wrong hold now: those given, and our own of the same kinds.

    python tests/bench/cases.py [PYTEST ARGUMENT ...]

Runs `tests/obole/test_cases_*.py` and what else holds such cases, and prints a line a file and the sum; exit code 1
where one does not hold.
"""

import sys
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = (
    *sorted((ROOT / "tests" / "obole").glob("test_cases_*.py")),
    *(ROOT / "tests" / "obole" / f"test_{name}.py" for name in ("corrections", "one_donor", "obvious")),
    *(ROOT / "tests" / "obole" / f"test_{name}.py" for name in ("identity_cases", "statement_files")),
    ROOT / "tests" / "importers" / "test_said_by_the_bank.py",
    *(ROOT / "tests" / "receipts" / f"test_{name}.py" for name in ("given", "claims", "proof", "editions")),
    *(ROOT / "tests" / "ledger" / f"test_{name}.py" for name in ("pairing", "tree")),
    *(ROOT / "tests" / "reports" / f"test_{name}.py" for name in ("identities", "nil_and_loss")),
    ROOT / "tests" / "obole" / "test_pages.py",
)


class _Counting:
    """The plugin that counts by file what holds and what does not."""

    def __init__(self) -> None:
        self.held: Counter[str] = Counter()
        self.failed: Counter[str] = Counter()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        name = report.nodeid.split("::", 1)[0]
        if report.failed:
            self.failed[name] += 1
        elif report.when == "call" and report.passed:
            self.held[name] += 1


def main() -> None:
    """Run the cases and print the table."""
    counting = _Counting()
    there = [str(path) for path in FILES if path.exists()]
    pytest.main(["-q", "--no-header", "--tb=line", *there, *sys.argv[1:]], plugins=[counting])
    for name in sorted({*counting.held, *counting.failed}):
        total = counting.held[name] + counting.failed[name]
        sys.stdout.write(f"{counting.held[name]:4} of {total:4}  {name}\n")
    held, failed = counting.held.total(), counting.failed.total()
    sys.stdout.write(f"{held:4} of {held + failed:4} cases hold\n")
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
