"""Sheets of any program: workbooks and CSV as rows of checked cells."""
