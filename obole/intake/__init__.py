"""Taking source files in: one module per kind of source."""
