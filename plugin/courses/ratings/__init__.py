"""Clients' own ratings of their own concerns: chosen, rated before visits, shown as recorded, deleted on request."""
