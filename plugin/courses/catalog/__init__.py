"""Packages, the Square items linked to them, and the terms they are sold under."""
