"""Keys, field encryption, safe copies and protection over a project."""
