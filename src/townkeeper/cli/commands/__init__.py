"""One module per command: what it is called, what it takes, and which action it runs."""
