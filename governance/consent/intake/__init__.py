"""Consent from files: lines of several forms become events, in batches, each once however often the file is read."""
