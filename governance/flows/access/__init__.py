"""Asking through the guard, and what a policy lets whom see."""
