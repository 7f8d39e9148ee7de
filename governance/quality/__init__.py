"""How good the data about people is: complete, valid, fresh, once, the same everywhere, in the one standard's words."""
