"""What is looked at in the cells of a field, one file a kind of value."""
