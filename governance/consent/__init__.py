"""What people agreed to and took back, as a sequence of events, and the table in a store that a query can join."""
