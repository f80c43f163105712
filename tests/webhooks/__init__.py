"""Events for other programs: what is sent, to whom, and what comes of it."""
