"""vCard files of versions 2.1, 3.0 (RFC 2426) and 4.0 (RFC 6350): a card is a row, a property a field."""
