"""From a pipeline to what would run, and to what is wrong before anything runs."""
