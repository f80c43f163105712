"""What clients are sent and keep: letters, who declined which, and passes in Google Wallet or Apple Wallet."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from plugin.store.base import Base, Id, Name
from plugin.store.personal import DELETED, EMPTIED, OF_CLIENT


class LetterSetting(Base):
    """A kind of letter of this clinic; without a row it is off. `words`: the clinic's own opening by language."""

    kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    is_on: Mapped[bool]
    words: Mapped[dict[str, Any]]
    changed_at: Mapped[datetime]
    by: Mapped[str] = mapped_column(Name)


class LetterChoice(Base):
    """That a client gets no letters of this kind."""

    client_id: Mapped[str] = mapped_column(Id, ForeignKey("client.id"), primary_key=True, info=OF_CLIENT)
    kind: Mapped[str] = mapped_column(String(20), primary_key=True, info=DELETED)
    declined_at: Mapped[datetime]
    by: Mapped[str] = mapped_column(Name)


class ClientLetter(Base):
    """A letter about a course, and its outcome: one for each occasion, whoever plans it and how often.

    `sending` is committed before the mail server is asked: a worker that ends in between sends none again.
    """

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    course_id: Mapped[str] = mapped_column(Id, ForeignKey("course.id"))
    kind: Mapped[str] = mapped_column(String(20))
    # Such as left:2 or 30:2026-12-31.
    occasion: Mapped[str] = mapped_column(String(40))
    client_id: Mapped[str] = mapped_column(Id, ForeignKey("client.id"), info=OF_CLIENT)
    mail_to: Mapped[str] = mapped_column(String(254), default="", info=EMPTIED)
    state: Mapped[str] = mapped_column(String(20), default="planned")
    # Why it was not sent, or what is uncertain.
    said: Mapped[str] = mapped_column(String(400), default="", info=EMPTIED)
    planned_at: Mapped[datetime]
    done_at: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("course_id", "kind", "occasion"),
        CheckConstraint("state in ('planned', 'sending', 'sent', 'left', 'refused')", name="state"),
        CheckConstraint("(state in ('planned', 'sending')) = (done_at is null)", name="done_together"),
        Index(None, "client_id", "planned_at"),
        Index(None, "planned_at"),
        Index(None, "done_at"),
    )


class WalletPass(Base):
    """A course's pass in one place: an object at Google under the row's own id, or on one device of Apple's.

    `device`: Apple's device library identifier, "" at Google. The row ends when the course changes hands.
    """

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    place: Mapped[str] = mapped_column(String(10))
    course_id: Mapped[str] = mapped_column(Id, ForeignKey("course.id"), index=True)
    client_id: Mapped[str] = mapped_column(Id, ForeignKey("client.id"), index=True, info=OF_CLIENT)
    device: Mapped[str] = mapped_column(String(100), default="", info=DELETED)
    push_token: Mapped[str] = mapped_column(String(200), default="", info=DELETED)
    added_at: Mapped[datetime]
    # When the pass last said something new: what a device asks for is what changed since.
    changed_at: Mapped[datetime]

    __table_args__ = (
        UniqueConstraint("device", "course_id", "client_id", "place"),
        CheckConstraint("place in ('google', 'apple')", name="place"),
        CheckConstraint("(place = 'google') = (device = '')", name="device"),
    )
