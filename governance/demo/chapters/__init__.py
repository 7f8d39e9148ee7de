"""The walk's chapters, one a link of the chain; each shows what the library gives at that moment."""
