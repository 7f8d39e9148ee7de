"""Files as a store: CSV, JSON lines, Parquet and XLSX, one file, a folder or a glob."""
