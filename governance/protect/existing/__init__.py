"""Encryption of columns that already hold data: plan, convert, switch, rotate; each a job of the one engine."""
