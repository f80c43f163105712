"""Counted tries under rate limits, such as wrong passwords, where every process sees them."""

from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from plugin.core.fingerprint import sha256_hex
from plugin.store import Store
from plugin.store.people import LimitHit


def count_hits(store: Store, key: str, since: datetime) -> tuple[int, datetime | None]:
    """Return how many tries there were after that moment, and the time of the first."""
    with store.reading() as session:
        number, first = session.execute(
            select(func.count(), func.min(LimitHit.at)).where(
                LimitHit.key == _digest(key), LimitHit.at > since
            )
        ).one()
    return number, first


def add_hits(store: Store, key: str, *, most: int, lasts: timedelta, number: int, now: datetime) -> bool:
    """Count tries unless that would be more than `most` within `lasts`; return whether they were counted."""

    def work(session: Session) -> bool:
        session.execute(delete(LimitHit).where(LimitHit.expires_at <= now))
        known = select(func.count()).where(LimitHit.key == _digest(key), LimitHit.at > now - lasts)
        if (session.scalar(known) or 0) + number > most:
            return False
        session.add_all(
            LimitHit(id=store.new_id(), key=_digest(key), at=now, expires_at=now + lasts)
            for _ in range(number)
        )
        return True

    return store.transact(work)


def clear_hits(store: Store, key: str | None = None) -> None:
    """Forget the tries under one key, or all."""
    with store.writing() as session:
        session.execute(delete(LimitHit).where(LimitHit.key == _digest(key)) if key else delete(LimitHit))


def _digest(key: str) -> str:
    # A key holds addresses of people and of networks, which nobody needs to read here.
    return sha256_hex(key)
