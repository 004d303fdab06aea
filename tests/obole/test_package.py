"""What is shipped: every file of the five packages, the libraries they import and no others, locked by hash."""

import ast
import re
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from obole.rooms import ROOMS

REPOSITORY = Path(__file__).parents[2]
PACKAGES = ("obole", *ROOMS)
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]

# A library that no module of ours imports because another one does, by a name it is given.
# pg8000 by SQLAlchemy for a store at postgresql+pg8000:, tzdata by zoneinfo where a system has none.
LOADED_BY_NAME = {"font-source-sans-pro", "pg8000", "tzdata"}


def normal(name: str) -> str:
    """The name of a distribution as PEP 503 compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def declared() -> set[str]:
    return {normal(re.match(r"[\w.-]+", line).group()) for line in PROJECT["dependencies"]}


def modules_imported() -> set[str]:
    found = set()
    for path in (path for package in PACKAGES for path in (REPOSITORY / package).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {name.name.partition(".")[0] for name in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                found.add(node.module.partition(".")[0])
    return found - sys.stdlib_module_names - set(PACKAGES)


def imported() -> set[str]:
    distributions = packages_distributions()
    return {normal(distributions.get(module, [module])[0]) for module in modules_imported()}


def test_every_library_that_is_imported_is_declared():
    assert imported() - declared() == set()


def test_every_library_that_is_declared_is_imported():
    assert declared() - imported() - LOADED_BY_NAME == set()


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-test.lock"])
def test_every_locked_package_has_its_hash_and_no_line_names_a_machine(name: str):
    text = (REPOSITORY / name).read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert [
        line for line in lines if not re.fullmatch(r"[a-z0-9.-]+==\S+( ; .+?)?(\s+--hash=sha256:[0-9a-f]{64})+", line)
    ] == []
    assert {line.partition("==")[0] for line in lines} >= declared()


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy of what git tracks and nothing else."""
    source, built = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for name in [*tracked(), "pyproject.toml", "README.md", "LICENSE"]:
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_bytes((REPOSITORY / name).read_bytes())
    code = "import sys; from setuptools import build_meta; build_meta.build_wheel(sys.argv[1])"
    done = subprocess.run(
        [sys.executable, "-c", code, str(built)], cwd=source, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    [path] = built.glob("*.whl")
    return path


def tracked() -> list[str]:
    done = subprocess.run(
        ["git", "ls-files", "-z", *PACKAGES], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    return done.stdout.rstrip("\0").split("\0")


def test_the_wheel_holds_every_file_of_the_packages(wheel: Path):
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert held == set(tracked())


def test_every_package_says_that_it_is_typed(wheel: Path):
    with zipfile.ZipFile(wheel) as archive:
        assert {name for name in archive.namelist() if name.endswith("py.typed")} == {
            f"{name}/py.typed" for name in PACKAGES
        }


def test_the_wheel_names_its_licence_and_python(wheel: Path):
    with zipfile.ZipFile(wheel) as archive:
        [name] = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        told = archive.read(name).decode("utf-8")
    assert "License-Expression: MIT\n" in told
    assert "Requires-Python: <3.14,>=3.11\n" in told
    promised = re.findall(r"^Classifier: Programming Language :: Python :: 3\.(\d+)$", told, re.MULTILINE)
    assert promised == ["11", "12", "13"]


def test_the_demonstration_runs_from_the_wheel(wheel: Path, tmp_path: Path):
    """Import from the wheel alone: were a data file missing, the one in the repository would not be found."""
    home = tmp_path / "installed"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(home)
    code = (
        "import sys\n"
        "sys.meta_path[:] = [finder for finder in sys.meta_path if 'Editable' not in repr(finder)]\n"
        f"sys.path.insert(0, {str(home)!r})\n"
        "from obole.cli import main\n"
        "from obole.rooms import HOME\n"
        f"assert str(HOME) == {str(home.resolve())!r}, HOME\n"
        "main()\n"
    )
    for words in (["demo", "books", "--donors", "3"], ["--books", "books", "check"]):
        done = subprocess.run(
            [sys.executable, "-c", code, *words], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=300
        )
        assert done.returncode == 0, done.stdout + done.stderr
