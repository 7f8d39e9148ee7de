"""Names of people in texts in Latin letters: from words to sequences, from sequences and surroundings to scores."""
