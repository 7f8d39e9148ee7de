"""Personal data inside texts: where it stands, and how sure that is."""
