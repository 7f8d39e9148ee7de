"""Who outside must be told that a person was erased or corrected."""
