"""The few words that go into the books themselves, in the language of the foundation."""

from ledger.words import N_, text_in

NARRATIONS = {
    "gifts": N_("Gifts"),
    "gift-in-kind": N_("Gift in kind"),
    "cash-gift": N_("Cash gift"),
    "cash-box": N_("Cash of a collection box"),
    "cheque": N_("Cheque received"),
    "cheque-unpaid": N_("Unpaid cheque"),
    "cash-slip": N_("Cash slip"),
    "cash-deposit": N_("Cash paid in at the bank"),
    "cash-withdrawal": N_("Cash drawn from the bank"),
    "cash-difference": N_("Difference of the cash count"),
    "collection": N_("Direct debits collected"),
    "return": N_("Direct debits returned"),
    "refund": N_("Gift paid back"),
    "batch": N_("Batch payment"),
    "suspense": N_("Awaiting assignment"),
    "assignment": N_("Assignment of an open amount"),
    "charges": N_("Bank charges"),
    "grant-instalment": N_("Grant instalment due"),
    "grant-income": N_("Grant earned in the year"),
    "grant-release": N_("Release of capital grant"),
    "legacy-acceptance": N_("Legacy accepted"),
    "legacy-measured": N_("Legacy measured anew"),
    "legacy-duties": N_("Inheritance duties"),
    "legacy-charge": N_("Charge of a legacy"),
    "legacy-sale": N_("Sale of what was bequeathed"),
    "legacy-received": N_("Received of a legacy"),
    "legacy-paid": N_("Paid for a legacy"),
    "opening": N_("Opening balances"),
    "carried": N_("Result carried forward"),
    "carried-out": N_("Balances carried to the next balance"),
    "undo": N_("Reversal"),
    "reclassification": N_("Reclassification of a gift"),
    "details": N_("Details of a batch payment"),
    "instalment": N_("Your gift"),
    "event-ticket": N_("Tickets of an event"),
    "event-gift": N_("Gift at an event"),
    "event-sponsoring": N_("Sponsoring of an event"),
    "event-sale": N_("Sales at an event"),
    "event-cost": N_("Costs of an event"),
    "platform-gifts": N_("Gifts through a platform"),
    "platform-fees": N_("Fees of the platform"),
    "platform-conversion": N_("Conversion difference of the platform"),
}


def word(key: str, language: str) -> str:
    """Return the narration `key` in fr, nl, de or en."""
    return text_in(language, NARRATIONS[key])
