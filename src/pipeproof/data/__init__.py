"""What can be done with a table and a contract."""
