"""Amounts: exact to the cent, printed half away from zero, read as people write them."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.money import parse_amount, to_cents, to_decimal, to_euros


@pytest.mark.parametrize(
    ("amount", "cents"),
    [
        ("123.45", 12345),
        ("-0.01", -1),
        ("0", 0),
        ("-0.00", 0),
        ("5.1", 510),
        ("1E+3", 100000),
        ("9600000.01", 960000001),
    ],
)
def test_an_amount_is_so_many_cents(amount: str, cents: int):
    assert to_cents(Decimal(amount)) == cents


@pytest.mark.parametrize("amount", ["0.001", "-12.345", "NaN", "Infinity", "-Infinity"])
def test_a_fraction_of_a_cent_is_refused_and_so_is_what_is_no_number(amount: str):
    with pytest.raises(ValueError, match=r"cent|not an amount"):
        to_cents(Decimal(amount))


@given(st.integers(-(10**15), 10**15))
def test_cents_to_decimal_and_back(cents: int):
    amount = to_decimal(cents)
    assert to_cents(amount) == cents
    assert str(amount).split(".")[1].isdigit()
    assert len(str(amount).split(".")[1]) == 2


@pytest.mark.parametrize(
    ("cents", "euros"),
    [
        *(
            (0, 0),
            (49, 0),
            (50, 1),
            (149, 1),
            (150, 2),
            (250, 3),
            (-49, 0),
            (-50, -1),
            (-149, -1),
            (-150, -2),
            (-250, -3),
        ),
        *((287425025, 2874250), (-8512550, -85126), (8512550, 85126)),
    ],
)
def test_half_a_euro_is_rounded_away_from_zero(cents: int, euros: int):
    assert to_euros(cents) == euros


@given(st.integers(-(10**12), 10**12))
def test_rounding_is_symmetric_and_never_off_by_more_than_half_a_euro(cents: int):
    assert to_euros(-cents) == -to_euros(cents)
    assert abs(Fraction(cents, 100) - to_euros(cents)) <= Fraction(1, 2)


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("1.234,56", "1234.56"),
        ("1 234,56", "1234.56"),
        ("1\u00a0234,56", "1234.56"),  # as Excel groups in French
        ("1\u202f234,56", "1234.56"),  # as Unicode groups in French
        ("1'234.56", "1234.56"),
        ("1\u2019234.56", "1234.56"),
        ("1,234.56", "1234.56"),
        ("1.234.567", "1234567"),
        ("1,234,567", "1234567"),
        ("1.234.567,8", "1234567.8"),
        ("1234.56", "1234.56"),
        ("1234,56", "1234.56"),
        ("1234.567", "1234.567"),  # four digits before it: the point groups nothing
        ("0.125", "0.125"),  # no group begins with 0
        ("0,125", "0.125"),
        ("5", "5"),
        (",5", "0.5"),
        ("5,", "5"),
        ("-5,3", "-5.3"),
        ("+5,3", "5.3"),
        ("\u22125,3", "-5.3"),
        ("- 5,30", "-5.30"),
        ("5,30 EUR", "5.30"),
        ("EUR 5,30", "5.30"),
        ("5,30€", "5.30"),
        ("€ -5,30", "-5.30"),
        ("-€5,30", "-5.30"),
        ("  12,00\t", "12.00"),
    ],
)
def test_an_amount_is_read_as_people_write_it(text: str, amount: str):
    assert parse_amount(text) == Decimal(amount)


@pytest.mark.parametrize(
    ("text", "with_comma", "with_point"),
    [("1.234", "1234", "1.234"), ("1,234", "1.234", "1234"), ("12.000", "12000", "12")],
)
def test_one_mark_before_three_digits_means_what_the_reader_says(text: str, with_comma: str, with_point: str):
    assert parse_amount(text) == Decimal(with_comma)
    assert parse_amount(text, ".") == Decimal(with_point)


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", ",", "-", "EUR", "abc", "12.34,56", "1.23.45", "1.234,56,78", "1.234.56", "1 2 3", "1.234 567,8"),
        *("(5)", "5-", "--5", "-€-5", "5€00", "1e3", "1_000", "NaN", "Infinity", "\u0663", "0x10", "01.234,00"),
    ],
)
def test_what_could_mean_something_else_is_no_amount(text: str):
    with pytest.raises(ValueError, match=r"^not an amount$"):
        parse_amount(text)


@given(st.integers(-(10**11), 10**11), st.sampled_from([".", " ", "\u202f", "'", ""]))
def test_what_is_written_is_what_is_read(cents: int, group: str):
    sign, (euros, rest) = "-" * (cents < 0), divmod(abs(cents), 100)
    assert to_cents(parse_amount(f"{sign}{euros:,}".replace(",", group) + f",{rest:02d}")) == cents


@given(st.text(alphabet="0123456789.,' -+€EUR()eE_", max_size=12))
def test_any_text_is_an_amount_or_a_value_error(text: str):
    try:
        amount = parse_amount(text)
    except ValueError:
        return
    assert amount.is_finite()
    assert Decimal("".join(letter for letter in text if letter.isdigit())) == Decimal(
        "".join(letter for letter in str(abs(amount)) if letter.isdigit()) or "0"
    )
