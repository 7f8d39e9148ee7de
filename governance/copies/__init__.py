"""Safe copies of a store for test and analytics: what becomes of each field is decided, and what remains is measured."""
