"""Mandates that change, debtors outside the EEA, and collections withdrawn here that the bank collected all the same.

Sources: EPC130-08, Core direct debit customer-to-bank guidelines (`AmdmntInfDtls`: original mandate, original debtor
account, SMNDA); EPC, guidance on addresses in SEPA payments (town and country in fields of their own for payments with
a bank outside the EEA, since 15 November 2026); pain.008.001.02 and .08, the structures that sepaxml brings. The IBANs
abroad are those of the registry's examples.
"""

from collections.abc import Sequence
from pathlib import Path

import pytest
from lxml import etree
from sepaxml.validation import try_valid_xml
from small_books import (
    OPENING,
    SETTINGS,
    Obole,
    Statement,
    collected,
    collection,
    iban,
    new_books,
    write_csv,
    write_donors,
)
from test_cases_returns import HEADINGS
from test_collect import COLLECTION, DUE, back, end_to_end, status, total

SCHEMAS = ("pain.008.001.02", "pain.008.001.08")
GB, CH, MC = "GB29NWBK60161331926819", "CH9300762011623852957", "MC5811222000010123456789030"
FR = "FR1420041010050500013M02606"
PLEDGE = ("M-2", "D0002", iban(7350000002), "2025-01-10", "15.00", "1", "2025-03-01")
ABROAD = ("donor", "kind", "last_name", "street", "postcode", "municipality", "country")


@pytest.fixture(params=SCHEMAS)
def schema(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def obole(tmp_path: Path, schema: str) -> Obole:
    made = Obole(new_books(tmp_path / "books", f'{SETTINGS}{COLLECTION}message = "{schema}"\n'))
    made.takes_well(write_donors(tmp_path / "donors.csv"), OPENING.write(tmp_path))
    return made


def pledges(folder: Path, *rows: Sequence[str], more: Sequence[str] = ()) -> Path:
    return write_csv(folder / "pledges.csv", (*HEADINGS, *more), rows)


def collect(obole: Obole, month: str, *words: str) -> str:
    result = obole("collect", "--month", month, *words)
    assert result.exit_code == 0, result.output
    return result.output


def debit(obole: Obole, schema: str, name: str) -> etree._Element:
    """The one debit of a collection's file, which follows its structure."""
    content = obole.source(f"documents/collections/{name[11:15]}/{name}.xml")
    try_valid_xml(content, schema)
    [found] = list(etree.fromstring(content).iter("{*}DrctDbtTxInf"))
    return found


def block(obole: Obole, schema: str, name: str) -> dict[str, str]:
    """The amendment of a collection's one debit: each value by its path."""
    mandate = debit(obole, schema, name).find(".//{*}MndtRltdInf")
    assert mandate is not None
    if mandate.findtext("{*}AmdmntInd") is None:
        assert mandate.find("{*}AmdmntInfDtls") is None
        return {}
    assert mandate.findtext("{*}AmdmntInd") == "true"
    [details] = list(mandate.iter("{*}AmdmntInfDtls"))
    tree = details.getroottree()
    leaves = [one for one in details.iter() if not len(one)]
    names = {tree.getpath(one): "/".join(etree.QName(up).localname for up in _way(one, details)) for one in leaves}
    return {names[tree.getpath(one)]: one.text or "" for one in leaves}


def _way(leaf: etree._Element, top: etree._Element) -> list[etree._Element]:
    up = [leaf, *leaf.iterancestors()]
    return up[: up.index(top)][::-1]


# Mandates that change


def changed(account: str, amount: str = "15.00") -> tuple[str, ...]:
    return ("M-2", "D0002", account, PLEDGE[3], amount, *PLEDGE[5:])


def test_another_account_at_the_same_bank_names_the_one_before(obole: Obole, schema: str, tmp_path: Path):
    obole.takes_well(pledges(tmp_path, PLEDGE))
    collect(obole, "2025-03")
    obole.takes_well(pledges(tmp_path, changed(iban(7350000099))))
    collect(obole, "2025-04")
    assert block(obole, schema, "collection-2025-04-1") == {"OrgnlDbtrAcct/Id/IBAN": iban(7350000002)}
    assert debit(obole, schema, "collection-2025-04-1").findtext("{*}DbtrAcct/{*}Id/{*}IBAN") == iban(7350000099)
    collect(obole, "2025-05")
    assert block(obole, schema, "collection-2025-05-1") == {}  # told once


@pytest.mark.parametrize("account", [iban(1000000002), FR])
def test_an_account_at_another_bank_is_the_same_mandate(obole: Obole, schema: str, tmp_path: Path, account: str):
    obole.takes_well(pledges(tmp_path, PLEDGE))
    collect(obole, "2025-03")
    obole.takes_well(pledges(tmp_path, changed(account)))
    collect(obole, "2025-04")
    assert block(obole, schema, "collection-2025-04-1") == {"OrgnlDbtrAcct/Id/Othr/Id": "SMNDA"}


@pytest.mark.parametrize(
    ("setting", "account", "told"),
    [
        ("always", iban(1000000002), {"OrgnlDbtrAcct/Id/IBAN": iban(7350000002)}),
        ("never", iban(7350000099), {"OrgnlDbtrAcct/Id/Othr/Id": "SMNDA"}),
        ("same-bank", iban(7350000099), {"OrgnlDbtrAcct/Id/IBAN": iban(7350000002)}),
    ],
)
def test_how_the_account_before_is_told_is_a_setting(
    obole: Obole, schema: str, tmp_path: Path, *, setting: str, account: str, told: dict[str, str]
):
    said(obole, f'former_account = "{setting}"')
    obole.takes_well(pledges(tmp_path, PLEDGE))
    collect(obole, "2025-03")
    obole.takes_well(pledges(tmp_path, changed(account)))
    collect(obole, "2025-04")
    assert block(obole, schema, "collection-2025-04-1") == told


def said(obole: Obole, setting: str) -> None:
    """Write one more setting of the collection."""
    path = obole.books / "obole.toml"
    path.write_text(path.read_text(encoding="utf-8").replace("[collection]\n", f"[collection]\n{setting}\n"), "utf-8")


def test_amount_and_holder_are_no_amendment(obole: Obole, schema: str, tmp_path: Path):
    obole.takes_well(pledges(tmp_path, PLEDGE))
    collect(obole, "2025-03")
    obole.takes_well(pledges(tmp_path, (*changed(PLEDGE[2], "40.00"), "J. Erfgenaam"), more=["holder"]))
    collect(obole, "2025-04")
    assert block(obole, schema, "collection-2025-04-1") == {}
    found = debit(obole, schema, "collection-2025-04-1")
    assert (found.findtext("{*}InstdAmt"), found.findtext("{*}Dbtr/{*}Nm")) == ("40.00", "J. Erfgenaam")


def test_a_change_before_the_first_debit_is_none(obole: Obole, schema: str, tmp_path: Path):
    obole.takes_well(pledges(tmp_path, PLEDGE))
    obole.takes_well(pledges(tmp_path, changed(iban(7350000099))))
    collect(obole, "2025-03")
    assert block(obole, schema, "collection-2025-03-1") == {}


def test_two_changes_between_two_debits_tell_what_the_bank_knows(obole: Obole, schema: str, tmp_path: Path):
    obole.takes_well(pledges(tmp_path, PLEDGE))
    collect(obole, "2025-03")
    for account in (iban(1000000002), iban(7350000099)):
        obole.takes_well(pledges(tmp_path, changed(account)))
    collect(obole, "2025-04")
    assert block(obole, schema, "collection-2025-04-1") == {"OrgnlDbtrAcct/Id/IBAN": iban(7350000002)}


def test_a_change_taken_back_before_the_next_debit_is_none(obole: Obole, schema: str, tmp_path: Path):
    obole.takes_well(pledges(tmp_path, PLEDGE))
    collect(obole, "2025-03")
    for account in (iban(1000000002), PLEDGE[2]):
        obole.takes_well(pledges(tmp_path, changed(account)))
    collect(obole, "2025-04")
    assert block(obole, schema, "collection-2025-04-1") == {}


def test_a_change_whose_debit_was_withdrawn_is_told_by_the_next_one(obole: Obole, schema: str, tmp_path: Path):
    obole.takes_well(pledges(tmp_path, PLEDGE))
    collect(obole, "2025-03")
    obole.takes_well(pledges(tmp_path, changed(iban(7350000099))))
    collect(obole, "2025-04")
    assert obole("undo", "collection-2025-04-1").exit_code == 0
    collect(obole, "2025-04")
    assert block(obole, schema, "collection-2025-04-2") == {"OrgnlDbtrAcct/Id/IBAN": iban(7350000002)}


def test_a_mandate_that_takes_the_place_of_another_names_it_and_is_not_new(obole: Obole, schema: str, tmp_path: Path):
    """Another program numbers mandates otherwise (OrgnlMndtId): the debtor signs nothing anew, RCUR goes on."""
    obole.takes_well(pledges(tmp_path, PLEDGE))
    collect(obole, "2025-03")
    new = ("NEW-2", *changed(iban(7350000099))[1:], "M-2")
    obole.takes_well(pledges(tmp_path, new, more=["replaces"]))
    collect(obole, "2025-04")
    assert block(obole, schema, "collection-2025-04-1") == {
        "OrgnlMndtId": "M-2",
        "OrgnlDbtrAcct/Id/IBAN": iban(7350000002),
    }
    [one] = [one for one in obole.instalments() if one.mandate == "NEW-2"]
    assert one.kind == "RCUR"
    obole.takes_well(pledges(tmp_path, new, more=["replaces"]))
    collect(obole, "2025-05")
    assert block(obole, schema, "collection-2025-05-1") == {}


@pytest.mark.parametrize("old", ["M-9", "M-6", "NEW-2"], ids=["not there", "of another donor", "itself"])
def test_a_mandate_takes_the_place_of_none_that_is_not_the_donors(obole: Obole, tmp_path: Path, old: str):
    six = ("M-6", "D0006", *PLEDGE[2:])
    obole.takes_well(pledges(tmp_path, PLEDGE, six))
    collect(obole, "2025-03")
    said = obole.refuses(pledges(tmp_path, ("NEW-2", *PLEDGE[1:], old), more=["replaces"]))
    assert "`replaces` holds no earlier mandate of donor D0002" in said


# Debtors outside the EEA


def donor_of(folder: Path, town: str, country: str) -> Path:
    row = ("D0002", "natural", "Müller", "Bahnhofstrasse 1", "8001", town, country)
    return write_csv(folder / "abroad.csv", ABROAD, [row])


@pytest.mark.parametrize(
    ("account", "town", "country", "written"),
    [
        (GB, "London", "GB", "London"),
        (CH, "Zürich", "CH", "Zurich"),
        (MC, "Monaco", "MC", "Monaco"),
    ],
)
def test_a_debtor_outside_the_eea_has_town_and_country(
    obole: Obole, schema: str, tmp_path: Path, *, account: str, town: str, country: str, written: str
):
    obole.takes_well(donor_of(tmp_path, town, country), pledges(tmp_path, changed(account)))
    collect(obole, "2025-03")
    address = debit(obole, schema, "collection-2025-03-1").find("{*}Dbtr/{*}PstlAdr")
    assert address is not None
    parts = {etree.QName(part).localname: part.text for part in address}
    assert parts == {"StrtNm": "Bahnhofstrasse 1", "PstCd": "8001", "TwnNm": written, "Ctry": country}


@pytest.mark.parametrize("account", [PLEDGE[2], FR])
def test_a_debtor_inside_the_eea_needs_no_address(obole: Obole, schema: str, tmp_path: Path, account: str):
    obole.takes_well(pledges(tmp_path, changed(account)))
    collect(obole, "2025-03")
    assert debit(obole, schema, "collection-2025-03-1").find("{*}Dbtr/{*}PstlAdr") is None


def test_a_debtor_outside_the_eea_without_a_town_is_refused_before_anything_is_collected(obole: Obole, tmp_path: Path):
    obole.takes_well(donor_of(tmp_path, "", "CH"), pledges(tmp_path, changed(CH)))
    before = obole.state()
    for words in (["--dry-run"], []):
        said = collect(obole, "2025-03", *words)
        assert "refused: M-2 of D0002, 15.00 EUR: the account lies outside the EEA" in said
        assert "`municipality` and `country`" in said
    assert obole.state() == before
    obole.takes_well(donor_of(tmp_path, "Zürich", "CH"))
    assert "1 instalment of 2025-03 collected" in collect(obole, "2025-03")


def test_which_debits_say_town_and_country_is_a_setting(obole: Obole, schema: str, tmp_path: Path):
    said(obole, 'addresses = "always"')
    obole.takes_well(donor_of(tmp_path, "", "BE"), pledges(tmp_path, PLEDGE))
    assert "`addresses` in obole.toml asks for all" in collect(obole, "2025-03")
    obole.takes_well(donor_of(tmp_path, "Gent", "BE"))
    collect(obole, "2025-03")
    address = debit(obole, schema, "collection-2025-03-1").find("{*}Dbtr/{*}PstlAdr")
    assert address is not None
    assert address.findtext("{*}TwnNm") == "Gent"


def test_no_debit_says_town_and_country_where_the_setting_says_so(obole: Obole, schema: str, tmp_path: Path):
    said(obole, 'addresses = "never"')
    obole.takes_well(donor_of(tmp_path, "", "CH"), pledges(tmp_path, changed(CH)))
    collect(obole, "2025-03")
    assert debit(obole, schema, "collection-2025-03-1").find("{*}Dbtr/{*}PstlAdr") is None


# Collections withdrawn here and sent all the same


WITHDRAWN = "collection collection-2025-03-1-FRST was withdrawn here and sent to the bank all the same: 15.00 EUR"


@pytest.fixture
def withdrawn(obole: Obole, tmp_path: Path) -> Obole:
    obole.takes_well(pledges(tmp_path, PLEDGE))
    collect(obole, "2025-03")
    assert obole("undo", "collection-2025-03-1").exit_code == 0
    return obole


@pytest.mark.parametrize("form", ["total", "details", "single"])
def test_what_arrives_of_a_withdrawn_collection_is_told_and_is_a_gift(withdrawn: Obole, tmp_path: Path, form: str):
    detail = collected(15_00, "M-2", end_to_end(withdrawn, "M-2"), settled=DUE)
    parts = {
        "total": total(15_00),
        "details": collection(detail, reference="collection-2025-03-1-FRST"),
        "single": back(-15_00, "M-2", end_to_end(withdrawn, "M-2"), "", code="00550000", r=" "),
    }
    told = withdrawn.takes_well(Statement(parts=(parts[form],)).write(tmp_path)).output
    assert " ".join(told.split()).count(WITHDRAWN) == 1
    assert withdrawn.gifts() == [("D0002", 15_00)]
    assert withdrawn.waiting() == []
    assert "0 instalments of 2025-03 collected" in collect(withdrawn, "2025-03"), "its donor is not debited twice"
    assert withdrawn.checks().exit_code == 0, withdrawn.checks().output


def test_a_withdrawn_total_of_another_sum_is_told_and_waits(withdrawn: Obole, tmp_path: Path):
    told = withdrawn.takes_well(Statement(parts=(total(14_00),)).write(tmp_path)).output
    assert "was withdrawn here and sent to the bank all the same: 14.00 EUR" in " ".join(told.split())
    assert [one.cents for one in withdrawn.waiting()] == [14_00]


def test_both_files_sent_are_both_booked_and_the_second_debit_is_told(withdrawn: Obole, tmp_path: Path):
    collect(withdrawn, "2025-03")
    lines = total(15_00), total(15_00, "collection-2025-03-2-FRST")
    told = withdrawn.takes_well(Statement(parts=lines).write(tmp_path)).output
    assert "its donors are debited twice" in " ".join(told.split())
    assert withdrawn.gifts() == [("D0002", 15_00)] * 2


def test_the_file_of_a_withdrawn_collection_taken_in_again_says_what_to_do(withdrawn: Obole):
    archive = withdrawn.books / "documents/collections/2025/collection-2025-03-1.xml"
    said = " ".join(withdrawn.takes(archive).output.split())
    assert "was withdrawn here before" in said
    assert "import the bank's statement alone" in said


def test_a_status_report_of_a_withdrawn_collection_is_followed(withdrawn: Obole, tmp_path: Path):
    """The bank answers what was sent: it is not told that the rejects are of nobody."""
    told = withdrawn.takes_well(status(tmp_path, group="RJCT")).output
    assert "1 direct debit was rejected before settlement, 15.00 EUR" in told
    assert "of no collection" not in told


def test_a_withdrawn_collection_that_never_came_is_collected_anew(withdrawn: Obole):
    assert "1 instalment of 2025-03 collected" in collect(withdrawn, "2025-03")


one_schema = pytest.mark.parametrize("schema", SCHEMAS[:1], indirect=True)


@one_schema
def test_a_withdrawn_debit_whose_reference_is_masked_is_told_by_its_mandate(withdrawn: Obole, tmp_path: Path):
    """EPC130-08: a bank may write NOTPROVIDED; the mandate, the amount and the day leave one instalment only."""
    detail = collected(15_00, "M-2", "NOTPROVIDED", settled=DUE)
    told = withdrawn.takes_well(Statement(parts=(collection(detail, reference="LOT"),)).write(tmp_path)).output
    assert " ".join(told.split()).count(WITHDRAWN) == 1
    assert withdrawn.gifts() == [("D0002", 15_00)]


@one_schema
def test_a_masked_debit_may_be_of_the_later_file_and_the_second_one_cannot(withdrawn: Obole, tmp_path: Path):
    collect(withdrawn, "2025-03")
    masked = collection(collected(15_00, "M-2", "NOTPROVIDED", settled=DUE), reference="LOT")
    assert "was withdrawn" not in withdrawn.takes_well(Statement(73, 1_000_00, (masked,)).write(tmp_path)).output
    told = withdrawn.takes_well(Statement(74, 1_015_00, (masked,)).write(tmp_path)).output
    assert " ".join(told.split()).count(WITHDRAWN) == 1
    assert withdrawn.gifts() == [("D0002", 15_00)] * 2


# A total whose name is cut: MobilePay-Subscriptions 46 (30 signs of a statement), CODA 2.6 (21 signs of record 2.1)


@one_schema
@pytest.mark.parametrize("name", ["collection-2025-03-1-", "COLLECTION-2025-03-1-FR"])
def test_a_total_is_known_by_a_name_that_the_bank_cut(obole: Obole, name: str, tmp_path: Path):
    """Two kinds of debits begin alike: the amount tells which of them it is."""
    other = ("M-6", "D0006", iban(7350000006), "2025-01-10", "25.00", "1", "2025-03-01")
    obole.takes_well(pledges(tmp_path, PLEDGE, other))
    collect(obole, "2025-03")
    obole.takes_well(Statement(73, 1_000_00, (total(40_00, name),)).write(tmp_path))
    assert obole.given_by() == {"D0002": 15_00, "D0006": 25_00}
    assert obole.checks().exit_code == 0


@one_schema
def test_of_a_name_that_is_too_short_nothing_is_known(obole: Obole, tmp_path: Path):
    obole.takes_well(pledges(tmp_path, PLEDGE))
    collect(obole, "2025-03")
    obole.takes_well(Statement(73, 1_000_00, (total(15_00, "collection-2025-0"),)).write(tmp_path))
    assert [one.cents for one in obole.waiting()] == [15_00]
