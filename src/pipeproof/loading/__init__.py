"""From files and Python objects to a pipeline, with the origin of every value."""
