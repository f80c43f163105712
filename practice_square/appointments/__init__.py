"""Square Appointments as the practice Square plays it: bookings, the team, the seller's day."""
