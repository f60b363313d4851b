"""The procedure language: how a matter is handled, as data; pure Python."""
