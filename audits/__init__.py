"""Evidence in, reports out: pure functions whose bytes depend on their evidence alone."""
