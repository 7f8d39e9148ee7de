"""What differs between databases: one file for each, behind the `Backend` protocol of `base`."""
