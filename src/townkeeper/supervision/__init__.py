"""Supervision: orders of an office or a leader to units: deadlines, replies, acceptance."""
