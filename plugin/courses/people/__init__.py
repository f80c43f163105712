"""The rights and the mix-ups of people: two clients who are one, what is held on somebody, and forgetting them."""
