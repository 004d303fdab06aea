"""What every room's tests share: in CI a missing tool is a failure, not a skip; a small set of books known by hand."""

import contextlib
import os
from collections import Counter
from collections.abc import Generator, Iterator
from datetime import date
from io import StringIO
from pathlib import Path

import pytest
from coverage.exceptions import CoverageException
from hypothesis import HealthCheck, settings
from stores import SERVER, WHY_NOT, Databases, Files, Stores, chosen

from ledger.chart import house, render_chart

os.environ["OBOLE_LANG"] = "en"  # what the tests read, whatever the books and the machine speak

# How fast examples are drawn says how busy the machine is, nothing of what is tested.
settings.register_profile("obole", suppress_health_check=[HealthCheck.too_slow], deadline=None)
settings.load_profile("obole")

TOOLS = ("browser", "verapdf", "postgresql")
ROOMS = ("ledger", "importers", "reports", "receipts", "obole")

# Two years whose every figure can be added up in one's head.
TRANSACTIONS = (
    ("2024-01-01", "Apport", {"550000": "100000.00", "100000": "-100000.00"}),
    ("2024-03-31", "Dons du trimestre", {"551000": "40000.25", "731100": "-40000.25"}),
    ("2024-05-02", "Subside", {"550000": "20000.00", "733000": "-20000.00"}),
    ("2024-06-30", "Salaires", {"620000": "30000.00", "550000": "-30000.00"}),
    ("2024-09-15", "Honoraires", {"616000": "5000.50", "550000": "-5000.50"}),
    ("2024-12-31", "Affectation", {"692000": "24999.75", "140000": "-24999.75"}),
    ("2025-03-31", "Dons du trimestre", {"551000": "50000.40", "731100": "-50000.40"}),
    ("2025-04-10", "Locaux offerts", {"610900": "1000.00", "731200": "-1000.00"}),
    ("2025-05-02", "Subside", {"550000": "20000.00", "733000": "-20000.00"}),
    ("2025-06-30", "Salaires", {"620000": "32000.00", "550000": "-32000.00"}),
    ("2025-09-15", "Honoraires", {"616000": "6000.00", "550000": "-6000.00"}),
    ("2025-12-31", "Affectation", {"692000": "32000.40", "140000": "-32000.40"}),
)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    needed = [tool for tool in TOOLS if item.get_closest_marker(tool)]
    if os.environ.get("CI") and report.skipped and needed:
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped for want of a tool; .ci/run must install what {needed[0]} needs."
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say the coverage where it was measured, and in CI how many seconds the tests of each room took."""
    controller = getattr(config.pluginmanager.getplugin("_cov"), "cov_controller", None)
    if controller is not None:
        terminalreporter.section("coverage, lines and branches")
        for name, within in (("total", None), *((room, [f"{room}/*"]) for room in ROOMS)):
            with contextlib.suppress(CoverageException):
                percent = controller.cov.report(include=within, file=StringIO())
                terminalreporter.write_line(f"{name:10} {percent:.0f} %")
    if not os.environ.get("CI"):
        return
    seconds: Counter[str] = Counter()
    for report in (each for reports in terminalreporter.stats.values() for each in reports):
        if isinstance(report, pytest.TestReport):
            seconds[report.nodeid.partition("::")[0].split("/")[1]] += report.duration
    for room, spent in sorted(seconds.items()):
        terminalreporter.write_line(f"-- tests of {room}: {spent:.0f} s")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Take out what is about a file of SQLite where its stores would be on a server."""
    out = [item for item in items if item.get_closest_marker("sqlite") and item.get_closest_marker("postgresql")]
    if out:
        items[:] = [item for item in items if item not in set(out)]
        config.hook.pytest_deselected(items=out)


@pytest.fixture(scope="session")
def _databases() -> Iterator[Databases]:
    if not SERVER:
        pytest.skip(WHY_NOT)
    databases = Databases()
    yield databases
    databases.drop()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def stores(request: pytest.FixtureRequest) -> Iterator[Stores]:
    """Where the stores of a test lie: it runs once with files of SQLite, once with databases of PostgreSQL."""
    files = request.param == "sqlite"
    with chosen(Files() if files else request.getfixturevalue("_databases")) as where:
        yield where


@pytest.fixture
def hand_books(tmp_path: Path) -> Path:
    """A folder with main.beancount, on the house chart, open in Fava with Obole's pages."""
    paths = {account.code: account.path for account in house()}
    (tmp_path / "chart.beancount").write_text(render_chart(house(), date(2024, 1, 1)), encoding="utf-8")
    lines = [
        'option "title" "Fondation Exemple"',
        'option "operating_currency" "EUR"',
        'option "tolerance_multiplier" "0"',
        'include "chart.beancount"',
        '2024-01-01 custom "fava-extension" "obole.pages"',
        '2024-01-01 custom "fava-option" "default-page" "extension/Statements/"',
        '2024-01-01 custom "fava-option" "locale" "fr_BE"',
    ]
    for day, narration, postings in TRANSACTIONS:
        lines.append(f'{day} * "{narration}"')
        lines += [f"  {paths[code]}  {amount} EUR" for code, amount in postings.items()]
    (tmp_path / "main.beancount").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return tmp_path
