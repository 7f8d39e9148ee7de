"""What is due to be deleted by which rule, and doing it."""
