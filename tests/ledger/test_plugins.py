"""The plugins, on pages as an accountant writes them: what they say, and that nothing makes them raise."""

import textwrap
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import stores
from beancount import loader
from beancount.core import data
from beancount.parser.options import OPTIONS_DEFAULTS
from hypothesis import given
from hypothesis import strategies as st
from invented import DAY, gift, insert, movement, record, register_in, seal_of_files, statement, tamper

from ledger.chart import house, render_chart
from ledger.engines import create
from ledger.plugins.accounts import check_accounts
from ledger.plugins.banks import check_banks
from ledger.plugins.gifts import check_gifts
from ledger.plugins.opening import BadSettings, banks_of, gift_accounts_of, register_of
from ledger.plugins.periods import check_periods
from ledger.records import DocumentKind
from ledger.register.documents import all_documents
from ledger.store import StoreUnreadable, migrate_to, open_store, sqlite_url, store_version

pytestmark = pytest.mark.usefixtures("stores")

GIFTS = """plugin "ledger.plugins.gifts" "{'register': 'register.sqlite3', 'accounts': ['731100', '731300']}" """
BANKS = """plugin "ledger.plugins.banks" "{'register': 'register.sqlite3', 'accounts': {'current': '550000'}}" """
PERIODS = 'plugin "ledger.plugins.periods" "seals"'
ACCOUNTS = 'plugin "ledger.plugins.accounts"'
BANK = "Assets:55-Etablissements-de-credit:550000-Banque-compte-courant"
INCOME = "Income:73-Dons-legs-subsides:731100-Dons-en-especes"
UNKNOWN = "Income:73-Dons-legs-subsides:731300-Dons-en-especes-sans-donateur-connu"
COST = "Expenses:61-Services-et-biens-divers:616000-Honoraires"


@pytest.fixture
def books(tmp_path: Path) -> Path:
    (tmp_path / "chart.beancount").write_text(render_chart(house(), date(2020, 1, 1)), encoding="utf-8")
    return tmp_path


def says(folder: Path, page: str, *plugins: str) -> list[str]:
    """What Beancount says of a page: `line n of file: message`, without the line where it is about the whole books."""
    main = folder / "main.beancount"
    head = ['option "tolerance_multiplier" "0"', 'include "chart.beancount"', *plugins]
    main.write_text("\n".join(head) + "\n" + page, encoding="utf-8")
    if stores.current().name != "sqlite":  # as the books of a foundation say it whose register lies on a server
        address = stores.current().url(folder, "register")
        (folder / "obole.toml").write_text(f'register_url = "{address}"\n', encoding="utf-8")
    _, errors, _ = loader._load([(str(main), True)], None, None, None)
    assert not any(isinstance(error, loader.LoadError) for error in errors), errors
    return [error.message for error in errors]


def page(text: str) -> str:
    """The names of the accounts as they are in the chart, at the left margin."""
    for short, name in (("bank", BANK), ("gifts", INCOME), ("unknown", UNKNOWN), ("fees", COST)):
        text = text.replace(f"  {short} ", f"  {name} ")
    return textwrap.dedent(text)


# Gifts

NOT_REGISTERED = "that is not in the register of gifts; gifts are posted by `obole import FILE`, never by hand"


def registered(folder: Path, *, batch: int = 0) -> None:
    """Two documents in the register: 75.00 EUR on 14 March, and 10.00 EUR on the account without a known donor."""
    with register_in(folder).begin() as connection:
        insert(connection, record("coda-1"), [], [gift(5000, batch=batch), gift(2500, "D2", batch=batch)])
        insert(connection, record("coda-2"), [], [gift(1000, None, account="731300")])


AS_POSTED = page("""
    2025-03-14 * "Dons" #gift ^coda-1
      bank      75.00 EUR
      gifts    -75.00 EUR

    2025-03-14 * "Dons" #gift ^coda-2
      bank      10.00 EUR
      unknown  -10.00 EUR
""")


def test_books_that_hold_what_the_register_holds_are_equal(books: Path):
    registered(books)
    assert says(books, AS_POSTED, GIFTS) == []


def test_a_posting_in_two_parts_is_as_good_as_one(books: Path):
    registered(books)
    parts = AS_POSTED.replace(f"{INCOME}    -75.00 EUR", f"{INCOME} -70.00 EUR\n      {INCOME} -5.00 EUR")
    assert parts != AS_POSTED
    assert says(books, parts, GIFTS) == []


def test_a_gift_posted_by_hand_is_named_with_what_to_do(books: Path):
    registered(books)
    by_hand = page("""
    2025-06-01 * "Don reçu au stand"
      bank    20.00 EUR
      gifts  -20.00 EUR
    """)
    assert says(books, AS_POSTED + by_hand, GIFTS) == [
        f"2025-06-01 731100 without a document: the books have 20.00 EUR {NOT_REGISTERED}"
    ]


def test_two_that_cancel_each_other_are_named_too(books: Path):
    registered(books)
    nothing = page("""
    2025-06-01 * "Correction"
      gifts   20.00 EUR
      gifts  -20.00 EUR
    """)
    assert len(says(books, AS_POSTED + nothing, GIFTS)) == 1


def test_a_document_invented_by_hand_is_named(books: Path):
    registered(books)
    invented = AS_POSTED.replace("^coda-2", "^coda-3")
    assert says(books, invented, GIFTS) == [
        "2025-03-14 731300 coda-2: the books have 0.00 EUR, the register of gifts 10.00 EUR",
        f"2025-03-14 731300 coda-3: the books have 10.00 EUR {NOT_REGISTERED}",
    ]


@pytest.mark.parametrize("amount", ["75.01", "74.99", "75.001", "0.00"])
def test_one_cent_off_is_named_with_both_amounts(amount: str, books: Path):
    registered(books)
    assert says(books, AS_POSTED.replace("75.00", amount), GIFTS) == [
        f"2025-03-14 731100 coda-1: the books have {amount} EUR, the register of gifts 75.00 EUR"
    ]


def test_another_day_is_another_amount(books: Path):
    registered(books)
    assert len(says(books, AS_POSTED.replace("2025-03-14", "2025-03-15", 1), GIFTS)) == 2


def test_a_missing_posting_is_named(books: Path):
    registered(books)
    first = AS_POSTED.split("\n\n")[0] + "\n"
    assert says(books, first, GIFTS) == [
        "2025-03-14 731300 coda-2: the books have 0.00 EUR, the register of gifts 10.00 EUR"
    ]


def test_a_batch_is_compared_with_its_own_batch(books: Path):
    registered(books, batch=7)
    batch = AS_POSTED.replace('"Dons" #gift ^coda-1\n', '"Dons" #gift ^coda-1\n      batch: 7\n')
    assert says(books, batch, GIFTS) == []
    wrong = batch.replace("batch: 7", "batch: 8")
    assert [message.split(":")[0] for message in says(books, wrong, GIFTS)] == [
        "2025-03-14 731100 coda-1, batch 7",
        "2025-03-14 731100 coda-1, batch 8",
    ]


@pytest.mark.parametrize("value", ['"seven"', "7.5 EUR", "2025-01-01", "TRUE", "", "#tag"])
def test_a_batch_that_is_no_number_is_a_difference_and_raises_nothing(value: str, books: Path):
    registered(books, batch=7)
    batch = AS_POSTED.replace('"Dons" #gift ^coda-1\n', f'"Dons" #gift ^coda-1\n      batch: {value}\n')
    assert len(says(books, batch, GIFTS)) == 2


def test_the_error_stands_at_the_entry(books: Path):
    registered(books)
    says(books, AS_POSTED.replace("75.00", "75.01"), GIFTS)
    _, (error,), _ = loader._load([(str(books / "main.beancount"), True)], None, None, None)
    assert error.entry.links == {"coda-1"}
    assert (
        Path(error.source["filename"])
        .read_text(encoding="utf-8")
        .splitlines()[error.source["lineno"] - 1]
        .endswith("^coda-1")
    )


@pytest.mark.sqlite
def test_without_the_register_the_books_say_so(books: Path):
    assert says(books, AS_POSTED, GIFTS, BANKS) == [
        (
            "the register cannot be opened (OperationalError); check that its file is there and may be read. "
            "Where it is damaged, or only a part of it arrived, restore it from your backup."
        )
    ]


@pytest.mark.sqlite
def test_the_register_that_obole_toml_names_is_the_one(books: Path, tmp_path: Path):
    (tmp_path / "elsewhere").mkdir()
    registered(tmp_path / "elsewhere")
    address = stores.current().url(tmp_path / "elsewhere", "register")
    (books / "obole.toml").write_text(f'register_url = "{address}"\n', encoding="utf-8")
    with register_of({"register": "none.sqlite3"}, {"filename": str(books / "main.beancount")}) as connection:
        assert len(all_documents(connection)) == 2


def test_a_register_of_an_earlier_version_is_left_as_it_is(books: Path, tmp_path: Path):
    path = tmp_path / "old.sqlite3"
    with create(sqlite_url(path)).connect() as connection:
        migrate_to(connection, "register", "0003")
        connection.commit()
    (books / "obole.toml").write_text(f'register_url = "{sqlite_url(path)}"\n', encoding="utf-8")
    options = {"filename": str(books / "main.beancount")}
    with pytest.raises(StoreUnreadable, match="run `obole upgrade`"), register_of({"register": "x"}, options):
        pass
    assert store_version(sqlite_url(path), "register") == "0003"


WRITTEN = """
bank = [{alias = "savings", account = "551000"}, {alias = 7, account = "1"}, {alias = "x"}, "y"]
gifts = {money = "731100", suspense = "499000", rate = 3}
"""


@pytest.mark.parametrize(
    ("written", "banks", "gifts"),
    [
        ("", {}, set()),
        (WRITTEN, {"savings": "551000"}, {"731100"}),
        ('bank = "x"\ngifts = "y"\n', {}, set()),
    ],
)
def test_the_accounts_are_those_of_the_settings_and_of_obole_toml(
    written: str, banks: dict[str, str], gifts: set[str], books: Path
):
    options = {"filename": str(books / "main.beancount")}
    assert banks_of({"accounts": {"current": "550000"}}, options) == {"current": "550000"}, "without obole.toml"
    (books / "obole.toml").write_text(written, encoding="utf-8")
    assert banks_of({"accounts": {"current": "550000"}}, options) == {"current": "550000"} | banks
    assert gift_accounts_of({"accounts": ["739000"]}, options) == {"739000"} | gifts
    (books / "obole.toml").write_text("[", encoding="utf-8")
    with pytest.raises(BadSettings, match=r"^obole\.toml: cannot be read as TOML"):
        banks_of({"accounts": {}}, options)


@pytest.mark.sqlite
def test_the_vault_is_not_taken_for_the_register(books: Path):
    open_store(sqlite_url(books / "register.sqlite3"), "vault").dispose()
    (message,) = says(books, AS_POSTED, GIFTS, BANKS)
    assert "no register" in message


@pytest.mark.sqlite  # a server keeps a day a day
@pytest.mark.parametrize("change", ["day = 'yesterday'", "cents = 'many'", "day = '2025-13-45'"])
def test_a_register_that_makes_no_sense_is_said_and_raises_nothing(change: str, books: Path):
    registered(books)
    tamper(books, f"UPDATE day_total SET {change} WHERE document_id = 1")
    assert says(books, AS_POSTED, GIFTS, BANKS) == [
        "the register cannot be read; run `obole check`, or restore it from your backup."
    ]


@pytest.mark.sqlite
@pytest.mark.parametrize("table", ["day_total", "document"])
def test_a_register_without_a_table_is_said_and_raises_nothing(table: str, books: Path):
    registered(books)
    with stores.current().unguarded(books, "register") as cursor:
        cursor.execute(f"DROP TABLE {table}")
    assert says(books, AS_POSTED, GIFTS, BANKS) == [
        "the register cannot be read; run `obole check`, or restore it from your backup."
    ]


SETTINGS = [
    "{'accounts': 7}",
    "{'accounts': [7, None]}",
    "{'accounts': [[]]}",
    "{'accounts': {'a': 7}}",
    "{'register': 7}",
]
SETTINGS += ["", "nonsense", "[]", "{'register'", "{'register': }", "1", "__import__('os')", "{" * 200, "'x'"]


@pytest.mark.parametrize("settings", SETTINGS)
@pytest.mark.parametrize("plugin", ["gifts", "banks"])
def test_settings_that_are_none_are_named_and_raise_nothing(plugin: str, settings: str, books: Path):
    registered(books)
    (message,) = says(books, "", f'plugin "ledger.plugins.{plugin}" "{settings}"')
    assert message.startswith(f"plugin ledger.plugins.{plugin}: its settings are not")


def test_the_settings_of_one_plugin_are_not_those_of_the_other(books: Path):
    registered(books)
    for plugin in (GIFTS.replace("gifts", "banks"), BANKS.replace("banks", "gifts")):
        (message,) = says(books, "", plugin)
        assert "its settings are not" in message


def test_without_accounts_nothing_is_compared_but_what_the_register_holds(books: Path):
    register_in(books)
    assert says(books, AS_POSTED, 'plugin "ledger.plugins.gifts"', 'plugin "ledger.plugins.banks" "{}"') == []


@pytest.mark.parametrize("order", [(INCOME, BANK), (BANK, INCOME)])
def test_a_pad_on_a_gift_account_is_an_error(order: tuple[str, str], books: Path):
    registered(books)
    pad = f"2025-06-01 pad {order[0]} {order[1]}\n2025-06-02 balance {order[0]} -100.00 EUR\n"
    assert says(books, AS_POSTED + pad, GIFTS) == [
        "pad on gift account 731100: gifts are posted by `obole import FILE`, never by hand"
    ]


def test_the_gifts_of_an_opening_are_those_of_its_document_and_of_what_undid_it(books: Path):
    def lines(sign: int) -> list[Any]:
        return [
            movement(1, sign * -75_00, outcome="opening"),
            movement(2, sign * 75_00, outcome="opening", account="1"),
        ]

    with register_in(books).begin() as connection:
        insert(connection, record("opening-1", kind=DocumentKind.OPENING), lines(1))
        insert(connection, record("undo-opening-1", kind=DocumentKind.UNDO), lines(-1))
    posted = AS_POSTED.partition("\n\n")[0].replace("#gift ^coda-1", "#opening ^{links}") + "\n"
    back = posted.replace("75.00", "-75.00").replace("--", "")
    both = posted.format(links="opening-1") + "\n" + back.format(links="undo-opening-1 ^opening-1")
    assert says(books, both, GIFTS) == []
    (message,) = says(books, posted.format(links="opening-1"), GIFTS)
    assert "undo-opening-1" in message


# Banks


def statements(folder: Path) -> None:
    """The account opens with 1,000.00 EUR; 14 March +75.00, 15 March -20.00 and, on a second statement, +5.00."""
    with register_in(folder).begin() as connection:
        insert(connection, statement(1, DAY, 1000_00, 1075_00))
        insert(connection, statement(2, date(2025, 3, 15), 1075_00, 1055_00))
        insert(connection, statement(3, date(2025, 3, 15), 1055_00, 1060_00))


OPENING = page("""
    2025-01-01 * "Solde initial"
      bank             1000.00 EUR
      Equity:10-Fonds:100000-Patrimoine-de-depart
""")
MARCH = page("""
    2025-03-14 * "Dons"
      bank    75.00 EUR
      gifts  -75.00 EUR

    2025-03-15 * "Honoraires"
      bank   -20.00 EUR
      fees    20.00 EUR

    2025-03-15 * "Dons"
      bank     5.00 EUR
      gifts   -5.00 EUR
""")


def test_books_that_close_as_the_bank_closes_each_day_are_right(books: Path):
    statements(books)
    assert says(books, OPENING + MARCH, BANKS) == []


def test_what_is_booked_after_the_last_statement_waits_for_the_next(books: Path):
    statements(books)
    assert says(books, OPENING + MARCH + MARCH.replace("2025-03", "2025-04"), BANKS) == []


def test_an_opening_balance_that_the_books_lack_is_explained(books: Path):
    statements(books)
    (message,) = says(books, MARCH, BANKS)
    assert message == (
        "bank account current (550000): its first statement, of 2025-03-14, opens with 1000.00 EUR that the books do "
        "not have; take the balances of the eve of first_day over with `obole opening FILE`, or post the opening "
        "balance with the general journal, dated before that statement"
    )


ELSEWHERE = """plugin "ledger.plugins.banks" "{'register': 'register.sqlite3', 'accounts': {'old': '551000'}}" """
ADDED = '[[bank]]\nalias = "current"\naccount = "550000"\n'


def test_a_bank_account_added_to_the_settings_is_checked_from_then_on(books: Path):
    statements(books)
    assert says(books, OPENING, ELSEWHERE) == []
    settings = books / "obole.toml"
    server = settings.read_text(encoding="utf-8") if settings.exists() else ""
    settings.write_text(server + ADDED, encoding="utf-8")
    assert _of_current(books) == ["bank account current (550000)"]
    settings.write_text(server + "bank = 3\n[[x]]\n", encoding="utf-8")
    assert _of_current(books) == []


def _of_current(folder: Path) -> list[str]:
    """Which bank account is wrong in books whose plugin names another one."""
    text = f'option "tolerance_multiplier" "0"\ninclude "chart.beancount"\n{ELSEWHERE}\n{OPENING}'
    (folder / "main.beancount").write_text(text, encoding="utf-8")
    _, errors, _ = loader._load([(str(folder / "main.beancount"), True)], None, None, None)
    return [error.message.partition(":")[0] for error in errors]


def test_an_opening_balance_is_explained_where_the_first_day_has_two_statements(books: Path):
    with register_in(books).begin() as connection:
        insert(connection, statement(1, date(2025, 3, 15), 1000_00, 980_00))
        insert(connection, statement(2, date(2025, 3, 15), 980_00, 985_00))
    (message,) = says(books, MARCH.replace("75.00", "0.00"), BANKS)
    assert "opens with 1000.00 EUR that the books do not have" in message


def test_a_difference_as_large_as_an_opening_is_explained_by_it_at_the_first_statement_alone(books: Path):
    with register_in(books).begin() as connection:
        insert(connection, statement(1, DAY, 0, 75_00))
        insert(connection, statement(2, date(2025, 3, 15), 75_00, 135_00))
    (message,) = says(books, MARCH, BANKS)  # 75.00 on 14 March, 60.00 on the 15th: 75.00 less than the bank
    assert message.startswith(
        "bank account current (550000): the books have 60.00 EUR on 2025-03-15, statement coda-current-2025-002 says "
        "135.00 EUR (difference -75.00)"
    )


def test_what_is_about_the_whole_books_stands_at_no_line(books: Path):
    registered(books)
    options = {**OPTIONS_DEFAULTS, "filename": str(books / "main.beancount")}
    settings = "{'register': 'register.sqlite3', 'accounts': ['731100', '731300']}"
    (books / "seals").mkdir()
    (books / "seals" / "2024.json").write_text("{}", encoding="utf-8")
    if stores.current().name != "sqlite":
        address = stores.current().url(books, "register")
        (books / "obole.toml").write_text(f'register_url = "{address}"\n', encoding="utf-8")
    found = [
        *check_gifts([], options, settings)[1],
        *check_banks([], options, "nonsense")[1],
        *check_periods([], options)[1],
    ]
    assert [(Path(error.source["filename"]).name, error.source["lineno"]) for error in found] == [
        *[("main.beancount", 0)] * 3,
        ("2024.json", 0),
    ]


def test_a_gap_is_named_with_the_statement_after_it_and_the_difference(books: Path):
    statements(books)
    with register_in(books).begin() as connection:
        insert(connection, statement(5, date(2025, 3, 20), 1160_00, 1160_00))
    (message,) = says(books, OPENING + MARCH, BANKS)
    assert message == (
        "bank account current (550000): a statement is missing between coda-current-2025-003 and "
        "coda-current-2025-005 of 2025-03-20, which begins 100.00 EUR away; import it"
    )


@pytest.mark.parametrize("day", ["2025-03-14", "2025-02-01"])
def test_a_bank_line_posted_by_hand_is_named_at_the_next_statement(day: str, books: Path):
    statements(books)
    by_hand = page(f"""
    {day} * "Frais"
      bank   -0.01 EUR
      fees    0.01 EUR
    """)
    (message,) = says(books, OPENING + MARCH + by_hand, BANKS)
    assert "1074.99 EUR on 2025-03-14, statement coda-current-2025-001 says 1075.00 EUR (difference -0.01)" in message


def test_a_fraction_of_a_cent_is_a_difference_and_raises_nothing(books: Path):
    statements(books)
    (message,) = says(books, OPENING + MARCH.replace("75.00", "75.001"), BANKS)
    assert "1075.001 EUR" in message


def test_an_account_without_a_statement_is_left_alone(books: Path):
    register_in(books)
    assert says(books, OPENING + MARCH, BANKS) == []


def test_a_pad_on_a_bank_account_is_an_error(books: Path):
    statements(books)
    pad = f"2025-03-01 pad {BANK} {COST}\n2025-03-02 balance {BANK} 1000.00 EUR\n"
    assert "pad on bank account 550000: import the statements that explain the difference" in says(
        books, MARCH + pad, BANKS
    )


# Accounts


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("Income:73-Dons:731100-Dons", None),
        ("Liabilities:49-Attente:499000-Attente", None),
        ("Equity:14-Resultat:140000-Résultat-reporté", None),
        ("Assets:73-Dons:731100-Dons", "731100 belongs under Income, not Assets"),
        ("Expenses:69-Affectations:692000-Resultat", "692000 belongs under Equity, not Expenses"),
        ("Liabilities:49-Regularisation:490000-Charges", "490000 belongs under Assets, not Liabilities"),
        ("Assets:49-Regularisation:493000-Produits", "493000 belongs under Liabilities, not Assets"),
        ("Income:73-Dons:Dons", "its last part must begin with its account code, such as 731100-Dons"),
        ("Income:73-Dons:731100Dons", "its last part must begin with its account code, such as 731100-Dons"),
        ("Income:7-Produits:7-Produits", "7 lies below no account of annex 3 of the royal decree of 21.10.2018"),
        ("Income:80-Autres:800000-Autres", "800000 lies below no account of annex 3 of the royal decree of 21.10.2018"),
    ],
)
def test_an_account_stands_where_its_code_says(name: str, problem: str | None, books: Path):
    assert says(books, f"2025-01-01 open {name} EUR\n", ACCOUNTS) == ([] if problem is None else [f"{name}: {problem}"])


def test_a_code_that_is_not_that_of_the_name_is_named(books: Path):
    opened = '2025-01-01 open Income:73-Dons:731190-Dons EUR\n  code: "731200"\n'
    assert says(books, opened, ACCOUNTS) == [
        "Income:73-Dons:731190-Dons: the code 731200 written below it is not 731190"
    ]
    assert says(books, opened.replace('"731200"', "731190"), ACCOUNTS) == [], "a code without quotes is the same code"


@pytest.mark.parametrize(
    "name",
    [
        "Income:73-Dons:731100-De\u0301po\u0302t",  # NFD: an accent of its own
        "Income:73-Dons:731100-dons€",
        "Income:73-Dons:731100-Dons ",
        "Income:73-Dons:731100_Dons",
        "Income:73-Dons:",
        "Income",
        "",
        "income:73-Dons:731100-Dons",
        "Income:73-Dons:731100-Dons\n",
    ],
)
def test_a_name_with_a_bad_tail_is_named_even_where_the_parser_let_it_pass(name: str):
    opened = data.Open({"filename": "chart.beancount", "lineno": 1}, DAY, name, ["EUR"], None)
    _, errors = check_accounts([opened], {})
    assert [error.message for error in errors] == [
        f"{name}: not a valid account name; use letters, digits and hyphens only"
    ]


def test_the_house_chart_has_no_fault(books: Path):
    assert says(books, "", ACCOUNTS) == []


# Periods


@pytest.fixture
def sealed(books: Path) -> Path:
    """Books with an entry posted and one entered by hand in each of 2024 and 2025; 2024 is sealed."""
    for year in (2024, 2025):
        for relative in (f"journal/{year}/coda-1.beancount", f"manual/{year}.beancount"):
            path = books / relative
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(page(f"""
                {year}-05-02 * "Honoraires"
                  bank   -20.00 EUR
                  fees    20.00 EUR
            """), encoding="utf-8")  # fmt: skip
    with register_in(books).connect() as connection:
        seal_of_files(books, connection, 2024)
    return books


INCLUDED = 'include "journal/*/*.beancount"\ninclude "manual/*.beancount"\n'
ENTRY = """
2024-12-31 * "Oublié"
  bank   -1.00 EUR
  fees    1.00 EUR
"""


def test_a_sealed_year_left_alone_has_no_error(sealed: Path):
    assert says(sealed, INCLUDED, PERIODS) == []


def test_a_changed_file_of_a_sealed_year_is_an_error_in_fava(sealed: Path):
    path = sealed / "journal/2024/coda-1.beancount"
    path.write_text(path.read_text(encoding="utf-8").replace("20.00", "21.00"), encoding="utf-8")
    assert says(sealed, INCLUDED, PERIODS) == [
        "2024 is closed: journal/2024/coda-1.beancount was changed; restore it from your backup"
    ]


def test_a_removed_file_of_a_sealed_year_is_an_error_in_fava(sealed: Path):
    (sealed / "journal/2024/coda-1.beancount").unlink()
    assert says(sealed, INCLUDED, PERIODS) == [
        "2024 is closed: journal/2024/coda-1.beancount is missing; restore it from your backup"
    ]


@pytest.mark.parametrize("relative", ["manual/2025.beancount", "manual/late.beancount", "journal/2025/late.beancount"])
def test_an_entry_of_a_sealed_year_in_another_file_is_an_error_at_its_line(relative: str, sealed: Path):
    with (sealed / relative).open("a", encoding="utf-8") as file:
        file.write(page(ENTRY))
    (message,) = says(sealed, INCLUDED, PERIODS)
    assert message == (
        "2024 is closed: this entry of 2024-12-31 is not under its seal; put it back from your backup as 2024 was "
        "closed, date a new entry in an open year, or run `obole reopen 2024 --reason ... --by ...` to change 2024"
    )


def test_an_entry_of_a_sealed_year_in_the_main_file_is_an_error(sealed: Path):
    assert len(says(sealed, INCLUDED + page(ENTRY), PERIODS)) == 1


def test_an_added_file_of_a_sealed_year_is_an_error_even_when_it_is_empty(sealed: Path):
    (sealed / "journal/2024/late.beancount").write_text("", encoding="utf-8")
    assert says(sealed, INCLUDED, PERIODS) == [
        "2024 is closed: journal/2024/late.beancount was added; post it in an open year"
    ]


def test_a_pad_that_fills_a_sealed_year_is_an_error(sealed: Path):
    pad = f"2024-06-01 pad {BANK} {COST}\n2025-06-01 balance {BANK} 0.00 EUR\n"
    (message,) = says(sealed, INCLUDED + pad, PERIODS)
    assert "this entry of 2024-06-01 is not under its seal" in message


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"\xff\xfe", b'{"year": 2024}', b'{"year": 2024, "files": [], "documents": 1}']
)
def test_a_broken_seal_is_an_error_entry_and_hides_no_other_year(content: bytes, sealed: Path):
    (sealed / "seals/2023.json").write_bytes(content)
    (sealed / "journal/2024/late.beancount").write_text("", encoding="utf-8")
    assert says(sealed, INCLUDED, PERIODS) == [
        "2023.json: not the seal of a year; restore it from your backup.",
        "2024 is closed: journal/2024/late.beancount was added; post it in an open year",
    ]


def test_a_seal_that_is_a_folder_is_an_error_entry(sealed: Path):
    (sealed / "seals/2023.json").mkdir()
    assert says(sealed, INCLUDED, PERIODS) == ["2023.json: not the seal of a year; restore it from your backup."]


def test_books_without_seals_have_no_error(books: Path):
    assert says(books, page(ENTRY), PERIODS) == []


# None of them raises, whatever other plugins hand on


METAS = st.sampled_from(
    [{}, {"filename": "<pad>", "lineno": 0}, {"filename": None}, {"batch": None, "code": [], "filename": 7}]
)
AMOUNTS = st.sampled_from(
    [None, data.Amount(Decimal("1.005"), "EUR"), data.Amount(Decimal("1E+40"), "X"), data.Amount(Decimal(-1), "EUR")]
)
NAMES = st.sampled_from(["", ":", "Income:73-Dons:731100-Dons", BANK, "Assets:\u0301", "731100", "Income:73:9"])


@st.composite
def entries(draw: st.DrawFn) -> list[Any]:
    postings = st.lists(st.builds(data.Posting, NAMES, AMOUNTS, st.none(), st.none(), st.none(), st.none()), max_size=3)
    tags = st.sampled_from([frozenset(), frozenset({"gift"})])
    links = st.sampled_from([frozenset(), frozenset({"coda-1"}), frozenset({"a", "b"})])
    day = st.sampled_from([date(1, 1, 1), date(2024, 5, 2), DAY])
    transactions = st.builds(data.Transaction, METAS, day, st.just("*"), st.none(), st.just(""), tags, links, postings)
    opens = st.builds(data.Open, METAS, day, NAMES, st.none(), st.none())
    return draw(st.lists(transactions | opens | st.builds(data.Close, METAS, day, NAMES), max_size=6))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("books")
    registered(folder)
    with register_in(folder).connect() as connection:
        seal_of_files(folder, connection, 2024)
    return folder


@given(entries=entries())
def test_no_plugin_raises_and_each_hands_on_what_it_got(folder: Path, entries: list[Any]):
    options = OPTIONS_DEFAULTS | {"filename": str(folder / "main.beancount")}
    settings = "{'register': 'register.sqlite3', 'accounts': ['731100']}"
    for kept, errors in (
        check_accounts(entries, options),
        check_gifts(entries, options, settings),
        check_banks(entries, options, settings.replace("['731100']", "{'current': '550000'}")),
        check_periods(entries, options, "seals"),
    ):
        assert kept is entries
        assert all(isinstance(error.message, str) for error in errors)
