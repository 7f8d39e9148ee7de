"""Enforce permits inside every query, at the border of the database driver."""
