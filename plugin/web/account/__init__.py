"""Signing in and out, and what a form sent without a sign-in leads to."""
