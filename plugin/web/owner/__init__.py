"""The screens for the owner only."""
