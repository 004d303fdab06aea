"""The Belcotax file 281.71: written, read back, its postal zones, its shipment."""
