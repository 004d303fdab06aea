"""What a posting counts in euro, worked out by hand."""

from datetime import date
from decimal import Decimal

import pytest
from beancount.core import data
from beancount.core.amount import A, Amount
from beancount.core.position import Cost

from ledger.weights import euros_of


def posting(units: str | None, cost: str | None = None, price: Amount | None = None) -> data.Posting:
    held = None if cost is None else Cost(A(cost).number, A(cost).currency, date(2025, 1, 1), None)
    return data.Posting("Assets:Bank", units and A(units), held, price, None, None)


@pytest.mark.parametrize(("one", "euros"), [
    (posting("-2.50 EUR"), "-2.50"),
    (posting("2.505 EUR"), "2.505"),
    (posting("2 EUR", cost="3 EUR"), "6.00"),  # a cost is what counts, even of euros
    (posting("2 EUR", price=A("4 USD")), "2"),
    (posting("2 SHS", cost="3 EUR"), "6.00"),
    (posting("2 SHS", cost="3 EUR", price=A("4 EUR")), "6.00"),
    (posting("-2 SHS", price=A("4 EUR")), "-8.00"),
    (posting("2 SHS", price=A("4.1234 EUR")), "8.2468"),
    (posting("3 USD", price=Amount(Decimal(1) / 3, "EUR")), "1.00"),  # `@@ 1.00 EUR` with 28 digits
    (posting("1 USD", price=Amount(Decimal("0.1000001"), "EUR")), "0.1000001"),
    (posting("1 USD", price=Amount(Decimal("0.10000009"), "EUR")), "0.10"),
    (posting("1 USD", price=Amount(Decimal("0.09999991"), "EUR")), "0.10"),
    (posting("2 SHS"), None),
    (posting("2 SHS", cost="3 USD"), None),
    (posting("2 SHS", price=A("3 USD")), None),
    (posting(None), None),
    (data.Posting("Assets:Bank", Amount(Decimal("NaN"), "EUR"), None, None, None, None), None),
])  # fmt: skip
def test_a_posting_counts_at_its_units_or_at_their_cost_before_their_price(one: data.Posting, euros: str | None):
    assert euros_of(one) == (None if euros is None else Decimal(euros))
