"""The lists of all courses and of all clients: filters, order, sums, saved views, and acts on many rows at once."""
