"""What can be said of contracts alone, without data."""
