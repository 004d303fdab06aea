"""Mutated source files over every importer: no traceback, no hang, no partial posting, memory bounded.

    python tests/bench/fuzz.py --files 100000 --seed 1 --workers 2 [--first 0] [--imports 100] [--keep FOLDER]

Each file is one of the seeds (small files of every kind made here, a table of every register that Obole knows,
workbooks of each program, zips, pages of one statement, and the shared samples where they are) with one to three
mutations. It is inspected in process, in ten seconds and 1.5 GB at most. One of every `--imports`, and of those without
a fault ten times as many, is imported into small books (a page with its unchanged sisters), which afterwards hold the
document whole or not at all (`obole check`). The same seed gives the same files; `--first` leaves out those before it,
for a run in pieces. What fails is kept in FOLDER with its traceback.
"""

import argparse
import io
import multiprocessing
import random
import re
import resource
import shutil
import signal
import sys
import time
import traceback
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from types import FrameType
from warnings import catch_warnings

from ledger.errors import OboleError
from obole.audit.check import check_books
from obole.books.opened import open_books
from obole.importing import import_files
from obole.intake.inspection import inspect_files
from obole.intake.kinds import SOURCE_KINDS, kind_of
from obole.intake.nearest import REGISTERS

# The rooms before the folder of tests, which has folders of the same names: a worker begins with this path.
sys.path.insert(0, str(Path(__file__).parents[2]))
sys.path.insert(0, str(Path(__file__).parents[1] / "importers"))
sys.path.insert(0, str(Path(__file__).parents[1] / "obole"))
sys.path.append(str(Path(__file__).parents[1]))

import camt_writer
import registers
import small_books
import test_pain
import test_platform_intake
import test_statement_files

SAMPLES = Path(__file__).parents[2].parent / "shared" / "samples"
SECONDS, MEMORY = 10, 1_500_000_000
WORKBOOKS = Path(__file__).parents[1] / "obole" / "cases"
SUFFIXES = frozenset({".cod", ".coda", ".xml", ".csv", ".xlsx", ".xls", ".ods", ".zip", ".txt"})
LARGEST_SEED, LARGEST = 300_000, 15_000_000  # bytes


class Hang(BaseException):
    """A file took longer than it may; no `except Exception` catches it."""


@dataclass
class Seed:
    """A well-formed file: its kind as told in the report, its suffix, its bytes, and the files that go with it."""

    kind: str
    suffix: str
    content: bytes
    beside: tuple[bytes, ...] = ()


@dataclass
class Tally:
    """What one worker saw."""

    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    slowest: tuple[float, str] = (0.0, "")
    peak: int = 0
    good: int = 0
    imports: Counter[str] = field(default_factory=Counter)


# Seeds


def seeds(folder: Path) -> list[Seed]:
    """One small file or more of every kind."""
    made = [
        Seed("coda", ".cod", small_books.STATEMENT.encoded()),
        Seed("donors", ".csv", small_books.write_donors(folder / "donors.csv").read_bytes()),
        Seed("journal", ".csv", small_books.OPENING.write(folder).read_bytes()),
        Seed("pain.008", ".xml", test_pain.COLLECTION.encode()),
        Seed("pain.002", ".xml", test_pain.REPORT.format(blocks=test_pain.REJECTED, group="").encode()),
        *_camt(),
        *_pages(folder),
        *_platform(folder),
        *_cases(folder),
        *_headings(folder),
        *_workbooks(),
    ]
    _every_kind(folder, made)
    made += _zips(made)
    if SAMPLES.is_dir():
        made += [
            Seed(path.relative_to(SAMPLES).parts[0], path.suffix.lower(), path.read_bytes())
            for path in sorted(SAMPLES.rglob("*"))
            if path.is_file() and path.suffix.lower() in SUFFIXES and path.stat().st_size < LARGEST_SEED
        ]
    return made


def _camt() -> Iterator[Seed]:
    details = (
        camt_writer.Tx(6000, mandate="M-2", end_to_end="E-1", settled=date(2025, 3, 14)),
        camt_writer.Tx(4500, mandate="M-6", end_to_end="E-2"),
    )
    entries = (
        camt_writer.Ntry(5000, details=(camt_writer.Tx(5000, ogm=small_books.ogm(1)),)),
        camt_writer.Ntry(10500, details=details, block="COLL-1", count=2),
        camt_writer.Ntry(-1250, code="0837000", text="FRAIS"),
    )
    for version in ("02", "04", "08", "13"):
        for kind in ("053", "054"):
            statement = camt_writer.Stmt(entries, opening=100_000, account=small_books.IBAN)
            yield Seed("camt", ".xml", camt_writer.encode([statement], version, kind))


def _platform(folder: Path) -> Iterator[Seed]:
    rows = [*test_platform_intake.GIFTS, test_platform_intake.PAYOUT]
    stripe = test_platform_intake.write(folder / "stripe.csv", rows)
    yield Seed("platforms", ".csv", stripe.read_bytes())


def _cases(folder: Path) -> Iterator[Seed]:
    """The cases of the registers, as they are and as workbooks."""
    for kind in sorted(path.name for path in registers.CASES.iterdir() if path.name != "coda"):
        for case in registers.cases(kind):
            for source in case.glob("source.csv"):
                yield Seed(kind, ".csv", source.read_bytes())
            for source in case.glob("source.txt"):
                workbook = registers.write_workbook(folder / "case.xlsx", source.read_text(encoding="utf-8"))
                yield Seed(kind, ".xlsx", workbook.read_bytes())


# What a column of a register may hold: one of them in each row, so that some row is nearly right whatever the column.
_CELLS = ("2025-03-14", "12.50", "D0001", "610900", "BE47435000000080", "1", "A text", "yes", "active", "")


def _headings(folder: Path) -> Iterator[Seed]:
    """A table of each register by its columns, so that one that is new is tried before it has a case."""
    for kind, columns in REGISTERS.items():
        rows = [";".join([_CELLS[(at + shift) % len(_CELLS)] for at in range(len(columns))]) for shift in range(10)]
        text = "\n".join([";".join(column.name for column in columns), *rows]) + "\n"
        yield Seed(kind.value, ".csv", text.encode())
        yield Seed(kind.value, ".xlsx", registers.write_workbook(folder / "table.xlsx", text).read_bytes())


def _workbooks() -> Iterator[Seed]:
    """Workbooks as other programs and older ones save them."""
    for path in sorted(WORKBOOKS.rglob("*")):
        if path.suffix.lower() in (".ods", ".xls"):
            yield Seed(path.suffix.lower()[1:], path.suffix.lower(), path.read_bytes())


def _pages(folder: Path) -> Iterator[Seed]:
    """Each page of a statement, with the others beside it."""
    for interim in (True, False):
        for kind in ("Msg", "Stmt"):
            contents = [path.read_bytes() for path in test_statement_files.pages(folder, interim=interim, kind=kind)]
            for at, content in enumerate(contents):
                yield Seed("pages", ".xml", content, tuple(contents[:at] + contents[at + 1 :]))


def _zips(made: list[Seed]) -> list[Seed]:
    """The files of a kind in one zip, pages among them."""
    by_kind: dict[str, list[Seed]] = {}
    for one in made:
        by_kind.setdefault(one.kind, []).append(one)
    return [
        Seed("zip", ".zip", _packed([(f"{at}{one.suffix}", one.content) for at, one in enumerate(some[:4])]))
        for some in by_kind.values()
    ]


def _every_kind(folder: Path, made: list[Seed]) -> None:
    """Stop where a kind that Obole takes has no seed that is known as such."""
    known = set()
    for one in made:
        path = folder / f"seed{one.suffix}"
        path.write_bytes(one.content)
        known.add(kind_of(path))
    missing = [kind.value for kind, _identify in SOURCE_KINDS if kind not in known]
    if missing:
        sys.exit(f"no seed for {', '.join(missing)}: add a case in tests/importers/cases or a seed here")


# Mutations: bytes to bytes


Mutation = Callable[[random.Random, bytes], bytes]


def _flip(rng: random.Random, data: bytes) -> bytes:
    changed = bytearray(data)
    for _ in range(rng.randint(1, 20)):
        if changed:
            changed[rng.randrange(len(changed))] = rng.randrange(256)
    return bytes(changed)


def _few(rng: random.Random, data: bytes) -> bytes:
    """One to three bytes changed, so that what holds a container together mostly stays."""
    changed = bytearray(data)
    for _ in range(rng.randint(1, 3)):
        if changed:
            changed[rng.randrange(len(changed))] = rng.randrange(256)
    return bytes(changed)


def _lines(rng: random.Random, data: bytes) -> bytes:
    """Cut, moved, doubled or swapped."""
    lines = data.splitlines(keepends=True) or [b""]
    for _ in range(rng.randint(1, 4)):
        at, to = rng.randrange(len(lines)), rng.randrange(len(lines))
        match rng.randrange(4):
            case 0:
                lines[at : at + rng.randint(1, 3)] = []
            case 1:
                lines.insert(to, lines.pop(at))
            case 2:
                lines.insert(to, lines[at])
            case _:
                lines[at], lines[to] = lines[to], lines[at]
        lines = lines or [b""]
    return b"".join(lines)


def _truncate(rng: random.Random, data: bytes) -> bytes:
    return data[: rng.randrange(len(data) + 1)]


def _chunk(rng: random.Random, data: bytes) -> bytes:
    """A piece lost, repeated many times, or put elsewhere."""
    start = rng.randrange(len(data) + 1)
    end = min(len(data), start + rng.randint(1, 400))
    piece, rest = data[start:end], data[:start] + data[end:]
    to = rng.randrange(len(rest) + 1)
    return rest[:to] + piece * rng.choice((0, 2, 2, 50, 2000)) + rest[to:]


def _encoding(rng: random.Random, data: bytes) -> bytes:
    text = data.decode("utf-8", "replace")
    coded = rng.choice(("utf-16", "utf-16-le", "utf-32", "cp850", "cp1252", "latin-1", "utf-8-sig", "cp037", "utf-7"))
    if rng.random() < 0.3:  # now and then bytes of no encoding in the middle
        at = rng.randrange(len(data) + 1)
        return data[:at] + rng.choice((b"\xff\xfe", b"\xc3", b"\x80\x81", b"\x00", b"\xed\xa0\x80")) + data[at:]
    return text.encode(coded, "replace")


_NUMBERS = (
    *(b"9" * 5000, b"1e999999", b"-1", b"NaN", b"Infinity", b"0", b"0.001", b"1e300", b"99999999999999.99", b"-0"),
    *(b"2025-02-30", b"0000-00-00", b"9999-12-31", b"=1+1", b"1,5.5", b"\xd9\xa1\xd9\xa2", b"1_000", b"", b"\xc2\xb2"),
)


def _number(rng: random.Random, data: bytes) -> bytes:
    found = list(re.finditer(rb"[0-9][0-9.,-]*", data))
    for match in sorted(rng.sample(found, min(len(found), rng.randint(1, 3))), key=lambda one: -one.start()):
        data = data[: match.start()] + rng.choice(_NUMBERS) + data[match.end() :]
    return data


_BOMB = (
    b'<!DOCTYPE d [<!ENTITY a0 "boom">'
    + b"".join(b'<!ENTITY a%d "%s">' % (n, b"&a%d;" % (n - 1) * 10) for n in range(1, 12))
    + b"]>"
)
_DOCTYPES = (
    _BOMB,
    b'<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
    b'<!DOCTYPE d SYSTEM "http://localhost:9/d.dtd">',
    b'<!DOCTYPE d [<!ENTITY a "' + b"x" * 200_000 + b'">]>',
)


def _xml(rng: random.Random, data: bytes) -> bytes:
    """Document types, entities, deep nesting, long text and attributes, tags renamed."""
    tags = list(re.finditer(rb"<[A-Za-z][^<>]*>", data))
    if not tags:
        return _flip(rng, data)
    tag = rng.choice(tags)
    before, after = data[: tag.end()], data[tag.end() :]
    match rng.randrange(6):
        case 0:
            first = tags[0].start()
            entity = rng.choice((b"&a11;", b"&x;", b"&a;" * 1000))
            changed = before[:first] + rng.choice(_DOCTYPES) + before[first:] + entity + after
        case 1:
            depth = rng.choice((100, 300, 100_000))
            changed = before + b"<n>" * depth + b"</n>" * depth + after
        case 2:
            changed = before + b"A" * rng.choice((1000, 100_000, 11_000_000)) + after
        case 3:
            changed = before[:-1] + b' a="' + b"y" * rng.choice((10, 1_000_000)) + b'">' + after
        case 4:
            changed = data[: tag.start()] + after
        case _:
            changed = data.replace(b"urn:iso:std:iso:20022:tech:xsd:", rng.choice((b"", b"urn:other:", b"\x00")))
    return changed


def _workbook(rng: random.Random, data: bytes) -> bytes:
    """A member of the workbook mutated, lost, doubled, or unpacking to more than half a gigabyte."""
    members = _members(data)
    if not members:
        return _flip(rng, data)
    index = rng.randrange(len(members))
    name, content = members[index]
    bomb = ""
    match rng.randrange(8):
        case 0:
            del members[index]
        case 1:
            members.append((name, content))
        case 2:
            members[index] = (name, content.replace(b"<dimension", b'<dimension ref="A1:XFD1048576"', 1))
        case 3 if rng.random() < 0.05:  # slow to make
            bomb = name
        case _:
            members[index] = (name, rng.choice((_flip, _lines, _truncate, _chunk, _number, _xml))(rng, content))
    return _packed(members, bomb)


def _packed(members: list[tuple[str, bytes]], bomb: str = "") -> bytes:
    out = io.BytesIO()
    with catch_warnings(action="ignore"), zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as book:
        for name, content in members:
            book.writestr(name.partition("\0")[0] or "x", content)
        if bomb:
            with book.open(bomb, "w") as stream:
                for _ in range(600):
                    stream.write(b" " * 1_000_000)
    return out.getvalue()


def _opendocument(rng: random.Random, data: bytes) -> bytes:
    """Cells and rows that are said to be repeated a million times, values of another type."""
    members = _members(data)
    at = next((at for at, (name, _content) in enumerate(members) if name == "content.xml"), None)
    if at is None:
        return _flip(rng, data)
    name, content = members[at]
    many = rng.choice((b"2", b"1048576", b"999999999999", b"-1", b"x"))
    tag, mark = rng.choice(((b"table:table-cell", b"columns"), (b"table:table-row", b"rows")))
    places = [found.end() for found in re.finditer(b"<" + tag + rb"(?=[ />])", content)]
    if places:
        place = rng.choice(places)
        content = content[:place] + b" table:number-" + mark + b'-repeated="' + many + b'"' + content[place:]
    members[at] = (name, content)
    return _packed(members)


_NAMES = (
    "../../out.xml",
    "/etc/out",
    "a\\b.cod",
    ".hidden.cod",
    "x" * 300 + ".xml",
    "same.cod",
    "a/b/c.csv",
    "a\x9b31m.csv",
)


def _zip(rng: random.Random, data: bytes) -> bytes:
    """A file of the zip mutated, lost, doubled, named to lead outside, or a zip itself."""
    members = _members(data)
    if not members:
        return _flip(rng, data)
    at = rng.randrange(len(members))
    name, content = members[at]
    match rng.randrange(8):
        case 0:
            del members[at]
        case 1:
            members.append((name, content))
        case 2:
            members[at] = (rng.choice(_NAMES), content)
        case 3:
            members[at] = (name, data)
        case _:
            suffix = Path(name).suffix
            changes = [one for one in _MUTATIONS.get(suffix, _ANY) if one is not _zip]
            members[at] = (name, rng.choice(changes)(rng, content))
    return _packed(members)


def _members(data: bytes) -> list[tuple[str, bytes]]:
    """What a workbook unpacks to; nothing where it does not, or is a bomb already."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as book:
            if sum(member.file_size for member in book.infolist()) > LARGEST:
                return []
            return [(name, book.read(name)) for name in book.namelist()]
    except (zipfile.BadZipFile, zlib.error, OSError, ValueError, EOFError, NotImplementedError, RuntimeError):
        return []


def _cells(rng: random.Random, data: bytes) -> bytes:
    """A cell of a CSV replaced, a quote opened, a column moved."""
    lines = data.split(b"\n")
    at = rng.randrange(len(lines))
    mark = b";" if b";" in lines[0] else b","
    cells = lines[at].split(mark)
    strange = (b'"', b'"' * 3, b"=cmd()", b"\x00", b"x" * 200_000, b"\n\n", b"D0001", b"\xe2\x80\xae", mark * 50)
    cells[rng.randrange(len(cells))] = rng.choice(strange)
    lines[at] = mark.join(cells)
    return b"\n".join(lines)


_ANY: tuple[Mutation, ...] = (_flip, _lines, _truncate, _chunk, _encoding, _number)
_MUTATIONS: dict[str, tuple[Mutation, ...]] = {
    ".xml": (*_ANY, _xml, _xml, _xml),
    ".xlsx": (_workbook, _workbook, _workbook, _workbook, _flip, _truncate),
    ".ods": (_workbook, _workbook, _opendocument, _opendocument, _flip, _truncate),
    ".xls": (_few, _few, _few, _few, _flip, _truncate, _chunk),
    ".zip": (_zip, _zip, _zip, _zip, _flip, _truncate, _chunk),
    ".csv": (*_ANY, _cells, _cells),
}


def mutated(seed: int, index: int, sources: list[Seed]) -> tuple[Seed, bytes]:
    """The file of this number: always the same."""
    rng = random.Random(f"{seed}/{index}")  # to repeat, not to hide
    kind = rng.choice(sorted({source.kind for source in sources}))
    source = rng.choice([one for one in sources if one.kind == kind])
    data = source.content
    for _ in range(rng.choice((1, 1, 2, 3))):
        if len(data) > LARGEST:
            break
        data = rng.choice(_MUTATIONS.get(source.suffix, _ANY))(rng, data)
    if rng.random() < 0.01:  # a file with the suffix of another
        source = Seed(source.kind, rng.choice(sorted(SUFFIXES)), source.content, source.beside)
    return source, data


# What is done with a file


@contextmanager
def _watched() -> Iterator[None]:
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _rang(_signal: int, _frame: FrameType | None) -> None:
    raise Hang


def _inspected(path: Path) -> str:
    """`taken`, `refused` or `unknown`; anything raised but OboleError is the failure that is looked for."""
    with _watched():
        try:
            found = inspect_files([path])
        except OboleError:
            return "refused"
    if all(one.kind == "unknown" for one in found):
        return "unknown"
    return "taken" if all(one.ok for one in found) else "refused"


def _imported(paths: list[Path], template: Path, folder: Path) -> tuple[str, str]:
    """Import into a copy of the small books: what happened, and what is wrong with the books after it."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(template, folder)
    books = open_books(folder)
    try:
        with _watched():
            intake = import_files(books, paths)
        posted = [name for told in intake.told for name in told.posted]
        left = [one.name for one in folder.rglob(".*") if one.name.endswith(".new") or one.is_dir()]
        wrong = [f"left behind: {left}"] if left else []
        if posted:
            # What a statement alone may break: a balance that other statements would explain.
            faults = [f"{result.rule}: {fault}" for result in check_books(books) for fault in result.faults]
            # Where a page is refused, its sisters begin away from the books, and that is said.
            wrong += [fault for fault in faults if not (intake.refused and "a statement is missing" in fault)]
        outcome = "posted" if posted else "refused" if intake.refused else "nothing new"
        return outcome, "; ".join(wrong)
    finally:
        books.register.dispose()
        books.vault.dispose()


def _work(chosen: argparse.Namespace, keep: Path, first: int) -> Tally:
    """One worker: of so many workers, every so manyth file from `first` on."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    signal.signal(signal.SIGALRM, _rang)
    tally = Tally()
    with TemporaryDirectory(prefix="obole-fuzz-") as name:
        folder = Path(name)
        sources = seeds(folder)
        template = _template(folder)
        for index in range(chosen.first + first, chosen.files, chosen.workers):
            source, data = mutated(chosen.seed, index, sources)
            path = folder / f"file{source.suffix}"
            path.write_bytes(data)
            start = time.monotonic()
            try:
                outcome = _inspected(path)
                tried = index // chosen.workers % chosen.imports == 0
                tally.good += outcome == "taken"
                if tried or (outcome == "taken" and tally.good % (chosen.imports // 10 or 1) == 0):
                    sisters = [folder / f"page{at}{source.suffix}" for at in range(len(source.beside))]
                    for sister, content in zip(sisters, source.beside, strict=True):
                        sister.write_bytes(content)
                    done, wrong = _imported([path, *sisters], template, folder / "books")
                    tally.imports[done] += 1
                    if wrong:
                        _failed(tally, keep, f"{index}-books", path, wrong)
            except (Exception, Hang) as error:  # noqa: BLE001 - this is what is looked for
                outcome = type(error).__name__
                _failed(tally, keep, f"{index}-{outcome}", path, traceback.format_exc())
            tally.outcomes[source.kind, outcome] += 1
            tally.slowest = max(tally.slowest, (time.monotonic() - start, f"{index} ({source.kind})"))
            path.unlink()
    tally.peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return tally


def _template(folder: Path) -> Path:
    """Small books with their donors."""
    books = small_books.new_books(folder / "template", small_books.SETTINGS + test_platform_intake.PLATFORM)
    opened = open_books(books)
    import_files(opened, [small_books.write_donors(folder / "template-donors.csv")])
    import_files(opened, [small_books.OPENING.write(folder)])
    opened.register.dispose()
    opened.vault.dispose()
    return books


def _failed(tally: Tally, keep: Path, name: str, path: Path, why: str) -> None:
    tally.failures.append(f"{name}: {why.strip().splitlines()[-1][:300]}")
    shutil.copy(path, keep / f"{name}{path.suffix}")
    (keep / f"{name}.txt").write_text(why, encoding="utf-8")


def _told(tallies: list[Tally], seconds: float, keep: Path) -> None:
    outcomes = sum((tally.outcomes for tally in tallies), Counter[tuple[str, str]]())
    imports = sum((tally.imports for tally in tallies), Counter[str]())
    columns = sorted({outcome for _, outcome in outcomes})
    print(f"{'kind':<14}" + "".join(f"{column:>14}" for column in columns))
    for kind in sorted({kind for kind, _ in outcomes}):
        print(f"{kind:<14}" + "".join(f"{outcomes[kind, column]:>14,}" for column in columns))
    print(f"imports: {', '.join(f'{count:,} {outcome}' for outcome, count in sorted(imports.items()))}")
    slowest = max(tally.slowest for tally in tallies)
    print(f"{sum(outcomes.values()):,} files in {seconds:,.0f} s; slowest {slowest[0]:.1f} s: file {slowest[1]}")
    print(f"peak memory of a worker {max(tally.peak for tally in tallies)} MB")
    failures = [failure for tally in tallies for failure in tally.failures]
    print(f"{len(failures)} failures" + (f", kept in {keep}" if failures else ""))
    for failure, count in Counter(failure.split(": ", 1)[1] for failure in failures).most_common(40):
        example = next(one for one in failures if one.endswith(failure)).split(": ", 1)[0]
        print(f"  {count:>6} x {failure}   (such as {example})")


def main() -> int:
    """Run the workers and tell what they saw; exit status 1 where something failed."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--files", type=int, default=2000)
    options.add_argument("--first", type=int, default=0)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--workers", type=int, default=2)
    options.add_argument(
        "--imports", type=int, default=100, help="one of so many files is imported, of the good ones ten times as many"
    )
    options.add_argument("--keep", type=Path)
    chosen = options.parse_args()
    keep = chosen.keep or Path(mkdtemp(prefix="obole-fuzz-failures-"))
    keep.mkdir(parents=True, exist_ok=True)
    start = time.monotonic()
    with ProcessPoolExecutor(chosen.workers, multiprocessing.get_context("spawn")) as pool:
        work = partial(_work, chosen, keep)
        tallies = list(pool.map(work, range(chosen.workers)))  # a worker that is killed raises BrokenProcessPool
    _told(tallies, time.monotonic() - start, keep)
    return 1 if any(tally.failures for tally in tallies) else 0


if __name__ == "__main__":
    sys.exit(main())
