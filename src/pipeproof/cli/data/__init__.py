"""`pipeproof data ...`: one file a command."""
