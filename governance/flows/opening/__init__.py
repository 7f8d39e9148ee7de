"""What every flow needs of a project: its policies, people, keys and offices, made ready and checked."""
