"""Shared by all use cases: reading courses, the ledger, inbox, outbox, attention and idempotency."""
