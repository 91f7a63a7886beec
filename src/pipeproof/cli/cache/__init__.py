"""`pipeproof cache ...`: one file a command."""
