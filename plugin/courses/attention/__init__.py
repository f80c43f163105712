"""Attention: the kinds of items that only a person can decide, what can be decided about each, and carrying it out."""
