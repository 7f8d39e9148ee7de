"""纷享销客 (Fxiaoke, ShareCRM) over its OpenAPI, made from the vendor's published pages, never tried on an account."""
