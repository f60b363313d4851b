"""Columnar extracts and the engine under all metrics."""
