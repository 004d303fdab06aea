"""Rules of obole.toml: every condition must hold, and the first rule that holds decides."""

import re
from datetime import date

import pytest

from importers.bank.records import Movement
from importers.deciding.rules import Rule, Rulebook

LINE = Movement(
    position=1,
    parent=None,
    booked=date(2025, 3, 14),
    value=None,
    cents=-12_50,
    code="08037000",
    communication="FRAIS DE TENUE DE COMPTE",
    name="BANQUE MODELE",
    account="BE47435000000080",
)
FEES = re.compile("frais", re.IGNORECASE)


def holds(rule: Rule, movement: Movement) -> bool:
    return Rulebook([rule]).first(movement) is rule


@pytest.mark.parametrize(
    "conditions",
    [
        {},
        {"credit": False},
        {"codes": ("80",)},
        {"codes": ("0137", "8037")},
        {"name": re.compile("MODELE")},
        {"communication": FEES},
        {"iban": "BE47435000000080"},
        {"credit": False, "codes": ("80",), "communication": FEES},
    ],
)
def test_a_rule_holds_where_all_its_conditions_do(conditions: dict):
    assert holds(Rule("Frais", "657000", **conditions), LINE)


@pytest.mark.parametrize(
    "conditions",
    [
        {"credit": True},
        {"codes": ("0137",)},
        {"codes": ("037",)},
        {"name": re.compile("^MODELE")},
        {"communication": re.compile("frais")},
        {"iban": "BE68539007547034"},
        {"credit": False, "codes": ("80",), "name": re.compile("AUTRE")},
    ],
)
def test_a_rule_does_not_hold_where_one_condition_fails(conditions: dict):
    assert not holds(Rule("Frais", "657000", **conditions), LINE)


def test_the_type_and_the_category_of_a_code_do_not_matter():
    rule = Rule("Frais", "657000", codes=("8037",))
    assert all(holds(rule, LINE._replace(code=code)) for code in ("08037000", "38037001", "18037013"))


def test_a_line_without_money_is_no_credit():
    assert not holds(Rule("Tout", "740000", credit=True), LINE._replace(cents=0))


def test_a_rule_concerns_the_lines_of_its_codes_and_direction():
    rule = Rule("Frais", "657000", credit=False, codes=("80",), name=re.compile("AUTRE"))
    assert rule.concerns("8037", credit=False)
    assert not rule.concerns("8037", credit=True)
    assert not rule.concerns("0150", credit=False)
    assert Rule("Tout", "740000").concerns("0150", credit=True)


def test_the_first_rule_that_holds_decides():
    rules = (Rule("Autre", "1", credit=True), Rule("Frais", "2", codes=("80",)), Rule("Tout", "3"))
    book, other = Rulebook(rules), LINE._replace(code="00101000")
    for _ in range(2):  # a code is looked up once
        assert book.first(LINE) is rules[1]
        assert book.first(other) is rules[2]
        assert book.first(LINE._replace(cents=1)) is rules[0]
    assert Rulebook(rules[:2]).first(other) is None
