"""Who is booked, who came, which session that used, and taking it back."""
