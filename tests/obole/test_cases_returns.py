"""Returns that come as one total, groups of one, and totals of collections by any name: what is known of them later.

Bank cases 02, 03 and 18 of November 2026 (`cases/returns`), and further ones of the same kinds, each with its source:
Febelfin, Standard CODA 2.6 (separate application, records 2.2 and 2.3; annex 2: 05/03 unpaid, 05/05 refunded);
ISO 20022 camt.053/054 (`Btch` and `Refs`); EPC130-08, Core direct debit guidelines (AT-05, EndToEndId); what users
report of their banks' files stands with the case.
"""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import NamedTuple

import pytest
from small_books import Obole, new_books, write_csv

CASES = Path(__file__).parent / "cases" / "returns"
IBAN = "BE68539007547034"
MARCH, RETURNED = "2025-03-05", "2025-03-10"
HEADINGS = ("mandate", "donor", "iban", "signed", "amount", "months", "first_due")
IBANS = {1: "BE35123000000137", 2: "BE24123000000238", 3: "BE13123000000339", 4: "BE02123000000440"}
PLEDGES = [(f"MNDT-000{n}", f"D000000{n}", IBANS[n], "2025-01-10", "25.00", "1", "2025-03-01") for n in IBANS]


@pytest.fixture
def bank(tmp_path: Path) -> Obole:
    """Fresh books of the cases' foundation, its nine donors taken in."""
    obole = Obole(new_books(tmp_path / "books", (CASES / "obole.toml").read_text(encoding="utf-8")))
    obole.takes_well(CASES / "donors.csv")
    return obole


@pytest.fixture
def collected(bank: Obole, tmp_path: Path) -> Obole:
    """The same, four pledges of 25.00 collected for March 2025."""
    bank.takes_well(write_csv(tmp_path / "pledges.csv", HEADINGS, PLEDGES))
    result = bank("collect", "--month", "2025-03")
    assert result.exit_code == 0, result.output
    return bank


class Tx(NamedTuple):
    """One TxDtls: its references by name, and what else it says, as XML."""

    refs: Sequence[tuple[str, str]] = ()
    cents: int | None = None
    more: str = ""

    @property
    def xml(self) -> str:
        refs = "".join(f"<{name}>{text}</{name}>" for name, text in self.refs)
        amount = "" if self.cents is None else f"<AmtDtls><TxAmt>{euro(self.cents)}</TxAmt></AmtDtls>"
        return f"<TxDtls><Refs>{refs}</Refs>{amount}{self.more}</TxDtls>"


class Ntry(NamedTuple):
    """One entry: its code of CODA, the batch it says, its details."""

    cents: int
    code: str
    details: Sequence[Tx] = ()
    batch: str = ""
    day: str = MARCH
    bank_reference: str = ""
    text: str = ""

    @property
    def xml(self) -> str:
        side = "CRDT" if self.cents > 0 else "DBIT"
        inside = self.batch + "".join(one.xml for one in self.details)
        return (
            f"<Ntry>{euro(abs(self.cents))}<CdtDbtInd>{side}</CdtDbtInd><Sts>BOOK</Sts>"
            f"<BookgDt><Dt>{self.day}</Dt></BookgDt><ValDt><Dt>{self.day}</Dt></ValDt>"
            + (f"<AcctSvcrRef>{self.bank_reference}</AcctSvcrRef>" if self.bank_reference else "")
            + f"<BkTxCd><Prtry><Cd>{self.code}</Cd><Issr>BBA</Issr></Prtry></BkTxCd>"
            + (f"<NtryDtls>{inside}</NtryDtls>" if inside else "")
            + (f"<AddtlNtryInf>{self.text}</AddtlNtryInf>" if self.text else "")
            + "</Ntry>"
        )


def euro(cents: int) -> str:
    return f'<Amt Ccy="EUR">{cents // 100}.{cents % 100:02d}</Amt>'


def back(number: int, cents: int = 25_00, *, reference: str | None = None, mandate: bool = True) -> Tx:
    """A debit of a donor that comes back."""
    refs = [("EndToEndId", f"E2E-{number}" if reference is None else reference)]
    refs += [("MndtId", f"MNDT-000{number}")] if mandate else []
    return Tx(refs, cents, f"<RltdPties>{party(number)}</RltdPties><RtrInf><Rsn><Cd>AC04</Cd></Rsn></RtrInf>")


def party(number: int) -> str:
    account = f"<DbtrAcct><Id><IBAN>{IBANS[number]}</IBAN></Id></DbtrAcct>"
    return f"<Dbtr><Nm>NOM{number}</Nm></Dbtr>{account}"


def paid(number: int, cents: int | None = None, text: str = "DON") -> Tx:
    """A transfer of a donor, known by the account."""
    more = f"<RltdPties>{party(number)}</RltdPties><RmtInf><Ustrd>{text}</Ustrd></RmtInf>"
    return Tx([("EndToEndId", "NOTPROVIDED")], cents, more)


def statement(folder: Path, number: int, opening: int, *entries: Ntry, day: str = MARCH, name: str = "") -> Path:
    """A camt.053 of one day."""
    closing = opening + sum(one.cents for one in entries)
    balances = "".join(
        f"<Bal><Tp><CdOrPrtry><Cd>{kind}</Cd></CdOrPrtry></Tp>{euro(abs(cents))}"
        f"<CdtDbtInd>{'CRDT' if cents >= 0 else 'DBIT'}</CdtDbtInd><Dt><Dt>{day}</Dt></Dt></Bal>"
        for kind, cents in (("OPBD", opening), ("CLBD", closing))
    )
    body = f"<Stmt><Id>S{number}</Id><ElctrncSeqNb>{number}</ElctrncSeqNb>{account()}{balances}"
    return written(folder / (name or f"s{number}.xml"), "053", "BkToCstmrStmt", f"{body}{xml(entries)}</Stmt>")


def notification(folder: Path, *entries: Ntry, name: str = "n1.xml", number: int = 1) -> Path:
    """A camt.054."""
    body = f"<Ntfctn><Id>N{number}</Id>{account()}{xml(entries)}</Ntfctn>"
    return written(folder / name, "054", "BkToCstmrDbtCdtNtfctn", body)


def account() -> str:
    return f"<CreDtTm>2025-03-14T06:00:00</CreDtTm><Acct><Id><IBAN>{IBAN}</IBAN></Id><Ccy>EUR</Ccy></Acct>"


def xml(entries: Sequence[Ntry]) -> str:
    return "".join(one.xml for one in entries)


def written(path: Path, kind: str, root: str, body: str) -> Path:
    head = "<GrpHdr><MsgId>M1</MsgId><CreDtTm>2025-03-14T06:00:00</CreDtTm></GrpHdr>"
    space = f"urn:iso:std:iso:20022:tech:xsd:camt.{kind}.001.02"
    path.write_text(f'<Document xmlns="{space}"><{root}>{head}{body}</{root}></Document>', encoding="utf-8")
    return path


def brought(folder: Path, *numbers: int) -> Path:
    """A collection of these donors, with its details, credited."""
    details = [
        Tx([("EndToEndId", f"E2E-{n}"), ("MndtId", f"MNDT-000{n}")], 25_00, f"<RltdPties>{party(n)}</RltdPties>")
        for n in numbers
    ]
    batch = f"<Btch><PmtInfId>PM-1</PmtInfId><NbOfTxs>{len(numbers)}</NbOfTxs></Btch>"
    return statement(folder, 60, 0, Ntry(25_00 * len(numbers), "0550000", details, batch))


def stand(obole: Obole) -> list[tuple[str | None, int]]:
    return sorted(obole.given_by().items(), key=str)


def well(obole: Obole) -> None:
    result = obole.checks()
    assert result.exit_code == 0, result.output


# The given cases


@pytest.mark.parametrize(
    "names",
    [
        ("02a-collection.xml", "02b-returns-total.xml", "02c-returns-details-camt054.xml"),
        ("02d-collection.cod", "02e-returns-total.cod", "02f-returns-separate-application.cod"),
    ],
    ids=["camt", "coda"],
)
@pytest.mark.parametrize("together", [True, False])
def test_bank_02_returns_as_a_total_are_detailed_later(bank: Obole, names: Sequence[str], together: bool):
    files = [CASES / name for name in names]
    told = "".join(bank.takes_well(*group).output for group in ([files] if together else [[one] for one in files]))
    assert "no such total" not in told
    assert "2 direct debits were returned, 50.00 EUR" in told
    assert [cents for _donor, cents in bank.gifts()] == [25_00, 25_00, -25_00, -25_00]
    assert stand(bank) == []
    assert bank.waiting() == []
    assert bank.balance("499000") == 0
    well(bank)
    before = bank.state()
    bank.takes_well(*files)
    assert bank.state() == before


@pytest.mark.parametrize("second", ["03b-its-one-detail-camt054.xml", "03c-same-statement-again-with-one-detail.xml"])
@pytest.mark.parametrize("together", [True, False])
def test_bank_03_a_bare_credit_is_explained_by_its_one_detail(bank: Obole, second: str, together: bool):
    files = [CASES / "03a-bare-credit.xml", CASES / second]
    for group in [files] if together else [[one] for one in files]:
        told = bank.takes_well(*group).output
    assert "remark" not in told
    assert bank.gifts() == [("D0000004", 40_00)]
    assert bank.waiting() == []
    assert bank.balance("499000") == 0
    well(bank)
    before = bank.state()
    bank.takes_well(*files)
    assert bank.state() == before


def test_bank_18_a_total_is_named_in_its_one_detail(collected: Obole):
    assert "suspense" not in collected.takes_well(CASES / "18-total-named-in-its-one-txdtls.xml").output
    assert stand(collected) == [(f"D000000{n}", 25_00) for n in range(1, 5)]
    well(collected)


# Returns that come as one total


@pytest.mark.parametrize(
    "names", [("02a-collection.xml", "02b-returns-total.xml"), ("02d-collection.cod", "02e-returns-total.cod")]
)
def test_a_total_of_returns_alone_is_not_told_as_one_debit(bank: Obole, names: Sequence[str]):
    """Its file says neither how many they are nor whose: the details do, and it waits for them."""
    told = " ".join(bank.takes_well(*(CASES / name for name in names)).output.split())
    assert "1 line of direct debits that came back names none of them, 50.00 EUR, no reason given" in told
    assert "1 direct debit was returned" not in told
    assert [one.cents for one in bank.waiting()] == [-50_00]


def total_back(cents: int = -50_00, code: str = "0503000", **more: str) -> Ntry:
    return Ntry(cents, code, day=RETURNED, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("total", "details", "left", "waiting"),
    [
        # camt.054 guides of banks: the entry is repeated, one TxDtls a return.
        (total_back(), [back(1), back(2)], {}, []),
        # 05/05: refunds asked for by the debtors, reason MD06, as one total.
        (total_back(code="0505000"), [back(1), back(2)], {}, []),
        # Several banks mask the EndToEndId: the mandate tells the one gift it may be about.
        (total_back(), [back(1, reference="NOTPROVIDED"), back(2, reference="NOTPROVIDED")], {}, []),
        # MndtId is optional in Refs: the EndToEndId alone is enough.
        (total_back(), [back(1, mandate=False), back(2, mandate=False)], {}, []),
        # One of them is of a collection that these books do not know: it waits by itself.
        (total_back(), [back(1), back(2, reference="OTHER", mandate=False)], {"D0000002": 25_00}, [-25_00]),
        # A group of one: the only return of the day comes bare.
        (total_back(-25_00), [back(2)], {"D0000001": 25_00}, []),
    ],
    ids=["returned", "refunded", "masked", "without mandates", "one is not ours", "a single one"],
)  # fmt: skip
@pytest.mark.parametrize("form", ["notified", "the statement again"])
def test_returns_detailed_later_take_back_their_gifts(
    bank: Obole,
    tmp_path: Path,
    *,
    total: Ntry,
    details: Sequence[Tx],
    left: dict[str, int],
    waiting: list[int],
    form: str,
):
    detailed = total._replace(details=details)
    bank.takes_well(brought(tmp_path, 1, 2), statement(tmp_path, 61, 50_00, total, day=RETURNED))
    if form == "notified":
        later = notification(tmp_path, detailed)
    else:
        later = statement(tmp_path, 61, 50_00, detailed, day=RETURNED, name="again.xml")
    bank.takes_well(later)
    assert bank.given_by() == left
    assert [one.cents for one in bank.waiting()] == waiting
    assert bank.balance("499000") == -sum(waiting)
    well(bank)
    before = bank.state()
    bank.takes_well(later)
    assert bank.state() == before


def test_details_of_returns_before_their_statement_say_so_and_are_taken_after_it(bank: Obole, tmp_path: Path):
    details = notification(tmp_path, total_back()._replace(details=[back(1), back(2)]))
    bank.takes_well(brought(tmp_path, 1, 2))
    assert "its statement is to be imported first" in bank.takes_well(details).output
    bank.takes_well(statement(tmp_path, 61, 50_00, total_back(), day=RETURNED))
    bank.takes_well(details)
    assert stand(bank) == []
    assert bank.waiting() == []


def test_returns_of_january_detailed_later_take_back_gifts_of_the_year_before(bank: Obole, tmp_path: Path):
    """A debit can be refunded for eight weeks (EPC016-06): the gift of December counts in its year no more."""
    total = total_back()._replace(day="2026-01-08")
    bank.takes_well(brought(tmp_path, 1, 2), statement(tmp_path, 3, 50_00, total, day="2026-01-08"))
    bank.takes_well(notification(tmp_path, total._replace(details=[back(1), back(2)])))
    assert [(one.gift.booked, one.gift.counted) for one in bank.returns()] == [(date(2026, 1, 8), 2025)] * 2


def test_coda_again_with_the_details_of_its_total_splits_it(bank: Obole, tmp_path: Path):
    """Globalisation type 1: a bank sends the statement once more when the customer asks for details (CODA 2.6, 2.1)."""
    bank.takes_well(CASES / "02d-collection.cod", CASES / "02e-returns-total.cod")
    text = (CASES / "02f-returns-separate-application.cod").read_text(encoding="latin-1")
    old = (CASES / "02e-returns-total.cod").read_text(encoding="latin-1").splitlines()[1]
    lines = text.splitlines()
    lines[1] = old
    again = tmp_path / "again.cod"
    again.write_text("\n".join([lines[0][:83] + "00000" + lines[0][88:], *lines[1:]]) + "\n", encoding="latin-1")
    told = bank.takes_well(again).output
    assert "1 already there" in told
    assert stand(bank) == []
    assert bank.waiting() == []
    well(bank)


# Groups of one


BARE = Ntry(40_00, "0150000", bank_reference="ASR-88")


@pytest.mark.parametrize(
    ("detail", "donor"),
    [
        (paid(4), "D0000004"),
        (Tx([], None, "<RmtInf><Ustrd>+++404/0000/00456+++</Ustrd></RmtInf>"), "D0000004"),
        (Tx([], 40_00, "<RmtInf><Strd><CdtrRefInf><Tp><CdOrPrtry><Cd>SCOR</Cd></CdOrPrtry><Issr>BBA</Issr></Tp>"
            "<Ref>404000000456</Ref></CdtrRefInf></Strd></RmtInf>"), "D0000004"),
    ],
    ids=["by account", "by text", "by structured reference"],
)  # fmt: skip
def test_a_bare_credit_is_explained_by_any_knowledge_of_its_detail(bank: Obole, tmp_path: Path, detail: Tx, donor: str):
    bank.takes_well(statement(tmp_path, 60, 0, BARE))
    bank.takes_well(notification(tmp_path, BARE._replace(details=[detail])))
    assert bank.gifts() == [(donor, 40_00)]
    assert bank.waiting() == []
    well(bank)


def test_a_detail_of_nobody_known_tells_the_person_who_decides_who_it_was(bank: Obole, tmp_path: Path):
    bank.takes_well(statement(tmp_path, 60, 0, BARE))
    stranger = Tx([], None, "<RltdPties><Dbtr><Nm>L. INCONNU</Nm></Dbtr></RltdPties>")
    bank.takes_well(notification(tmp_path, BARE._replace(details=[stranger])))
    [line] = bank.waiting()
    assert line.cents == 40_00
    assert bank("match", "-o", tmp_path / "open.xlsx").exit_code == 0
    well(bank)


def test_two_bare_credits_of_one_amount_get_their_two_donors(bank: Obole, tmp_path: Path):
    """Equal gifts of one day are two: nothing tells the bare lines apart, and nothing needs to."""
    bank.takes_well(statement(tmp_path, 60, 0, BARE, BARE._replace(bank_reference="ASR-89")))
    told = bank.takes_well(
        notification(tmp_path, BARE._replace(details=[paid(4)]), BARE._replace(details=[paid(3)]))
    ).output
    assert "remark" not in told
    assert stand(bank) == [("D0000003", 40_00), ("D0000004", 40_00)]
    assert bank.waiting() == []
    well(bank)


def test_the_same_detail_twice_explains_one_of_two_bare_credits(bank: Obole, tmp_path: Path):
    bank.takes_well(statement(tmp_path, 60, 0, BARE, BARE._replace(bank_reference="ASR-89")))
    one = BARE._replace(details=[paid(4)])
    bank.takes_well(notification(tmp_path, one))
    bank.takes_well(notification(tmp_path, one, name="n2.xml", number=2))
    assert bank.gifts() == [("D0000004", 40_00)]
    assert [line.cents for line in bank.waiting()] == [40_00]


def test_a_detail_that_may_be_of_a_line_explained_before_is_told_and_posts_nothing(bank: Obole, tmp_path: Path):
    """A notification repeats each payment: that of the line with a name must not explain the bare one beside it."""
    bank.takes_well(statement(tmp_path, 60, 0, BARE._replace(details=[paid(4)]), BARE))
    told = bank.takes_well(notification(tmp_path, BARE._replace(details=[paid(4)]))).output
    assert "nothing tells of which line this is the detail" in told
    assert bank.gifts() == [("D0000004", 40_00)]
    assert [line.cents for line in bank.waiting()] == [40_00]


def test_the_statement_again_does_not_tell_of_what_it_told_before(bank: Obole, tmp_path: Path):
    both = BARE._replace(details=[paid(4)]), BARE
    bank.takes_well(statement(tmp_path, 60, 0, *both))
    told = bank.takes_well(statement(tmp_path, 60, 0, *both[::-1], name="again.xml")).output
    assert "remark" not in told
    assert bank.gifts() == [("D0000004", 40_00)]


def test_a_detail_of_another_day_or_amount_explains_nothing(bank: Obole, tmp_path: Path):
    bank.takes_well(statement(tmp_path, 60, 0, BARE))
    other = BARE._replace(details=[paid(4)], day="2025-03-06")
    told = bank.takes_well(notification(tmp_path, other, Ntry(41_00, "0150000", [paid(4)]))).output
    assert "its statement is to be imported first" in told
    assert bank.gifts() == []


# Totals of collections by any name


FRST = "collection-2025-03-1-FRST"
MESSAGE = "collection-2025-03-1"


def batch(**names: str) -> str:
    return (
        "<Btch>" + "".join(f"<{name}>{text}</{name}>" for name, text in names.items()) + "<NbOfTxs>4</NbOfTxs></Btch>"
    )


@pytest.mark.parametrize(
    "entry",
    [
        Ntry(100_00, "0550000", batch=batch(PmtInfId=FRST)),
        Ntry(100_00, "0550000", batch=batch(MsgId=MESSAGE)),
        Ntry(100_00, "0550000", [Tx([("PmtInfId", FRST)])]),
        Ntry(100_00, "0550000", [Tx([("MsgId", MESSAGE)])], batch()),
        Ntry(100_00, "0550000", [Tx([("EndToEndId", FRST)])], batch()),
        Ntry(100_00, "0550000", [Tx([("InstrId", MESSAGE), ("EndToEndId", "NOTPROVIDED")])], batch()),
        Ntry(100_00, "0550000", [Tx([("AcctSvcrRef", FRST)])]),
        Ntry(100_00, "0550000", batch=batch(), bank_reference=MESSAGE),
        Ntry(100_00, "0550000", text=f"ENCAISSEMENT {FRST}, 4 OPERATIONS"),
        Ntry(100_00, "0550000", [Tx([], 100_00, f"<RmtInf><Ustrd>{MESSAGE.upper()}</Ustrd></RmtInf>")]),
        Ntry(100_00, "0552000", [Tx([("EndToEndId", FRST)])], batch(PmtInfId="BANK-77")),
    ],
    ids=[
        *("Btch/PmtInfId", "Btch/MsgId", "PmtInfId", "MsgId", "EndToEndId", "InstrId", "AcctSvcrRef of the detail"),
        *("AcctSvcrRef", "text of the bank", "text in capitals", "beside the bank's own"),
    ],
)
def test_a_total_of_a_collection_is_known_by_any_of_its_references(collected: Obole, tmp_path: Path, entry: Ntry):
    assert "suspense" not in collected.takes_well(statement(tmp_path, 60, 0, entry)).output
    assert stand(collected) == [(f"D000000{n}", 25_00) for n in range(1, 5)]
    well(collected)


@pytest.mark.parametrize(
    ("place", "text"),
    [(10, f"{MESSAGE:<21}"), (-1, FRST), (62, f"{FRST:<53}")],
    ids=["reference of the bank", "reference of the customer", "communication"],
)
def test_a_total_of_coda_is_known_by_any_of_its_references(collected: Obole, tmp_path: Path, place: int, text: str):
    lines = (CASES / "02d-collection.cod").read_text(encoding="latin-1").splitlines()
    total = [lines[2].replace("000000000050000", "000000000100000"), lines[3]]
    total = [one.replace("PM-1", "    ") for one in total]
    if place < 0:
        total[1] = total[1][:63] + f"{text:<35}" + total[1][98:]
    else:
        total[0] = total[0][:place] + text + total[0][place + len(text) :]
    end = [lines[-2].replace("000000000050000", "000000000100000")]
    end += [lines[-1].replace("000010", "000004").replace("000000000050000", "000000000100000")]
    file = tmp_path / "total.cod"
    file.write_text("\n".join([*lines[:2], *total, *end]) + "\n", encoding="latin-1")
    assert "suspense" not in collected.takes_well(file).output
    assert stand(collected) == [(f"D000000{n}", 25_00) for n in range(1, 5)]


def test_a_total_that_names_the_message_alone_is_that_of_the_one_block_it_fits(bank: Obole, tmp_path: Path):
    """A bank that books each block and names the message only (Btch/MsgId): the amount tells which of two it is."""
    once = ("MNDT-0005", "D0000005", "BE88123000000541", "2025-01-10", "30.00", "1", "2025-03-01", "2025-03-31")
    rows = [*[(*row, "") for row in PLEDGES], once]
    bank.takes_well(write_csv(tmp_path / "pledges.csv", (*HEADINGS, "last_due"), rows))
    assert bank("collect", "--month", "2025-03").exit_code == 0
    entries = [Ntry(cents, "0550000", batch=batch(MsgId=MESSAGE)) for cents in (30_00, 100_00)]
    assert "suspense" not in bank.takes_well(statement(tmp_path, 60, 0, *entries)).output
    assert stand(bank) == [*((f"D000000{n}", 25_00) for n in range(1, 5)), ("D0000005", 30_00)]
    well(bank)


def test_a_name_alone_with_another_sum_waits_and_says_what_is_missing(collected: Obole, tmp_path: Path):
    entry = Ntry(75_00, "0550000", batch=batch(MsgId=MESSAGE))
    told = collected.takes_well(statement(tmp_path, 60, 0, entry)).output
    assert f"the total of collection {MESSAGE} is 75.00 EUR, -25.00 EUR away from the 100.00 EUR" in told
    assert collected.gifts() == []
