"""Forms: whole values that are all judged alike, told by their signs alone; one file per family, `all` lists them."""
