"""Visits: bookings, attendance, the sessions they use, no-shows, and undoing a use."""
