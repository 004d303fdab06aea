"""From source files to movements: one module per format, donor matching, classification rules."""
