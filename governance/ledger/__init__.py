"""The tamper-evident record: an append-only Merkle log in SQL with signed checkpoints, and its verification."""
