"""Statements by scheme, trial balance, tie-outs, and the formats they come in."""
