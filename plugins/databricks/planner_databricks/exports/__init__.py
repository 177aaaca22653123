"""Formats of `render --to`."""
