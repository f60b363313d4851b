"""Schemes, rounds, scores and rankings."""
