"""Describing a table: what is in each column, how columns go together, how good it all is.

A table is read in chunks. Each chunk becomes a `TablePart`, a small value; parts are merged, and the last
one is told as a `Profile`. So a table may be larger than memory, and parts of it may be profiled apart.

`bins` (distribution), `counting` (different and frequent values) and `moments` are what can be merged;
`column` and `table` are made of them, `measure` fills them from a chunk, `describe` tells them.
"""
