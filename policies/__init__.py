"""The lowest layer: errors, shared nouns, the user's files, dated packs and the predicate language.

Everything here is pure: it reads files that it is told to read, and touches no store, key, clock or network.
"""
