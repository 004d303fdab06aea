"""Who an open line may come from: scored, never certain, and never somebody whose name has nothing in common."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importers.deciding.proposals import directory, propose
from ledger.vault.donors import Donor


def donor(key: str, first: str, last: str, street: str = "", municipality: str = "", **fields: object) -> Donor:
    return Donor(key, "natural", last, first, street, "", municipality, **fields)


KNOWN = directory(
    [
        donor("D0001", "Zoé", "Dupont", "Rue des Lilas 1", "Bruxelles"),
        donor("D0002", "Zoé", "Dupond", "Chemin Vert 9", "Liège"),
        donor("D0003", "Jan", "Van den Berg", "Straat 2", "Gent"),
        donor("D0004", "Anne", "Lambert", "Rue C 3", "Namur"),
        donor("D0005", "Zoé", "Dupont", merged_into="D0001"),
        Donor("D0006", "legal", "Exemple Industries"),
    ]
)


def best(name: str, text: str = "") -> str | None:
    found = propose(name, text, KNOWN)
    return found[0].donor if found else None


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Zoé Dupont", "D0001"),
        ("DUPONT ZOE", "D0001"),
        ("MME DUPONT-ZOE", "D0001"),
        ("Zoe Dupontt", "D0001"),
        ("J VAN DEN BERG JAN", "D0003"),
        ("EXEMPLE INDUSTRIES", "D0006"),
    ],
)
def test_a_name_is_known_whatever_its_case_accents_order_and_title(name: str, key: str):
    assert best(name) == key


def test_a_whole_name_scores_one_and_a_misspelt_one_less():
    assert propose("Zoé Dupont", "", KNOWN)[0].score == 1.0
    assert 0.5 < propose("Zoé Dupant", "", KNOWN)[0].score < 1.0


def test_the_address_decides_between_two_names_alike():
    assert best("Z DUPONT ZOE DUPOND", "CHEMIN VERT LIEGE") == "D0002"


def test_the_reasons_are_told_without_the_identity():
    [first, *_] = propose("Zoé Dupont", "rue des lilas", KNOWN)
    assert first.reasons == ("name 100 %", "3 words of the address")


@pytest.mark.parametrize("name", ["", "M", "Mme et M", "Jacques Inconnu", "12345", "!?"])
def test_nobody_is_proposed_for_a_name_that_says_nothing(name: str):
    assert propose(name, "", KNOWN) == []


def test_half_a_name_is_not_enough():
    assert best("Dupont Albert") is None


def test_a_merged_donor_is_never_proposed():
    assert "D0005" not in [proposal.donor for proposal in propose("Zoé Dupont", "", KNOWN, limit=9)]


def test_at_most_three_are_proposed_the_best_first():
    many = directory(donor(f"D{number:04d}", "Zoé", "Dupont") for number in range(1, 9))
    found = propose("Zoé Dupont", "", many)
    assert [proposal.donor for proposal in found] == ["D0001", "D0002", "D0003"]


@given(st.text(max_size=40), st.text(max_size=40))
def test_whatever_was_written_scores_stay_between_the_bar_and_one(name: str, text: str):
    found = propose(name, text, KNOWN)
    assert len(found) <= 3
    assert all(0.55 <= proposal.score <= 1 for proposal in found)
    assert found == sorted(found, key=lambda proposal: (-proposal.score, proposal.donor))
