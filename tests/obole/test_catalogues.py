"""The catalogues of words: whole in each language, compiled, and no text of the program outside of them."""

import ast
import io
import re
import string
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from babel.messages import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

import obole
from ledger.languages import LANGUAGES, SOURCE, catalogue_folder

ROOT = Path(obole.__file__).parents[1]
ROOMS = ("ledger", "importers", "reports", "receipts", "obole")
TRANSLATED = [language for language in LANGUAGES if language != SOURCE]
MARKS = {
    "_": None,
    "N_": None,
    "many": (1, 2),
    "N_many": (1, 2),
    "text_in": (2,),
    "many_in": (2, 3),
}
OPTIONS = {"**/templates/**.html": {"trimmed": "true", "extensions": "jinja2.ext.do", "silent": "false"}}
METHODS = [("**/templates/**.html", "jinja2"), ("**.py", "python")]

# What is no text for a person: data of the demonstration's files, contexts of encryption.
# As others write it: the legal form of the crossroads bank, a complaint of typst, the head of a file, what Python is
# started with.
LAWFUL = frozenset(
    {
        "fondation d'utilité publique",
        'the text `"(.+?)"` could not be displayed',
        "import sys; sys.path[:] = sys.argv[1:]; from importers.sheets.values import read_for_other; read_for_other()",
        "import sys; sys.path[:] = sys.argv[2:]; from obole.intake.reading import read_for_other; read_for_other()",
        "# Obole writes this file; it says how far its own files in these books were brought. Do not edit.",
        # Headings of the exports of platforms, in the languages in which they write them.
        "Consumer bank account",
        "Correo electrónico del remitente",
        "De l'adresse email",
        "Fee Debit or Credit",
        "Id. de referencia de trans.",
        "Identificador de transacción",
        "Méthode de paiement",
        "Numéro de la transaction de référence",
        "Numéro de transaction",
        "Transaction Debit or Credit",
        "; The accounts in use. To add one, add an `open` directive with its code and labels.\n",
    }
)

# What is said before the languages can be trusted: that a package of ours, with its catalogue, may not be ours at all.
BEFORE_WORDS = frozenset({"obole/rooms.py"})

DATA = frozenset(
    {
        "ledger/beancount_words.py",  # what Beancount says, to be known by
        "ledger/guards.py",  # what a trigger says stands in the store, in one language
        "ledger/vault/sheets.py",  # what a sheet is sealed with
        "obole/demo/__init__.py",
        "obole/demo/operations.py",
        "obole/demo/people.py",
        "obole/demo/treasury.py",
    }
)


@cache
def catalogue(room: str, language: str) -> Catalog:
    path = catalogue_folder(room) / language / "LC_MESSAGES" / f"{room}.po"
    with path.open("rb") as source:
        return read_po(source, locale=language, abort_invalid=True)


@cache
def extracted(room: str) -> frozenset[str | tuple[str, ...]]:
    """The texts marked in the sources of a room, as `make words` finds them."""
    found = extract_from_dir(ROOT / room, METHODS, OPTIONS, MARKS)
    return frozenset(message for _file, _line, message, _comments, _context in found)


def messages(room: str, language: str) -> list[Message]:
    return [message for message in catalogue(room, language) if message.id]


def translations(message: Message) -> list[tuple[str, str]]:
    """The translations of a message, each with the English it stands for."""
    if isinstance(message.id, str):
        return [(message.id, str(message.string))]
    one, several = message.id
    return [(one if index == 0 else several, text) for index, text in enumerate(message.string)]


def placeholders(text: str) -> set[str]:
    named = {f"{name}:{form}!{turn}" for _, name, form, turn in string.Formatter().parse(text) if name is not None}
    return named | set(re.findall(r"%\(\w+\)\w", text))


each_catalogue = pytest.mark.parametrize(
    ("room", "language"), [(room, language) for room in ROOMS for language in TRANSLATED]
)


@each_catalogue
def test_the_catalogue_has_what_the_sources_say_and_nothing_else(room: str, language: str):
    known = {message.id for message in messages(room, language)}
    # A text may be marked alone in one place and with its plural in another: gettext keeps them as one.
    singles = {one[0] if isinstance(one, tuple) else one for one in known}
    wanted = {one[0] if isinstance(one, tuple) else one for one in extracted(room)}
    assert singles == wanted, "run `make words` and translate what is new"


@each_catalogue
def test_each_message_is_translated_with_its_values(room: str, language: str):
    wrong = []
    for message in messages(room, language):
        if message.fuzzy:
            wrong.append(f"fuzzy: {message.id}")
        for english, text in translations(message):
            if not text.strip():
                wrong.append(f"not translated: {english}")
            # French counts nothing as one, so the singular names its count where the English one need not.
            elif (placeholders(text) ^ placeholders(english)) - (
                {"count:!None"} if not isinstance(message.id, str) else set()
            ):
                wrong.append(f"other values: {english} -> {text}")
            elif (english[:1].isspace(), english[-1:]) != (text[:1].isspace(), text[-1:]) and english[-1] in ".:?!\n ":
                wrong.append(f"ends otherwise: {english} -> {text}")
    assert wrong == []


@each_catalogue
def test_the_compiled_catalogue_is_what_its_source_compiles_to(room: str, language: str):
    compiled = io.BytesIO()
    write_mo(compiled, catalogue(room, language))
    path = catalogue_folder(room) / language / "LC_MESSAGES" / f"{room}.mo"
    assert path.read_bytes() == compiled.getvalue(), "run `make words`"


# No text outside the catalogues

SAYING = {"Fault", "WrongSetting", "echo", "UsageError", "BadParameter", "say"}
MARKING = set(MARKS)
# What only a programmer can make happen, and what is no text for a person.
NOT_SAID = {"ValueError", "TypeError", "KeyError", "AssertionError", "NotImplementedError", "RuntimeError", "text"}
WORD = re.compile(r"[a-zà-ÿ]{2,}")
SENTENCE = re.compile(r"(?:\b[A-Za-zà-ÿ][a-zà-ÿ']+[,:;]? ){2,}[a-zà-ÿ]{2,}")


@cache
def sources() -> dict[str, ast.Module]:
    paths = [path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py")) if "migrations" not in path.parts]
    return {path.relative_to(ROOT).as_posix(): ast.parse(path.read_text("utf-8")) for path in paths}


@cache
def errors() -> frozenset[str]:
    """The names of OboleError and of all that derive from it."""
    names = {"OboleError"}
    bases = {
        node.name: {base.id for base in node.bases if isinstance(base, ast.Name)}
        for tree in sources().values()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
    }
    while True:
        more = {name for name, of in bases.items() if of & names} | names
        if more == names:
            return frozenset(names)
        names = more


def called(node: ast.Call) -> str:
    match node.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def text_of(node: ast.AST) -> str | None:
    match node:
        case ast.Constant(value=str() as text):
            return text
        case ast.JoinedStr(values=values):
            return "".join(part.value if isinstance(part, ast.Constant) else "x" for part in values)
    return None


def said_outside(node: ast.AST, *, aloud: bool = False) -> Iterator[tuple[int, str]]:
    """What a module says to a person past the catalogue, with its line.

    `aloud`: the value is shown for certain, so that two words are enough; elsewhere three words make a sentence.
    """
    text = text_of(node)
    if text is not None:
        if "\n\n" in text or text in LAWFUL or text == "obole: x":  # the content of a file; our name before a sentence
            return
        if (" " in text.strip() and WORD.search(text)) if aloud else SENTENCE.search(text):
            yield getattr(node, "lineno", 0), text
        within = [part.value for part in getattr(node, "values", ()) if isinstance(part, ast.FormattedValue)]
        for value in within:
            yield from said_outside(value, aloud=aloud)
    elif isinstance(node, ast.Call):
        yield from said_by_call(node, aloud=aloud)
    else:
        for child in ast.iter_child_nodes(node):
            docstring = isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant)
            if not docstring:
                told = (aloud and not isinstance(child, ast.stmt)) or isinstance(node, ast.Yield)
                yield from said_outside(child, aloud=told)


def said_by_call(call: ast.Call, *, aloud: bool) -> Iterator[tuple[int, str]]:
    name = called(call)
    if name in MARKING or name in NOT_SAID:
        return
    aloud = aloud or name in SAYING or name in errors() or ast.unparse(call.func) == "super().__init__"
    for value in (call.func, *call.args):
        yield from said_outside(value, aloud=aloud)
    for keyword in call.keywords:
        if keyword.arg != "description":
            yield from said_outside(keyword.value, aloud=aloud or keyword.arg in ("help", "message"))


def test_what_is_said_past_the_catalogue_is_found():
    found = said_outside(
        ast.parse(
            "raise OboleError('no such file')\n"
            "fault = Fault(f'row {row} is empty', 3)\n"
            "click.echo('all done' if done else _('not done'))\n"
            "option(help='which books')\n"
            "def check():\n"
            "    yield 'a row lacks its file'\n"
            "raise OboleError(_('no such file'))\n"
            "Fault(_('row {row} is empty').format(row=row), 3)\n"
            "click.echo(table)\n"
            "lines.append(f'{count} rows were left out')\n"
        )
    )
    assert sorted(line for line, _text in found) == [1, 2, 3, 4, 6, 10]


def test_no_text_is_said_past_the_catalogue():
    found = {
        f"{name}:{line}: {text}"
        for name, tree in sources().items()
        if name not in BEFORE_WORDS | DATA
        for line, text in said_outside(tree)
    }
    assert sorted(found) == []


@pytest.mark.parametrize("room", ROOMS)
def test_what_is_marked_is_extracted(room: str):
    """A mark within an f-string or around a choice is none that `make words` finds."""
    found = {text for one in extracted(room) for text in (one if isinstance(one, tuple) else (one,))}
    marked = {
        part.value
        for name, tree in sources().items()
        if name.startswith(f"{room}/")
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in MARKING
        for index, value in enumerate(node.args, start=1)
        if index in (MARKS[node.func.id] or (1,))
        for part in ast.walk(value)
        if isinstance(part, ast.Constant) and isinstance(part.value, str)
    }
    assert sorted(marked - found) == []


def test_what_speaks_before_the_languages_imports_no_room():
    """Else it could go through a catalogue, and would be no exception."""
    for name in BEFORE_WORDS:
        imported = {
            module.partition(".")[0]
            for node in ast.walk(sources()[name])
            for module in (
                [one.name for one in node.names]
                if isinstance(node, ast.Import)
                else [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else []
            )
        }
        assert imported
        assert imported.isdisjoint(ROOMS), name
        assert any(said_outside(sources()[name])), f"take {name} off the list"
