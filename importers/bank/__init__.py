"""Bank files: CODA, CAMT, pain.002 and pain.008 from bytes to statements and movements."""
