"""Our sources as beangulp importers: each answer comes from the function it was given."""

from datetime import date
from pathlib import Path

from importers.protocol import Place, SourceImporter


def test_an_importer_hands_on_what_its_functions_say():
    asked: list[Path] = []

    def place(path: Path) -> Place:
        asked.append(path)
        return Place("Assets:Bank", date(2025, 3, 14), "coda.cod")

    entries = ["an entry"]
    importer = SourceImporter("coda", lambda path: path.suffix == ".cod", place, lambda path: [*entries, path])
    assert importer.name == "obole.coda"
    assert importer.identify("a/x.cod") is True
    assert importer.identify("a/x.xml") is False
    assert importer.account("a/x.cod") == "Assets:Bank"
    assert importer.date("a/x.cod") == date(2025, 3, 14)
    assert importer.filename("a/x.cod") == "coda.cod"
    assert importer.extract("a/x.cod", []) == ["an entry", Path("a/x.cod")]
    assert asked == [Path("a/x.cod")] * 3
    importer.deduplicate(entries, ["an entry"])
    assert entries == ["an entry"], "the register knows what is there; no entry is taken for another"
