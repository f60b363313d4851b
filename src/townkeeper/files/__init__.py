"""Uploads: checked by content, stored once, stripped of position for the public."""
