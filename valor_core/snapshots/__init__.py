"""Immutable cuts of a tenant: Parquet named by its content, one manifest, DuckDB over both."""
