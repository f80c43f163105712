"""Passes that clients keep in Google Wallet or Apple Wallet, and are brought up to date there."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from plugin.store.base import Base, Id
from plugin.store.personal import DELETED, OF_CLIENT


class WalletPass(Base):
    """A course's pass in one place: an object at Google under the row's own id, or on one device of Apple's.

    `device`: Apple's device library identifier, "" at Google. The row ends when the course changes hands.
    """

    __tablename__ = "wallet_pass"

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
