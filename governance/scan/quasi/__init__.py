"""Quasi-identifiers: which few fields, joined, single people out, counted as k-anonymity (Sweeney 2002).

The scan keeps, in the same pass, how many rows share each combination of the candidate fields' values: hashes and
counts, no value. Afterwards every combination of at most three fields is measured by the sizes of its groups.

>>> import pyarrow as pa
>>> from governance.scan.quasi.counts import count_rows
>>> from governance.scan.quasi.groups import group_sizes
>>> rows = pa.table({"gender": ["f", "f", "m"], "city": ["Ulm", "Ulm", None]})
>>> counts = count_rows(rows, ("gender", "city")).reduced()
>>> sizes = group_sizes(counts.codes(), counts.counts)
>>> (sizes.smallest, sizes.alone, sizes.rows_below)
(1, 1, 3)
"""
