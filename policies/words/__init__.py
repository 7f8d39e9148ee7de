"""Texts for people, one file an area, read by `policies.vocabulary`."""
