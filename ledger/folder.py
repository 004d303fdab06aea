"""Where everything of a set of books lies on disk."""

from dataclasses import dataclass
from pathlib import Path

SETTINGS = "obole.toml"  # the settings of a set of books, in its folder


@dataclass(frozen=True, slots=True)
class Folder:
    """Where the parts of a set of books lie on disk (design.md section 4)."""

    root: Path

    @property
    def main(self) -> Path:
        """The file Fava opens."""
        return self.root / "main.beancount"

    @property
    def chart(self) -> Path:
        """The accounts in use."""
        return self.root / "chart.beancount"

    @property
    def journal(self) -> Path:
        """One file per posted document, by year."""
        return self.root / "journal"

    @property
    def documents(self) -> Path:
        """The archived source files."""
        return self.root / "documents"

    @property
    def register(self) -> Path:
        """The register, where it is embedded."""
        return self.root / "register.sqlite3"

    @property
    def vault(self) -> Path:
        """The vault, where it is embedded."""
        return self.root / "vault.sqlite3"

    @property
    def receipts(self) -> Path:
        """The PDFs as issued, by year."""
        return self.root / "receipts"

    @property
    def seals(self) -> Path:
        """The seals of closed years."""
        return self.root / "seals"
