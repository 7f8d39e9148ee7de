"""Reports, registers and evidence over a project."""
