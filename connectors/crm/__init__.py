"""Customer relationship systems as stores: read like a database, changed and erased through the vendor's own calls."""
