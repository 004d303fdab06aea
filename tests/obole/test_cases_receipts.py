"""Receipts that came out wrong, or would have: what they list, what is refused before a number is given, no euro twice.

The given cases (receipts 01 to 09, 11, 13 to 23, stores 04) are told on one set of books that goes through two issues;
each donor is of one case. Further cases of the same kinds stand in `tests/receipts/test_given.py` and `test_claims.py`.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from small_books import OPENING, SETTINGS, Obole, national_number, new_books, write_csv

from ledger.vault.sheets import frozen_sheets
from obole.books.opened import open_books
from obole.books.policies import policy_for
from obole.books.settings import load
from receipts.paper.sheet import Sheet, from_json

SOURCES = """
[sources.crm]
kinds = { gift = "gift", refund = "refund", chargeback = "chargeback" }
[sources.crm.columns]
reference = "Ref"
payment = "Payment"
paid = "Date"
gross = "Amount"
kind = "Kind"
donor = "DonorKey"

[platforms.pay]
account = "416100"
fee_account = "616100"
[sources.pay]
[sources.pay.columns]
reference = "Ref"
paid = "Date"
gross = "Amount"
[sources.list]
already_in = "pay"
[sources.list.columns]
reference = "Id"
payment = "Charge"
paid = "Gift date"
gross = "Gift"
donor = "Key"
"""
HEADINGS = ("donor", "kind", "last_name", "first_name", "street", "postcode", "municipality", "country", "language",
            "national_number")  # fmt: skip
LONG_TOWN = "Commune de Saint-Josse-ten-Noode / Gemeente Sint-Joost-ten-Node"


def donor(serial: int, **other: str) -> tuple[str, ...]:
    """A donor of case `serial // 100`, whole unless said otherwise."""
    made = {
        "donor": f"D{serial:04d}", "kind": "natural", "last_name": f"Donateur{serial}", "first_name": "Jean",
        "street": "Rue A 1", "postcode": "1000", "municipality": "Bruxelles", "country": "", "language": "fr",
        "national_number": national_number(f"85{serial // 100 % 12 + 1:02d}{serial // 1200 + 1:02d}", serial % 100 + 1),
    }  # fmt: skip
    return tuple((made | other)[name] for name in HEADINGS)


DONORS = (
    donor(101), donor(102), donor(201), donor(301), donor(401),
    donor(501, postcode="B-1000"), donor(502, postcode="75001", municipality="Paris"),
    donor(601, municipality=LONG_TOWN),
    donor(701, last_name="李", first_name="小龙"),
    donor(801, last_name="สมชาย", first_name="ใจดี"),
    donor(901), donor(902),
    donor(1401, street="1 rue X", postcode="75002", municipality="Paris", country="FR", national_number=""),
    donor(1402, national_number=""),
    donor(1501), donor(1601), donor(1602), donor(1701, national_number=""), donor(1801), donor(1802), donor(1901),
    donor(2101),
    donor(2201, first_name="", street="", postcode="", municipality="", national_number=""),
    donor(2401), donor(2501), donor(2502),
    donor(2301, street="Avenue X 1", postcode="", municipality="Kinshasa", country="CD"),
)  # fmt: skip
GIFT = ("Ref", "Payment", "Date", "Amount", "Kind", "DonorKey")


def gift(reference: str, day: str, amount: str, key: str, refund_of: str = "") -> tuple[str, ...]:
    return (reference, refund_of or reference, day, amount, "refund" if refund_of else "gift", key)


GIFTS = (
    gift("p02", "2025-12-20", "90.00", ""),
    gift("b03", "2025-03-01", "100.00", "D0301"),
    gift("a04", "2025-11-01", "100.00", "D0401"),
    gift("r04", "2026-01-15", "-30.00", "D0401", "a04"),
    *(gift(f"g{key}", "2025-03-01", "50.00", key) for key in ("D0501", "D0502", "D0601", "D0701", "D0801")),
    gift("c09", "2025-03-03", "100.00", "D0901"),
    gift("f14", "2026-03-01", "50.00", "D1401"), gift("b14", "2026-03-01", "50.00", "D1402"),
    gift("g15", "2026-03-01", "50.00", "D1501"),
    gift("a16", "2025-11-01", "100.00", "D1601"), gift("b16", "2025-11-01", "100.00", "D1602"),
    gift("a17", "2025-11-01", "100.00", "D1701"),
    gift("a18", "2025-11-01", "100.00", "D1801"),
    gift("b19", "2025-03-01", "1000000000.00", "D1901"),
    gift("b21", "2025-03-01", "100.00", "D2101"),
    gift("b22", "2025-03-01", "100.00", "D2201"),
    gift("b23", "2025-03-01", "100.00", "D2301"),
)  # fmt: skip
LATER = (
    gift("ar", "2026-02-01", "-70.00", "D1601", "a16"), gift("b2", "2025-12-30", "25.00", "D1602"),
    gift("b18", "2025-12-31", "60.00", "D1802"),
)  # fmt: skip


@dataclass
class Story:
    """What was said at each step, and the sheets frozen in the end."""

    obole: Obole
    said: dict[str, str] = field(default_factory=dict)
    codes: dict[str, int] = field(default_factory=dict)

    def __call__(self, step: str, *words: str) -> str:
        result = self.obole("receipts", *words)
        self.codes[step] = result.exit_code
        self.said[step] = result.output + (result.stderr if result.exit_code else "")
        return self.said[step]

    def rows(self, step: str) -> dict[str, dict[str, object]]:
        return {row["donor"]: row for row in json.loads(self.said[step]) if row["donor"]}

    def listed(self, key: str) -> list[tuple[str, int]]:
        """Day and cents of each row that the receipt of a donor lists."""
        return [(one.date.isoformat(), one.cents) for one in self.sheet(key).gifts]

    def sheet(self, key: str) -> Sheet:
        [number] = [row.number for row in self.obole.receipts() if row.donor == key]
        books = open_books(self.obole.books)
        with books.vault.connect() as identities:
            return next(from_json(text) for n, _v, text in frozen_sheets(identities, books.sealer, 2025) if n == number)

    def holders(self) -> list[str]:
        return [row.donor for row in self.obole.receipts()]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Story:
    """Two issues of 2025, one of 2026, and all that came between."""
    folder = tmp_path_factory.mktemp("receipts")
    story = Story(Obole(new_books(folder / "books", SETTINGS + SOURCES)))
    obole = story.obole
    story.said["donors"] = obole.takes_well(
        write_csv(folder / "donors.csv", HEADINGS, DONORS), OPENING.write(folder)
    ).output
    pay = (("ch1", "2025-01-15", "30.00"), ("ch2", "2025-06-15", "30.00"), ("ch3", "2025-03-10", "55.00"))
    crm = (("a1", "ch1", "2025-01-15", "30.00", "D0101"), ("a2", "ch2", "2025-06-15", "30.00", "D0101"),
           ("a3", "ch3", "2025-03-10", "55.00", "D0102"), ("a4", "chX", "2025-12-31", "1.00", "D0102"))  # fmt: skip
    obole.takes_well(write_csv(folder / "pay.csv", ("Ref", "Date", "Amount"), pay))
    obole.takes_well(write_csv(folder / "crm.csv", ("Id", "Charge", "Gift date", "Gift", "Key"), crm))
    obole.takes_well(write_csv(folder / "gifts.csv", GIFT, GIFTS))
    again = [gift("g24", "2025-06-06", "70.00", "D2401"), gift("g25", "2025-06-07", "70.00", "D2501")]
    obole.takes_well(write_csv(folder / "again.csv", GIFT, again))
    undone = obole.posted()[-1].document
    place = {(one.gift.booked.isoformat(), one.gift.cents, one.gift.donor): (one.document, str(one.gift.position))
             for one in obole.posted()}  # fmt: skip
    decide = ("document", "position", "donor", "date", "campaign")
    first = ((*place["2025-12-20", 90_00, None], "D0201", "2026-02-01", ""),
             (*place["2025-03-01", 100_00, "D0301"], "D0301", "2026-01-20", "NOEL"))  # fmt: skip
    obole.takes_well(write_csv(folder / "decided.csv", decide, first))
    year = ("--year", "2025")
    story("preview", "preview", *year, "--lang", "en")
    story("early", "issue", *year, "--date", "2025-02-01", "--yes")
    story("not over", "issue", *year, "--date", "2025-12-31")
    story("dry", "issue", *year, "--date", "2026-02-10", "--dry-run")
    story.said["after dry"] = str(len(obole.receipts()))
    story("issued", "issue", *year, "--date", "2026-02-10")
    story("list", "list", *year, "--lang", "en", "--format", "json")
    obole.takes_well(write_csv(folder / "number.csv", HEADINGS, [donor(1701)]))
    story("belcotax", "belcotax", *year, "--date", "2026-02-12")
    second = ((*place["2025-03-03", 100_00, "D0901"], "D0902", "2026-03-01", ""),
              (*place["2025-03-01", 100_00, "D2101"], "D2101", "2026-03-01", "NOEL"))  # fmt: skip
    obole.takes_well(write_csv(folder / "moved.csv", decide, second))
    obole.takes_well(write_csv(folder / "later.csv", GIFT, LATER))
    assert obole("undo", undone).exit_code == 0
    again[1] = gift("g25", "2025-06-07", "70.00", "D2502")
    obole.takes_well(write_csv(folder / "again.csv", GIFT, again))
    obole.takes_well(
        write_csv(folder / "fix.csv", HEADINGS, [donor(601), donor(701, last_name="Li", first_name="Xiaolong")])
    )
    story("again", "issue", *year, "--date", "2026-03-10")
    story("preview 2", "preview", *year, "--lang", "en")
    story("list 2", "list", *year, "--lang", "en", "--format", "json")
    story("status 2", "status", *year, "--lang", "en", "--format", "json")
    story("belcotax 2", "belcotax", *year, "--date", "2026-03-12")
    story("belcotax 3", "belcotax", *year, "--date", "2026-03-12", "--never-sent", "A. Exemple: upload failed")
    story("preview 2026", "preview", "--year", "2026", "--lang", "en")
    with pytest.MonkeyPatch.context() as clock:
        clock.setenv("SOURCE_DATE_EPOCH", "1801526400")  # 2.2.2027
        story("issued 2026", "issue", "--year", "2026", "--date", "2027-02-01")
        story("belcotax 2026", "belcotax", "--year", "2026", "--date", "2027-02-02")
        story("list 2026", "belcotax", "--year", "2026", "--format", "csv", "-o", str(folder / "list.csv"))
    story.said["csv"] = (folder / "list.csv").read_text(encoding="utf-8-sig")
    story.said["check"] = obole.checks().output
    return story


def test_receipts_01_the_day_paid_is_listed_and_not_that_of_the_export(told: Story):
    assert told.listed("D0101") == [("2025-01-15", 30_00), ("2025-06-15", 30_00)]
    assert told.listed("D0102") == [("2025-03-10", 55_00)]


def test_receipts_02_the_day_paid_is_listed_and_not_that_of_the_decision(told: Story):
    assert told.listed("D0201") == [("2025-12-20", 90_00)]


def test_receipts_03_a_corrected_campaign_is_no_gift(told: Story):
    assert told.listed("D0301") == [("2025-03-01", 100_00)]


def test_receipts_04_a_partial_refund_is_listed_as_such(told: Story):
    assert told.listed("D0401") == [("2025-11-01", 100_00), ("2026-01-15", -30_00)]
    assert told.sheet("D0401").cents == 70_00


def test_receipts_05_a_postcode_with_its_sign_is_read(told: Story):
    assert told.sheet("D0501").addressee.postcode == "1000"
    assert told.codes["belcotax"] == 0


def test_receipts_06_a_municipality_too_long_is_told_before_and_taken_after_its_correction(told: Story):
    assert "D0601: f2017_gemeente (municipality) has 63 characters, 50 fit" in told.said["preview"]
    assert "D0601" in told.holders()[-3:]


def test_receipts_07_a_name_without_letters_in_the_font_is_told_before_and_printed_after_its_correction(told: Story):
    assert "D0701: the font has no letter for U+5C0F, U+674E, U+9F99 in last_name, first_name" in told.said["preview"]
    assert told.rows("list")["D0701"]["number"] is None
    assert told.sheet("D0701").addressee.last_name == "Li"


def test_receipts_08_only_the_letters_that_lack_are_named_with_their_fields(told: Story):
    [line] = [line for line in told.said["preview"].splitlines() if "D0801" in line]
    points = [word.strip(",") for word in line.split() if word.startswith("U+")]
    assert points
    assert all(point.startswith("U+0E") for point in points)
    assert "in last_name, first_name;" in line


def test_receipts_09_a_gift_on_a_valid_receipt_reaches_no_second_one(told: Story):
    assert "D0902" not in told.holders()
    number = next(row.number for row in told.obole.receipts() if row.donor == "D0901")
    assert (
        f"D0902: a receipt of 100.00 EUR waits, because its gifts are on receipt 2025/{number:06d}"
        in told.said["again"]
    )
    assert (
        f"receipt 2025/{number:06d}: issued for 100.00 EUR, its gifts are now 0.00 EUR; not reported"
        in told.said["belcotax 3"]
    )
    assert json.loads(told.said["status 2"])["booked_in_another_year"]["held"] == {"count": 1, "amount": "100.00"}
    assert json.loads(told.said["status 2"])["difference"] == "0.00"


def test_receipts_13_a_receipt_is_not_dated_before_a_gift(told: Story):
    assert told.codes["early"] == 1
    assert "gifts on these receipts were made until 2026-01-15" in told.said["early"]
    assert told.codes["not over"] == 1
    assert "2025 is not over on 2025-12-31" in told.said["not over"]


def test_receipts_14_who_lives_abroad_needs_no_belgian_number_and_a_setting_lifts_it_for_others(told: Story):
    assert "2 receipts of 2026 are due" in told.said["preview 2026"]
    assert (
        "national number required and missing                         1              50.00" in told.said["preview 2026"]
    )
    books = told.obole.books
    for setting in ("require_national_number = []", "tolerate_missing_number = [2026]"):
        text = (books / "obole.toml").read_text(encoding="utf-8")
        (books.parent / "other").mkdir(exist_ok=True)
        (books.parent / "other" / "obole.toml").write_text(f"{text}\n[receipts]\n{setting}\n", encoding="utf-8")
        assert policy_for(load(books.parent / "other"), 2026).national_number_required is False


def test_receipts_15_the_list_that_the_message_names_can_be_written(told: Story):
    assert "obole receipts belcotax --year 2026 --format csv -o FILE.csv" in told.said["belcotax 2026"]
    assert told.codes["list 2026"] == 0
    assert [line.split(";")[0] for line in told.said["csv"].splitlines()] == ["number", "1", "2"]


def test_receipts_16_the_queue_says_what_the_gifts_are_now_and_the_list_marks_both(told: Story):
    said = told.said["preview 2"]
    assert "of D1601: issued for 100.00 EUR, its gifts are now 30.00 EUR" in said
    assert "of D1602: issued for 100.00 EUR, its gifts are now 125.00 EUR" in said
    rows = told.rows("list 2")
    assert [rows[key]["state"] for key in ("D1601", "D1602")] == ["receipt issued, to be reviewed"] * 2


def test_receipts_17_a_number_that_came_after_the_issue_is_filed(told: Story):
    assert ", 0 without a national or enterprise number" in told.said["belcotax"]
    assert json.loads(told.said["status 2"])["without_number"] == 0
    [first] = told.obole.books.parent.glob("belcotax-*-2025-1.xml")
    assert donor(1701)[-1] in first.read_text(encoding="utf-8")


def test_receipts_18_a_second_original_is_refused_until_a_person_says_that_the_first_was_not_sent(told: Story):
    assert told.codes["belcotax 2"] == 1
    assert "an original of 2025 was written before with other receipts" in told.said["belcotax 2"]
    assert [len(list(told.obole.books.parent.glob(f"belcotax-*-2025-{n}.xml"))) for n in (1, 2, 3)] == [1, 1, 0]
    record = json.loads((told.obole.books / "receipts/2025/shipment-2.json").read_text(encoding="utf-8"))
    assert record["said"] == "A. Exemple: upload failed"
    assert record["never_sent"] == ["belcotax-28171-0123456749-2025-1.xml"]


def test_receipts_19_an_amount_that_nothing_holds_stops_nobody_else(told: Story):
    assert "D1901" not in told.holders()
    assert "D1901: 1 000 000 000.00 EUR is more than Belcotax can hold" in told.said["preview"].replace(" ", " ")


@pytest.mark.parametrize("number", ["00000000097", "85073000061"])
def test_receipts_20_a_number_that_nobody_can_have_is_refused(number: str, told: Story, tmp_path: Path):
    said = told.obole.takes(write_csv(tmp_path / "donors.csv", HEADINGS, [donor(2001, national_number=number)]))
    assert said.exit_code == 1
    assert "is not a national or BIS number" in said.output


def test_receipts_20_a_counter_of_999_is_warned_of(told: Story, tmp_path: Path):
    said = told.obole.takes(write_csv(tmp_path / "donors.csv", HEADINGS, [donor(2001, national_number="85073099932")]))
    assert said.exit_code == 0
    assert "999 as counter of the day, which ends at 998" in said.output


def test_receipts_21_what_changes_nothing_for_the_donor_queues_nothing(told: Story):
    assert "D2101" not in told.said["preview 2"]


def test_receipts_22_all_that_is_missing_is_told_at_once(told: Story):
    missing = told.rows("list")["D2201"]["missing"]
    assert missing == "first name, address (street, postcode, municipality), national or enterprise number"


def test_receipts_23_an_address_in_a_country_without_postcodes_is_whole(told: Story):
    assert told.sheet("D2301").addressee.country == "CD"
    [first] = told.obole.books.parent.glob("belcotax-*-2025-1.xml")
    assert "<f2112_buitenlandspostnummer>00000</f2112_buitenlandspostnummer>" in first.read_text(encoding="utf-8")


def test_stores_04_a_postcode_of_a_country_that_nobody_said_is_asked_before_a_number_is_given(told: Story):
    assert "no country is said" in told.said["donors"]
    assert "D0502" not in told.holders()
    assert told.rows("list")["D0502"]["missing"] == "address (country)"
    books = open_books(told.obole.books)
    assert policy_for(books.config, 2025).proof is not None


def test_undone_and_taken_in_again_nothing_changes_and_what_is_anothers_now_waits(told: Story):
    """J01 and J05 of correction-cases.csv; the issue names the three rows 100, 100, -100."""
    assert "D2401" not in told.said["preview 2"]
    assert told.rows("list 2")["D2401"]["state"] == "tax receipt"
    assert "of D2501: issued for 70.00 EUR, its gifts are now 0.00 EUR" in told.said["preview 2"]
    assert "D2502: a receipt of 70.00 EUR waits" in told.said["preview 2"]
    assert told.rows("list 2")["D2502"]["state"] == "receipt held, its gifts are on another"


def test_belcotax_never_sums_to_more_than_the_gifts(told: Story):
    filed = told.said["belcotax 3"].split(" EUR")[0].rpartition(", ")[2].replace("\u00a0", "").replace(" ", "")
    given = {
        row["donor"]: float(row["amount"].replace(",", "")) for row in told.rows("list 2").values() if row["number"]
    }
    now = sum(given.values()) - 100.00 - 100.00 - 70.00  # D0901, D1601 and D2501 are for more than is given now
    assert float(filed.replace("\u202f", "")) == pytest.approx(now)


def test_a_trial_tells_and_keeps_nothing(told: Story):
    assert told.said["after dry"] == "0"
    assert "Nothing was kept." in told.said["dry"]


def test_the_checks_hold_after_all_of_it(told: Story):
    assert "differ" not in told.said["check"]
