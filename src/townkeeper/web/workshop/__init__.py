"""Pages of procedures, programs, imports, the journal and long work."""
