"""What holds for any books: assets equal liabilities, one result in all schemes, no rounding plugged."""

from hypothesis import given, settings
from hypothesis import strategies as st
from report_books import leaves, totals

from ledger.money import to_euros
from reports.scheme import SCHEMES, LineKind, load_scheme
from reports.statements import balance, differences, statement

RESULTS = {"published": "result", "full": "9905", "abbreviated": "9905", "micro": "9905"}
CARRIED = {"published": "carried-forward", "full": "(14)", "abbreviated": "(14)", "micro": "(14)"}
OPEN = [code for code in leaves() if code[:2] not in ("69", "79")]


@st.composite
def ledgers(draw, codes=None):
    """Balanced amounts on any accounts; the last account takes what is missing."""
    amounts = draw(st.dictionaries(st.sampled_from(codes or leaves()), st.integers(-(10**12), 10**12), min_size=2))
    last = next(reversed(amounts))
    amounts[last] -= sum(amounts.values())
    return amounts


def closing(amounts):
    """The appropriation of all that the ledger holds: prior result out of 14, everything back into it."""
    result = sum(cents for code, cents in amounts.items() if code[0] in "67")
    prior = amounts.get("14", 0)
    carried = result + prior
    entry = {"14": carried - prior}
    entry["790" if prior < 0 else "690"] = prior
    entry["692" if carried < 0 else "792"] = -carried
    return entry


def added(*parts: dict[str, int]):
    total = {}
    for part in parts:
        for code, cents in part.items():
            total[code] = total.get(code, 0) + cents
    return total


@settings(deadline=None, max_examples=60)
@given(ledgers(), ledgers())
def test_assets_equal_liabilities_in_every_scheme_whatever_is_posted(first, second):
    books = totals((2024, first), (2025, second))
    for name in SCHEMES:
        now, before = balance(statement("balance-sheet", load_scheme(name), 2025, books))
        assert now.difference == 0
        assert before.difference == 0


@settings(deadline=None, max_examples=60)
@given(ledgers(OPEN))
def test_the_result_is_the_same_in_every_scheme(amounts):
    books = totals((2025, amounts))
    result = -sum(cents for code, cents in amounts.items() if code[0] in "67")
    for name in SCHEMES:
        assert statement("income-statement", load_scheme(name), 2025, books).line(RESULTS[name]).cents == result


@settings(deadline=None, max_examples=60)
@given(ledgers(OPEN))
def test_after_closing_the_carried_result_is_account_14_of_the_balance_sheet(amounts):
    books = totals((2025, added(amounts, closing(amounts))))
    for name in SCHEMES:
        scheme = load_scheme(name)
        balance_sheet = statement("balance-sheet", scheme, 2025, books)
        appropriation = statement("appropriation", scheme, 2025, books)
        assert appropriation.line(CARRIED[name]).cents == balance_sheet.line("14").cents
        assert not balance_sheet.line("open").shown
        assert not appropriation.line("open-appropriation").shown


@settings(deadline=None, max_examples=60)
@given(ledgers(OPEN), ledgers(OPEN))
def test_a_result_not_yet_appropriated_shows_the_accounts_of_its_year_only(first, second):
    books = totals((2024, added(first, closing(first))), (2025, second))
    line = statement("balance-sheet", load_scheme("full"), 2025, books).line("open")
    moved = {code: -cents for code, cents in second.items() if code[0] in "67" and cents}
    assert {of.code: of.cents for of in line.accounts if of.cents} == moved


@settings(deadline=None, max_examples=40)
@given(ledgers(), st.sampled_from(SCHEMES))
def test_each_figure_is_rounded_by_itself_and_every_gap_is_named(amounts, name):
    books = totals((2025, amounts))
    for what in ("balance-sheet", "income-statement", "appropriation"):
        of = statement(what, load_scheme(name), 2025, books)
        assert all(line.euros == to_euros(line.cents) for line in of.every)
        named = {found.key for found in differences(of)}
        for line in of.lines:
            if line.parts:
                parts = sum(part.sign * of.line(part.key).euros for part in line.parts)
                assert (line.key in named) == (parts != line.euros)


@settings(deadline=None, max_examples=40)
@given(ledgers(), ledgers(), st.sampled_from(SCHEMES))
def test_the_accounts_behind_a_line_add_up_to_it(first, second, name):
    books = totals((2024, first), (2025, second))
    for what in ("balance-sheet", "income-statement", "appropriation"):
        for line in statement(what, load_scheme(name), 2025, books).every:
            if line.kind is not LineKind.HEADING and not line.parts:
                assert sum(of.cents for of in line.accounts) == line.cents
                assert sum(of.previous or 0 for of in line.accounts) == (line.previous or 0)
