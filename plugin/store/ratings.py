"""Clients' own ratings: concerns in their words, and a number from 0 to 10 before each visit."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from plugin.store.base import Base, Id
from plugin.store.personal import DELETED, OF_CLIENT


class RatedConcern(Base):
    """A concern that a client rates: a focus area by its name, or their own words. An ended one keeps its ratings."""

    __tablename__ = "rated_concern"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    client_id: Mapped[str] = mapped_column(Id, ForeignKey("client.id"), index=True, info=OF_CLIENT)
    words: Mapped[str] = mapped_column(String(80), info=DELETED)
    chosen_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class OwnRating(Base):
    """A client's rating of a concern on a day; one that was changed on the same day is kept as replaced."""

    __tablename__ = "own_rating"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    concern_id: Mapped[str] = mapped_column(Id, ForeignKey("rated_concern.id", ondelete="CASCADE"))
    client_id: Mapped[str] = mapped_column(Id, ForeignKey("client.id"), info=OF_CLIENT)
    on_day: Mapped[date]
    value: Mapped[int] = mapped_column(info=DELETED)
    rated_at: Mapped[datetime]
    # page: their private page; handed: a device of the clinic in their hands; api.
    source: Mapped[str] = mapped_column(String(10))
    replaced_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint("value between 0 and 10", name="value"),
        CheckConstraint("source in ('page', 'handed', 'api')", name="source"),
        Index(None, "client_id", "on_day"),
        # Of two answers for one day at once, one replaces the other.
        Index(
            "uq_own_rating_day",
            "concern_id",
            "on_day",
            unique=True,
            sqlite_where=text("replaced_at IS NULL"),
            postgresql_where=text("replaced_at IS NULL"),
        ),
    )


class RatingChoice(Base):
    """What a client has decided about their ratings; without a row they are asked, and papers show the line."""

    __tablename__ = "rating_choice"

    client_id: Mapped[str] = mapped_column(Id, ForeignKey("client.id"), primary_key=True, info=OF_CLIENT)
    is_declined: Mapped[bool] = mapped_column(info=DELETED)
    is_on_papers: Mapped[bool]
    changed_at: Mapped[datetime]
