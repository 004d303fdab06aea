"""What the server before Fava answers and refuses: hosts, paths, texts, and books that changed since."""

import json
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from threading import Thread
from urllib.parse import quote

import pytest
from small_books import OPENING, STATEMENT, Journal, Obole, Statement, given, new_books, write_csv, write_donors
from werkzeug.test import Client, TestResponse

from ledger.languages import speaking
from obole.web import gate
from obole.web.serve import prepare

TEXT = "<img src=x onerror=document.title=String(7*11111)>"
VOUCHER = Journal(
    (
        ("2025-03-31", "610000", "500.00", "", TEXT, "ACH-1"),
        ("2025-03-31", "440000", "", "500.00", TEXT, "ACH-1"),
    ),
    "purchases.csv",
)


class Served:
    """Books behind the gate, asked without a socket."""

    def __init__(self, obole: Obole, host: str = "127.0.0.1", names: tuple[str, ...] = ()) -> None:
        self.obole = obole
        self.server = prepare(obole.books, host, 0, names=names)
        self.client = Client(self.server.wsgi_app)

    def get(self, path: str, host: str = "127.0.0.1:5000", method: str = "GET") -> TestResponse:
        return self.client.open("/fondation-exemple" + path, method=method, headers={"Host": host})

    def balance(self, code: str) -> int:
        """The balance as Fava counts it now, in cents."""
        asked = quote(f"select sum(number) where account ~ '{code}'")
        rows = json.loads(self.get(f"/api/query?query_string={asked}").text)["data"]["rows"]
        return round(float(rows[0][0]) * 100) if rows and rows[0][0] is not None else 0


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    obole = Obole(new_books(folder / "books"))
    obole.takes_well(write_donors(folder / "donors.csv"), OPENING.write(folder), STATEMENT.write(folder))
    one = Served(obole)
    yield one
    one.server.stop()


def test_stores_06_each_change_is_on_the_next_page(tmp_path: Path):
    obole = Obole(new_books(tmp_path / "books"))
    obole.takes_well(write_donors(tmp_path / "donors.csv"), OPENING.write(tmp_path), STATEMENT.write(tmp_path))
    served = Served(obole)
    later = Statement(74, 1_247_50, (given(20_00, 1),), date(2025, 3, 17))
    decided = (("document", "position", "donor", "date"), [(STATEMENT.document, 7, "D0002", "2025-03-20")])
    for step, code in (
        (lambda: obole.takes_well(later.write(tmp_path)), "550000"),
        (lambda: obole.takes_well(VOUCHER.write(tmp_path)), "440000"),
        (lambda: obole.takes_well(write_csv(tmp_path / "open.csv", *decided)), "499000"),
        (lambda: obole("undo", later.document), "550000"),
    ):
        before = served.balance(code)
        step()
        assert served.balance(code) == obole.balance(code) != before
    with (obole.books / "main.beancount").open("a") as main:
        main.write('\n2025-04-01 * "Caisse"\n  Assets:Bank:Current  -1.00 EUR\n  Assets:Bank:Current  1.00 EUR\n')
    assert "Caisse" in served.get("/api/journal_page?page=1&order=desc").text
    served.server.stop()


def test_the_browser_is_told_that_its_page_is_old(served: Served, tmp_path: Path):
    """Fava's script asks `/api/changed` every few seconds and draws the page anew."""
    assert json.loads(served.get("/api/changed").text)["data"] is False
    served.obole.takes_well(Statement(75, 1_247_50, (given(20_00, 1),), date(2025, 3, 18)).write(tmp_path))
    assert json.loads(served.get("/api/changed").text)["data"] is True
    assert json.loads(served.get("/api/changed").text)["data"] is False


@pytest.mark.parametrize(
    "path",
    [
        "/api/extract?filename=/etc/passwd&importer=obole.coda",
        "/api/extract/?filename=/dev/zero&importer=obole.coda",
        "/api/imports",
        "/import/",
        "/import",
    ],
)
def test_stores_11_no_page_reads_a_path_or_copies_a_store(served: Served, path: str):
    answer = served.get(path)
    assert answer.status_code == 403
    assert "obole import" in answer.text


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:5000",
        "127.0.0.1.evil.example",
        "localhost.evil.example:5000",
        "10.0.0.1",
        "",
        "127.0.0.1@evil.example",
        "localhost:evil",
    ],
)
def test_stores_12_a_host_that_is_not_ours_is_refused(served: Served, host: str):
    """DNS rebinding: a name of the attacker's that points to this machine (OWASP; Fava's issue on Host headers)."""
    answer = served.get("/extension/Statements/", host)
    assert answer.status_code == 421
    assert "127.0.0.1" in answer.text


@pytest.mark.parametrize("host", ["127.0.0.1:5000", "localhost", "LOCALHOST:8080", "[::1]:5000"])
def test_each_name_of_this_machine_is_ours(served: Served, host: str):
    assert served.get("/extension/Statements/", host).status_code == 200


OURS = ("compta.example.org", "192.168.1.4:5000", "[2001:db8::4]:5000")


def test_a_server_for_others_answers_to_its_names_and_to_numbers(served: Served):
    open_to_all = Served(served.obole, "0.0.0.0", ("Compta.Example.org",))
    for host, status in (
        ("compta.example.org", 200),
        ("192.168.1.4:5000", 200),
        ("[2001:db8::4]:5000", 200),
        ("x.org", 421),
    ):
        assert open_to_all.get("/income_statement/", host).status_code == status
    open_to_all.server.stop()


def test_stores_17_a_text_of_the_books_is_no_script(served: Served, tmp_path: Path):
    served.obole.takes_well(VOUCHER.write(tmp_path))
    answer = served.get("/api/journal_page?page=1&order=desc")
    shown = json.loads(answer.text)["data"]["journal"]
    assert TEXT not in shown
    assert "&lt;img src=x" in shown
    assert "<span class='num'" in shown  # what Fava draws itself stays as it is
    assert "&lt;span" not in shown
    assert "&amp;amp;" not in shown
    account = served.get("/api/account_report?a=Expenses:61:610000&r=journal").text
    assert TEXT not in account


@pytest.mark.parametrize(
    "path", ["/income_statement/", "/api/changed", "/static/app.js", "/extension/Statements/", "/api/extract"]
)
def test_each_answer_says_what_a_page_may_load(served: Served, path: str):
    headers = served.get(path).headers
    assert "script-src 'self' 'wasm-unsafe-eval';" in headers["Content-Security-Policy"]
    assert "unsafe-inline" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]


@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE", "OPTIONS"])
def test_nothing_is_written_through_a_page(served: Served, method: str):
    before = served.obole.state()
    answer = served.get("/api/source", method=method)
    assert (answer.status_code, "command line" in answer.text) == (403, True)
    assert served.obole.state() == before


def test_a_file_that_goes_while_the_folder_is_looked_at_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    stays = tmp_path / "main.beancount"
    stays.touch()
    monkeypatch.setattr(gate, "_watched", lambda _books: [stays, tmp_path / "register.sqlite-journal"])
    assert [name for name, _time, _size in gate.stamp_of(tmp_path)] == [str(tmp_path), str(stays)]


# Each route of Fava, asked wrongly.

WRONG = (
    "filename=%00",
    "filename=/etc/passwd",
    "entry_hash=x",
    "query_string=select+%28",
    "query_string=select+nope",
    "page=-1&order=x",
    "a=[(&r=x&account=[(",
    "time=2025-13",
    "filter=any(",
    "conversion=x&interval=x",
)


def test_no_route_of_fava_ends_in_a_traceback(served: Served, caplog: pytest.LogCaptureFixture):
    """Every route, each with every wrong argument; what the client did wrong is 4xx (RFC 9110, 15.5)."""
    fava = served.server.wsgi_app._application.__self__
    rules = sorted({rule.rule for rule in fava.url_map.iter_rules() if "static" not in rule.rule})
    assert len(rules) > 40
    for rule in rules:
        path = re.sub(r"<any\([^>]*>", "account", rule.removeprefix("/<bfile>"))
        path = re.sub(r"<result_format>", "csv", path)
        path = re.sub(r"<[^>]*>", "nope", path)
        for query in WRONG:
            answer = served.get(f"{path}?{query}")
            assert "Traceback" not in answer.text
            assert "Internal Server Error" not in answer.text
            if "/api/" in path and answer.status_code >= 400:
                assert answer.status_code < 500, (path, query, answer.text)
                assert answer.text
    assert [one for one in caplog.records if one.exc_info] == []


def test_what_the_gate_refuses_is_said_in_the_language_of_who_serves(tmp_path: Path):
    """A server answers in threads of its own, to which no language was said."""
    obole = Obole(new_books(tmp_path / "books"))
    with speaking("nl"):
        served = Served(obole)
    told: list[str] = []
    thread = Thread(target=lambda: told.append(served.get("/api/imports").text))
    thread.start()
    thread.join()
    served.server.stop()
    said = "Bestanden worden ingelezen met `obole import FILE`, niet via een pagina die iedereen kan opvragen."
    assert told == [said]
