"""`pipeproof contract ...`: one file a command."""
