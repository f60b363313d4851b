"""Small foundations that every app may use; no tables here."""
