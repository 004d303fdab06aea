"""The demonstration's source files, rolled up by hand, end on the printed statements at every number of donors."""

import csv
import hashlib
import unicodedata
from collections import Counter
from datetime import date
from pathlib import Path

import pytest
from coda import CODA
from demo_rollup import YEARS, Rollup, cents_of, journal_lines, late, roll_up, sheet
from stdnum import iban as stdnum_iban
from stdnum.be import bis, nn
from stdnum.be import vat as enterprise

from ledger.money import to_euros
from obole.demo import DemoError, Manifest, generate
from obole.demo.bankdays import bank_days
from obole.demo.coda_writer import CodaLine, Holder, StatementWriter

PUBLISHED = Path(__file__).parents[2].parent / "shared" / "facts" / "published" / "statements.csv"

# Printed line -> accounts: the ranges the statements print; lines of one code told apart by their label.
# Assets and charges are debit, the others credit.
BALANCE_SHEET = {
    "21": ("21",), "22/3": ("22", "23"), "24": ("24",), "26": ("26",), "28": ("28",), "40": ("40",), "41": ("41",),
    "50/3": ("50", "51", "52", "53"), "54/8": ("54", "55", "57", "58"), "490/1": ("490", "491"),
    "10": ("10",), "Fonds affectés pour investissements": ("130",), "Fonds affectés pour passif social": ("131",),
    "Fonds affectés pour innovation et développement": ("1391",), "Fonds affectés pour récolte de fonds": ("1392",),
    "14": ("14",), "15": ("15",), "160/5": ("16",), "17": ("17",), "44": ("44",), "450/3": ("450", "451", "452", "453"),
    "454/9": ("454", "455", "456", "459"), "48": ("48",), "492": ("492",), "493": ("493",),
}  # fmt: skip
INCOME_STATEMENT = {
    "Dotations et subsides": ("733",), "Dons en nature": ("7312",), "Dons en espèces": ("7311", "7313", "732"),
    "Autres produits": ("74",), "Locaux": ("610",), "Déplacements": ("611",), "Poste et téléphonie": ("612",),
    "Matériel et fournitures": ("6131",), "Vivres et boissons": ("6132",), "Documentation": ("614",),
    "Publications et campagnes d'information": ("615",), "Honoraires": ("616",),
    "Rémunérations / Charges sociales": ("62",), "Amortissements": ("630",),
    "Dotations / Utilisation provision pour risques et charges": ("639",), "Autres charges": ("64",),
    "Produits financiers": ("75",), "Charges financières": ("65",),
    "Produits (charges) exceptionnel(le)s net(te)s": ("76", "66"), "Impôts": ("67",),
}  # fmt: skip


@pytest.fixture(scope="module", params=[1, 40, 2000], ids="donors={}".format)
def demo(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Manifest, Rollup]:
    folder = tmp_path_factory.mktemp("demo")
    return generate(folder, request.param), roll_up(folder)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    return generate(tmp_path_factory.mktemp("small"), 400)


def _sum(books: Rollup, prefixes: tuple[str, ...], year: int) -> int:
    return sum(cents for account, cents in books.balances(year).items() if account.startswith(prefixes))


# The books the files make


@pytest.mark.skipif(not PUBLISHED.exists(), reason="the published statements are not here")
@pytest.mark.parametrize("year", YEARS)
def test_every_printed_line_and_total_comes_out_to_the_euro(demo, year):
    _, books = demo
    running, section = 0, ""
    result = 0
    for row in csv.DictReader(PUBLISHED.read_text(encoding="utf-8").splitlines()):
        if row["kind"] == "heading":
            running = 0
        if row["statement"] == "appropriation" or not row[f"y{year}"]:
            continue
        printed = int(row[f"y{year}"])
        income = row["statement"] == "income-statement"
        lines = INCOME_STATEMENT if income else BALANCE_SHEET
        if row["section"] != section:
            running, section = 0, row["section"]
        if row["kind"] == "line":
            cents = _sum(books, lines.get(row["label_fr"]) or lines[row["code"]], year)
            debit = section in {"assets", "expenses"} or row["code"] in {"65/7", "67"}
            running += cents if debit else -cents
            result -= cents if income else 0
            assert to_euros(cents if debit else -cents) == printed, row["label_fr"]
        elif row["label_fr"].startswith("TOTAL "):
            whole = ("2", "3", "40", "41", "490", "491", "5")
            debit = sum(cents for account, cents in books.balances(year).items() if account.startswith(whole))
            assert to_euros(debit) == printed, row["label_fr"]
        elif income and row["kind"] == "grand-total":
            assert to_euros(result) == printed
        else:
            assert to_euros(running) == printed
        if row["kind"] == "total":
            running = 0


def test_every_account_ends_on_its_target(demo):
    manifest, books = demo
    for year in YEARS:
        expected = {account: cents for account, cents in manifest.expected[year].balances.items() if cents}
        appropriation = {account: books.moved[year][account] for account in ("692000", "790000")}
        assert books.balances(year) | appropriation == expected


def test_the_income_of_2025_carries_a_quarter_euro_on_each_of_its_four_lines(demo):
    _, books = demo
    for prefixes in (("733",), ("7312",), ("7311", "7313", "732"), ("74",)):
        assert -_sum(books, prefixes, 2025) % 100 == 25


def test_nothing_stays_on_suspense_or_between_the_accounts(demo):
    _, books = demo
    assert books.unassigned == {}
    for year in YEARS:
        assert books.balance("499000", year) == 0
        assert books.balance("580000", year) == 0


def test_gift_accounts_are_never_touched_by_the_general_journal(small):
    for source in small.sources:
        if source.kind == "journal":
            accounts = {account for _, account, _ in journal_lines(source.path)}
            assert not accounts & {"731100", "731200", "731300", "732000", "733000", "733100"}


# The donors


def test_as_many_donors_as_asked_are_owed_a_receipt_for_2025(demo):
    manifest, books = demo
    for year in YEARS:
        owed = [
            books.given[year][donor["donor"]]
            for donor in books.donors
            if donor["street"] and donor["postcode"] and donor["municipality"]
        ]
        owed = [cents for cents in owed if cents >= 40_00]
        assert (len(owed), sum(owed)) == (manifest.expected[year].receipts, manifest.expected[year].receipted)
    assert manifest.expected[2025].receipts == manifest.donors


def test_the_promise_of_2025_does_not_hang_on_the_day_that_decides_the_year(small):
    books = roll_up(small.folder)
    first = bank_days(2025)[0]
    moved = Counter()
    for statement in books.statements["gifts"]:
        for move in statement.moves:
            if move.entry_date == first and move.value_date.year == 2024:
                moved["late"] += 1
    assert moved["late"] == late(books) >= 1
    complete = {row["donor"] for row in books.donors if row["street"] and row["postcode"] and row["municipality"]}
    assert sum(books.given[2025][donor] >= 40_00 for donor in complete) == 400


def test_gifts_and_returns_are_counted(demo):
    manifest, books = demo
    for year in YEARS:
        assert books.gifts[year] == manifest.expected[year].gifts
        assert books.returns[year] == manifest.expected[year].returns


def test_a_collection_of_december_comes_back_in_january_even_for_one_donor(demo):
    _, books = demo
    january = [
        move
        for statement in books.statements["gifts"]
        if statement.new_balance_date.year == 2025
        for total in statement.moves
        for move in (total.moves or [total])
        if move.r_transaction and move.customer_reference.startswith("C2412")
    ]
    assert january


def test_donor_keys_and_numbers_are_unique_and_valid_in_form(demo):
    _, books = demo
    for column in ("donor", "references", "mandates", "national_number", "enterprise_number"):
        values = [row[column] for row in books.donors if row[column]]
        assert len(values) == len(set(values)), column
    for row in books.donors:
        digits = "".join(filter(str.isdigit, row["references"]))
        assert int(digits[:10]) % 97 in {int(digits[10:]), int(digits[10:]) % 97}
        assert row["references"] == f"+++{digits[:3]}/{digits[3:7]}/{digits[7:]}+++"
        if row["ibans"]:
            assert stdnum_iban.is_valid(row["ibans"])
        if row["national_number"]:
            assert nn.is_valid(row["national_number"]) or bis.is_valid(row["national_number"])
        if row["enterprise_number"]:
            assert row["kind"] == "legal"
            assert enterprise.is_valid(row["enterprise_number"])


def test_only_couples_at_one_address_share_an_account(demo):
    _, books = demo
    owners: dict[str, list[dict]] = {}
    for row in books.donors:
        if row["ibans"]:
            owners.setdefault(row["ibans"], []).append(row)
    for shared in (rows for rows in owners.values() if len(rows) > 1):
        assert len({(row["last_name"], row["street"], row["postcode"]) for row in shared}) == 1
        assert len(shared) == 2


def test_the_register_shows_the_variety_a_foundation_meets(tmp_path):
    generate(tmp_path, 2000)
    rows = sheet(tmp_path / "sources" / "donors.xlsx", "donors")
    assert {row["country"] for row in rows} == {"BE", "FR", "NL", "DE", "LU"}
    assert {row["language"] for row in rows} == {"fr", "nl", "de", "en"}
    natural = [row for row in rows if row["kind"] == "natural"]
    assert any(not row["national_number"] for row in natural)
    assert any(bis.is_valid(row["national_number"] or "") for row in natural)
    assert any(not row["street"] for row in natural)
    assert any(not row["municipality"] for row in natural)
    names = "".join(row["first_name"] + row["last_name"] for row in natural)
    scripts = {unicodedata.name(letter).split()[0] for letter in names if letter.isalpha()}
    assert {"LATIN", "GREEK", "CYRILLIC"} <= scripts
    assert any("\u1ea0" <= letter <= "\u1ef9" for letter in names)  # Vietnamese
    assert {"é", "ü", "è"} <= set(names)


# The bank files


def test_statements_follow_each_other_without_a_gap_or_a_debit_balance(demo):
    _, books = demo
    for statements in books.statements.values():
        before = None
        for statement in statements:
            assert statement.new_balance >= 0
            assert statement.creation_date == statement.new_balance_date in bank_days(statement.new_balance_date.year)
            if before is not None:
                assert statement.old_balance == before.new_balance
                assert statement.old_balance_date == before.new_balance_date
                new_year = statement.new_balance_date.year > before.new_balance_date.year
                assert int(statement.coda_sequence) == (1 if new_year else int(before.coda_sequence) + 1)
            before = statement
    assert books.statements["current"][0].coda_sequence == "001"


def test_bank_files_hold_lines_of_128_characters_of_windows_1252(small):
    for source in small.sources:
        if source.kind == "coda":
            lines = source.path.read_bytes().decode("cp1252").split("\r\n")
            assert {len(line) for line in lines[:-1]} == {128}
            assert lines[-1] == ""


def test_the_bank_shows_every_kind_of_line_the_importers_must_know(small):
    codes = Counter()
    kinds = Counter()
    for source in small.sources:
        if source.kind == "coda":
            for statement in CODA(str(source.path)).statements:
                for move in statement.all_moves:
                    codes[move.transaction_code] += 1
                    kinds[move.communication_type] += 1
    wanted = (
        "00150000", "00250000", "10550000", "50550000", "00503000", "00505000", "10107000", "00101000", "08047000",
        "03550000", "00113000", "00164000", "00950000", "01301000",
    )  # fmt: skip
    assert set(wanted) <= set(codes)
    assert {"101", "102", "127", None} <= set(kinds)


def test_a_field_too_long_for_its_place_is_refused():
    writer = _writer()
    writer.add(CodaLine(10_00, "00150000", "DON", name="N" * 36))
    with pytest.raises(ValueError, match="too long"):
        writer.encoded()


def test_details_that_do_not_make_their_total_are_refused():
    with pytest.raises(ValueError, match="do not sum"):
        _writer().add_total(CodaLine(10_00, "10550000"), [CodaLine(9_99, "50550000")])


def test_a_letter_the_bank_could_not_send_is_refused():
    writer = _writer()
    writer.add(CodaLine(10_00, "00150000", "DON", name="ΝΙΚΟΛΑΟΥ"))
    with pytest.raises(UnicodeEncodeError):
        writer.encoded()


def _writer() -> StatementWriter:
    holder = Holder("BE07990000000166", "Compte", "FONDATION", "DEMOBEBB", "0900004206")
    return StatementWriter(holder, 1, 0, date(2025, 1, 2), date(2025, 1, 3))


# The files as a whole


def test_the_same_seed_gives_the_same_bytes(tmp_path):
    digests = []
    for name in ("one", "two"):
        manifest = generate(tmp_path / name, 40, seed=7)
        files = {str(source.path.relative_to(tmp_path / name)): source.path.read_bytes() for source in manifest.sources}
        digests.append({path: hashlib.sha256(content).hexdigest() for path, content in files.items()})
    assert digests[0] == digests[1]
    other = generate(tmp_path / "other", 40, seed=8).sources[0].path.read_bytes()
    assert hashlib.sha256(other).hexdigest() != digests[0]["sources/donors.xlsx"]


@pytest.mark.parametrize("seed", range(6))
def test_other_seeds_end_on_the_same_statements(tmp_path, seed):
    manifest = generate(tmp_path, 7 * seed + 2, seed)
    books = roll_up(tmp_path)
    for year in YEARS:
        assert books.balance("550000", year) == manifest.expected[year].balances["550000"]
        assert -_sum(books, ("7311", "7313", "732"), year) == {2024: 5_532_943_00, 2025: 5_680_505_25}[year]
    assert manifest.expected[2025].receipts == 7 * seed + 2


def test_the_manifest_lists_every_file_once(small):
    written = {path for path in (small.folder / "sources").rglob("*") if path.is_file()}
    assert written == {source.path for source in small.sources}
    assert len(small.sources) == len(written)


def test_in_kind_gifts_name_their_evidence_and_sum_to_the_printed_line(small):
    for year, total in ((2024, 780_971_00), (2025, 788_564_25)):
        rows = sheet(small.folder / "sources" / str(year) / "in-kind.xlsx", "in-kind")
        assert sum(cents_of(row["value"]) for row in rows) == total
        assert all(row["evidence"] and row["valuation"] and row["valued_on"] for row in rows)
        assert len({row["reference"] for row in rows}) == len(rows)


def test_a_folder_with_sources_is_left_alone(small):
    with pytest.raises(DemoError, match="not empty"):
        generate(small.folder, 1)


@pytest.mark.parametrize("donors", [0, -3, 100_001])
def test_a_number_of_donors_the_printed_total_cannot_carry_is_refused(tmp_path, donors):
    with pytest.raises(DemoError, match="choose 1 to"):
        generate(tmp_path, donors)
    assert not (tmp_path / "sources").exists()
