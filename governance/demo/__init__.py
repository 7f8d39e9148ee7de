"""A project to try everything on: an invented shop with a clinic line, and some weeks of its life."""
