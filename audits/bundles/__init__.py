"""Evidence that travels: one file whose every byte is accounted for."""
