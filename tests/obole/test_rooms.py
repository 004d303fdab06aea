"""A folder beside the books that bears the name of one of our packages: ours is taken, or the folder is named."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from small_books import STATEMENT, Obole

from obole.rooms import HOME, ROOMS

REPOSITORY = Path(__file__).parents[2]

# As where a wheel is installed: found by the search path alone, and last.
AS_INSTALLED = f"""
import sys
sys.meta_path[:] = [finder for finder in sys.meta_path if "Editable" not in repr(finder)]
sys.path.append({str(REPOSITORY)!r})
"""

OPEN_IN_FAVA = """
from pathlib import Path
from fava.application import create_app
app = create_app([Path("main.beancount").resolve()], load=True)
[ledger] = app.config["LEDGERS"].ledgers
assert not ledger.errors, ledger.errors
assert not ledger.ingest.errors, ledger.ingest.errors
assert not ledger.extensions.ledger.errors
shown = app.test_client().get("/", follow_redirects=True)
print(shown.status_code, shown.request.path.split("/")[2:4])
"""


def run(folder: Path, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *command],
        cwd=folder,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def shadow(books: Path, *names: str) -> None:
    for name in names:
        (books / name).mkdir(exist_ok=True)
        (books / name / "__init__.py").write_text("", encoding="utf-8")


def test_the_list_of_sources_runs_beside_folders_of_our_names(small: Obole):
    shadow(small.books, *ROOMS)
    text = (small.books / "import.py").read_text(encoding="utf-8")
    (small.books / "as_installed.py").write_text(AS_INSTALLED + text, encoding="utf-8")
    (small.books / "sources").mkdir()
    STATEMENT.write(small.books / "sources")
    for script in ("import.py", "as_installed.py"):
        told = run(small.books, script, "identify", "sources")
        assert told.returncode == 0, told.stderr
        assert "obole.coda" in told.stdout


def test_the_command_runs_inside_the_books_with_folders_of_our_names(small: Obole):
    shadow(small.books, *ROOMS)
    told = run(small.books, "-c", AS_INSTALLED + "from obole.cli import main\nmain()", "check")
    assert told.returncode == 0, told.stderr
    told = run(small.books, "-m", "obole.cli", "check")
    assert told.returncode == 0, told.stderr


def test_fava_opens_the_books_beside_folders_of_our_names(small: Obole):
    shadow(small.books, *ROOMS)
    (small.books / "open.py").write_text("import sys\nsys.path.pop(0)\n" + OPEN_IN_FAVA, encoding="utf-8")
    told = run(small.books, "open.py")
    assert (told.returncode, told.stdout.strip()) == (0, "200 ['extension', 'Statements']"), told.stderr


@pytest.mark.parametrize("room", ROOMS)
def test_a_package_loaded_from_elsewhere_is_named_in_one_sentence(room: str, tmp_path: Path):
    shadow(tmp_path, room)
    told = run(tmp_path, "-c", f"import {room}\nfrom obole.cli import main\nmain()", "--help")
    assert told.returncode == 1
    assert told.stderr == (
        f"obole: {tmp_path / room}: Python took this for Obole's package `{room}`; rename it, or start Obole from "
        "another folder.\n"
    )


def test_a_script_that_loaded_another_package_of_our_name_is_told(tmp_path: Path):
    shadow(tmp_path, "receipts")
    told = run(tmp_path, "-c", "import receipts\nimport receipts.other, obole\n")
    assert "No module named 'receipts.other'" in told.stderr  # theirs alone: none of our business
    told = run(tmp_path, "-c", "import receipts\nfrom obole.receipting import steps\n")
    assert told.stderr.splitlines()[-1].startswith(f"obole.rooms.ForeignRoom: {tmp_path / 'receipts'}: Python took")


def test_a_package_that_is_gone_is_named_in_one_sentence(tmp_path: Path):
    for name in ("obole", *ROOMS):
        shutil.copytree(HOME / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "reports" / "__init__.py").unlink()  # as another distribution of that name leaves it when it goes
    told = run(tmp_path, "-m", "obole.cli", "--help")
    assert told.returncode == 1
    assert told.stderr.startswith(f"obole: {tmp_path}: Obole's package `reports` is not there")
    assert len(told.stderr.splitlines()) == 1


def test_other_packages_are_found_as_before(tmp_path: Path):
    shadow(tmp_path, "ledgers", "importers_of_mine")
    told = run(tmp_path, "-c", "import obole, ledgers, importers_of_mine; print(ledgers.__file__)")
    assert told.stdout.strip() == str(tmp_path / "ledgers" / "__init__.py")
