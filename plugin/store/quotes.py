"""Quotes: a package at a price that was offered to a client before the sale."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from plugin.store.base import Amount, Base, Id, Name
from plugin.store.personal import DELETED, OF_CLIENT


class Quote(Base):
    """One quote: price and valid day as they were offered, the frozen content (canonical JSON) and its PDF.

    Whether it is open, paid or expired follows from its days, its checkout and the client's courses.
    """

    __tablename__ = "quote"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    # The last part of the address by which the client pays: unguessable, short enough to be typed.
    code: Mapped[str] = mapped_column(String(12), unique=True)
    client_id: Mapped[str] = mapped_column(Id, ForeignKey("client.id"), info=OF_CLIENT)
    package_id: Mapped[str] = mapped_column(Id, ForeignKey("package.id"))
    # The edit of the package that was offered.
    package_version: Mapped[int]
    price: Mapped[int] = mapped_column(Amount)
    currency: Mapped[str] = mapped_column(String(3))
    # What the client would like help with, in their own words.
    concern: Mapped[str] = mapped_column(String(300), info=DELETED)
    valid_until: Mapped[date]
    content: Mapped[str] = mapped_column(Text, info=DELETED)
    pdf: Mapped[bytes] = mapped_column(LargeBinary, info=DELETED)
    pdf_sha256: Mapped[str] = mapped_column(String(64))
    made_at: Mapped[datetime] = mapped_column(index=True)
    by: Mapped[str] = mapped_column(Name)
    withdrawn_at: Mapped[datetime | None]
    # The sale by payment link that was begun from it, the newest.
    checkout_id: Mapped[str | None] = mapped_column(Id, ForeignKey("checkout.id"), unique=True)

    __table_args__ = (
        CheckConstraint("price >= 0", name="price"),
        Index(None, "client_id", "package_id"),
    )
