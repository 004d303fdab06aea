"""What follows from the reason of a failed direct debit (EPC173-14, ISO external code list)."""

import pytest

from importers.bank.codes import reason_label
from importers.deciding.returns import fate, fates
from ledger.instalments import Fate


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("AM04", Fate.RETRY),  # insufficient funds: next month
        ("MS03", Fate.RETRY),  # not specified: a soft failure
        ("AC06", Fate.RETRY),  # blocked: later
        ("AC01", Fate.SUSPEND),  # correct the IBAN
        ("MD06", Fate.SUSPEND),  # refund: consider stopping
        ("MS02", Fate.SUSPEND),  # refused: stop or contact
        ("AC04", Fate.END),  # closed: stop
        ("MD01", Fate.END),  # no mandate: stop
        ("MD07", Fate.END),  # deceased: stop
        ("FF01", Fate.CORRECT),  # own error
        ("AM05", Fate.KEEP),  # a duplicate: the first one stands
        ("XX99", Fate.SUSPEND),  # nobody knows: for a person
    ],
)
def test_the_fate_of_a_mandate_by_reason(reason: str, expected: Fate):
    assert fate(reason) is expected


def test_a_return_without_a_reason_is_soft_and_a_refund_without_one_is_the_donors_wish():
    assert fate(None) is Fate.RETRY
    assert fate("", refund=True) is Fate.SUSPEND


def test_the_settings_may_say_otherwise():
    assert fate("MD06", changed={"MD06": Fate.END}) is Fate.END


@pytest.mark.parametrize("reason", sorted(fates()))
def test_every_reason_has_words_in_four_languages(reason: str):
    assert len({reason_label(reason, language) for language in ("fr", "nl", "de", "en")} - {reason}) >= 3
