"""Prove the books: the invariants, the closing of a year, the list of documents."""
