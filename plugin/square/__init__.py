"""Everything that speaks to Square: asking, observing, sweeping, publishing. Knows the use cases, no web."""
