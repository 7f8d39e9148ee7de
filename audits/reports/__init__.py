"""One report a file, each a pure function from evidence to `audits.report.Report`."""
