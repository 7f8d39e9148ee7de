"""The rules, one a file. Each has an id that never changes its meaning and a docstring that is its page."""
