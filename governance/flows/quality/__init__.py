"""Quality of a project's data, and lists of what to mend."""
