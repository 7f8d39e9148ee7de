"""Names of people in Chinese texts: segments, what stands beside a name, and the kinds of names."""
