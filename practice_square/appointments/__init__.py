"""Square Appointments as the practice Square simulates it: bookings, the team, the seller's day."""
