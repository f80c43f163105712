"""Clients: search, creation, merges, and their profiles in Square's directory."""
