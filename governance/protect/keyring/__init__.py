"""Keyrings: where keys come from and how they are wrapped."""
