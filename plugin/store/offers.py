"""The clinic, its treatments and packages, their names in other languages, and the Square variations that sell them."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint, false, true
from sqlalchemy.orm import Mapped, mapped_column

from plugin.store.base import Amount, Base, Id, Name, SquareId


class Clinic(Base):
    """The one clinic of this database, with the letterhead of its papers."""

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(Name)
    address: Mapped[str] = mapped_column(String(400), default="")
    phone: Mapped[str] = mapped_column(String(40), default="")
    email: Mapped[str] = mapped_column(String(254), default="")
    website: Mapped[str] = mapped_column(String(254), default="")
    country: Mapped[str] = mapped_column(String(2), default="US")
    time_zone: Mapped[str] = mapped_column(String(64), default="UTC")
    currency: Mapped[str] = mapped_column(String(3), default="USD")
    language: Mapped[str] = mapped_column(String(16), default="en")
    accent: Mapped[str] = mapped_column(String(7), default="#0F6B5C")
    page_size: Mapped[str] = mapped_column(String(10), default="letter")
    square_location_id: Mapped[str | None] = mapped_column(SquareId)
    # Whether each client's balance is written on their Square profile.
    has_square_notes: Mapped[bool] = mapped_column(default=True, server_default=true())
    # What invoices require beside the name: the seller and their tax number.
    legal_name: Mapped[str] = mapped_column(Name, default="", server_default="")
    tax_id: Mapped[str] = mapped_column(String(40), default="", server_default="")
    logo_sha256: Mapped[str | None] = mapped_column(String(64), ForeignKey("logo.sha256"))
    # Whether invoices embed their XML (Factur-X).
    has_e_invoices: Mapped[bool] = mapped_column(default=False, server_default=false())
    # Whether the summary after the last session names the price of another course.
    offers_next_course: Mapped[bool] = mapped_column(default=False, server_default=false())
    # Gift vouchers: "fold" on one sheet, or "pages". The address on letters: "plain", or "window" of an envelope.
    voucher_form: Mapped[str] = mapped_column(String(10), default="fold", server_default="fold")
    address_place: Mapped[str] = mapped_column(String(10), default="plain", server_default="plain")
    # How to find the clinic: the address of a map, where to park, which entrance.
    map_url: Mapped[str] = mapped_column(String(254), default="", server_default="")
    parking: Mapped[str] = mapped_column(Name, default="", server_default="")
    entrance: Mapped[str] = mapped_column(Name, default="", server_default="")
    # Whether clients get their papers by e-mail after each visit.
    sends_papers: Mapped[bool] = mapped_column(default=True, server_default=true())

    __table_args__ = (CheckConstraint("id = 1", name="one_clinic"),)


class Hours(Base):
    """The opening hours: one row, apart from the clinic's, which may not be named yet.

    `week`: for each day from Monday, the pairs of minutes since midnight between which it is open. `closed`:
    pairs of the first and the last day of each closure.
    """

    __tablename__ = "opening_hours"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    week: Mapped[list[Any]]
    closed: Mapped[list[Any]]
    changed_at: Mapped[datetime]

    __table_args__ = (CheckConstraint("id = 1", name="one_week"),)


class Treatment(Base):
    """The treatment of one visit, with its single-visit price."""

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(Name, unique=True)
    kind: Mapped[str] = mapped_column(String(20))
    single_price: Mapped[int] = mapped_column(Amount)
    currency: Mapped[str] = mapped_column(String(3))
    # The suggested days between visits; None: no suggestion.
    suggested_days: Mapped[int | None]
    # The service (a variation) that planned visits are booked as in Square Appointments.
    square_service_id: Mapped[str | None] = mapped_column(SquareId)

    __table_args__ = (
        CheckConstraint("kind in ('main', 'touch_up', 'add_on')", name="kind"),
        CheckConstraint("single_price >= 0", name="single_price"),
        CheckConstraint("suggested_days between 1 and 365", name="suggested_days"),
    )


class Package(Base):
    """A package for sale. A course copies all of it when sold; `version` rises with each edit."""

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(Name)
    version: Mapped[int] = mapped_column(default=1)
    price: Mapped[int] = mapped_column(Amount)
    currency: Mapped[str] = mapped_column(String(3))
    terms: Mapped[dict[str, Any]]
    is_active: Mapped[bool] = mapped_column(default=True)
    # Whether the public page offers it, where that is on.
    is_public: Mapped[bool] = mapped_column(default=True, server_default=true())
    created_at: Mapped[datetime]

    __table_args__ = (CheckConstraint("price >= 0", name="price"),)


class PackageContent(Base):
    """A number of sessions of one treatment in a package."""

    package_id: Mapped[str] = mapped_column(Id, ForeignKey("package.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    treatment_id: Mapped[str] = mapped_column(Id, ForeignKey("treatment.id"))
    sessions: Mapped[int]
    single_price: Mapped[int] = mapped_column(Amount)
    # Touch-ups unlock when this many main sessions have been used; None: from the start.
    usable_from_session: Mapped[int | None]

    __table_args__ = (
        CheckConstraint("sessions between 1 and 999", name="sessions"),
        CheckConstraint("single_price >= 0", name="single_price"),
        UniqueConstraint("package_id", "treatment_id"),
    )


class Listing(Base):
    """A Square catalog variation that sells a package. Never deleted: late sales of it still count."""

    square_variation_id: Mapped[str] = mapped_column(SquareId, primary_key=True)
    square_item_id: Mapped[str | None] = mapped_column(SquareId)
    package_id: Mapped[str] = mapped_column(Id, ForeignKey("package.id"), index=True)
    square_version: Mapped[int | None] = mapped_column(Amount)
    is_current: Mapped[bool] = mapped_column(default=True)
    listed_at: Mapped[datetime]
    # The values last agreed on with Square: by publishing, by linking, or by a person's decision.
    agreed_name: Mapped[str | None] = mapped_column(Name)
    agreed_price: Mapped[int | None] = mapped_column(Amount)
    agreed_item_name: Mapped[str | None] = mapped_column(Name)
    # What Square's catalog showed when last read: it is compared, never adopted.
    seen_name: Mapped[str | None] = mapped_column(Name)
    seen_item_name: Mapped[str | None] = mapped_column(Name)
    seen_price: Mapped[int | None] = mapped_column(Amount)
    seen_currency: Mapped[str | None] = mapped_column(String(3))
    seen_at: Mapped[datetime | None]
    is_deleted: Mapped[bool] = mapped_column(default=False, server_default=false())


class IgnoredItem(Base):
    """A Square variation that looks like a package but was dismissed by a person."""

    square_variation_id: Mapped[str] = mapped_column(SquareId, primary_key=True)
    name: Mapped[str] = mapped_column(Name)
    ignored_at: Mapped[datetime]
    by: Mapped[str] = mapped_column(Name)


class NameTranslation(Base):
    """A name of the clinic's in another language: of a package, a treatment, a focus area or an add-on.

    By the name itself, as in a gettext catalog: a course sold under an older name keeps that name's translation.
    """

    name: Mapped[str] = mapped_column(Name, primary_key=True)
    language: Mapped[str] = mapped_column(String(16), primary_key=True)
    text: Mapped[str] = mapped_column(Name)
