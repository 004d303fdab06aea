"""The chart of accounts: annex 3 whole, each code under its root, names that Beancount takes, the round trip."""

import csv
import unicodedata
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from beancount.core.account import is_valid
from beancount.parser import parser
from hypothesis import given
from hypothesis import strategies as st
from invented import SHARED

from ledger.chart import (
    Account,
    UnknownAccount,
    code_of,
    house,
    path_of,
    read_chart,
    render_chart,
    root_of,
    slug,
    statutory,
    statutory_parent,
)
from ledger.errors import OboleError
from ledger.languages import LANGUAGES, speaking

ANNEX = SHARED / "facts" / "chart" / "pcmn-associations.csv"

# 10-15 Equity; 16-17 Liabilities; 20-29, 3, 40, 41, 490, 491, 50-58 Assets; 42-48, 492, 493 Liabilities; 6 Expenses;
# 7 Income; 69 and 79 Equity. 499, suspense, is a liability until it is known whose money it is.
ROOTS = {
    "Equity": "10 100 11 12 13 14 140000 15 150000 19 69 692000 79 790000 0 00",
    "Liabilities": "16 164000 168 17 174000 179 42 43 44 45 46 48 489000 492 492000 493 493000 499 499000",
    "Assets": "20 21 28 29 3 30 37 40 400000 41 416000 490 490000 491 491000 50 51 55 550000 57 58 580000",
    "Expenses": "6 60 61 64 68 680000",
    "Income": "7 70 731100 76 78",
}


def rows_of_the_annex() -> Iterator[tuple[str, dict[str, str]]]:
    """(code, row), ranges written out here once more: `4125-4127` are three codes, `55x0` are ten."""
    with ANNEX.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            first, _, last = row["code"].partition("-")
            for number in range(int(first), int(last) + 1) if last else ():
                yield str(number), row
            for digit in "0123456789" if "x" in first else ():
                yield first.replace("x", digit), row
            if not last and "x" not in first:
                yield first, row


@pytest.mark.skipif(not ANNEX.exists(), reason="the shared facts are not here")
def test_every_code_of_annex_3_is_there_with_its_labels():
    expected = dict(rows_of_the_annex())
    assert len(expected) > 450
    assert statutory().keys() == expected.keys()
    for code, row in expected.items():
        heading = statutory()[code]
        assert heading.kind == row["kind"]
        assert [heading.label(language) for language in LANGUAGES] == [
            row[f"label_{language}"] for language in LANGUAGES
        ]


@pytest.mark.parametrize(("root", "code"), [(root, code) for root, codes in ROOTS.items() for code in codes.split()])
def test_the_root_is_decided_by_the_code(root: str, code: str):
    assert root_of(code) == root


@pytest.mark.parametrize("code", ["", "8", "80", "9", "x", "7x", "-7", "73 ", "\u0667\u0663"])
def test_what_is_no_account_code_has_no_root(code: str):
    with pytest.raises(ValueError, match="account code"):
        root_of(code)


def test_a_sub_account_lies_below_the_longest_code_of_the_annex():
    assert statutory_parent("413000").code == "413"
    assert statutory_parent("412500").code == "4125"  # printed as the range 4125-4127
    assert statutory_parent("550000").code == "5500"  # printed as 55x0
    assert statutory_parent("550200").code == "550"
    assert statutory_parent("73").code == "73"
    assert statutory_parent("7") is None  # a class is no account
    assert statutory_parent("800000") is None
    assert statutory_parent("") is None


def test_the_path_reads_root_group_account():
    assert path_of("731100", "Dons en espèces") == "Income:73-Dons-legs-subsides:731100-Dons-en-especes"
    assert path_of("416000", "Créances diverses") == "Assets:41-Autres-creances:416000-Creances-diverses"


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("Établissements de crédit", "Etablissements-de-credit"),
        ("Cotisations à l'ONSS / RSZ", "Cotisations-a-l-ONSS-RSZ"),
        ("Œuvres (bœuf, 50 %)", "Oeuvres-boeuf-50"),
        ("Straßenfest", "Strassenfest"),
        (unicodedata.normalize("NFD", "Écoles d’été"), "Ecoles-d-ete"),
        ("--", ""),
        ("学校", ""),
    ],
)
def test_a_label_becomes_plain_letters_digits_and_hyphens(label: str, name: str):
    assert slug(label) == name


def test_a_group_has_its_french_name_where_the_annex_gives_it_no_other():
    assert path_of("061000", "X", "de") == "Equity:06-Marches-a-terme:061000-X"
    assert path_of("061000", "X", "nl") == "Equity:06-Termijnovereenkomsten:061000-X"


def test_a_label_without_a_latin_letter_leaves_the_code_alone():
    assert path_of("731100", "学校") == "Income:73-Dons-legs-subsides:731100"
    assert path_of("110000", "Réserve") == "Equity:11:110000-Reserve"  # the annex leaves the name of 11 blank


@given(
    st.sampled_from(sorted(code for code in statutory() if len(code) > 2 and "x" not in code)),
    st.text("0123456789", max_size=4),
    st.text(max_size=60) | st.sampled_from(["l'été / « œuvres »", "e\u0301tudes", "a:b\nc", "\\"]),
)
def test_every_account_of_the_annex_with_any_label_makes_a_name_that_beancount_takes(code: str, more: str, label: str):
    path = path_of(code + more, label)
    assert is_valid(path)
    assert unicodedata.normalize("NFC", path) == path
    assert code_of(path) == code + more
    entries, errors, _ = parser.parse_string(f"2025-01-01 open {path}")
    assert not errors
    assert entries[0].account == path


@pytest.mark.parametrize("code", ["73", "7", "", "800000", "990000", "73é", "73a1", "731 00", "18"])
def test_a_code_outside_the_annex_has_no_path_and_the_message_says_what_to_do(code: str):
    with pytest.raises(UnknownAccount, match="account"):
        path_of(code, "Dons")


def test_an_account_not_opened_says_below_which_account_to_open_it():
    message = str(UnknownAccount("613300", "obole.toml"))
    assert message.startswith("obole.toml: account 613300 is not in the chart of these books")
    assert "below 61 " in message
    assert "no account of annex 3 begins so" in str(UnknownAccount("990000"))
    assert str(UnknownAccount("613300")).startswith("account 613300 is not in the chart of these books: open it ")


def test_an_account_is_named_in_the_language_of_the_person_where_the_annex_has_one():
    services = statutory()["61"]
    assert services.label("en") != services.label("fr")
    assert f"below 61 ({services.label('en')})." in str(UnknownAccount("613300"))
    with speaking("nl"):
        assert f"61 ({services.label('nl')})" in str(UnknownAccount("613300"))
    assert statutory()["483"].label("en") == ""
    assert "below 483 (Subsides à rembourser)" in str(UnknownAccount("483100"))


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("Income:73-Dons:731100-Dons", "731100"),
        ("Income:73-Dons:731100", "731100"),
        ("Income:73-Dons:731100Dons", None),
        ("Income:73-Dons:Dons-731100", None),
        ("Income:731100-Dons:Autres", None),
        ("731100-Dons", "731100"),
        ("", None),
    ],
)
def test_the_code_is_what_the_last_component_begins_with(path: str, code: str | None):
    assert code_of(path) == code


def test_every_house_account_lies_below_annex_3_with_a_label_in_each_language():
    codes = [account.code for account in house()]
    assert len(set(codes)) == len(codes)
    for account in house():
        parent = statutory_parent(account.code)
        assert parent is not None
        assert parent.kind != "class"
        assert parent.kind != "group (blank)", f"{account.code} lies in {parent.code}, which the annex leaves blank"
        assert all(account.labels)
        assert is_valid(account.path)
        assert len(account.path) < 120


def test_the_chart_is_read_as_it_was_written(tmp_path: Path):
    path = tmp_path / "chart.beancount"
    path.write_text(render_chart(house(), date(2020, 1, 1)), encoding="utf-8")
    assert read_chart(path) == {account.code: account for account in house()}
    assert list(read_chart(path)) == sorted(account.code for account in house())


@given(
    st.lists(st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S")), min_size=1), min_size=4, max_size=4)
)
def test_labels_with_any_sign_survive_the_round_trip(tmp_path_factory: pytest.TempPathFactory, labels: list[str]):
    account = Account("731100", path_of("731100", labels[0]), tuple(labels))
    path = tmp_path_factory.mktemp("chart") / "chart.beancount"
    path.write_text(render_chart([account], date(2020, 1, 1)), encoding="utf-8")
    assert read_chart(path) == {"731100": account}


def chart(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "chart.beancount"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_chart_written_by_hand_needs_no_code_or_label(tmp_path: Path):
    read = read_chart(
        chart(
            tmp_path,
            "2020-01-01 commodity EUR\n2020-01-01 open Assets:Other EUR\n"
            "2020-01-01 open Income:73-Dons:731100-Dons EUR\n2020-01-02 close Income:73-Dons:732000-Legs\n",
        )
    )
    assert read == {"731100": Account("731100", "Income:73-Dons:731100-Dons", ("731100-Dons",) * 4)}


def test_an_account_has_a_label_in_each_language():
    with pytest.raises(ValueError, match="argument 2 is"):
        render_chart([Account("1", "Equity:1", ("a", "b", "c"))], date(2020, 1, 1))  # type: ignore[arg-type]


def test_a_code_written_without_quotes_is_the_same_code(tmp_path: Path):
    read = read_chart(chart(tmp_path, "2020-01-01 open Income:73-Dons:731100-Dons EUR\n  code: 731100\n"))
    assert list(read) == ["731100"]


def test_two_accounts_of_one_code_are_refused(tmp_path: Path):
    twice = "2020-01-01 open Income:73-Dons:731100-Dons EUR\n2020-01-01 open Income:73-Dons:731100-Giften EUR\n"
    with pytest.raises(OboleError, match="two accounts have the code 731100"):
        read_chart(chart(tmp_path, twice))


def test_a_chart_that_cannot_be_read_names_the_line(tmp_path: Path):
    with pytest.raises(OboleError, match=r"chart\.beancount: line 2"):
        read_chart(
            chart(tmp_path, "2020-01-01 open Income:73-Dons:731100-Dons EUR\n2020-01-01 open Income 73\n\n2020 x\n")
        )


def test_a_chart_that_is_not_there_says_so(tmp_path: Path):
    with pytest.raises(OboleError, match=r"chart\.beancount: cannot be read"):
        read_chart(tmp_path / "chart.beancount")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_house_accounts_have_names_in_the_language_of_the_books(language: str):
    accounts = house(language)
    assert all(is_valid(account.path) for account in accounts)
    assert len({account.path for account in accounts}) == len(accounts)
    assert all(code_of(account.path) == account.code for account in accounts)
    assert max(len(account.path) for account in accounts) < 120


@pytest.mark.parametrize(
    ("language", "path"),
    [
        ("fr", "Income:73-Dons-legs-subsides:731100-Dons-en-especes"),
        ("nl", "Income:73-Giften-legaten-subsidies:731100-Giften-in-geld"),
        ("de", "Income:73-Spenden-Vermachtnisse-Zuschusse:731100-Geldspenden"),
        ("en", "Income:73-Gifts-legacies-grants:731100-Gifts-in-money"),
    ],
)
def test_dutch_books_have_dutch_account_names(language: str, path: str):
    assert path in {account.path for account in house(language)}
