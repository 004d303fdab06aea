"""The decision who gets a receipt and why not: parameters of the law, facts, the decision, the tie-out."""
