"""Import of historical records: a spreadsheet and a mapping become cases with their journal."""
