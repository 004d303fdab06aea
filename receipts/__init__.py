"""Who gets a receipt and why not, numbers, documents, and the Belcotax file."""
