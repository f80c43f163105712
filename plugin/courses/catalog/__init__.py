"""Packages, the items in Square they are linked to, and the terms they are sold under."""
