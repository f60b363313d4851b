"""Pages of the supervision office: clocks, campaigns, recurrence, revisits, data quality."""
