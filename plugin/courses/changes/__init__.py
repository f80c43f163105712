"""Changes to a sold course by a person's decision: each an entry or a line of its history, with the reason."""
