"""Beancount plugins: what must be true each time the books load. They never raise; they add errors with their line."""
