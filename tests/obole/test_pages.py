"""Obole's pages inside Fava, asked for as a browser does but without one: what they hold, and what they withstand."""

import re
from pathlib import Path

import pytest
from fava.application import create_app
from flask.testing import FlaskClient

import obole.pages.frame
from ledger.chart import house
from ledger.languages import LANGUAGES
from reports.totals import totals_of

PAGE = "/fondation-exemple/extension/Statements/"
PATHS = {account.code: account.path for account in house()}
BANK, SUBSIDY = PATHS["550000"], PATHS["733000"]


@pytest.fixture(autouse=True)
def in_2026(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(obole.pages.frame, "_finished", lambda _years: 2025)


@pytest.fixture
def client(hand_books: Path) -> FlaskClient:
    return open_client(hand_books)


def open_client(books: Path) -> FlaskClient:
    return create_app([books / "main.beancount"], load=True, read_only=True).test_client()


def rows(html: str) -> list[list[str]]:
    """The rows of the page's tables as text, amounts without their grouping, so `50 000` is `50000`."""
    found = []
    for row in re.findall(r"<tr.*?</tr>", html, re.DOTALL):
        cells = re.findall(r"<t[dh].*?</t[dh]>", row, re.DOTALL)
        texts = [re.sub(r"<[^>]+>", "", cell).strip() for cell in cells]
        found.append([re.sub(r"(?<=\d)[.,\s](?=\d{3})", "", text) for text in texts])
    return found


def test_both_years_stand_side_by_side(client: FlaskClient):
    shown = rows(client.get(PAGE, query_string={"lang": "fr", "year": "2025"}).text)
    assert ["73", "Dons en espèces", "50000", "40000"] in shown
    assert ["73", "Dotations et subsides", "20000", "20000"] in shown
    assert ["54/8", "Valeurs disponibles", "157000", "125000"] in shown
    assert ["14", "Résultat reporté", "57000", "25000"] in shown


def test_the_accounts_of_a_rubric_lead_to_favas_page_of_each_year(client: FlaskClient):
    html = client.get(PAGE, query_string={"lang": "fr", "year": "2025"}).text
    assert f'href="/fondation-exemple/account/{BANK}/?time=2025"' in html
    assert f'href="/fondation-exemple/account/{BANK}/?time=2024"' in html
    assert ["550000", "Banque compte courant", "66999,50", "84999,50"] in rows(html)
    assert ["551000", "Banque compte dons", "90000,65", "40000,25"] in rows(html)


def test_the_first_year_stands_alone(client: FlaskClient):
    shown = rows(client.get(PAGE, query_string={"lang": "fr", "year": "2024"}).text)
    assert ["73", "Dons en espèces", "40000"] in shown


@pytest.mark.parametrize(
    ("language", "label"),
    [("fr", "Dons en espèces"), ("nl", "Giften in geld"), ("de", "Geldspenden"), ("en", "Gifts in money")],
)
def test_the_reader_chooses_the_language(client: FlaskClient, language: str, label: str):
    html = client.get(PAGE, query_string={"lang": language}).text
    assert any(row[1:2] == [label] for row in rows(html))
    assert f'lang="{language}"' in html


def test_without_a_choice_the_page_speaks_the_browsers_language(client: FlaskClient):
    assert "Jaarrekening" in client.get(PAGE, headers={"Accept-Language": "nl-BE,nl;q=0.9"}).text
    assert "Jahresabschluss" in client.get(PAGE, headers={"Accept-Language": "de"}).text
    assert "Annual accounts" in client.get(PAGE, headers={"Accept-Language": "en-GB"}).text
    assert "Comptes annuels" in client.get(PAGE, headers={"Accept-Language": "sv"}).text


def test_without_a_year_the_page_follows_favas_time_filter(client: FlaskClient):
    assert ["73", "Gifts in money", "40000"] in rows(client.get(PAGE, query_string={"time": "2024-Q2"}).text)
    assert ["73", "Gifts in money", "50000", "40000"] in rows(client.get(PAGE).text)


def test_without_a_year_the_page_shows_the_last_year_that_is_over(hand_books: Path):
    main = hand_books / "main.beancount"
    begun = f'2026-01-05 * "Subside"\n  {BANK}  1.00 EUR\n  {SUBSIDY}\n'
    main.write_text(main.read_text(encoding="utf-8") + begun, encoding="utf-8")
    client = open_client(hand_books)
    assert ["73", "Gifts in money", "50000", "40000"] in rows(client.get(PAGE).text)
    assert ["73", "Endowments and grants", "1", "20000"] in rows(client.get(PAGE, query_string={"year": "2026"}).text)


@pytest.mark.parametrize(
    "chosen",
    [
        {"year": "1999"},
        {"year": "9" * 5000},
        {"year": "٢٠٢٥"},
        {"lang": "xx"},
        {"lang": '"><script>'},
        {"time": "0000"},
    ],
)
def test_a_choice_that_means_nothing_gives_the_page_without_a_choice(client: FlaskClient, chosen: dict[str, str]):
    answer = client.get(PAGE, query_string=chosen)
    assert answer.status_code == 200
    assert ["73", "Gifts in money", "50000", "40000"] in rows(answer.text)
    assert "<script>" not in answer.text


def test_an_unknown_scheme_is_said_in_words(client: FlaskClient):
    html = client.get(PAGE, query_string={"scheme": "<b>other</b>"}).text
    assert 'role="alert"' in html
    assert "published" in html
    assert "<b>other" not in html


def test_a_posting_without_euro_is_said_with_its_place(hand_books: Path):
    main = hand_books / "main.beancount"
    gold = '2025-10-01 open Assets:Or\n2025-10-01 open Equity:Or\n2025-10-01 * "Or"\n  Assets:Or  1 OR\n  Equity:Or\n'
    main.write_text(main.read_text(encoding="utf-8") + gold, encoding="utf-8")
    html = open_client(hand_books).get(PAGE).text
    assert 'role="alert"' in html
    assert "EUR" in html


def test_half_a_cent_is_said_and_the_statements_are_shown_without_its_transaction(hand_books: Path):
    main = hand_books / "main.beancount"
    text = main.read_text(encoding="utf-8")
    half = f'2025-10-01 * "Frais"\n  {BANK}  -10.005 EUR\n  {SUBSIDY}  10.005 EUR\n'
    main.write_text(text + half, encoding="utf-8")
    html = open_client(hand_books).get(PAGE, query_string={"lang": "en", "year": "2025"}).text
    line = text.count("\n") + 2
    assert html.count('role="alert"') == 1
    assert f"main.beancount: line {line}: the posting has no amount in whole cents of euro" in html
    assert "What is shown leaves its transaction out." in html
    assert ["73", "Gifts in money", "50000", "40000"] in rows(html)
    assert ["54/8", "Cash at bank and in hand", "157000", "125000"] in rows(html)


def test_books_f17_no_page_says_in_order_while_the_books_have_errors(hand_books: Path):
    main = hand_books / "main.beancount"
    asked = {"lang": "fr", "year": "2025"}
    assert "En ordre" in open_client(hand_books).get(PAGE, query_string=asked).text
    wrong = f'2025-10-01 * "Frais"\n  {BANK}  -10.00 EUR\n  {SUBSIDY}  11.00 EUR\n'
    main.write_text(main.read_text(encoding="utf-8") + wrong, encoding="utf-8")
    html = open_client(hand_books).get(PAGE, query_string=asked).text
    assert "La comptabilité contient 1 erreur" in html
    assert "En ordre" not in html


def test_books_of_nothing_but_half_a_cent_say_so(hand_books: Path):
    main = hand_books / "main.beancount"
    text = main.read_text(encoding="utf-8")
    half = f'2025-10-01 * "Frais"\n  {BANK}  -10.005 EUR\n  {SUBSIDY}  10.005 EUR\n'
    main.write_text(text[: text.index("2024-01-01 * ")] + half, encoding="utf-8")
    html = open_client(hand_books).get(PAGE).text
    assert 'role="alert"' in html
    assert "obole import" not in html


def test_books_without_an_entry_say_what_to_do(hand_books: Path):
    main = hand_books / "main.beancount"
    text = main.read_text(encoding="utf-8")
    main.write_text(text[: text.index("2024-01-01 * ")], encoding="utf-8")
    assert "obole import" in open_client(hand_books).get(PAGE).text


def test_labels_from_the_chart_are_escaped_and_nothing_runs_inline(hand_books: Path):
    chart = hand_books / "chart.beancount"
    text = chart.read_text(encoding="utf-8").replace('"Banque compte courant"', "\"<img src=x onerror='alert(1)'>\"")
    chart.write_text(text, encoding="utf-8")
    html = open_client(hand_books).get(PAGE, query_string={"lang": "fr", "partial": "true"}).text
    assert "<img" not in html
    assert "&lt;img" in html
    tags = re.findall(r"<[a-z][^>]*>", html)
    assert not [tag for tag in tags if re.search(r"\son[a-z]+=", tag)]


def test_totals_are_worked_out_once_a_load(hand_books: Path, monkeypatch: pytest.MonkeyPatch):
    passes = []
    monkeypatch.setattr(obole.pages.frame, "totals_of", lambda *books: passes.append(1) or totals_of(*books))
    client = open_client(hand_books)
    for language in LANGUAGES:
        client.get(PAGE, query_string={"lang": language})
    assert len(passes) == 1

    ledger = client.application.config["LEDGERS"]["fondation-exemple"]
    main = hand_books / "main.beancount"
    main.write_text(main.read_text(encoding="utf-8").replace("50000.40", "60000.40"), encoding="utf-8")
    ledger.load_file()
    assert ["73", "Gifts in money", "60000", "40000"] in rows(client.get(PAGE).text)
    assert len(passes) == 2


def test_the_page_only_reads(client: FlaskClient):
    assert client.post(PAGE).status_code in (401, 405)
