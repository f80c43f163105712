"""Moments as programs read them, and the days on which they are for people."""

from datetime import UTC, date, datetime, tzinfo


def rfc3339(moment: datetime) -> str:
    """Return a time as RFC 3339 in UTC, ending in Z."""
    return f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat()}Z"


def day_at(moment: datetime, zone: tzinfo) -> date:
    """Return the day of a moment in this time zone, such as the clinic's."""
    return moment.astimezone(zone).date()
