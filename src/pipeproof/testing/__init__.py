"""How a pipeline is varied into trials, and how their record is judged; nothing here runs anything."""
