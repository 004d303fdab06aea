"""Beancount's own messages in the person's language: the frequent ones by their form, the original kept in brackets.

Beancount speaks English only. What is not known here is told as it is.
"""

import re

from ledger.languages import N_, SOURCE, spoken
from ledger.words import _

# As beancount 3.2 writes them (`ops/validation.py`, `ops/balance.py`, `ops/pad.py`, `loader.py`, `parser/`).
_FORMS = (
    (r"Invalid reference to unknown account '(?P<account>.*)'", N_("the account {account} is not open in the books")),
    (r"Invalid reference to inactive account '(?P<account>.*)'", N_("the account {account} is not open on that day")),
    (r"Transaction does not balance: \((?P<rest>.*)\)", N_("the entry does not balance, {rest} is too much")),
    (
        r"Balance failed for '(?P<account>.*)': expected (?P<said>.*) != accumulated (?P<found>.*) \(.*\)",
        N_("the balance of {account} is {found} and not {said}"),
    ),
    (r"Duplicate open directive for (?P<account>.*)", N_("the account {account} is opened twice")),
    (r"Duplicate close directive for (?P<account>.*)", N_("the account {account} is closed twice")),
    (r"Unopened account (?P<account>.*) is being closed", N_("the account {account} is closed and was not open")),
    (r"Invalid currency (?P<currency>.*) for account '(?P<account>.*)'", N_("{account} takes no {currency}")),
    (r"Invalid account name: (?P<account>.*)", N_("{account} is no name of an account")),
    (r"syntax error, .*", N_("this line cannot be read as it is written")),
    (r"Invalid token: (?P<token>.*)", N_("{token} cannot be read as it is written")),
    (r"ValueError: (month|day) .*", N_("there is no such day")),
    (r"Unused Pad entry", N_("this pad fills nothing up")),
    (r"You may not have more than one auto-posting per currency", N_("more than one line has no amount")),
    (r"Too many missing numbers for currency group .*", N_("more than one line has no amount")),
    (r'File glob "(?P<file>.*)" does not match any files', N_("the file {file} is missing")),
    (r'File "(?P<file>.*)" does not exist', N_("the file {file} is missing")),
    (r'File does not exist: "(?P<file>.*)"', N_("the file {file} is missing")),
    (r'Duplicate filename parsed: "(?P<file>.*)"', N_("the file {file} is included twice")),
    (r'Error importing "(?P<plugin>[^"]*)":.*', N_("the plugin {plugin} cannot be loaded")),
    (r"Invalid option: '(?P<option>.*)'", N_("there is no option {option}")),
)
_READ = tuple((re.compile(form, re.DOTALL), words) for form, words in _FORMS)


def in_own_words(message: str) -> str:
    """Return a message of Beancount in the person's language, what it said in brackets; another as it is."""
    if spoken() == SOURCE:
        return message
    for form, words in _READ:
        found = form.fullmatch(message)
        if found is not None:
            return f"{_(words).format(**found.groupdict())} [{message}]"
    return message
