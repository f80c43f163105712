"""Refunds and disputes: money returned or questioned, and the sessions removed with it."""
