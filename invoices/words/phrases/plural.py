"""A phrase that changes with a number."""

from __future__ import annotations

# Keyed by the language's own categories (one, few, other ...); `other` is always there.
Plural = dict[str, str]
