"""`pipeproof store ...`: one file a command."""
