"""Chart of accounts, registers, posting, seals and the beancount plugins. Knows no source format and no report."""
