"""Keys, tokens and masks. The only room that touches key material."""
