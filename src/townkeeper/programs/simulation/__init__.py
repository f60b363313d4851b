"""Lets a loaded program live through months with a simulated clock and the real actions."""
