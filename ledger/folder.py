"""The places of a set of books on disk."""

from dataclasses import dataclass
from pathlib import Path

SETTINGS = "obole.toml"  # the settings of a set of books, in its folder


@dataclass(frozen=True, slots=True)
class Folder:
    """The places of all parts of a set of books on disk."""

    root: Path

    @property
    def main(self) -> Path:
        """Return the file Fava opens."""
        return self.root / "main.beancount"

    @property
    def chart(self) -> Path:
        """Return the accounts in use."""
        return self.root / "chart.beancount"

    @property
    def journal(self) -> Path:
        """Return one file per posted document, by year."""
        return self.root / "journal"

    @property
    def documents(self) -> Path:
        """Return the archived source files."""
        return self.root / "documents"

    @property
    def register(self) -> Path:
        """Return the register, where it is embedded."""
        return self.root / "register.sqlite3"

    @property
    def vault(self) -> Path:
        """Return the vault, where it is embedded."""
        return self.root / "vault.sqlite3"

    @property
    def receipts(self) -> Path:
        """Return the PDFs as issued, by year."""
        return self.root / "receipts"

    @property
    def seals(self) -> Path:
        """Return the seals of closed years."""
        return self.root / "seals"
