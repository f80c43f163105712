"""Exchanging a course for another package: what is left of it is credit, the difference is paid or goes back."""
