"""The receipt as a document: what is printed, its words, its typesetting."""
