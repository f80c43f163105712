"""What a client is offered before a sale: course agreements with their signatures, and quotes."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from plugin.store.base import DELETED, OF_CHECKOUT, OF_CLIENT, RETAINED, Amount, Base, Id, Name


class Agreement(Base):
    """The terms of a package as shown to a client: frozen content (canonical JSON) and its PDF with the SHA-256."""

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    client_id: Mapped[str] = mapped_column(Id, ForeignKey("client.id"), info=OF_CLIENT)
    package_id: Mapped[str] = mapped_column(Id, ForeignKey("package.id"))
    # The edit of the package that it states: a later one needs another agreement.
    package_version: Mapped[int]
    language: Mapped[str] = mapped_column(String(16))
    # How the sale is made; some periods to change one's mind are for distance sales alone.
    channel: Mapped[str] = mapped_column(String(10))
    # The key of the period that it states (plugin/core/change_of_mind.py), "none" without one.
    change_of_mind: Mapped[str] = mapped_column(String(20))
    content: Mapped[str] = mapped_column(Text, info=RETAINED)
    # Of the content without its day: the same terms on another day are the same.
    terms_sha256: Mapped[str] = mapped_column(String(64))
    pdf: Mapped[bytes] = mapped_column(LargeBinary, info=RETAINED)
    pdf_sha256: Mapped[str] = mapped_column(String(64))
    made_at: Mapped[datetime] = mapped_column(index=True)
    by: Mapped[str] = mapped_column(Name)

    __table_args__ = (
        CheckConstraint("channel in ('clinic', 'distance')", name="channel"),
        Index(None, "client_id", "package_id"),
    )


class AgreementSignature(Base):
    """The signature of an agreement, bound to the PDF that was shown by its SHA-256, and the signed copy."""

    agreement_id: Mapped[str] = mapped_column(Id, ForeignKey("agreement.id"), primary_key=True)
    client_id: Mapped[str] = mapped_column(Id, ForeignKey("client.id"), index=True, info=OF_CLIENT)
    way: Mapped[str] = mapped_column(String(10))
    name: Mapped[str] = mapped_column(Name, info=RETAINED)
    # A drawn signature as SVG path data in a box of 600 by 200, "" for another.
    path: Mapped[str] = mapped_column(Text, default="", info=RETAINED)
    # Who of the clinic was there, "" for a client alone.
    present: Mapped[str] = mapped_column(Name, default="")
    shown_sha256: Mapped[str] = mapped_column(String(64))
    signed_at: Mapped[datetime] = mapped_column(index=True)
    pdf: Mapped[bytes] = mapped_column(LargeBinary, info=RETAINED)
    pdf_sha256: Mapped[str] = mapped_column(String(64))

    __table_args__ = (CheckConstraint("way in ('drawn', 'typed', 'paper')", name="way"),)


class AgreementOrder(Base):
    """A signed agreement that was ticked on the public page, and the order that was paid under it."""

    agreement_id: Mapped[str] = mapped_column(
        Id, ForeignKey("agreement_signature.agreement_id"), primary_key=True
    )
    order_id: Mapped[str] = mapped_column(Id, ForeignKey("public_order.id"), unique=True)
    client_id: Mapped[str] = mapped_column(Id, ForeignKey("client.id"), info=OF_CLIENT)


class AgreementSale(Base):
    """A sale begun at the desk under a signed agreement; one that was canceled leaves it to the next."""

    checkout_id: Mapped[str] = mapped_column(
        Id, ForeignKey("checkout.id"), primary_key=True, info=OF_CHECKOUT
    )
    agreement_id: Mapped[str] = mapped_column(Id, ForeignKey("agreement_signature.agreement_id"), index=True)


class Quote(Base):
    """One quote: price and valid day as they were offered, the frozen content (canonical JSON) and its PDF.

    Whether it is open, paid or expired follows from its days, its checkout and the client's courses.
    """

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
