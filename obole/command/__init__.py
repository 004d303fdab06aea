"""The command line: one module per subject, each a few lines over the module that does the work."""
