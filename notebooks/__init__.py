"""Notebooks for marimo: `explore` for any claim, and one tour per paper."""
