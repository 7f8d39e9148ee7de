"""Zoho CRM, version 8 of its interface.

    centers.py    the data centres
    answers.py    what an answer of the vendor means
    api.py        token and calls
    modules.py    modules and fields as datasets
    cells.py      a record as cells
    reading.py    pages, records by id, samples
    finding.py    the vendor's search; what hangs on a record
    writing.py    changing and erasing
    rights.py     users, profiles, sharing
    trail.py      the vendor's audit trail
    checking.py   the self-check, and what the vendor cannot do
    store.py      all of it as `CrmStore`

Written from the vendor's published description of 2025-06-27 and its help pages; never run against a live account.
"""
