"""Money that goes back, or is questioned, and the sessions that leave with it."""
