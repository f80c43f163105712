"""What waits: words from Square, effects that are owed, questions for a person."""
