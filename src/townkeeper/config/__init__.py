"""Assembles the product: settings, addresses, server; decides nothing."""
