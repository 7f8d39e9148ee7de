"""What the organisation keeps account of: reviews of access, training. State lives in the records database."""
