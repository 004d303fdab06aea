"""One voucher, one line, one decision taken back or changed, in books and register at once; the rest stands."""

from pathlib import Path

import pytest
from small_books import DAY, STATEMENT, Journal, Line, Obole, Statement, iban, write_csv, write_donors

HEADINGS = ("document", "position", "donor", "account", "nature", "date")
PURCHASES = (
    ("2025-02-03", "613190", "121.00", "", "Papier", "ACH-1"),
    ("2025-02-03", "440000", "", "121.00", "Papier", "ACH-1"),
    ("2025-02-04", "612000", "60.50", "", "Timbres", "ACH-2"),
    ("2025-02-04", "440000", "", "60.50", "Timbres", "ACH-2"),
    ("2025-02-05", "613190", "10.00", "", "Encre", "ACH-3"),
    ("2025-02-05", "440000", "", "10.00", "Encre", "ACH-3"),
)
IN_KIND = (
    "reference", "date", "donor", "category", "description", "value", "valuation", "evidence", "account",
)  # fmt: skip


def named(obole: Obole, start: str) -> str:
    return next(name for name in reversed(obole.documents()) if name.startswith(start))


def numbers(obole: Obole) -> list[tuple[str, int, int]]:
    return sorted((one.journal, one.year, one.number) for one in obole.entry_numbers())


def well(obole: Obole, *words: str | Path) -> str:
    result = obole(*words)
    assert result.exit_code == 0, result.output
    return result.output


def test_one_voucher_of_a_journal_is_undone_and_comes_again_alone(small: Obole, tmp_path: Path):
    small.takes_well(Journal(PURCHASES, "achats.csv").write(tmp_path))
    purchases = named(small, "journal-2025")
    before = numbers(small)
    told = well(small, "undo", purchases, "--voucher", "ACH-2")
    assert f"ACH-2 of {purchases} is reversed by undo-{purchases}-part: 0 gifts" in told
    assert "1 other transaction" in told
    assert (small.balance("612000"), small.balance("613190"), small.balance("440000")) == (0, 131_00, -131_00)
    assert before == [one for one in numbers(small) if one in before]  # those given stay as they were
    assert [one for one in numbers(small) if one not in before] == [("PUR", 2025, 4)]
    assert small.checks().exit_code == 0
    corrected = [(*row[:2], *(cell.replace("60.50", "65.00") for cell in row[2:4]), *row[4:]) for row in PURCHASES]
    told = small.takes_well(Journal(corrected, "achats.csv").write(tmp_path)).output
    assert "new                1" in told
    assert (small.balance("612000"), small.balance("440000")) == (65_00, -196_00)
    assert small.checks().exit_code == 0


def test_the_same_file_brings_a_voucher_that_was_undone_once_more(small: Obole, tmp_path: Path):
    path = Journal(PURCHASES, "achats.csv").write(tmp_path)
    small.takes_well(path)
    purchases = named(small, "journal-2025")
    well(small, "undo", purchases, "--voucher", "ACH-2")
    small.takes_well(path)
    assert small.balance("440000") == -191_50
    again = named(small, "journal-2025")
    assert again == f"{purchases}-2"
    before = small.state()
    small.takes_well(path)
    assert small.state() == before
    # Each of the two documents can still go as a whole, and what was taken back before is not taken back twice.
    well(small, "undo", purchases)
    assert (small.balance("440000"), small.balance("612000")) == (-60_50, 60_50)
    well(small, "undo", again)
    assert (small.balance("440000"), small.balance("612000"), small.balance("613190")) == (0, 0, 0)
    assert small.checks().exit_code == 0


def test_a_dry_run_of_one_voucher_changes_nothing(small: Obole, tmp_path: Path):
    small.takes_well(Journal(PURCHASES, "achats.csv").write(tmp_path))
    before = small.state()
    assert "would be reversed" in well(small, "undo", named(small, "journal-2025"), "--voucher", "ACH-1", "--dry-run")
    assert small.state() == before


def test_a_voucher_that_is_not_there_is_told_with_those_that_are(small: Obole, tmp_path: Path):
    small.takes_well(Journal(PURCHASES, "achats.csv").write(tmp_path))
    purchases = named(small, "journal-2025")
    result = small("undo", purchases, "--voucher", "ACH-9")
    assert result.exit_code == 1
    assert "no voucher ACH-9 stands in it; those that do: ACH-1, ACH-2, ACH-3" in result.output
    well(small, "undo", purchases, "--voucher", "ACH-1")
    again = small("undo", purchases, "--voucher", "ACH-1")
    assert again.exit_code == 1
    assert "those that do: ACH-2, ACH-3" in again.output
    assert small("undo", purchases, "--voucher", "ACH-2", "--line", "1").exit_code == 2


def test_a_line_decided_at_import_goes_back_to_suspense_and_is_decided_anew(small: Obole, tmp_path: Path):
    told = well(small, "undo", STATEMENT.document, "--line", "5")
    assert "1 gift or return, -35.00 EUR" in told
    assert "It waits for a decision: `obole match`." in told
    assert small.balance("499000") == -105_00
    assert small.given_by() == {"D0001": 50_00, "D0002": 60_00, "D0006": 45_00}
    assert small.checks().exit_code == 0
    listed = small("match").output
    assert "ZOE DUPONT" in listed
    small.takes_well(STATEMENT.write(tmp_path))
    assert small.balance("499000") == -105_00  # neither the file nor a new look decides it again
    waiting = named(small, "reclassification")
    small.takes_well(write_csv(tmp_path / "d.csv", HEADINGS, [(waiting, 1, "D0003", "", "", "2025-03-20")]))
    assert small.given_by()["D0003"] == 35_00
    assert small.checks().exit_code == 0


def test_a_line_put_back_can_be_left_as_it_was(small: Obole):
    before = {code: small.balance(code) for code in ("731100", "499000")}
    well(small, "undo", STATEMENT.document, "--line", "5")
    well(small, "undo", named(small, "reclassification"))
    assert before == {code: small.balance(code) for code in ("731100", "499000")}
    assert small.given_by()["D0001"] == 85_00
    assert small.checks().exit_code == 0
    well(small, "undo", STATEMENT.document, "--line", "5")
    assert small.given_by()["D0001"] == 50_00
    assert small.checks().exit_code == 0


def test_a_line_of_a_rule_goes_back_to_suspense(small: Obole, tmp_path: Path):
    told = well(small, "undo", STATEMENT.document, "--line", "6")
    assert "0 gifts and returns, 0.00 EUR, and 1 other transaction" in told
    assert (small.balance("657000"), small.balance("499000")) == (0, -57_50)
    assert small.checks().exit_code == 0
    waiting = named(small, "reclassification")
    small.takes_well(write_csv(tmp_path / "d.csv", HEADINGS, [(waiting, 1, "", "613190", "", "2025-03-20")]))
    assert (small.balance("613190"), small.balance("499000")) == (12_50, -70_00)
    assert small.checks().exit_code == 0


def test_a_collected_gift_goes_back_to_suspense(small: Obole):
    well(small, "undo", STATEMENT.document, "--line", "3")
    assert small.given_by() == {"D0001": 85_00, "D0006": 45_00}
    assert small.balance("499000") == -130_00
    assert small.checks().exit_code == 0


@pytest.mark.parametrize(("line", "told"), [("7", "waits on suspense already"), ("2", "is not undone alone")])
def test_a_line_with_nothing_to_undo_is_told(small: Obole, line: str, told: str):
    before = small.state()
    result = small("undo", STATEMENT.document, "--line", line)
    assert result.exit_code == 1
    assert told in result.output
    assert small.state() == before


def test_one_decision_of_a_sheet_is_undone_and_its_row_comes_again(small: Obole, tmp_path: Path):
    rows = [
        (STATEMENT.document, 7, "D0003", "", "", "2025-03-20"),
        (STATEMENT.document, 1, "D0005", "", "", "2025-03-21"),
    ]
    path = write_csv(tmp_path / "sheet.csv", HEADINGS, rows)
    small.takes_well(path)
    sheet = named(small, "assignment")
    assert small.given_by() == {"D0001": 35_00, "D0002": 60_00, "D0003": 70_00, "D0005": 50_00, "D0006": 45_00}
    well(small, "undo", STATEMENT.document, "--line", "7")  # by the line of the bank: the decision about it
    assert small.given_by() == {"D0001": 35_00, "D0002": 60_00, "D0005": 50_00, "D0006": 45_00}
    assert small.balance("499000") == -70_00
    assert small.checks().exit_code == 0
    well(small, "undo", sheet, "--voucher", f"{STATEMENT.document}:1")  # a gift that was given to another
    assert small.given_by() == {"D0001": 85_00, "D0002": 60_00, "D0006": 45_00}
    assert small.checks().exit_code == 0
    rows[0] = (STATEMENT.document, 7, "D0004", "", "", "2025-03-20")
    told = small.takes_well(write_csv(tmp_path / "sheet.csv", HEADINGS, rows)).output
    assert "new                2" in told
    assert small.given_by() == {"D0001": 35_00, "D0002": 60_00, "D0004": 70_00, "D0005": 50_00, "D0006": 45_00}
    assert small.checks().exit_code == 0


def test_one_gift_in_kind_is_undone_and_comes_again(small: Obole, tmp_path: Path):
    rows = [
        ("NAT-1", "2025-05-05", "D0005", "goods", "Imprimante", "250.00", "invoice", "FAC-9", "613190"),
        ("NAT-2", "2025-05-06", "D0001", "goods", "Papier", "40.00", "invoice", "FAC-10", "613190"),
    ]
    small.takes_well(write_csv(tmp_path / "nature.csv", IN_KIND, rows))
    document = named(small, "in-kind")
    well(small, "undo", document, "--voucher", "NAT-1")
    assert small.balance("613190") == 40_00
    rows[0] = (*rows[0][:5], "230.00", *rows[0][6:])
    small.takes_well(write_csv(tmp_path / "nature.csv", IN_KIND, rows))
    assert small.balance("613190") == 270_00
    assert small.checks().exit_code == 0


def test_undo_of_a_document_skips_what_was_undone_before(small: Obole, tmp_path: Path):
    rows = [
        (STATEMENT.document, 7, "D0003", "", "", DAY.isoformat()),
        (STATEMENT.document, 1, "D0005", "", "", DAY.isoformat()),
    ]
    small.takes_well(write_csv(tmp_path / "sheet.csv", HEADINGS, rows))
    sheet = named(small, "assignment")
    well(small, "undo", sheet, "--line", "2")
    well(small, "undo", sheet)
    assert small.given_by() == {"D0001": 85_00, "D0002": 60_00, "D0006": 45_00}
    assert small.balance("499000") == -70_00
    well(small, "undo", STATEMENT.document)
    assert small.given_by() == {}
    assert small.checks().exit_code == 0


# More events of every week, each with its source: what a bookkeeper may do is that of the law on accounts (WER III.87:
# entries are dated, numbered and never effaced; a correction is a new entry that names what it corrects).


def test_a_changed_voucher_names_the_command_that_mends_it(small: Obole, tmp_path: Path):
    """A supplier corrects an invoice that was entered: the journal of the month is exported once more."""
    small.takes_well(Journal(PURCHASES, "achats.csv").write(tmp_path))
    purchases = named(small, "journal-2025")
    changed = [(*row[:2], *(cell.replace("10.00", "11.00") for cell in row[2:4]), *row[4:]) for row in PURCHASES]
    path = Journal(changed, "achats.csv").write(tmp_path)
    told = small.refuses(path)
    command = f"obole undo {purchases} --voucher ACH-3"
    assert f"ACH-3 of 2025-02-05 was posted before with another content; `{command}` takes it back alone" in told
    well(small, *command.split()[1:])  # as it is told
    small.takes_well(path)
    assert small.balance("440000") == -192_50
    assert small.checks().exit_code == 0


def test_a_voucher_number_with_spaces_is_named_as_the_shell_wants_it(small: Obole, tmp_path: Path):
    rows = [(*row[:5], "FACT 7") for row in PURCHASES[:2]]
    small.takes_well(Journal(rows, "achats.csv").write(tmp_path))
    changed = [(*row[:2], *(cell.replace("121.00", "122.00") for cell in row[2:4]), *row[4:]) for row in rows]
    assert "--voucher 'FACT 7'`" in small.refuses(Journal(changed, "achats.csv").write(tmp_path))


def test_a_changed_voucher_of_a_closed_year_stays(small: Obole, tmp_path: Path):
    small.takes_well(Journal(PURCHASES, "achats.csv").write(tmp_path))
    purchases = named(small, "journal-2025")
    small.change("INSERT INTO closed_year VALUES (2025, 'x', '2026-06-30')")
    changed = [(*row[:2], *(cell.replace("10.00", "11.00") for cell in row[2:4]), *row[4:]) for row in PURCHASES]
    told = small.refuses(Journal(changed, "achats.csv").write(tmp_path))
    assert "2025 is closed, so that it stays; enter the difference as an entry of an open year" in told
    for words in (("--voucher", "ACH-3"),):
        refused = small("undo", purchases, *words)
        assert refused.exit_code == 1
        assert "2025 is closed" in refused.output
    refused = small("undo", STATEMENT.document, "--line", "5")
    assert refused.exit_code == 1
    assert "2025 is closed" in refused.output


def test_a_gift_in_kind_that_was_valued_anew_names_the_command(small: Obole, tmp_path: Path):
    """An expert's report replaces the estimate of the donor: value and evidence change, the reference stays."""
    row = ("NAT-1", "2025-05-05", "D0005", "goods", "Imprimante", "250.00", "invoice", "FAC-9", "613190")
    small.takes_well(write_csv(tmp_path / "nature.csv", IN_KIND, [row]))
    document = named(small, "in-kind")
    moved = (row[0], "2025-05-06", *row[2:])
    told = small.refuses(write_csv(tmp_path / "nature.csv", IN_KIND, [moved]))
    assert f"`obole undo {document} --voucher NAT-1`" in told
    well(small, "undo", document, "--line", "2")  # or by its row of the register
    small.takes_well(write_csv(tmp_path / "nature.csv", IN_KIND, [moved]))
    assert small.balance("613190") == 250_00
    assert small.checks().exit_code == 0


def test_one_decision_taken_back_forgets_what_it_taught_and_what_that_decided(small: Obole, tmp_path: Path):
    """The stranger was not the donor: the account that was learnt brought another gift since."""
    rows = [(STATEMENT.document, 7, "D0003", "", "", "2025-03-20"), (STATEMENT.document, 6, "", "613190", "", DAY)]
    small.takes_well(write_csv(tmp_path / "a.csv", HEADINGS, rows[:1]))
    later = Statement(74, 1_247_50, [Line(20_00, "00150000", "ENCORE", name="L. INCONNU", iban=iban(7358888888))])
    small.takes_well(later.write(tmp_path))
    assert small.given_by()["D0003"] == 90_00
    told = well(small, "undo", STATEMENT.document, "--line", "7")
    assert "1 gift that followed from it by the account is taken back too, 20.00 EUR" in told
    assert "D0003" not in small.given_by()
    assert small.balance("499000") == -90_00
    assert small.checks().exit_code == 0


def test_a_line_that_was_known_later_is_undone_alone(small: Obole, tmp_path: Path):
    """A donor was added, so that open lines of two days were decided at once: one of them was not theirs."""
    lines = [Line(cents, "00150000", "?", name="N. NEUF", iban=iban(7356666666)) for cents in (11_00, 13_00)]
    small.takes_well(Statement(74, 1_247_50, lines).write(tmp_path))
    new = ("D0009", "natural", "Neuf", "Nina", "Rue 9", "1000", "Bruxelles", "fr", iban(7356666666), "", "", "", "")
    small.takes_well(write_donors(tmp_path / "donors.csv", [new]))
    assert small.given_by()["D0009"] == 24_00
    decided = named(small, "assignment")
    told = well(small, "undo", "coda-current-2025-074", "--line", "2")
    assert f"of {decided} is reversed by undo-{decided}-part: 1 gift or return" in told
    assert small.given_by()["D0009"] == 11_00
    assert small.balance("499000") == -83_00
    assert small.checks().exit_code == 0
    well(small, "undo", decided)
    assert "D0009" not in small.given_by()
    assert small.checks().exit_code == 0


def test_a_decision_that_was_changed_since_is_undone_from_the_last_on(small: Obole, tmp_path: Path):
    """Somebody decides, a colleague corrects the donor in a sheet of the next day."""
    first = (STATEMENT.document, 7, "D0003", "", "", "2025-03-20")
    small.takes_well(write_csv(tmp_path / "a.csv", HEADINGS, [first]))
    one = named(small, "assignment")
    small.takes_well(write_csv(tmp_path / "b.csv", HEADINGS, [(one, 2, "D0004", "", "", "2025-03-21")]))
    assert small.given_by()["D0004"] == 70_00
    refused = small("undo", one, "--line", "2")
    assert refused.exit_code == 1
    assert "undo" in refused.output
    well(small, "undo", named(small, "assignment"), "--line", "2")
    assert small.given_by()["D0003"] == 70_00
    well(small, "undo", one, "--line", "2")
    assert "D0003" not in small.given_by()
    assert small.checks().exit_code == 0


def test_a_voucher_undone_twice_comes_back_each_time(small: Obole, tmp_path: Path):
    path = Journal(PURCHASES, "achats.csv").write(tmp_path)
    small.takes_well(path)
    for _again in range(3):
        well(small, "undo", named(small, "journal-2025"), "--voucher", "ACH-1")
        small.takes_well(path)
        assert small.balance("440000") == -191_50
    assert small.checks().exit_code == 0


def test_what_was_undone_alone_is_listed_with_its_document(small: Obole, tmp_path: Path):
    small.takes_well(Journal(PURCHASES, "achats.csv").write(tmp_path))
    purchases = named(small, "journal-2025")
    well(small, "undo", purchases, "--voucher", "ACH-1")
    assert f"undone alone: ACH-1, by undo-{purchases}-part" in well(small, "documents", purchases)


def test_a_document_without_money_has_no_voucher_to_undo(small: Obole):
    donors = named(small, "donors")
    refused = small("undo", donors, "--voucher", "D0001")
    assert refused.exit_code == 1
    assert "posts no money" in refused.output
    refused = small("undo", STATEMENT.document, "--voucher", "ACH-1")
    assert "has no voucher that stands" in refused.output
    assert "no line 99 stands in it" in small("undo", STATEMENT.document, "--line", "99").output


def test_a_growing_file_brings_back_what_was_undone_of_an_earlier_part_of_it(small: Obole, tmp_path: Path):
    """The second file repeats the rows of the first, which staff have written over: it is not known for all of them."""
    first = (
        ("2025-01-31", "610000", "100.00", "", "Loyer", "A-1"),
        ("2025-01-31", "440000", "", "100.00", "Loyer", "A-1"),
    )
    more = (
        ("2025-02-28", "610000", "90.00", "", "Loyer", "A-2"),
        ("2025-02-28", "440000", "", "90.00", "Loyer", "A-2"),
    )
    small.takes_well(Journal(first, "achats.csv").write(tmp_path))
    [document] = [name for name in small.documents() if small.documents()[-1] == name]
    grown = Journal((*first, *more), "achats.csv").write(tmp_path)
    small.takes_well(grown)
    for words in (("--voucher", "A-1"), ()):
        assert small("undo", document, *words).exit_code == 0
        assert small.balance("610000") == 90_00
        small.takes_well(grown)
        assert small.balance("610000") == 190_00
        document = small.documents()[-1]
    small.takes_well(grown)
    assert small.balance("610000") == 190_00
