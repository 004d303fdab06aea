"""obole.toml: what is wrong is told with its place and what to do, everything at once."""

from pathlib import Path

import pytest
from small_books import IBAN, OTHER_IBAN, SETTINGS, Obole

from ledger.chart import UnknownAccount
from obole.books.creation import BooksExist, initialise
from obole.books.opened import open_books
from obole.books.policies import policy_for, printing_of
from obole.books.settings import ConfigError, load, sample


def written(folder: Path, text: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "obole.toml").write_text(text, encoding="utf-8")
    return folder


def wrong(folder: Path, text: str) -> str:
    with pytest.raises(ConfigError) as refusal:
        load(written(folder, text))
    return str(refusal.value)


def test_the_small_settings_are_read_with_their_defaults(tmp_path: Path):
    config = load(written(tmp_path, SETTINGS))
    assert config.organisation.enterprise_number == "0123456749"
    assert [bank.alias for bank in config.bank] == ["current", "gifts"]
    assert config.gifts.money == "731100"
    assert config.receipts.gift_date_policy == "executed"


def test_numbers_may_be_written_as_people_write_them(tmp_path: Path):
    text = SETTINGS.replace('"0123456749"', '"BE 0123.456.749"').replace(IBAN, "be47 4350 0000 0080")
    config = load(written(tmp_path, text))
    assert config.organisation.enterprise_number == "0123456749"
    assert config.bank[0].iban == IBAN


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('"0123456749"', '"0123456748"', "organisation.enterprise_number: not a valid enterprise number"),
        (IBAN, "BE47435000000081", "bank[1].iban: not a valid IBAN"),
        ('postcode = "1000"', 'postcode = "10"', "organisation.postcode: "),
        ('municipality = "Bruxelles"\n', "", "organisation.municipality: missing; add it"),
        ('contact = "', 'contakt = "', "organisation.contakt: no such setting"),
        ("to_year = 2030", "to_year = 2031", "recognition[1]: from_year to to_year must be one to six years"),
        ('account = "657000"', "account = 657000", 'rules[1].account: write the account code between quotes: "657000"'),
        (
            'account = "657000"',
            'account = "657000"\ngift = {}',
            "rules[1]: give either `account` (the line is booked there) or `gift` (it is a gift)",
        ),
        ('direction = "debit"\ncode = ["80"]\n', "", "rules[1]: a rule needs at least one condition"),
        ('"^PAYOUT"', '"^PAYOUT("', "rules[2].communication: not a regular expression"),
        (OTHER_IBAN, IBAN, "bank: two accounts have the same `iban`; give each its own"),
        ('account = "551000"', 'account = "550000"', "bank: two accounts have the same `account`; give each its own"),
        ('account = "657000"', 'account = "731100"', "rules[1]: 731100 is a gift account"),
        ('account = "657000"', 'account = "499000"', "rules[1]: 499000 is the suspense account"),
        (
            'channel = "platform"',
            'account = "733000"',
            "rules[2].gift.account: 733000 is no gift account; write one of 730000, 731100, 731200, 731300",
        ),
        (
            'code = ["80"]',
            'code = ["80"]\nbank = "other"',
            "rules[1].bank: `other` is the alias of no [[bank]]; write one of those",
        ),
        ('account = "551000"', 'account = "731100"', "bank `gifts`: 731100 is kept by the register"),
        ("[organisation]", "[organisation", "obole.toml: not readable as TOML"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(tmp_path: Path, before: str, after: str, said: str):
    assert before in SETTINGS
    assert said in wrong(tmp_path, SETTINGS.replace(before, after))


@pytest.mark.parametrize("label", ["3", '{ it = "Fondo" }', "{ fr = 3 }", "[]"])
def test_a_label_is_one_text_or_one_for_each_language(tmp_path: Path, label: str):
    message = wrong(tmp_path, f'{SETTINGS}\n[[fund]]\nkey = "H"\nlabel = {label}\n')
    assert message.split("\n  ")[1:] == [
        'fund[1].label: a text is expected, or one for each language: { fr = "...", nl = "..." }'
    ]


def test_a_label_of_one_text_is_that_of_every_language(tmp_path: Path):
    config = load(written(tmp_path, f'{SETTINGS}\n[[fund]]\nkey = "H"\nlabel = "Fonds H"\n'))
    assert config.fund[0].label == {"fr": "Fonds H", "nl": "Fonds H", "de": "Fonds H", "en": "Fonds H"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[colection]\ncreditor = "X"', "colection: no such setting; was `collection` meant?"),
        ("[platform.stripe]", "platform: no such setting; was `platforms` meant?"),
        ('[[rules]]\nlabel = "x"\nacount = "657000"', "rules[3].acount: no such setting; was `account` meant?"),
        ('[gifts]\nmonney = "731100"', "gifts.monney: no such setting; was `money` meant?"),
        ("[sources.web]\ncolums = {}", "sources.web.colums: no such setting; was `columns` meant?"),
        ('[[fund]]\nkey = "A"\nform = 2025-01-01', "fund[1].form: no such setting; was `from` meant?"),
        ("[weather]", "weather: no such setting; see docs/configuration.md"),
    ],
)
def test_a_misspelt_section_or_setting_is_named_with_the_one_that_was_meant(tmp_path: Path, text: str, said: str):
    assert said in wrong(tmp_path, f"{SETTINGS}\n{text}\n")


def test_each_fault_of_a_file_that_was_only_begun_says_what_is_expected(tmp_path: Path):
    lines = wrong(tmp_path, sample()).split("\n  ")[1:]
    assert [line.partition(": ")[0] for line in lines] == [
        *("organisation.name", "organisation.enterprise_number", "organisation.street", "organisation.postcode"),
        *("organisation.municipality", "organisation.telephone", "organisation.email", "organisation.contact"),
        "bank[1].iban",
    ]
    assert [line for line in lines if "pattern" in line or "^" in line] == []


def test_everything_wrong_is_told_at_once(tmp_path: Path):
    text = SETTINGS.replace('"1000"', '"10"').replace(IBAN, "BE00").replace('name = "Fondation Exemple"', 'name = ""')
    message = wrong(tmp_path, text)
    assert message.startswith("obole.toml: 3 wrong:")
    assert len(message.splitlines()) == 4


def test_a_folder_without_settings_says_how_to_begin(tmp_path: Path):
    with pytest.raises(ConfigError, match="obole init"):
        load(tmp_path)


def test_settings_that_are_no_text_are_refused(tmp_path: Path):
    (tmp_path / "obole.toml").write_bytes(b"\xff\xfe\x00name")
    with pytest.raises(ConfigError, match="not written in UTF-8"):
        load(tmp_path)


def test_the_sample_names_every_field_that_has_to_be_filled_in(tmp_path: Path):
    message = wrong(tmp_path, sample())
    for field in ("name", "enterprise_number", "street", "postcode", "municipality", "telephone", "email", "contact"):
        assert f"organisation.{field}: " in message
    assert "bank[1].iban: " in message


def test_an_account_that_the_chart_does_not_open_is_named_when_the_books_are_opened(tmp_path: Path):
    books = tmp_path / "books"
    initialise(books, SETTINGS)
    settings = books / "obole.toml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text.replace('account = "657000"', 'account = "657123"'), encoding="utf-8")
    with pytest.raises(UnknownAccount, match=r"obole\.toml: account 657123 is not in the chart"):
        open_books(books)


def test_new_books_open_the_accounts_that_only_the_settings_name(tmp_path: Path):
    books = initialise(tmp_path / "books", SETTINGS.replace('account = "657000"', 'account = "657123"'))
    assert books.paths["657123"].endswith(":657123-Frais-bancaires")


def test_books_are_not_made_over_books(tmp_path: Path):
    initialise(tmp_path / "books", SETTINGS)
    before = Obole(tmp_path / "books").state()
    with pytest.raises(BooksExist, match="there are books here already"):
        initialise(tmp_path / "books", SETTINGS)
    assert Obole(tmp_path / "books").state() == before


def test_new_books_have_a_key_of_their_own_outside_of_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OBOLE_KEYS", str(tmp_path / "keys"))
    one, other = initialise(tmp_path / "one", SETTINGS), initialise(tmp_path / "other", SETTINGS)
    assert one.config.key != other.config.key
    keys = sorted((tmp_path / "keys").iterdir())
    assert {key.stem for key in keys} == {one.config.key, other.config.key}
    assert all(key.stat().st_mode & 0o077 == 0 for key in keys)
    secret = (tmp_path / "keys" / f"{one.config.key}.key").read_bytes().strip()
    assert not [path for path in Obole(tmp_path / "one").files() if secret in path.read_bytes()]


def test_the_key_of_a_department_is_not_taken_for_that_of_the_vault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OBOLE_KEYS", str(tmp_path / "keys"))
    department = '[[department]]\nkey = "AID"\nlabel = { fr = "Aide" }\n'
    config = initialise(tmp_path / "books", f"{SETTINGS}\n{department}").config
    assert config.key
    assert [key.stem for key in (tmp_path / "keys").iterdir()] == [config.key]


def test_the_recognition_of_a_year_is_printed_on_its_receipts(tmp_path: Path):
    config = load(written(tmp_path, SETTINGS))
    assert policy_for(config, 2025).recognised == frozenset(range(2025, 2031))
    assert printing_of(config, 2026).institution.recognition == "ESSAI-1"
    assert printing_of(config, 2031).institution.recognition == ""


def test_a_number_may_be_required_where_the_law_tolerates_none(tmp_path: Path):
    text = SETTINGS + "\n[receipts]\nrequire_national_number = [2025]\n"
    config = load(written(tmp_path, text))
    assert policy_for(config, 2025).national_number_required is True
    assert policy_for(config, 2026).national_number_required is None
