"""The words of a receipt in every part: who issues, who gave, how much and when."""

from dataclasses import replace
from datetime import date

import pytest
from sheets import BAKERY, EMMA, INSTITUTION, JAN, JURGEN, LINH, SHEET

from ledger.records import Channel
from receipts.paper.sheet import Sheet, SheetGift
from receipts.paper.texts import ROWS, RUN, compose, enterprise_number, national_number

THIN = "\u202f"


def gift(day: int, cents: int = 10_00, month: int = 3, channel: Channel = Channel.TRANSFER) -> SheetGift:
    return SheetGift(date(2025, month, day), cents, channel)


def listing(*gifts: SheetGift) -> Sheet:
    return replace(SHEET, gifts=gifts, cents=sum(one.cents for one in gifts))


def rows(*gifts: SheetGift) -> tuple[tuple[str, str, str], ...]:
    return compose(listing(*gifts)).gifts


def test_who_issues_and_who_gave():
    texts = compose(SHEET)
    assert texts.institution == (
        "Rue de l’Exemple 1",
        "1000 Bruxelles",
        f"{compose(replace(SHEET, addressee=replace(BAKERY, language='fr'))).facts[-1][0]} 0123.456.749",
        "Agréée pour les années 2023 à 2028",
        "02 000 00 00",
        "dons@exemple.example",
        "www.exemple.example",
    )
    assert texts.address == ("Éléonore Lefèvre-Öztürk", "Avenue du Modèle 145 bte 12", "1050 Ixelles")
    assert [value for _, value in texts.facts] == [
        "123",
        "2025",
        "Lefèvre-Öztürk, Éléonore",
        "Avenue du Modèle 145 bte 12, 1050 Ixelles",
        "85.07.30-033.28",
    ]
    assert (texts.name, texts.author, texts.form) == (INSTITUTION.name, INSTITUTION.name, INSTITUTION.legal_form)
    assert (texts.signatory, texts.role) == ("Alix Exemple", "Administratrice déléguée")


def test_what_an_institution_does_not_have_leaves_no_empty_line():
    bare = replace(INSTITUTION, recognition=" ", telephone="", email="", website="")
    assert len(compose(replace(SHEET, institution=bare)).institution) == 3


def test_an_address_abroad_names_its_country_in_capitals():
    assert compose(replace(SHEET, addressee=LINH)).address[-1] == "UNITED KINGDOM"
    unknown = replace(EMMA, country="ZZ")
    assert compose(replace(SHEET, addressee=unknown)).address[-1] == "ZZ"


@pytest.mark.parametrize(
    ("number", "bis"), [("85073003328", False), ("98472899765", True), ("85223003328", True), ("85013003328", False)]
)
def test_a_bis_number_is_called_one(number: str, bis: bool):
    natural, other = (
        compose(replace(SHEET, addressee=replace(EMMA, national_number=one))).facts[-1]
        for one in ("85073003328", number)
    )
    assert (natural[0] != other[0]) is bis
    assert other[1] == national_number(number)


def test_who_has_no_number_is_told_so():
    label, value = compose(replace(SHEET, addressee=replace(EMMA, national_number=None))).facts[-1]
    assert label == compose(SHEET).facts[-1][0]
    assert not any(letter.isdigit() for letter in value)
    company = compose(replace(SHEET, addressee=BAKERY)).facts[-1]
    assert company[1] == "0403.170.701"
    assert compose(replace(SHEET, addressee=replace(BAKERY, enterprise_number=None))).facts[-1][1] != company[1]


def test_numbers_are_written_as_people_write_them():
    assert enterprise_number("0123456749") == "0123.456.749"
    assert national_number("85073003328") == "85.07.30-033.28"


@pytest.mark.parametrize(
    ("cents", "amount"), [(150_00, "***150,00*** EUR"), (1234_56, "***1234,56*** EUR"), (100_05, "***100,05*** EUR")]
)
def test_the_amount_is_enclosed_and_not_grouped(cents: int, amount: str):
    assert compose(replace(SHEET, cents=cents, gifts=())).amount == amount


def test_two_equal_gifts_are_two_rows_and_three_are_one():
    assert RUN == 3
    assert rows(gift(1), gift(2)) == (
        ("01/03/2025", rows(gift(1))[0][1], "10,00"),
        ("02/03/2025", rows(gift(1))[0][1], "10,00"),
    )
    (run,) = rows(gift(2), gift(1), gift(3))
    way = rows(gift(1))[0][1]
    assert run == ("01/03/2025 – 03/03/2025", f"{way}, 3 × 10,00", "30,00")


def test_a_run_ends_with_another_amount_or_way():
    found = rows(gift(1), gift(2), gift(3, 20_00), gift(4), gift(5, channel=Channel.CASH))
    assert [row[2] for row in found] == ["10,00", "10,00", "20,00", "10,00", "10,00"]
    assert found[3][1] != found[4][1]


def different(count: int) -> tuple[SheetGift, ...]:
    return tuple(gift(1 + number % 28, 1_00 + number, month=1 + number // 28) for number in range(count))


def test_more_rows_than_fit_are_told_by_month():
    assert ROWS == 14
    by_gift = compose(listing(*different(14)))
    assert len(by_gift.gifts) == 14
    assert by_gift.total[1:] == ("", "14,91")
    by_month = compose(listing(*different(30)))
    assert [row[1:] for row in by_month.gifts] == [("28", "31,78"), ("2", "2,57")]
    assert [row[0] for row in by_month.gifts] == ["janvier 2025", "février 2025"]
    assert by_month.total[1:] == ("30", "34,35")
    assert by_month.gifts_heading != by_gift.gifts_heading
    assert by_month.gifts_columns != by_gift.gifts_columns


def test_what_was_taken_back_has_its_sign():
    assert [row[2] for row in rows(gift(1, 1_234_567_89), gift(2, -5_05))] == [f"1{THIN}234{THIN}567,89", "−5,05"]


@pytest.mark.parametrize(
    ("addressee", "first", "other"),
    [
        (EMMA, "1er\u00a0février\u00a02026", "13\u00a0décembre\u00a02026"),
        (JAN, "1\u00a0februari\u00a02026", "13\u00a0december\u00a02026"),
    ],
)
def test_the_day_of_issue_is_written_out(addressee, first: str, other: str):
    assert first in compose(replace(SHEET, addressee=addressee, issued_on=date(2026, 2, 1))).issued
    assert other in compose(replace(SHEET, addressee=addressee, issued_on=date(2026, 12, 13))).issued


def test_the_place_of_issue_may_be_left_out():
    assert "Bruxelles" in compose(SHEET).issued
    assert "Bruxelles" not in compose(replace(SHEET, place="")).issued


def test_marks_of_a_copy_or_a_new_version_stand_only_on_those():
    plain = compose(SHEET)
    assert (plain.replaces, plain.duplicate) == (None, None)
    marked = compose(replace(SHEET, version=2, replaces=True, duplicate=True))
    assert "2" in marked.replaces
    assert marked.duplicate


def test_the_amount_in_words_is_a_choice():
    assert compose(replace(SHEET, amount_in_words=False)).words is None
    assert "cent cinquante" in compose(SHEET).words
    assert compose(replace(SHEET, addressee=JURGEN)).language == "de"
