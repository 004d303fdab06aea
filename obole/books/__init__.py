"""One set of books: its settings, opened, created, loaded, watched."""
