"""Journal files: Beancount reads back what was written, whatever it says; and a file is there whole or not at all."""

import os
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from beancount.core import data
from beancount.parser import parser
from hypothesis import given
from hypothesis import strategies as st

from ledger import journal
from ledger.chart import house
from ledger.journal import Entry, Line, Unbalanced, quote, render, write_whole

PATHS = {account.code: account.path for account in house()}
DAY = date(2025, 3, 14)
GIFT = Entry(
    DAY, "Dons", (Line("551000", 7500), Line("731100", -7500, {"gifts": 2, "channel": "transfer"})), tags=("gift",)
)


def names_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def read(text: str) -> list[data.Transaction]:
    entries, errors, _ = parser.parse_string(text)
    assert not errors
    return entries


def test_an_entry_reads_as_an_accountant_writes_it():
    entry = Entry(
        DAY,
        "Dons",
        (Line("551000", 7500), Line("731100", -7500, {"gifts": 2, "channel": "transfer"})),
        tags=("gift",),
        links=("coda-gifts-2025-073",),
        meta={"gifts": 2},
    )
    assert render([entry], PATHS, "coda-gifts-2025-073 coda 0123456789abcdef") == (
        "; coda-gifts-2025-073 coda 0123456789abcdef\n"
        "\n"
        '2025-03-14 * "Dons" #gift ^coda-gifts-2025-073\n'
        "  gifts: 2\n"
        "  Assets:55-Etablissements-de-credit:551000-Banque-compte-dons  75.00 EUR\n"
        "  Income:73-Dons-legs-subsides:731100-Dons-en-especes  -75.00 EUR\n"
        "    gifts: 2\n"
        '    channel: "transfer"\n'
    )


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("plain", '"plain"'),
        ('say "yes"', '"say \\"yes\\""'),
        ("C:\\temp\\", '"C:\\\\temp\\\\"'),
        ("two\nlines\r\tand a tab", '"two lines  and a tab"'),
        ("a\u00a0b\u202ec\u0000d", '"a b c d"'),
        ("\ud800", '" "'),
        ("", '""'),
        ("; no comment", '"; no comment"'),
    ],
)
def test_a_text_is_quoted(text: str, written: str):
    assert quote(text) == written


TEXTS = st.text(st.characters(), max_size=40) | st.sampled_from(
    ['"', "\\", '\\"', "\n2025-01-01 open Assets:X", "\x1b[0m", "\u2028"]
)


def shown(text: str) -> str:
    return "".join(letter if letter.isprintable() else " " for letter in text)


@given(texts=st.tuples(TEXTS, TEXTS, TEXTS, TEXTS, TEXTS), cents=st.lists(st.integers(-(10**13), 10**13), min_size=1))
def test_beancount_reads_back_the_same_amounts_and_texts(texts: tuple[str, str, str, str, str], cents: list[int]):
    payee, narration, value, below, heading = texts
    lines = tuple(Line("731100", number, {"voucher": below}) for number in cents)
    entry = Entry(
        DAY,
        narration,
        (*lines, Line("550000", -sum(cents))),
        payee,
        ("gift",),
        ("coda-1",),
        {"voucher": value, "gifts": 3},
    )
    (back,) = read(render([entry], PATHS, heading))
    assert isinstance(back, data.Transaction)
    assert (back.date, back.flag, back.narration, back.payee or "") == (DAY, "*", shown(narration), shown(payee))
    assert (back.tags, back.links) == ({"gift"}, {"coda-1"})
    assert (back.meta["voucher"], back.meta["gifts"]) == (shown(value), 3)
    assert [posting.account for posting in back.postings] == [PATHS["731100"]] * len(cents) + [PATHS["550000"]]
    assert [posting.units.number for posting in back.postings] == [
        Decimal(number) / 100 for number in (*cents, -sum(cents))
    ]
    assert all(posting.units.currency == "EUR" for posting in back.postings)
    assert all(posting.meta["voucher"] == shown(below) for posting in back.postings[:-1])


def test_several_entries_stay_several():
    assert len(read(render([GIFT, GIFT, GIFT], PATHS, "three"))) == 3
    assert read(render([], PATHS, "none")) == []


@pytest.mark.parametrize("cents", [(1,), (5000, -4999), (1, 1, -1)])
def test_an_entry_that_does_not_add_up_is_never_written(cents: tuple[int, ...]):
    with pytest.raises(Unbalanced, match=r"coda-1.*2025-03-14") as refusal:
        render([Entry(DAY, "of Emma", tuple(Line("731100", number) for number in cents))], PATHS, "coda-1")
    assert "Emma" not in str(refusal.value)


def test_the_digest_is_that_of_the_bytes_on_the_disk(tmp_path: Path):
    import hashlib  # noqa: PLC0415

    text = render([GIFT], PATHS, "éà")
    write_whole(tmp_path / "x.beancount", text.encode())
    assert journal.digest(text) == hashlib.sha256((tmp_path / "x.beancount").read_bytes()).hexdigest()


def test_a_file_is_replaced_whole_in_folders_made_for_it(tmp_path: Path):
    path = tmp_path / "journal" / "2025" / "x.beancount"
    write_whole(path, b"first")
    write_whole(path, b"second")
    assert path.read_bytes() == b"second"
    assert names_in(path.parent) == ["x.beancount"]


@pytest.mark.parametrize("at", ["fsync", "replace"])
def test_a_write_that_fails_leaves_the_old_content(at: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "x.beancount"
    write_whole(path, b"old")

    def full(*_arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(*((os, "fsync") if at == "fsync" else (Path, "replace")), full)
    with pytest.raises(OSError, match="No space"):
        write_whole(path, b"new")
    monkeypatch.undo()
    assert path.read_bytes() == b"old"
    if at == "fsync":
        assert names_in(tmp_path) == ["x.beancount"]


def test_a_temporary_file_waits_under_a_name_that_beancount_and_fava_do_not_read(tmp_path: Path):
    temporary = journal.write_temporary(tmp_path / "x.beancount", b"new")
    assert temporary == journal.temporary_name(tmp_path / "x.beancount")
    assert not list(tmp_path.glob("*.beancount"))
    assert not (tmp_path / "x.beancount").exists()
    journal.settle(tmp_path / "x.beancount")
    assert names_in(tmp_path) == ["x.beancount"]
