"""What readers tell is in the language of the person, also of values that were worked out before in another one."""

from pathlib import Path

from importers.bank import camt, coda
from importers.bank.summary import as_text, inspect_bank_file
from importers.platforms import read as read_platform
from importers.registers import pledges
from ledger.errors import Fault
from ledger.languages import speaking

PLEDGES = "mandate;donor;iban;holder;signed;amount;months;first_due\n"


def test_a_cell_is_told_in_one_sentence_of_the_language(tmp_path: Path):
    path = tmp_path / "pledges.csv"
    path.write_text(PLEDGES + "M-1;D0001;;X;2025-13-01;25.00;1;2025-02-01\n", encoding="utf-8")
    with speaking("nl"):
        (fault,) = pledges.read(path).faults
        assert str(fault) == (
            "regel 2: kolom `signed` `2025-13-01` is geen dag van de kalender; schrijf 2025-03-14 of 14/03/2025, of "
            "geef de cel de opmaak datum"
        )
        assert ("toezeggingen", "0") in pledges.describe(pledges.read(path))


def test_a_heading_with_braces_is_shown_as_it_is(tmp_path: Path):
    path = tmp_path / "pledges.csv"
    path.write_text(PLEDGES.replace("months", "{0}{row}"), encoding="utf-8")
    told = [fault.message for fault in pledges.read(path).faults]
    assert any("`{0}{row}`" in message for message in told)


def test_an_amount_known_to_be_wrong_is_told_anew_in_each_language():
    data = b"""<Document><BkToCstmrStmt><Stmt><Id>1</Id>
<Acct><Id><IBAN>BE68539007547034</IBAN></Id><Ccy>EUR</Ccy></Acct>
<Ntry><Amt Ccy="EUR">1.234</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts><BookgDt><Dt>2025-01-02</Dt></BookgDt></Ntry>
</Stmt></BkToCstmrStmt></Document>"""

    def told() -> list[Fault]:
        return [fault for one in camt.parse(data).statements for fault in one.faults]

    assert any("the amount of the entry has a fraction of a cent;" in fault.message for fault in told())
    with speaking("de"):
        assert any("der Betrag der Buchung hat einen Bruchteil eines Cents;" in fault.message for fault in told())


def test_a_file_that_is_none_is_told_in_the_language(tmp_path: Path):
    path = tmp_path / "x.txt"
    path.write_bytes(b"nothing\n")
    with speaking("fr"):
        assert coda.parse(path.read_bytes()).faults[0].message.startswith("aucun en-tête CODA (enregistrement 0) :")
        assert as_text(inspect_bank_file(path)).splitlines()[0] == "x.txt: inconnu, refusé, 1 erreur"
        assert read_platform(path).faults[0].message.startswith("non reconnu comme rapport d’une plateforme ;")
