"""Receipts: who gets one and why not, numbers, documents, and the Belcotax file."""
