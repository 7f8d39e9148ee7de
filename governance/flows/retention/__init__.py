"""Plans and runs of retention over a project, archives and restores."""
