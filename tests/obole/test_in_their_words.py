"""Messages about a sheet name its headings as they stand in it, and allowed words in the person's language."""

import importlib
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

import importers.registers
from importers.registers import cash, donors, events, parties
from importers.sheets.cells import Vocabulary
from importers.sheets.tabular import RegisterFile, SheetColumn
from ledger.languages import LANGUAGES, SOURCE, catalogue_folder, speaking

MODULES = [
    importlib.import_module(f"importers.registers.{one.name}")
    for one in pkgutil.iter_modules(importers.registers.__path__)
]
SETTINGS = {"obole/books/settings.py"}  # the keys of obole.toml are English, whatever the language


def columns() -> Iterator[SheetColumn]:
    for module in MODULES:
        for value in vars(module).values():
            yield from (
                one for one in (value if isinstance(value, tuple) else (value,)) if isinstance(one, SheetColumn)
            )


VOCABULARIES = {
    f"{module.__name__.rpartition('.')[2]}.{name}": value
    for module in MODULES
    for name, value in vars(module).items()
    if isinstance(value, Vocabulary)
}


@pytest.mark.parametrize("name", VOCABULARIES)
def test_each_word_that_a_message_lists_is_taken(name: str):
    vocabulary = VOCABULARIES[name]
    values = list(dict.fromkeys(vocabulary.values()))
    for language in LANGUAGES:
        assert [vocabulary[word] for word in vocabulary.words(language)] == values


@pytest.mark.parametrize("language", [one for one in LANGUAGES if one != SOURCE])
@pytest.mark.parametrize("room", ["importers", "ledger", "obole"])
def test_a_translated_message_names_a_column_by_a_heading_of_its_language(room: str, language: str):
    headings: dict[str, set[str]] = {}
    for one in columns():
        headings.setdefault(one.name, set()).add(one.heading(language))
    path = catalogue_folder(room) / language / "LC_MESSAGES" / f"{room}.po"
    with path.open("rb") as source:
        catalogue = read_po(source, locale=language)
    for message in catalogue:
        if not message.id or {place for place, _line in message.locations} <= SETTINGS:
            continue
        forms = zip(*((one,) if isinstance(one, str) else one for one in (message.id, message.string)), strict=False)
        for told, translated in forms:
            for name in set(re.findall(r"`(\w+)`", told)) & headings.keys():
                assert any(f"`{heading}`" in translated.casefold() for heading in headings[name]), translated


def read(path: Path, text: str, language: str, read_file: object) -> list[str]:
    path.write_text(text, encoding="utf-8")
    with speaking(language):
        found = read_file(path)  # type: ignore[operator]
        assert isinstance(found, RegisterFile)
        return [fault.message for fault in found.faults]


GERMAN_EVENTS = "referenz;veranstaltung;name_veranstaltung;datum_veranstaltung;art;datum;betrag;zahlung\n"

# What stands in the file, in which language it is read, and what is said.
SAID = {
    "french kinds of donors": (
        donors, "fr", "donateur;type;nom;prénom\nD0001;humaine;Dupont;Zoé\n",
        "la colonne `type` doit contenir l’une de ces valeurs : physique, morale ;",
    ),
    "dutch kinds of third parties": (
        parties, "nl", "derde;soort;naam\nS0001;vriend;Drukkerij\n",
        "kolom `soort` bevat een ander woord dan leverancier, klant of financier",
    ),
    "german ways of paying": (
        events,
        "de",
        GERMAN_EVENTS + "G-1;GALA;Gala;2025-03-01;eintritt;2025-03-01;25;scheck\n",
        "Spalte `zahlung` ist keines von bank, bar, rechnung, plattform",
    ),
    "english sheet, french person": (
        cash, "fr", "date;number;nature;amount\n2025-03-01;1;cadeau;10\n",
        "la colonne `nature` doit contenir l’une de ces valeurs : don, recette, dépense, versement, retrait,",
    ),
    "a column that a dutch sheet has not": (
        cash, "nl", "datum;nummer;aard;bedrag;betaalwijze\n2025-03-01;1;gift;10;cheque\n", "`bank_van_de_trekker`",
    ),
    "a column that an english sheet has not, read in dutch": (
        cash, "nl", "date;number;nature;amount;means\n2025-03-01;1;gift;10;cheque\n", "`drawer_bank`",
    ),
    "a heading that is nearly one": (
        donors, "fr", "donateur;type;nom;prénoms\nD0001;physique;Dupont;Zoé\n", "`prénom`",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", SAID)
def test_a_sheet_is_told_its_faults_in_its_words(case: str, tmp_path: Path):
    module, language, text, said = SAID[case]
    told = read(tmp_path / "sheet.csv", text, language, module.read)
    assert any(said in one for one in told), told
