"""Comparing two tables: columns, rows by key, drift."""
