"""How far we have read in something of Square's, and what we know of it by now: one short text under a name."""

from __future__ import annotations

from sqlalchemy.orm import Session

from plugin.core.acts import Act
from plugin.store import Store
from plugin.store.square_side import Bookmark


def bookmark_of(store: Store, name: str) -> str | None:
    """Return what is kept under this name."""
    with store.reading() as session:
        kept = session.get(Bookmark, name)
        return kept.value if kept else None


def save_bookmark_in(session: Session, act: Act, name: str, value: str) -> None:
    """Keep this under the name, in place of what was there."""
    kept = session.get(Bookmark, name)
    if kept is None:
        session.add(Bookmark(name=name, value=value[:200], at=act.now))
        return
    kept.value, kept.at = value[:200], act.now


def drop_bookmark_in(session: Session, name: str) -> None:
    """Keep nothing under this name."""
    kept = session.get(Bookmark, name)
    if kept is not None:
        session.delete(kept)
