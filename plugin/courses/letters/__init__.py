"""Letters that clients did not ask for: who gets which one when, who declined, and what was sent."""
