"""Pages of units, people, duties, categories, calendars and settings."""
