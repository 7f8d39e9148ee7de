"""Stores of customer data: rows, schema and keys, and no rule of any law.

`connectors.base` states the `Store` protocol; each kind of store is one member of the family.
"""
