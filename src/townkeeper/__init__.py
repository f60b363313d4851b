"""Townkeeper（長效）: the daily machinery of keeping a town in order."""

__version__ = "0.1.0"
