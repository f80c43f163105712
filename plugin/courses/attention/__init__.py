"""Attention: the kinds of items that only a person can decide, their decisions, and carrying them out."""
