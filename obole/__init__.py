"""The application: command line, pages on Fava, the configuration of one set of books, the demonstration."""

from obole.rooms import answer_first

answer_first()  # before any other module of ours is loaded, by whatever program
