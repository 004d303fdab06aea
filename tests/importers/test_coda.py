"""The CODA reader: golden cases, the samples, an oracle, and that no bytes whatever raise an exception."""

import json
import random
from dataclasses import replace
from datetime import date
from decimal import ROUND_DOWN, Decimal
from pathlib import Path
from typing import Any

import coda_writer as write
import pytest
from coda_writer import Line
from hypothesis import given, settings
from hypothesis import strategies as st

from importers.bank import coda
from importers.bank.records import BankFile, Movement, Statement
from ledger.errors import Severity
from ledger.money import to_decimal

CASES = sorted((Path(__file__).parent / "cases" / "coda").iterdir())
SAMPLES = Path(__file__).parents[2].parent / "shared" / "samples"
FILES = sorted((SAMPLES / "coda").glob("*/*.cod")) if SAMPLES.is_dir() else []

needs_samples = pytest.mark.skipif(not FILES, reason="the shared samples are not here")


def of_folder(*names: str) -> list[Any]:
    return [pytest.param(path, id=path.stem) for path in FILES if path.parent.name in names]


# Golden cases


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_case_reads_as_written_beside_it(case: Path):
    expected = json.loads((case / "expected.json").read_text(encoding="utf-8"))
    bank_file = coda.read(case / "statement.cod")

    faults = [fault for statement in bank_file.statements for fault in statement.faults]
    told = [(fault.severity.value, fault.line, fault.statement) for fault in faults]
    assert told == [(fault["severity"], fault["line"], fault["statement"]) for fault in expected["faults"]]
    for fault, wanted in zip(faults, expected["faults"], strict=True):
        assert wanted["says"] in fault.message
    assert bank_file.ok is expected["ok"]
    assert len(bank_file.statements) == len(expected["statements"])
    for statement, wanted in zip(bank_file.statements, expected["statements"], strict=True):
        for name, value in wanted.items():
            if name != "movements":
                assert plain(getattr(statement, name), name) == value, name
        assert len(statement.movements) == len(wanted["movements"])
        for movement, fields in zip(statement.movements, wanted["movements"], strict=True):
            assert {name: plain(getattr(movement, name)) for name in fields} == fields


def plain(value: Any, name: str = "") -> Any:
    if name in ("opening", "closing"):
        return str(to_decimal(value))
    return value.isoformat() if isinstance(value, date) else value


# The samples


@needs_samples
@pytest.mark.parametrize("path", of_folder("valid", "quirks"))
def test_a_genuine_file_gives_its_known_figures(path: Path):
    bank_file = coda.read(path)
    known = expectations(path)["statements"]
    assert coda.identify(path)
    assert bank_file.ok
    assert [figures(statement) for statement in bank_file.statements] == [known_figures(entry) for entry in known]


@needs_samples
@pytest.mark.parametrize("path", of_folder("invalid"))
def test_a_wrong_file_is_told_with_its_known_figures_too(path: Path):
    known = [known_figures(entry) for entry in expectations(path)["statements"]]
    for one in known:  # a thousandth of a euro refuses the file and is no figure of ours
        one.update({name: each.quantize(Decimal("0.01"), ROUND_DOWN) for name, each in one.items() if name in AMOUNTS})
    assert [figures(statement) for statement in coda.read(path).statements] == known


@needs_samples
@pytest.mark.parametrize("path", of_folder("valid"))
def test_a_right_file_has_no_fault_at_all(path: Path):
    bank_file = coda.read(path)
    assert [fault for statement in bank_file.statements for fault in statement.faults] == []


@needs_samples
@pytest.mark.parametrize("path", of_folder("quirks"))
def test_a_quirk_is_a_warning(path: Path):
    faults = [fault for statement in coda.read(path).statements for fault in statement.faults]
    assert faults
    assert {fault.severity for fault in faults} == {Severity.WARNING}


# Why each of the genuine samples that are refused is, in our words.
REASONS = {
    "acsone_record_count": "announces 23 records, the statement holds 19",
    "acsone_short_trailer": "57 characters instead of 128",
    "bluesmile_garbage_lines": "52 characters instead of 128",
    "triptyk_utf8_lines_130_132": "difference 2681.635",
    "wv_sample12_totals_mismatch": "difference -105.00",
    "wv_sample3_totals_mismatch": "difference -812.69",
    "wv_sample6_totals_mismatch": "difference 507784.017",
    "wv_sample7_totals_mismatch": "difference -155.00",
    "wv_sample9_totals_mismatch": "difference -75.00",
}


@needs_samples
@pytest.mark.parametrize("path", of_folder("invalid"))
def test_a_wrong_file_is_refused_with_its_reason(path: Path):
    bank_file = coda.read(path)
    errors = [fault for each in bank_file.statements for fault in each.faults if fault.severity is Severity.ERROR]
    assert not bank_file.ok
    assert any(REASONS[path.stem] in fault.message for fault in errors)


@needs_samples
def test_the_375_payments_of_one_total_keep_their_structured_communications():
    movements = coda.read(SAMPLES / "coda/valid/ms_ing_2023_375_ogm_globalised.cod").statements[0].movements
    details = [movement for movement in movements if movement.parent == 2]
    assert len(details) == 375
    assert sum(movement.structured is not None for movement in details) == 312
    assert len({movement.bank_reference for movement in details}) == 1  # why nothing is attached by it
    assert all(movement.name and movement.account for movement in details)


@needs_samples
def test_a_file_of_the_old_code_page_keeps_its_accents():
    bank_file = coda.read(SAMPLES / "coda/valid/ms_kbc_2009_collective.cod")
    assert bank_file.encoding == "cp850"
    assert "GYKIERE BVBA GARAGE CITROë" in [movement.name for movement in bank_file.statements[0].movements]


@needs_samples
def test_the_returned_debit_of_a_bank_has_its_mandate_and_refusal():
    path = SAMPLES / "coda/fragments/wv_sdd_unpaid_0503_line.txt"
    line = path.read_text(encoding="ascii").rstrip("\n")
    line = line[:2] + "0001" + line[6:]
    bank_file = coda.parse(write.encode([write.header(), write.old_balance(50_00), line, write.new_balance(0)]))
    movement = bank_file.statements[0].movements[0]
    assert (movement.family, movement.cents, movement.executed) == ("0503", -5000, date(2015, 8, 5))
    assert (movement.mandate, movement.creditor, movement.reason) == ("M123", "BEA123XXXXXXXXXXX", "2")


def expectations(path: Path) -> Any:
    table = json.loads((SAMPLES / "expected.json").read_text(encoding="utf-8"))["coda"]
    return table[path.relative_to(SAMPLES).as_posix()]


def figures(statement: Statement) -> dict[str, Any]:
    return {
        "account": statement.account,
        "old": to_decimal(statement.opening),
        "old_date": str(statement.opening_date),
        "new": to_decimal(statement.closing),
        "new_date": str(statement.closing_date),
        "coda_seq": statement.sequence,
        "movements": len(statement.booked),
        "details": len(statement.movements) - len(statement.booked),
        "credits": to_decimal(sum(movement.cents for movement in statement.booked if movement.cents > 0)),
        "debits": to_decimal(-sum(movement.cents for movement in statement.booked if movement.cents < 0)),
    }


AMOUNTS = ("old", "new", "credits", "debits")


def known_figures(entry: dict[str, Any]) -> dict[str, Any]:
    amounts = {name: Decimal(entry[name]) for name in AMOUNTS}
    others = {name: entry[name] for name in ("old_date", "new_date", "coda_seq", "movements", "details")}
    return {"account": entry["account"].split()[0], **others, **amounts}


# The oracle


def oracle(path: Path) -> list[list[tuple[Any, ...]]]:
    library = pytest.importorskip("coda", reason="febelfin-coda is not installed")
    return [
        [
            (move.amount, move.entry_date, move.transaction_code, (move.counterparty_name or "").split())
            for move in statement.all_moves
        ]
        for statement in library.CODA(str(path)).statements
    ]


def ours(path: Path) -> list[list[tuple[Any, ...]]]:
    return [
        [
            (to_decimal(movement.cents), movement.booked, movement.code, movement.name.split())
            for movement in statement.movements
        ]
        for statement in coda.read(path).statements
    ]


# The old code page is read by the library as windows-1252; names of record 3 are ours only.
@needs_samples
@pytest.mark.parametrize(
    "path",
    [case for case in of_folder("valid") if case.id not in ("ms_kbc_2009_collective", "febelfin_kbc_2006_alltypes")],
)
def test_the_library_reads_the_same_in_a_right_file(path: Path):
    assert ours(path) == oracle(path)


LINES = st.lists(
    st.builds(
        lambda cents, text, name, details: Line(
            cents,
            "20150000" if details else "00150000",
            text,
            name=name,
            details=[Line(part, "60150000") for part in details],
        ),
        st.integers(-(10**9), 10**9).filter(bool),
        st.text("ABCDEFGH 0123456789", max_size=149),
        st.text("ABCDEFGH", max_size=35),
        st.lists(st.integers(1, 10**6), max_size=3),
    ),
    max_size=12,
)


@settings(max_examples=60, deadline=None)
@given(st.integers(-(10**10), 10**10), LINES)
def test_what_is_written_is_read_and_the_library_agrees(tmp_path_factory, opening: int, lines: list[Line]):
    path = tmp_path_factory.mktemp("written") / "statement.cod"
    path.write_bytes(write.encode(write.statement(lines, opening)))
    statement = coda.read(path).statements[0]
    assert statement.ok
    assert statement.opening == opening
    assert statement.closing == opening + sum(line.cents for line in lines)
    assert [movement.cents for movement in statement.booked] == [line.cents for line in lines]
    assert [movement.communication.split() for movement in statement.booked] == [
        line.communication.split() for line in lines
    ]
    assert ours(path) == oracle(path)


# Numbering


def numbered(start: int, lines: list[Line]) -> list[str]:
    return [record for offset, line in enumerate(lines) for record in write.movement(start + offset, 0, line)]


def test_sequence_numbers_go_round_after_9999():
    records = numbered(1, [Line(1)] * 10_005)
    statement = read(
        write.header(), write.old_balance(0), *records, write.new_balance(10_005), write.trailer(10_007, 0, 10_005)
    )
    assert statement.ok
    assert len(statement.booked) == 10_005


def test_a_detail_numbered_0000_after_9999_is_no_second_booking():
    details = [Line(1, "60150000")] * 10_003
    statement = read(*write.statement([Line(10_003, "20150000", details=details), Line(5)], 0))
    assert statement.ok
    assert [movement.cents for movement in statement.booked] == [10_003, 5]
    assert len(statement.movements) == 10_005


def test_the_same_movement_twice_is_no_movement():
    records = write.statement([Line(50_00), Line(20_00)])
    statement = read(*records[:4], records[3], *records[4:])
    assert not statement.ok
    assert "lines were lost, moved or doubled" in statement.faults[0].message


# Characters


def read(*records: str, encoding: str = "ascii", newline: str = "\r\n") -> Statement:
    bank_file = coda.parse(write.encode(records, encoding, newline))
    assert len(bank_file.statements) == 1
    return bank_file.statements[0]


@pytest.mark.parametrize(
    ("encoding", "name"),
    [
        ("utf-8", "FRANÇOISE DÉSIRÉE BJÖRN"),
        ("utf-8-sig", "FRANÇOISE DÉSIRÉE BJÖRN"),
        ("cp1252", "Françoise Désirée Björn"),
        ("cp1252", "L\u2019Œuvre Zoë"),
        ("cp850", "Françoise Désirée Björn"),
        ("cp850", "Jürgen Müller"),
        ("cp1252", "merci\u2026 et encore"),
    ],
)
def test_accents_are_read_in_the_code_page_they_were_written_in(encoding: str, name: str):
    records = write.statement([Line(50_00, name=name)])
    data = write.encode(records, encoding)
    statement = coda.parse(data).statements[0]
    assert statement.ok
    assert statement.movements[0].name == name


@settings(deadline=None)
@given(st.sampled_from(["ascii", "utf-8", "cp1252", "utf-8-sig"]), st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_a_second_delivery_has_the_digest_of_the_first(encoding: str, newline: str, cut: bool):
    records = write.statement([Line(50_00, name="CAMILLE EXEMPLE")])
    data = write.encode(records, encoding, newline)
    again = coda.parse(data.removesuffix(newline.encode()) if cut else data).statements[0]
    first = coda.parse(write.encode(records)).statements[0]
    other = coda.parse(write.encode(write.statement([Line(50_01, name="CAMILLE EXEMPLE")]))).statements[0]
    assert again.digest == first.digest != other.digest


def test_each_logical_file_has_a_digest_of_its_own():
    one, two = write.statement([Line(1)], last=False), write.statement([Line(2)], 101_00, sequence="074")
    together = coda.parse(write.encode(one + two))
    alone = [coda.parse(write.encode(records)).statements[0].digest for records in (one, two)]
    assert [statement.digest for statement in together.statements] == alone


# What is no CODA


@pytest.mark.parametrize(
    "data", [b"", b"\n\n", b"Date;Montant\n2025-03-14;50\n", b"<?xml version='1.0'?>", b"\xff\xfe0\x000"]
)
def test_another_file_is_refused_as_a_whole(data: bytes, tmp_path: Path):
    path = tmp_path / "other"
    path.write_bytes(data)
    bank_file = coda.read(path)
    assert not coda.identify(path)
    assert not bank_file.ok
    assert "check that the right file was chosen" in bank_file.faults[0].message


def test_lines_between_two_statements_concern_the_file_and_not_the_statements():
    one, two = write.statement([Line(1)], last=False), write.statement([Line(2)], 101_00, sequence="074")
    bank_file = coda.parse(write.encode([*one, "from: the bank", "", *two, "", "\x1a"]))
    assert [statement.ok for statement in bank_file.statements] == [True, True]
    assert [fault.line for fault in bank_file.faults] == [6]


@pytest.mark.parametrize("change", [lambda line: line[:-1], lambda line: line + " ", lambda line: line.rstrip()[:57]])
def test_a_last_line_of_another_length_has_lost_something(change: Any):
    records = write.statement([Line(50_00)])
    statement = read(*records[:-1], change(records[-1]))
    assert not statement.ok
    assert "characters instead of 128" in statement.faults[0].message


def test_text_after_the_last_record_is_no_part_of_it():
    data = write.encode(write.statement([Line(50_00)])).rstrip()
    assert coda.parse(data + b"\x1a").ok
    assert not coda.parse(data + b"3").ok


def test_a_sequence_that_is_no_number_cannot_become_a_file_name():
    records = write.statement([Line(50_00)])
    statement = read(records[0], records[1][:125] + "../", *records[2:])
    assert (statement.ok, statement.sequence) == (False, "000")


def test_a_million_faults_are_not_a_million_messages():
    records = write.statement([Line(50_00)])
    statement = read(*records[:3], *["rubbish"] * 1000, *records[3:])
    assert not statement.ok
    assert len(statement.faults) == coda.FAULTS_SHOWN + 1
    assert "more errors" in statement.faults[-1].message


def test_a_refusal_keeps_names_and_accounts_to_itself():
    person = Line(
        50_00, "00150000", "101090933755492", structured=True, name="CAMILLE EXEMPLE", account="BE68539007547034"
    )
    records = write.statement([person, person])
    for broken in (
        records[:2] + records[3:],
        records[:-1],
        [line[:100] for line in records],
        records[:3] + records[2:],
    ):
        bank_file = coda.parse(write.encode(broken))
        text = " ".join(fault.message for each in bank_file.statements for fault in each.faults)
        assert text
        assert not [secret for secret in ("CAMILLE", "BE68", "BE47", "0909337", "FONDATION") if secret in text]


# No bytes whatever raise an exception

VALID = write.encode(
    [
        *write.statement(
            [
                Line(
                    35_00,
                    "10550000",
                    details=[
                        Line(
                            10_00,
                            "50550000",
                            write.debit_text("MANDATE-1", "MERCI"),
                            structured=True,
                            name="A. EXEMPLE",
                        ),
                        Line(
                            25_00,
                            "50550000",
                            write.debit_text("MANDATE-2"),
                            structured=True,
                            information=["1001B. EXEMPLE"],
                        ),
                    ],
                ),
                Line(50_00, "00150000", "101090933755493", structured=True, information=["0A NARRATIVE", "1006DETAIL"]),
            ],
            last=False,
        ),
        *write.statement([Line(-3_00, "30437000", "105", structured=True, details=[Line(-3_00, "80437006")])], 185_00),
    ]
)


def sound(bank_file: BankFile) -> None:
    """What holds of anything read: faults have places and remedies, a good statement adds up."""
    assert bank_file.statements or bank_file.faults
    for statement in bank_file.statements:
        assert all(isinstance(movement, Movement) for movement in statement.movements)
        assert [movement.position for movement in statement.movements] == list(range(1, len(statement.movements) + 1))
        assert all(movement.parent is None or movement.parent < movement.position for movement in statement.movements)
        assert all(fault.line or fault.message.startswith("and ") for fault in statement.faults)
        if statement.ok and not statement.details_only:
            assert statement.opening + sum(movement.cents for movement in statement.booked) == statement.closing
    for fault in bank_file.faults:
        assert fault.message


@settings(deadline=None)
@given(st.binary(max_size=600))
def test_random_bytes_raise_nothing(data: bytes):
    sound(coda.parse(data))
    sound(coda.parse(VALID[:700] + data + VALID[700:]))


@st.composite
def with_bytes_changed(draw: st.DrawFn, valid: bytes = VALID) -> bytes:
    changed = bytearray(valid)
    for _ in range(draw(st.integers(1, 8))):
        changed[draw(st.integers(0, len(changed) - 1))] = draw(st.integers(0, 255))
    return bytes(changed)


@st.composite
def with_lines_changed(draw: st.DrawFn, valid: bytes = VALID) -> bytes:
    lines = valid.splitlines(keepends=True)
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, len(lines) - 1))
        match draw(st.sampled_from(["cut", "drop", "double", "move", "swap"])):
            case "cut":
                lines[place] = lines[place][: draw(st.integers(0, 127))] + b"\n"
            case "drop" if len(lines) > 1:
                del lines[place]
            case "double":
                lines.insert(place, lines[place])
            case "move":
                lines.insert(draw(st.integers(0, len(lines) - 1)), lines.pop(place))
            case _:
                other = draw(st.integers(0, len(lines) - 1))
                lines[place], lines[other] = lines[other], lines[place]
    return b"".join(lines)


@settings(max_examples=300, deadline=None)
@given(with_bytes_changed())
def test_a_valid_file_with_bytes_changed_raises_nothing(changed: bytes):
    sound(coda.parse(changed))


@settings(max_examples=300, deadline=None)
@given(with_lines_changed())
def test_a_valid_file_with_lines_cut_moved_or_doubled_raises_nothing_and_is_not_taken(changed: bytes):
    original = coda.parse(VALID)
    bank_file = coda.parse(changed)
    sound(bank_file)
    # What is still taken is what the bank wrote: the booked amounts of one of its statements.
    booked = [[movement.cents for movement in statement.booked] for statement in original.statements]
    for statement in bank_file.statements:
        assert not statement.ok or sorted(movement.cents for movement in statement.booked) in map(sorted, booked)


def test_line_numbers_shift_nothing_else():
    alone = coda.parse(write.encode(write.statement([Line(5)]))).statements[0]
    later = coda.parse(write.encode(["", "", *write.statement([Line(5)])])).statements[0]
    moved = tuple(movement._replace(line=movement.line - 2) for movement in later.movements)
    assert replace(later, movements=moved) == alone


# Movements in good order are taken together; what they say must not depend on it


def parse_one_by_one(data: bytes) -> BankFile:
    """The same bytes with each record taken by itself."""

    def take_none(_self: Any, number: int, _text: str, at: int) -> tuple[int, int]:
        return number, at

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(coda._LogicalFile, "take_movements", take_none)
        return coda.parse(data)


@settings(max_examples=400, deadline=None)
@given(st.one_of(with_bytes_changed(), with_lines_changed(), with_lines_changed().flatmap(with_bytes_changed)))
def test_a_broken_file_is_read_the_same_together_and_one_by_one(changed: bytes):
    assert coda.parse(changed) == parse_one_by_one(changed)


@settings(max_examples=60, deadline=None)
@given(LINES.map(lambda lines: write.encode(write.statement(lines))).flatmap(with_lines_changed))
def test_any_movements_are_read_the_same_together_and_one_by_one(changed: bytes):
    assert coda.parse(changed) == parse_one_by_one(changed)


@needs_samples
@pytest.mark.parametrize("path", of_folder("valid", "quirks", "invalid"))
def test_a_sample_is_read_the_same_together_and_one_by_one(path: Path):
    data = path.read_bytes()
    assert coda.parse(data) == parse_one_by_one(data)


# A large file is read in pieces; what it holds must not depend on where they begin

SEVERAL = b"".join(
    write.encode(write.statement([Line(5_00), Line(-1_00)], opening, date(2025, 3, day), f"{day:03d}"))
    for opening, day in ((0, 12), (4_00, 13), (8_00, 14))
)


def parse_in_pieces(data: bytes, size: int, chance: random.Random | None = None) -> BankFile:
    """The same bytes in pieces of about so many, read from the last to the first or in any order."""
    places = [*range(0, max(1, len(data)), size), None]
    numbers = [*reversed(range(len(places) - 1))]
    if chance is not None:
        chance.shuffle(numbers)
    pieces = coda.Pieces(data)
    parts = {number: pieces.read(places[number] or 0, places[number + 1]) for number in numbers}
    joint = coda.Joint()
    statements = [one for number in sorted(parts) for one in joint.add(parts[number])]
    return BankFile(tuple(statements), joint.faults(), parts[0].encoding)


def test_a_file_of_several_statements_can_be_read_in_pieces():
    third = len(SEVERAL) // 3
    assert coda.divide(SEVERAL, 0) == third
    assert coda.divide(SEVERAL, third) == 2 * third
    assert coda.divide(SEVERAL, 2 * third) is None
    pieces = coda.Pieces(SEVERAL)
    assert [len(pieces.read(*places).statements) for places in ((0, 1), (1, third - 1), (third - 1, None))] == [1, 0, 2]


@pytest.mark.parametrize("end", [b"\r\n", b"\n"])
def test_the_outline_of_a_file_says_what_its_statements_do(end: bytes):
    data = SEVERAL.replace(b"\r\n", end)
    outline, read = coda.outline(coda.BOM + data), coda.parse(data)
    assert outline == coda.outline(data) == read.outline._replace(ordered=True)
    assert outline.last == date(2025, 3, 14)


def test_the_outline_of_a_file_tells_disorder():
    third = len(SEVERAL) // 3
    first, second, third = (SEVERAL[place : place + third] for place in (0, third, 2 * third))
    assert not coda.outline(first + third + second).ordered
    assert not coda.outline(second + first).ordered  # the first header counts too, with a byte order mark or without
    assert not coda.outline(coda.BOM + second + first + third).ordered
    assert coda.outline(first + second).ordered
    assert not coda.outline((second + first).replace(b"\r\n", b"\r")).ordered  # counted and not looked at
    assert not coda.outline(first + second.replace(b"EUR", b"EU", 1) + third).ordered
    other = write.encode(write.statement([Line(1)], 0, date(2025, 1, 2), "002", account="BE68539007547034"))
    assert coda.outline(first + other + second).ordered  # of another account


@settings(max_examples=200, deadline=None)
@given(st.one_of(with_bytes_changed(SEVERAL), with_lines_changed(SEVERAL)))
def test_the_outline_of_a_broken_file_counts_at_least_its_statements(changed: bytes):
    assert coda.outline(changed).statements >= len(coda.parse(changed).statements)


@settings(max_examples=300, deadline=None)
@given(
    st.one_of(
        st.just(SEVERAL),
        with_bytes_changed(SEVERAL),
        with_lines_changed(SEVERAL),
        with_lines_changed(SEVERAL).flatmap(with_bytes_changed),
        with_lines_changed(coda.BOM + SEVERAL.replace(b"\r\n", b"\n")),
    ),
    st.integers(100, len(SEVERAL)),
    st.randoms(use_true_random=False),
)
def test_a_broken_file_is_read_the_same_whole_and_in_pieces(changed: bytes, size: int, chance: random.Random):
    assert parse_in_pieces(changed, size, chance) == coda.parse(changed)


@needs_samples
@pytest.mark.parametrize("path", of_folder("valid", "quirks", "invalid"))
def test_a_sample_is_read_the_same_whole_and_in_pieces(path: Path):
    data = path.read_bytes() * 3
    assert parse_in_pieces(data, len(data) // 5 + 1) == coda.parse(data)
