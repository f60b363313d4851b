"""A policy as a folder of readable files: check, load, draft."""
