"""Consent, restriction, notices and contact over a project."""
