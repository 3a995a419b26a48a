"""Files that the product writes for others to open."""

from cxlib.exports.csv import csv_bytes, safe_cell

__all__ = ["csv_bytes", "safe_cell"]
