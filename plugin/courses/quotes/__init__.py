"""Quotes: a package offered to a client at a price, before the sale, and how it becomes one."""
