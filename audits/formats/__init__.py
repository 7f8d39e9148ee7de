"""How a report is written: one format a file, all behind `audits.formats.base.Format`."""
