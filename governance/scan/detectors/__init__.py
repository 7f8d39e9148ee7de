"""What can be found in values: one file per member of the family, `registry` gives them all."""
