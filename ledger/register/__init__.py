"""The register of gifts, documents and receipts: keys and cents, never a name. One module per subject over `tables`."""
