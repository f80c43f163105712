"""How we are let into Square, and how Square tells us of events."""
