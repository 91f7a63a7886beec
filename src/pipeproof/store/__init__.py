"""Where runs and their data are kept."""
