"""The application: command line, pages on Fava, the configuration of one set of books, the demonstration."""
