"""A donor's surname in a text: told where a title or an initial shows a person, not where it is a common word.

The donors are those of `small_books` (Dupont Zoé, Van den Berg Jan, Lambert Anne and Luc, Peeters An) and two whose
surnames are words: Petit Luc and Olivier Luc.
"""

import shutil
from pathlib import Path

import pytest
from small_books import HEADINGS, Journal, Obole, write_csv

from obole.books.opened import open_books
from obole.books.watch import Watch

MORE = [
    ("D0011", "natural", "Petit", "Luc", "Rue 1", "1000", "Bruxelles", "fr", "", "", "", "", ""),
    ("D0012", "natural", "Olivier", "Luc", "Rue 1", "1000", "Bruxelles", "fr", "", "", "", "", ""),
]


@pytest.fixture(scope="module")
def books(_small: Path, tmp_path_factory: pytest.TempPathFactory) -> Obole:
    folder = tmp_path_factory.mktemp("surnames") / "books"
    shutil.copytree(_small, folder)
    obole = Obole(folder)
    obole.takes_well(write_csv(folder.parent / "more.csv", HEADINGS, MORE))
    return obole


@pytest.mark.parametrize(
    "text",
    [
        "Don de Mme Dupont",
        "reçu de Madame DUPONT, en espèces",
        "Familie Van den Berg",
        "Z. Dupont, carte de membre",
        "Dupont Z. (carte)",
        "M. et Mme Lambert",
        "M. Petit",
        "Frau Peeters: Spende",
        "remboursé à L. Olivier",
    ],
)
def test_a_surname_beside_a_title_or_its_initial_is_told(books: Obole, text: str):
    watch = Watch(open_books(books.books))
    assert watch.may_name(text)
    assert watch.problem(text) is None  # it refuses nothing


@pytest.mark.parametrize(
    "text",
    [
        "Petit matériel de bureau",
        "Huile d'olive et petit déjeuner",
        "Mme la directrice: petit matériel",
        "L'Olivier, restaurant",
        "L’Olivier, restaurant",
        "Dupont SA, facture 12",
        "S.A. Lambert, facture 7",
        "Avenue F. Lambert 3",
        "Loyer rue Dupont 4",
        "Peeters, imprimeur",
        "",
    ],
)
def test_a_surname_that_is_a_word_a_shop_or_a_street_is_not(books: Obole, text: str):
    assert not Watch(open_books(books.books)).may_name(text)


def test_an_import_tells_the_rows_and_posts_them(books: Obole, tmp_path: Path):
    rows = (
        ("2025-03-01", "610000", "10.00", "", "Gâteaux pour Mme Dupont", "P-1"),
        ("2025-03-01", "440000", "", "10.00", "Gâteaux", "P-1"),
    )
    told = " ".join(books("--lang", "en", "import", Journal(rows).write(tmp_path)).output.split())
    assert "1 documents posted" in told or "1 document posted" in told, told
    assert "beside the surname of a donor (row 2)" in told
    assert "Dupont" not in told
