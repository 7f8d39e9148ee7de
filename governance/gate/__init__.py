"""Stop a schema change that exposes people before it is merged."""
