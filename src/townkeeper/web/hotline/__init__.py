"""Pages of the hotline desk: a case is registered by keyboard while the caller speaks."""
