"""What the organisation keeps account of: reviews of access. State lives in the records database."""
