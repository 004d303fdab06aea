"""Direct debits: pledges, the month's collection, its notice and message, what failed."""
