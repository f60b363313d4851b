"""Pages of supervision orders, notices and their papers."""
