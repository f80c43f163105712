"""Exchanging a course for another package: what is left is credit; the difference is paid or refunded."""
