"""Readers of migrations, one file a kind; none of them runs anything."""
