"""Open lines: listed with proposals, decided by a person, looked at again."""
