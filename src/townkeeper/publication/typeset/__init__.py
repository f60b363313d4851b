"""Turns one document value into the files an office sends out: PDF, Word, Excel and charts."""
