"""What the documents name is there: files, modules, links, commands and targets of make."""

import re
from pathlib import Path

import pytest

from obole.command.frame import main
from obole.rooms import ROOMS

REPOSITORY = Path(__file__).parents[2]
DOCUMENTS = sorted(
    [*REPOSITORY.glob("*.md"), *(REPOSITORY / "docs").rglob("*.md")],
    key=lambda path: path.relative_to(REPOSITORY).as_posix(),
)
PLACEHOLDER = re.compile(r"[*{}]|NAME|\bName\b|ROOM|LANGUAGE|NNNN|\.\.\.")
FOLDERS = (*ROOMS, "obole", "tests", "docs")


def texts(document: Path) -> str:
    return document.read_text(encoding="utf-8")


def name(document: Path) -> str:
    return document.relative_to(REPOSITORY).as_posix()


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_every_link_leads_to_a_file(document: Path):
    links = re.findall(r"\]\(([^)#\s]+)[^)]*\)", texts(document))
    assert [link for link in links if "://" not in link and not (document.parent / link).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_every_file_that_is_named_is_there(document: Path):
    named = re.findall(rf"`((?:{'|'.join(FOLDERS)})/[^`\s]*)`", texts(document))
    missing = [one for one in named if not PLACEHOLDER.search(one) and not (REPOSITORY / one).exists()]
    # The map writes `ledger/register` for a package or a module.
    assert [one for one in missing if not (REPOSITORY / f"{one}.py").exists()] == []


def test_every_module_on_the_map_stands_in_its_room():
    """The first column of the tables of the map: wings and modules, under the heading of their room or two."""
    text = texts(REPOSITORY / "docs" / "architecture.md").partition("## The map")[2].partition("\n## ")[0]
    rooms: list[str] = []
    checked = 0
    for line in text.splitlines():
        if line.startswith("### "):
            rooms = re.findall(r"`(\w+)/`", line)
        elif line.startswith("| `"):
            for one in re.findall(r"`([^`]+)`", line.split("|")[1]):
                places = [REPOSITORY / one, *(REPOSITORY / room / one.rstrip("/") for room in rooms)]
                assert any(place.exists() or place.with_suffix(".py").exists() for place in places), one
                checked += 1
    assert checked > 40


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_every_command_that_is_named_is_one(document: Path):
    context = main.make_context("obole", ["--help"], resilient_parsing=True)
    known = set(main.list_commands(context))
    said = re.findall(r"(?:^    |`)(?:\.venv/bin/)?obole (?:--books \S+ )?([a-z]+)\b", texts(document), re.MULTILINE)
    assert set(said) - known == set()


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_every_target_of_make_that_is_named_is_one(document: Path):
    targets = set(re.findall(r"^([a-z]+):", texts(REPOSITORY / "Makefile"), re.MULTILINE))
    assert set(re.findall(r"(?:^    |`)make ([a-z]+)\b", texts(document), re.MULTILINE)) - targets == set()
