"""Measurements with what they are compared to in the same run; `./townkeeper bench` runs them.

Each module has `run(quick=False)` and returns rows: `name`, `value`, `unit`, and, where there is
something to compare with, `reference` (measured in the same run) and `ratio` = value / reference.
"""
