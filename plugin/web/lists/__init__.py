"""The lists of all courses and of all clients: filters, saved views, acts on many courses."""
