"""The migrations, one linear chain: `0001_ledger` and up."""
