"""The plugin that finds an account no statement would show, or two lines would."""

from datetime import date
from pathlib import Path

import pytest
from beancount import loader
from beancount.core import data

import reports.mapped
from ledger.chart import code_of, house, path_of, render_chart, statutory
from reports.mapped import check_mapped
from reports.scheme import SCHEMES


def opened(name: str) -> data.Open:
    return data.Open({"filename": "chart.beancount", "lineno": 7}, date(2025, 1, 1), name, ["EUR"], None)


def messages(*names: str) -> list[str]:
    entries = [opened(name) for name in names]
    kept, errors = check_mapped(entries, {})
    assert kept is entries
    return [error.message for error in errors]


def test_every_house_account_falls_in_one_line_of_each_scheme(tmp_path: Path):
    chart = tmp_path / "chart.beancount"
    chart.write_text(render_chart(house(), date(2025, 1, 1)), encoding="utf-8")
    (tmp_path / "main.beancount").write_text('include "chart.beancount"\nplugin "reports.mapped"\n', encoding="utf-8")
    _, errors, _ = loader._load([(str(tmp_path / "main.beancount"), True)], None, None, None)
    assert errors == []


def test_every_account_that_annex_3_names_falls_in_one_line_of_each_scheme():
    names = [
        path_of(code, heading.label("fr"))
        for code, heading in statutory().items()
        if heading.kind == "account"
        and not code.startswith("0")  # class 0 stands off the balance sheet
        and not any(other.startswith(code) for other in statutory() if other != code)  # 662 is 6620 or 6621
    ]
    assert len(names) > 250
    assert messages(*names) == []


@pytest.mark.parametrize("name", ["Equity:11:110000-Prime", "Assets:59-Autres:590000-Autres"])
def test_an_account_in_no_line_is_named_once_for_each_scheme(name: str):
    code = code_of(name)
    assert messages("Income:73-Dons:731100-Dons", name) == [
        f"account {code} falls in no line of the scheme {scheme}: choose a code below a mapped account"
        for scheme in SCHEMES
    ]


def test_the_error_stands_at_the_open_directive():
    entry = opened("Assets:59-Autres:590000-Autres")
    _, errors = check_mapped([entry], {})
    assert len(errors) == len(SCHEMES)
    assert all(error.source["lineno"] == 7 and error.entry is entry for error in errors)


def test_only_open_directives_count():
    entry = opened("Assets:59-Autres:590000-Autres")
    closed = data.Close({"filename": "chart.beancount", "lineno": 9}, date(2025, 2, 1), entry.account)
    _, errors = check_mapped([entry, closed], {})
    assert {error.source["lineno"] for error in errors} == {7}
    assert check_mapped([closed], {})[1] == []


def test_an_account_in_two_lines_is_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(
        reports.mapped, "doubly_mapped", lambda _scheme, codes: [code for code in codes if code == "731100"]
    )
    assert messages("Income:73-Dons:731100-Dons", "Income:73-Dons:732000-Legs") == [
        f"account 731100 falls in more than one line of the scheme {scheme}: choose a code below a mapped account"
        for scheme in SCHEMES
    ]


@pytest.mark.parametrize("name", ["", ":", "Assets", "Assets:Other", "Income:73-Dons:Dons"])
def test_a_name_without_a_code_is_left_to_the_plugin_of_names(name: str):
    assert messages(name) == []


@pytest.mark.parametrize("code", ["0", "1", "7", "8", "00000000", "999999999999999999"])
def test_no_code_makes_it_raise(code: str):
    assert all(code in message for message in messages(f"Assets:{code}"))
