"""Scans, the decisions that people make on them, and redaction."""
