"""Bookmarks: how far a list of Square's was read, and what is known of it; one short text per name."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from plugin.core.acts import Act
from plugin.courses.base.work import in_session
from plugin.store import Store
from plugin.store.square_side import Bookmark


def bookmark_of(store: Store, name: str) -> str | None:
    """Return the text stored under this name."""
    with store.reading() as session:
        kept = session.get(Bookmark, name)
        return kept.value if kept else None


def save_bookmark_in(session: Session, act: Act, name: str, value: str) -> None:
    """Store this text under the name, replacing any earlier one."""
    kept = session.get(Bookmark, name)
    if kept is None:
        session.add(Bookmark(name=name, value=value[:200], at=act.now))
        return
    kept.value, kept.at = value[:200], act.now


save_bookmark = in_session(save_bookmark_in)


def drop_bookmark_in(session: Session, name: str) -> None:
    """Delete the text stored under this name."""
    kept = session.get(Bookmark, name)
    if kept is not None:
        session.delete(kept)


@in_session
def take_turn(session: Session, act: Act, name: str, *, every: timedelta) -> bool:
    """Return whether it is this process's turn, and store that it took it: several workers share one rate.

    A turn that was taken less than `every` ago is still taken; one ahead of now was taken by a clock that was wrong.
    """
    row = session.get(Bookmark, name, with_for_update=True)
    since = act.now - datetime.fromisoformat(row.value) if row else None
    if since is not None and timedelta() <= since < every:
        return False
    save_bookmark_in(session, act, name, act.now.isoformat())
    return True
