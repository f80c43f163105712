"""Signing in and out, and handling of a form sent without a sign-in."""
