"""Where jobs are placed."""
