"""The register of gifts: what goes in comes out, and every change by hand is found and named."""

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import stores
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from invented import DAY, gift, insert, movement, record, register_in, rows, statement, tamper
from sqlalchemy import Connection, Engine

from ledger.dimensions import LineKeys
from ledger.records import Channel, Counterpart, DocumentKind, Gift, Nature
from ledger.register.documents import (
    DocumentSummary,
    all_documents,
    documents_of,
    find_document,
    first_document,
    known_files,
)
from ledger.register.gifts import day_totals, gifts_counted, originals_of
from ledger.register.proof import Alteration, alterations
from ledger.register.statements import previous_closing, statement_balances
from ledger.register.suspense import Decided, Decision, LineKey, assigned_items, insert_assignments, open_items
from ledger.register.vouchers import (
    GrantContract,
    Voucher,
    VoucherKey,
    find_vouchers,
    grant_contracts,
    grant_keys,
    insert_vouchers,
    save_grants,
)

pytestmark = pytest.mark.usefixtures("stores")

CODA = "coda-current-2025-073"
SECOND = "coda-current-2025-074"
MOVEMENT = "parent, booked, value, cents, code, reference, mandate, reason, outcome, account, crc"
FIRST_LINE = "FROM movement WHERE document_id = 1 AND position = 1"
WATER = "WHERE fund = 'water' AND document_id = 1"


def _nonsense(*values: str) -> Any:
    """A change that only SQLite lets happen: a server keeps a day a day, and a number a number."""
    return pytest.param(*values, marks=pytest.mark.sqlite)


def two_statements(folder: Path) -> Engine:
    """One statement of three gifts (two of the same day and account), one that takes the second of them back."""
    engine = register_in(folder)
    with engine.begin() as connection:
        insert(
            connection,
            record(CODA, summary=DocumentSummary(counts={"gifts": 3})),
            [movement(1, 5000), movement(2, 2500, reference="E2E-7"), movement(3, 100, reason="AM04")],
            [
                gift(5000),
                gift(2500, "D0002", position=2, fund="water"),
                gift(100, None, position=3, channel=Channel.CARD),
            ],
        )
        insert(connection, record(SECOND), [movement(1, -2500)], [gift(-2500, "D0002", reverses=2, fund="water")])
    return engine


def found(folder: Path) -> list[Alteration]:
    with register_in(folder).connect() as connection:
        return alterations(connection)


def test_an_untouched_register_shows_no_alteration(tmp_path: Path):
    two_statements(tmp_path)
    assert found(tmp_path) == []


def test_an_empty_register_shows_no_alteration(tmp_path: Path):
    register_in(tmp_path)
    assert found(tmp_path) == []


@pytest.mark.parametrize(
    "change",
    [
        "cents = 5001",
        "donor = 'D0002'",
        "donor = NULL",
        "booked = '2025-03-15'",
        "account = '732000'",
        "counted = 2024",
        "nature = 'goods'",
        "channel = 'card'",
        "counterpart = 'real'",
        "value = '2025-03-15'",
        "campaign = 'spring'",
        "fund = 'water'",
        "position = 9",
        "batch = 9",
        "crc = crc + 1",
        # What is no amount, day or number any more must be named as well, not end in a traceback.
        _nonsense("cents = 'many'"),
        "cents = 50.5",
        _nonsense("booked = '2025-13-45'"),
        _nonsense("booked = 'yesterday'"),
        _nonsense("booked = 20250314"),
        _nonsense("counted = 'last'"),
        _nonsense("batch = 'x'"),
    ],
)
def test_a_changed_gift_is_named(change: str, tmp_path: Path):
    two_statements(tmp_path)
    tamper(tmp_path, f"UPDATE gift SET {change} WHERE id = 1")
    assert Alteration("gift", f"id 1 of {CODA}", "the row was changed after posting") in found(tmp_path)
    assert not any(SECOND in alteration.place for alteration in found(tmp_path))


def test_a_changed_cent_shows_in_the_gift_the_document_and_the_day(tmp_path: Path):
    two_statements(tmp_path)
    tamper(tmp_path, "UPDATE gift SET cents = cents + 1 WHERE id = 1")
    assert found(tmp_path) == [
        Alteration("gift", f"id 1 of {CODA}", "the row was changed after posting"),
        Alteration("document", CODA, "the digest of its rows is not the one posted"),
        Alteration(
            "day_total", f"{CODA} 2025-03-14 account 731100", "gifts as posted: 1, 50.00 EUR; as they are: 1, 50.01 EUR"
        ),
    ]


def test_a_gift_moved_to_another_document_shows_in_both(tmp_path: Path):
    two_statements(tmp_path)
    tamper(tmp_path, "UPDATE gift SET document_id = 2 WHERE id = 1")
    places = {(alteration.table, alteration.place) for alteration in found(tmp_path)}
    assert {("document", CODA), ("document", SECOND)} <= places


def test_a_change_that_mends_its_crc_still_breaks_the_digest(tmp_path: Path):
    """Two gifts of one day change places: every row, sum and CRC is right, the order is not."""
    two_statements(tmp_path)
    tamper(
        tmp_path,
        "UPDATE gift SET id = 99 WHERE id = 1",
        "UPDATE gift SET id = 1 WHERE id = 3",
        "UPDATE gift SET id = 3 WHERE id = 99",
    )
    assert found(tmp_path) == [Alteration("document", CODA, "the digest of its rows is not the one posted")]


@pytest.mark.parametrize(
    "change",
    [
        *("cents = 5001", "outcome = 'suspense'", "reference = 'X'", _nonsense("booked = 'nonsense'"), "code = ''"),
        *("donor = 'D0001'", "certificate_elsewhere = true"),
    ],
)
def test_a_changed_movement_is_named(change: str, tmp_path: Path):
    two_statements(tmp_path)
    tamper(tmp_path, f"UPDATE movement SET {change} WHERE document_id = 1 AND position = 1")
    assert Alteration("movement", f"position 1 of {CODA}", "the row was changed after posting") in found(tmp_path)


@pytest.mark.parametrize(
    ("change", "left"),
    [
        ("DELETE FROM gift WHERE id = 3", "3 and 2"),
        ("DELETE FROM movement WHERE position = 3", "2 and 3"),
        (
            f"INSERT INTO movement (document_id, position, {MOVEMENT}) SELECT 1, 4, {MOVEMENT} {FIRST_LINE}",
            "4 and 3",
        ),
    ],
)
def test_a_row_deleted_or_added_is_counted(change: str, left: str, tmp_path: Path):
    two_statements(tmp_path)
    tamper(tmp_path, change)
    problem = f"movements as posted: 3, gifts: 3; there are: {left}"
    assert Alteration("document", CODA, problem) in found(tmp_path)


@pytest.mark.parametrize(
    "change",
    [
        *(
            "name = 'coda-current-2025-099'",
            "closing = 1",
            "journal_digest = 'x'",
            "archive = 'elsewhere'",
            "gifts = 4",
        ),
        *(
            _nonsense("last_day = '2025-02-31'"),
            "posted_at = '2020-01-01'",
            "file_digest = ''",
            "summary = '{}'",
            "crc = 0",
        ),
    ],
)
def test_a_changed_document_record_is_named(change: str, tmp_path: Path):
    two_statements(tmp_path)
    tamper(tmp_path, f"UPDATE document SET {change} WHERE id = 1")
    assert "its record was changed after posting" in [alteration.problem for alteration in found(tmp_path)]


@pytest.mark.parametrize(
    ("change", "says", "real"),
    [
        (f"UPDATE day_total SET cents = 1 {WATER}", "1, 0.01 EUR", "1, 25.00 EUR"),
        _nonsense(f"UPDATE day_total SET cents = 'x' {WATER}", "1, x EUR", "1, 25.00 EUR"),
        (f"UPDATE day_total SET count = 9 {WATER}", "9, 25.00 EUR", "1, 25.00 EUR"),
        (f"DELETE FROM day_total {WATER}", "0, 0.00 EUR", "1, 25.00 EUR"),
        (
            "INSERT INTO day_total VALUES (1, 0, '2025-03-14', '732000', '', 'card', '', '', 2, 700)",
            "2, 7.00 EUR",
            "0, 0.00 EUR",
        ),
    ],
)
def test_a_changed_day_total_is_named(change: str, says: str, real: str, tmp_path: Path):
    two_statements(tmp_path)
    tamper(tmp_path, change)
    problem = f"gifts as posted: {says}; as they are: {real}"
    assert [(alteration.table, alteration.problem) for alteration in found(tmp_path)] == [("day_total", problem)]


def test_a_document_deleted_with_all_its_rows_leaves_its_number_open(tmp_path: Path):
    two_statements(tmp_path)
    tamper(
        tmp_path,
        *(f"DELETE FROM {table} WHERE document_id = 1" for table in ("gift", "movement", "day_total")),
        "DELETE FROM document WHERE id = 1",
    )
    assert found(tmp_path) == [Alteration("document", "number 1", "it was deleted")]


def test_the_last_document_deleted_alone_leaves_its_rows(tmp_path: Path):
    two_statements(tmp_path)
    tamper(tmp_path, "DELETE FROM document WHERE id = 2")
    assert found(tmp_path) == [Alteration("document", "number 2", "it was deleted")]


def test_no_alteration_tells_a_text_of_the_row(tmp_path: Path):
    two_statements(tmp_path)
    tamper(
        tmp_path, "UPDATE gift SET campaign = 'secret'", "UPDATE movement SET reference = 'secret', reason = 'secret'"
    )
    assert found(tmp_path)
    assert "secret" not in repr(found(tmp_path))


def test_the_order_in_which_movements_are_handed_over_does_not_matter(tmp_path: Path):
    with register_in(tmp_path).begin() as connection:
        insert(connection, record(), [movement(3), movement(1), movement(2)], [gift(position=3), gift(position=1)])
    assert found(tmp_path) == []


DAYS = st.integers(0, 3).map(lambda days: DAY + timedelta(days=days))
# A server keeps no text with a NUL in it.
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=5)
GIFTS = st.lists(
    st.builds(
        Gift,
        donor=st.sampled_from([None, "D0001", "D0002"]),
        cents=st.integers(1, 10**9),
        booked=DAYS,
        counted=st.sampled_from([2024, 2025]),
        account=st.sampled_from(["731100", "731200"]),
        position=st.integers(1, 9),
        batch=st.sampled_from([0, 0, 7]),
        nature=st.sampled_from(Nature),
        channel=st.sampled_from(Channel),
        counterpart=st.sampled_from(Counterpart),
        ordered=st.none() | DAYS,
        executed=st.none(),
        value=st.none() | DAYS,
        paid=st.none(),
        campaign=st.none() | TEXTS,
        fund=st.sampled_from([None, "", "water", "O'Neil|x"]),
        reverses=st.none(),
        project=st.sampled_from([None, "", "schools", "a|b"]),
        department=st.sampled_from([None, "comm"]),
    ),
    max_size=12,
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(documents=st.lists(GIFTS, min_size=1, max_size=4))
def test_the_day_totals_are_the_sums_of_the_gifts(
    documents: list[list[Gift]], tmp_path_factory: pytest.TempPathFactory
):
    folder = tmp_path_factory.mktemp("register")
    engine = register_in(folder)
    with engine.begin() as connection:
        for number, gifts in enumerate(documents):
            insert(connection, record(f"document-{number}"), [], gifts)
    with engine.connect() as connection:
        totals = day_totals(connection)
        assert alterations(connection) == []
    engine.dispose()
    assert sum(total.gifts for total in totals) == sum(map(len, documents))
    expected = {
        (
            *(f"document-{number}", one.batch, one.booked, one.account, one.fund or "", str(one.channel)),
            *(one.project or "", one.department or ""),
        )
        for number, gifts in enumerate(documents)
        for one in gifts
    }
    # The oracle: SQL sums over the gifts as they are stored.
    found = rows(
        folder,
        "SELECT name, batch, CAST(booked AS VARCHAR(10)), account, coalesce(fund, ''), channel, coalesce(project, ''), "
        "coalesce(department, ''), count(*), sum(cents) FROM gift "
        "JOIN document ON document.id = document_id GROUP BY 1, 2, 3, 4, 5, 6, 7, 8",
    )
    assert {(row[0], row[1], date.fromisoformat(row[2]), *row[3:8]) for row in found} == expected
    assert sorted(
        (*total[:2], total.day.isoformat(), *total[3:6], total.project, total.department, total.gifts, total.cents)
        for total in totals
    ) == sorted(found)
    stores.current().give_back()


def collected_three_times(folder: Path) -> Engine:
    """One EndToEndId collected in January, February and March: gifts 1, 2 and 3."""
    engine = register_in(folder)
    with engine.begin() as connection:
        for month in (1, 2, 3):
            day = date(2025, month, 10)
            insert(
                connection, record(f"m{month}", day), [movement(1, 1000, day, reference="E2E-1")], [gift(1000, day=day)]
            )
    return engine


def take_back(engine: Engine, number: int) -> None:
    with engine.begin() as connection:
        insert(connection, record(f"return-of-{number}"), [], [gift(-1000, reverses=number)])


def test_the_original_of_a_return_is_the_last_gift_not_yet_taken_back(tmp_path: Path):
    engine = collected_three_times(tmp_path)
    for expected in ((3, False), (2, False), (1, False)):
        with engine.connect() as connection:
            original = originals_of(connection, ["E2E-1", "E2E-1", "unknown"])["E2E-1"]
        assert (original.id, original.reversed) == expected
        take_back(engine, original.id)
    with engine.connect() as connection:
        original = originals_of(connection, ["E2E-1"])["E2E-1"]
        assert (original.id, original.reversed) == (3, True), "all were taken back: the last, and it says so"
        assert originals_of(connection, ["unknown"]) == {}


def test_a_later_one_already_taken_back_does_not_hide_an_earlier_one(tmp_path: Path):
    engine = collected_three_times(tmp_path)
    take_back(engine, 3)
    take_back(engine, 1)
    with engine.connect() as connection:
        assert originals_of(connection, ["E2E-1"])["E2E-1"].id == 2


def test_originals_are_found_by_the_thousand(tmp_path: Path):
    engine = register_in(tmp_path)
    with engine.begin() as connection:
        rows = range(1, 1203)
        insert(
            connection,
            record(),
            [movement(row, row, reference=f"E{row}") for row in rows],
            [gift(row, f"D{row}", position=row) for row in rows],
        )
    with engine.connect() as connection:
        originals = originals_of(connection, [f"E{row}" for row in rows])
    assert {reference: (one.cents, one.donor) for reference, one in originals.items()} == {
        f"E{row}": (row, f"D{row}") for row in rows
    }


def test_open_items_are_the_suspense_lines_that_nobody_assigned_oldest_first(tmp_path: Path):
    engine = register_in(tmp_path)
    late, early = DAY, DAY - timedelta(days=9)
    with engine.begin() as connection:
        insert(connection, record("late", late), [movement(1, 700, late, outcome="suspense"), movement(2)])
        insert(connection, record("early", early), [movement(4, 300, early, outcome="suspense")])
    with engine.connect() as connection:
        assert [(item.document, item.position, item.cents) for item in open_items(connection)] == [
            ("early", 4, 300),
            ("late", 1, 700),
        ]
        assert [item.key for item in open_items(connection)] == [LineKey(2, 4), LineKey(1, 1)]
    with engine.begin() as connection:
        number = insert(connection, record("decisions"))
        insert_assignments(connection, number, [Decision(2, LineKey(2, 4), "D0001", "731100", DAY, "by telephone")])
    with engine.connect() as connection:
        assert [item.document for item in open_items(connection)] == ["late"]
        assert assigned_items(connection) == {("early", 4): Decided("D0001", "731100", DAY, "decisions line 2")}


def test_the_previous_closing_is_that_of_the_statement_before_on_the_same_account(tmp_path: Path):
    engine = register_in(tmp_path)
    first, second = DAY, DAY + timedelta(days=1)
    with engine.begin() as connection:
        insert(connection, statement(1, first, 0, 100))
        insert(connection, statement(2, first, 100, 200))
        for number in range(3, 12):
            insert(connection, statement(number, second, number * 100 - 100, number * 100))
        insert(connection, statement(1, first, 0, 9, bank="gifts"))
        insert(connection, record("journal-1", kind=DocumentKind.JOURNAL))
    with engine.connect() as connection:

        def before(connection: Connection, bank: str, day: date, sequence: str) -> tuple[str, int] | None:
            found = previous_closing(connection, bank, day, sequence)
            return None if found is None else (found.statement, found.cents)

        assert before(connection, "current", first, "001") is None
        assert before(connection, "current", first, "002") == ("coda-current-2025-001", 100)
        assert before(connection, "current", second, "003") == ("coda-current-2025-002", 200)
        assert before(connection, "current", second, "010") == ("coda-current-2025-009", 900)
        assert before(connection, "current", second + timedelta(days=200), "001") == ("coda-current-2025-011", 1100)
        assert before(connection, "gifts", second, "002") == ("coda-gifts-2025-001", 9)
        assert before(connection, "savings", second, "002") is None


def test_of_each_day_the_bank_says_the_first_opening_and_the_last_closing(tmp_path: Path):
    engine = register_in(tmp_path)
    with engine.begin() as connection:
        insert(connection, statement(2, DAY, 100, 250))
        insert(connection, statement(1, DAY, 50, 100))
        insert(connection, statement(3, DAY + timedelta(days=1), 250, 240))
    with engine.connect() as connection:
        assert [tuple(row) for row in statement_balances(connection, "current")] == [
            (DAY, "coda-current-2025-002", 50, 250),
            (DAY + timedelta(days=1), "coda-current-2025-003", 250, 240),
        ]


def test_a_file_is_known_whole_when_each_of_its_statements_was_posted(tmp_path: Path):
    engine = register_in(tmp_path)
    with engine.begin() as connection:
        for name in ("a-1", "a-2"):
            insert(connection, record(name, file_digest="aa", summary=DocumentSummary(statements=3)))
        insert(connection, record("b-1", file_digest="bb"))
    with engine.connect() as connection:
        known = known_files(connection, ["aa", "bb", "cc"])
        assert known.keys() == {"aa", "bb"}
        assert (known["aa"].documents, known["aa"].whole) == (("a-1", "a-2"), False)
        assert (known["bb"].documents, known["bb"].whole, known["bb"].kind) == (("b-1",), True, "coda")
        assert documents_of(connection, "aa") == ["a-1", "a-2"]
        assert first_document(connection, "coda", "aa") == 1
        assert first_document(connection, "coda", "cc") is None
    with engine.begin() as connection:
        insert(connection, record("a-3", file_digest="aa", summary=DocumentSummary(statements=3)))
        assert known_files(connection, ["aa"])["aa"].whole


def test_vouchers_are_found_by_reference_and_day_of_their_own_kind(tmp_path: Path):
    engine = register_in(tmp_path)
    keys = [VoucherKey(f"J{number}", DAY) for number in range(900)]
    with engine.begin() as connection:
        number = insert(connection, record())
        insert_vouchers(connection, "journal", number, [Voucher(*key, f"digest-{key.reference}") for key in keys])
        insert_vouchers(connection, "in-kind", number, [Voucher("J0", DAY, "other")])
    with engine.connect() as connection:
        assert find_vouchers(connection, "journal", keys) == {key: f"digest-{key.reference}" for key in keys}
        assert find_vouchers(connection, "journal", [VoucherKey("J0", DAY + timedelta(days=1))]) == {}
        assert find_vouchers(connection, "in-kind", [VoucherKey("J0", DAY)]) == {("J0", DAY): "other"}


def test_the_gifts_of_a_year_are_those_counted_for_it_or_booked_in_it(tmp_path: Path):
    engine = register_in(tmp_path)
    new_year = date(2026, 1, 2)
    with engine.begin() as connection:
        insert(connection, record("a"), [], [gift(1), gift(2, day=new_year, counted=2025), gift(3, day=new_year)])
        insert(connection, record("b"), [], [gift(-1, day=new_year, counted=2025, reverses=1)])
    with engine.connect() as connection:
        assert [(row.id, row.cents) for row in gifts_counted(connection, 2025)] == [(1, 1), (2, 2), (4, -1)]
        assert [row.id for row in gifts_counted(connection, 2026)] == [2, 3, 4]
        assert list(gifts_counted(connection, 2024)) == []


def test_a_document_is_found_by_its_name_with_what_was_told_of_it(tmp_path: Path):
    two_statements(tmp_path)
    with register_in(tmp_path).connect() as connection:
        kept = find_document(connection, CODA)
        assert kept is not None
        assert (kept.id, kept.movements, kept.gifts, kept.last_day) == (1, 3, 3, DAY)
        assert kept.summary == DocumentSummary.read(kept.told)
        assert find_document(connection, "coda-current-2025-099") is None
        assert [row.name for row in all_documents(connection)] == [CODA, SECOND]


def test_a_grant_keeps_its_newest_content_and_is_found_by_contract_or_reference(tmp_path: Path):
    row = GrantContract("G-2025-1", "F", "public", "bc 77 12", "{}")
    with register_in(tmp_path).begin() as connection:
        insert(connection, record("one"))
        insert(connection, record("two"))
        save_grants(connection, 1, [row, row._replace(reference="G2", contract="x")])
        save_grants(connection, 2, [row])
        assert (
            connection.exec_driver_sql("SELECT document_id FROM grant_contract WHERE reference = 'G-2025-1'").scalar()
            == 1
        )
        save_grants(connection, 2, [row._replace(content='{"cents": 1}')])
        assert (
            connection.exec_driver_sql("SELECT document_id FROM grant_contract WHERE reference = 'G-2025-1'").scalar()
            == 2
        )
        assert grant_contracts(connection) == {"BC7712": "G-2025-1", "G-2025-1": "G-2025-1"}


def test_the_lines_of_a_grant_carry_its_dimensions_and_the_key_of_its_funder(tmp_path: Path):
    carried = {"project": "SCHOOLS", "department": None, "fund": "CHILD"}
    before = {"project": "OTHER", "fund": None}  # written before there were departments
    with register_in(tmp_path).begin() as connection:
        insert(connection, record("one"))
        contracts = [("G1", "F0007", carried), ("G2", "Région Exemple", before), ("G3", "Région Exemple", {})]
        save_grants(
            connection, 1, [GrantContract(key, who, "public", "", json.dumps(of)) for key, who, of in contracts]
        )
        assert grant_keys(connection) == {
            "G1": LineKeys("SCHOOLS", None, "CHILD", "F0007"),
            "G2": LineKeys(project="OTHER"),
        }
