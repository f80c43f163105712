"""The opening hours of the clinic as stored."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from sqlalchemy.orm import Session

from plugin.core import opening_hours
from plugin.core.acts import Act, require
from plugin.courses.base.activity import Did, record_activity
from plugin.courses.base.clinic import clinic_in
from plugin.courses.base.work import reading
from plugin.store import Store
from plugin.store.offers import Hours


def hours_in(session: Session) -> opening_hours.OpeningHours:
    """Return the opening hours in the clinic's time zone; assumed ones until someone has entered them."""
    zone = clinic_in(session).time_zone
    row = session.get(Hours, 1)
    if row is None:
        return opening_hours.assumed_hours(zone)
    week = tuple(tuple(opening_hours.Interval(*each) for each in day) for day in row.week)
    closed = tuple(opening_hours.ClosedDays(*map(date.fromisoformat, each)) for each in row.closed)
    return opening_hours.OpeningHours(week, zone, closed)


read_hours = reading(hours_in)


def closed_days_in(session: Session) -> frozenset[date]:
    """Return the days on which the clinic has said to be closed, such as public holidays."""
    return frozenset(
        each.first + timedelta(days=ahead)
        for each in hours_in(session).closed
        for ahead in range((each.last - each.first).days + 1)
    )


def save_hours(store: Store, act: Act, hours: opening_hours.OpeningHours) -> opening_hours.OpeningHours:
    """Save the opening hours; raises InvalidField. The time zone stays the clinic's."""
    require(act.actor)
    with store.writing() as session:
        checked = opening_hours.checked_hours(replace(hours, time_zone=clinic_in(session).time_zone))
        before, after = hours_text(hours_in(session)), hours_text(checked)
        if before != after:
            record_activity(session, store, act, Did.HOURS_CHANGED, before=before, after=after)
        session.merge(Hours(id=1, **_stored(checked), changed_at=act.now))
        return checked


def hours_text(hours: opening_hours.OpeningHours) -> str:
    """Return the hours in words, a line for each day and each closed time; "" for assumed ones."""
    if hours.is_assumed:
        return ""
    days = [f"{name}: {_day_text(day)}" for name, day in zip(opening_hours.WEEKDAYS, hours.week, strict=True)]
    return "\n".join([*days, *(f"Closed {each.first} to {each.last}" for each in hours.closed)])


def _day_text(day: tuple[opening_hours.Interval, ...]) -> str:
    return ", ".join(f"{_clock(each.opens)} to {_clock(each.closes)}" for each in day) or "closed"


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


def _stored(hours: opening_hours.OpeningHours) -> dict[str, Any]:
    return {
        "week": [[[each.opens, each.closes] for each in day] for day in hours.week],
        "closed": [[each.first.isoformat(), each.last.isoformat()] for each in hours.closed],
    }
