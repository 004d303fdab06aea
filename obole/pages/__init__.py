"""Obole's pages inside Fava, which finds the page classes here (the line `fava-extension` of the books)."""

from obole.pages.statements import Statements

__all__ = ["Statements"]
