"""Pages of handlers, verifiers and inspectors: their day, phone first."""
