"""Bulletins and published rankings as documents."""
