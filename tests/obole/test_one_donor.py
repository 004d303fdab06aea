"""Two keys of one donor: told at import, merged with both kept, made two again; and open lines looked at once more."""

from pathlib import Path

from small_books import DONORS, SHARED, STATEMENT, Line, Obole, Statement, given, iban, write_csv, write_donors

from ledger.vault.donors import find_donors
from obole.books.opened import open_books

HEADINGS = ("document", "position", "donor", "account", "nature", "date")
TWIN = ("D0007", "natural", "DUPONT", "Zoe", "Rue A 1", "1000", "Bruxelles", "fr", iban(7350000001), "", "", "", "")


def well(obole: Obole, *words: str | Path) -> str:
    result = obole(*words)
    assert result.exit_code == 0, result.output
    return result.output


def refused(obole: Obole, *words: str) -> str:
    before = obole.state()
    result = obole(*words)
    assert result.exit_code == 1, result.output
    assert obole.state() == before
    return result.output


def merged(obole: Obole) -> dict[str, str]:
    with open_books(obole.books).vault.connect() as connection:
        return {one.key: one.merged_into for one in find_donors(connection, None) if one.merged_into}


def test_a_second_key_with_the_same_name_and_account_is_told(small: Obole, tmp_path: Path):
    told = small.takes_well(write_donors(tmp_path / "donors.csv", (*DONORS, TWIN))).output
    assert "D0007 has the name and the account of D0001" in told
    assert "`obole donors merge D0001 D0007`" in told
    assert "D0003" not in told  # a couple shares an account, and no first name
    again = small.takes_well(write_donors(tmp_path / "donors.csv", (*DONORS, TWIN))).output
    assert "D0007 has" not in again
    well(small, "donors", "merge", "D0001", "D0007")
    changed = (*TWIN[:4], "Rue A 2", *TWIN[5:])
    assert "D0007 has" not in small.takes_well(write_donors(tmp_path / "donors.csv", (*DONORS, changed))).output
    assert merged(small) == {"D0007": "D0001"}


def test_merging_decides_what_waited_for_two_donors_of_one_account(small: Obole, tmp_path: Path):
    lines = (Line(40_00, "00150000", "MERCI", name="A. LAMBERT", iban=SHARED),)
    small.takes_well(Statement(74, 1_247_50, lines).write(tmp_path))
    assert small.balance("499000") == -110_00
    before = small.state()
    told = well(small, "donors", "merge", "D0003", "D0004", "--dry-run")
    assert "D0004 would live on as D0003" in told
    assert small.state() == before
    assert merged(small) == {}
    told = well(small, "donors", "merge", "D0003", "D0004")
    assert "1 line that was open is known now, 40.00 EUR" in told
    assert small.given_by()["D0003"] == 40_00
    assert merged(small) == {"D0004": "D0003"}
    assert small.checks().exit_code == 0
    well(small, "donors", "merge", "D0003", "D0004", "--undo")
    assert merged(small) == {}


def test_both_keys_count_together_on_one_receipt(small: Obole, tmp_path: Path):
    small.takes_well(write_csv(tmp_path / "d.csv", HEADINGS, [(STATEMENT.document, 7, "D0003", "", "", "2025-03-20")]))
    small.takes_well(write_donors(tmp_path / "donors.csv", (*DONORS, TWIN)))
    small.takes_well(write_csv(tmp_path / "e.csv", HEADINGS, [(STATEMENT.document, 5, "D0007", "", "", "2025-03-20")]))
    well(small, "donors", "merge", "D0001", "D0007")
    well(small, "receipts", "issue", "--year", "2025", "--date", "2026-02-13")
    assert {row.donor: row.cents for row in small.receipts()}["D0001"] == 85_00
    told = refused(small, "donors", "merge", "D0001", "D0007", "--undo")
    assert "were issued to D0001 with gifts of D0007" in told


def test_receipts_stand_against_merging_and_what_follows_is_said(issued: Obole):
    held = {row.donor: row.number for row in issued.receipts()}
    assert len(held) > 1
    one, other = sorted(held)[:2]
    told = refused(issued, "donors", "merge", one, other)
    # Two persons with a national number each: that comes first, whatever was issued.
    assert "have two national numbers" in told


def test_a_key_with_a_receipt_is_the_one_to_keep(issued: Obole, tmp_path: Path):
    issued.takes_well(write_donors(tmp_path / "donors.csv", (*DONORS, TWIN)))
    told = refused(issued, "donors", "merge", "D0007", "D0001")
    assert "`obole donors merge D0001 D0007`" in told
    well(issued, "donors", "merge", "D0001", "D0007")
    assert issued.checks().exit_code == 0


def test_a_gift_on_a_receipt_of_a_merged_key_is_not_certified_twice(issued: Obole, tmp_path: Path):
    issued.takes_well(write_donors(tmp_path / "donors.csv", (*DONORS, TWIN)))
    issued.change("UPDATE donor SET merged_into = 'D0007' WHERE key = 'D0001'", store="vault")
    before = issued.receipts()
    result = issued("receipts", "issue", "--year", "2025")
    assert result.exit_code == 1
    assert issued.receipts() == before


def test_two_that_are_not_one_are_refused(small: Obole):
    assert "one key is no two donors" in refused(small, "donors", "merge", "D0001", "D0001")
    assert "no such donor" in refused(small, "donors", "merge", "D0001", "D0099")
    assert "a natural person, the other a legal one" in refused(small, "donors", "merge", "D0003", "D0005")
    assert "not merged into" in refused(small, "donors", "merge", "D0003", "D0004", "--undo")
    well(small, "donors", "merge", "D0003", "D0004")
    assert "was merged into D0003" in refused(small, "donors", "merge", "D0001", "D0004")


def test_match_again_applies_a_new_rule_to_what_is_open(small: Obole):
    assert "Nothing of what is open is known" in well(small, "match", "--again")
    settings = small.books / "obole.toml"
    rule = '\n[[rules]]\nlabel = "Inconnu"\ndirection = "credit"\nname = "INCONNU"\naccount = "743000"\n'
    settings.write_text(settings.read_text() + rule)
    before = small.state()
    assert "nothing was changed" in well(small, "match", "--again", "--dry-run")
    assert small.state() == before
    told = well(small, "match", "--again")
    assert "1 line that was open is known now, 70.00 EUR" in told
    assert (small.balance("743000"), small.balance("499000")) == (-70_00, 0)
    assert small.checks().exit_code == 0


def test_match_again_leaves_alone_what_was_taken_back_unless_asked(small: Obole):
    well(small, "undo", STATEMENT.document, "--line", "5")
    told = well(small, "match", "--again")
    assert "1 line was taken back by hand and left alone" in told
    assert small.given_by()["D0001"] == 50_00
    well(small, "match", "--again", "--taken-back")
    assert small.given_by()["D0001"] == 85_00
    assert small.checks().exit_code == 0
    assert small("match", "--dry-run").exit_code == 2


def test_two_keys_with_a_receipt_each_are_merged_only_when_asked_to(small: Obole, tmp_path: Path):
    """Both were certified before anybody saw that they are one (art. 145/33 CIR 92: one a donor and year)."""
    small.takes_well(write_donors(tmp_path / "donors.csv", (*DONORS, TWIN)))
    small.takes_well(write_csv(tmp_path / "e.csv", HEADINGS, [(STATEMENT.document, 7, "D0007", "", "", "2025-03-20")]))
    well(small, "receipts", "issue", "--year", "2025", "--date", "2026-02-13")
    held = {row.donor: row.number for row in small.receipts()}
    assert {"D0001", "D0007"} <= held.keys()
    told = refused(small, "donors", "merge", "D0001", "D0007")
    assert f"2025/{held['D0007']:06d}" in told
    assert "merged, they stand as they were issued" in told
    told = well(small, "donors", "merge", "D0001", "D0007", "--although-issued")
    assert "they stand as issued, for the keys of before" in told
    told = small("check").output
    assert f"2025/{held['D0007']:06d}" in told
    assert small("receipts", "issue", "--year", "2025").exit_code == 1  # nobody gets a second one


def test_what_only_the_other_key_has_is_told(small: Obole, tmp_path: Path):
    other = (*TWIN[:11], "", "")
    keep = ("D0008", "natural", "Dupont", "Zoé", "", "", "", "fr", "", "", "", "", "")
    small.takes_well(write_donors(tmp_path / "donors.csv", (*DONORS, other, keep)))
    told = well(small, "donors", "merge", "D0008", "D0001")
    assert "only D0001 has the national_number: write it with D0008 in the donor register" in told
    assert "only D0001 has the street" in told


def test_names_without_a_word_in_common_are_told(small: Obole):
    assert "no word in common" in well(small, "donors", "merge", "D0003", "D0001", "--dry-run")


def test_the_mandate_and_reference_of_the_other_key_lead_to_the_one_kept(small: Obole, tmp_path: Path):
    """A standing order goes on with the old reference after the merge."""
    small.takes_well(write_donors(tmp_path / "donors.csv", (*DONORS, TWIN)))
    well(small, "donors", "merge", "D0007", "D0001")
    small.takes_well(Statement(74, 1_247_50, (given(25_00, 1),)).write(tmp_path))
    assert small.given_by()["D0007"] == 25_00
    assert small.given_by()["D0001"] == 85_00  # what was posted stays under its key
