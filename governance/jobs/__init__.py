"""One engine for every bulk job: plan, review, batches, certificate. Holds and tombstones live here only."""
