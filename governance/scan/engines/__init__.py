"""Where a scan runs: `local` on this machine; the same profile code runs elsewhere."""
