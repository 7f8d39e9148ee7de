"""Safe copies of a store for test and analytics: each field is treated as decided, and what remains is measured."""
