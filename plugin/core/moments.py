"""Moments as programs read them."""

from datetime import UTC, datetime


def rfc3339(moment: datetime) -> str:
    """Return a time as RFC 3339 in UTC, ending in Z."""
    return f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat()}Z"
