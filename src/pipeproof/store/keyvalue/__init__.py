"""State that runs and machines share, as key and value: in memory, SQLite, Redis or Firestore."""
