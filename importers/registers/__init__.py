"""Registers and journals that people keep as sheets: donors, pledges, grants, gifts in kind, entries, assignments."""
