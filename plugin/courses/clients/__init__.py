"""Clients and staff: found, made, joined and told apart, kept in step with Square, shown what is held, forgotten."""
