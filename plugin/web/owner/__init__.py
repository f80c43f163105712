"""The screens that only the owner opens."""
