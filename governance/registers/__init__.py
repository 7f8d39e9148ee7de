"""What the organisation keeps account of, in the records database: reviews, incidents, assessments, decisions."""
