"""Dated packs of rule data: pure data, read by `policies.pack_loader`."""
