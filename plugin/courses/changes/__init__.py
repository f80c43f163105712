"""Changes to an open course by a person's decision: each an entry or a history line, with its reason."""
