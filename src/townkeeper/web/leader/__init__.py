"""Pages of leaders: the morning brief and what follows from it."""
