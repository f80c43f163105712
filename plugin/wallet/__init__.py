"""Bringing passes up to date: the objects at Google, and the push that has Apple's devices fetch theirs."""
