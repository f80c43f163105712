"""Quotes as the screens, the API and the papers read them; their state is derived."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from sqlalchemy import ScalarSelect, Select, func, select
from sqlalchemy.orm import Session, defer

from invoices.papers import CourseQuote, PaperRefused, from_json
from plugin.core.moments import day_at
from plugin.core.money import Money
from plugin.courses.base.clinic import clinic_in
from plugin.courses.base.course_extras import OF_CHECKOUT
from plugin.courses.base.views import from_row
from plugin.courses.base.work import reading, require_row
from plugin.courses.changes.gifts import LENGTH, LETTERS, written_code
from plugin.courses.clients.clients import living_client_in, with_merged
from plugin.errors import NotFound
from plugin.store import Store
from plugin.store.tables import Checkout, Client, Course, Package, Quote
from plugin.wording import N_

QUOTE_PATH = "/quote/"
NO_QUOTE = N_("There is no such quote.")
_Rows: TypeAlias = "Select[Quote, Package, Client, Checkout, datetime]"


class QuoteState(StrEnum):
    """Open, bought, past its last day, or withdrawn by the clinic."""

    OPEN = "open"
    PAID = "paid"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class QuoteView:
    """A quote. `price`: as offered, tax not included where it is added; `price_now`: of the package today.

    `change`: what has become of the package since: "price", "terms" (contents or terms), "retired", or "" for nothing.
    `checkout_id`: of the sale by payment link that was begun from it, while that is open.
    """

    id: str
    code: str
    client_id: str
    client_name: str
    package_id: str
    package_name: str
    package_version: int
    price: Money
    price_now: Money
    change: str
    concern: str
    valid_until: date
    pdf_sha256: str
    made_at: datetime
    by: str
    withdrawn_at: datetime | None
    state: QuoteState
    checkout_id: str | None

    @property
    def is_open(self) -> bool:
        """Return whether it can be bought, or is being paid."""
        return self.state is QuoteState.OPEN

    @property
    def path(self) -> str:
        """Return the address of its page below the clinic's own."""
        return f"{QUOTE_PATH}{written_code(self.code)}"


def pay_address(public_url: str, code: str) -> str:
    """Return the address by which the client pays the quote of this code, "" without a public one."""
    return f"{public_url.rstrip('/')}{QUOTE_PATH}{written_code(code)}" if public_url else ""


def read_quote(store: Store, quote_id: str, *, now: datetime) -> QuoteView:
    """Return a quote; raises NotFound."""
    with store.reading() as session:
        return view_of(session, require_row(session, Quote, quote_id, NO_QUOTE), now)


def quotes_of_client(store: Store, client_id: str, *, now: datetime) -> tuple[QuoteView, ...]:
    """Return a client's quotes, those of clients merged into them too, newest first."""
    with store.reading() as session:
        theirs = Quote.client_id.in_(with_merged(living_client_in(session, client_id).id))
        return tuple(_views(session, _rows().where(theirs), now))


def quote_of_code(store: Store, typed: str, *, now: datetime) -> QuoteView | None:
    """Return the quote whose code this is, however it is written; None for an unknown one or an erased client's."""
    code = typed.replace("-", "").upper()[: LENGTH + 1]
    if len(code) != LENGTH or any(ch not in LETTERS for ch in code):
        return None
    with store.reading() as session:
        return next(_views(session, _rows().where(Quote.code == code), now), None)


def quote_pdf(store: Store, quote_id: str) -> bytes:
    """Return the paper as it was made; raises NotFound."""
    with store.reading() as session:
        return require_row(session, Quote, quote_id, NO_QUOTE).pdf


@reading
def quotes_of_course(session: Session, course_id: str) -> tuple[str, ...]:
    """Return the ids of the quotes that a course was paid from: one, or none."""
    sold = (
        select(Quote.id)
        .join(Checkout, Checkout.id == Quote.checkout_id)
        .join(Course, OF_CHECKOUT)
        .where(Course.id == course_id)
    )
    return tuple(session.scalars(sold))


def quote_content(store: Store, quote_id: str) -> CourseQuote:
    """Return the frozen content; raises NotFound."""
    with store.reading() as session:
        paper = from_json(require_row(session, Quote, quote_id, NO_QUOTE).content)
    if not isinstance(paper, CourseQuote):
        raise PaperRefused("This is no quote.")
    return paper


def view_of(session: Session, row: Quote, now: datetime) -> QuoteView:
    found = next(_views(session, _rows().where(Quote.id == row.id), now), None)
    if found is None:
        raise NotFound(NO_QUOTE)
    return found


def open_quotes_in(session: Session, client_id: str, package_id: str, now: datetime) -> tuple[QuoteView, ...]:
    theirs = (
        Quote.client_id.in_(with_merged(living_client_in(session, client_id).id)),
        Quote.package_id == package_id,
    )
    return tuple(each for each in _views(session, _rows().where(*theirs), now) if each.is_open)


def states_since_in(
    session: Session, since: datetime, now: datetime
) -> Iterator[tuple[datetime, QuoteState]]:
    """Yield when each quote from that time on was made, and its state."""
    zone = clinic_in(session).zone
    for row, _package, _client, checkout, sold_at in session.execute(_rows().where(Quote.made_at >= since)):
        yield row.made_at, state_of(row, checkout, sold_at, now, zone)


def sold_after_in() -> ScalarSelect[Any]:
    """Return when the client first bought the package after the quote was made, however it was paid."""
    owner = func.coalesce(Client.merged_into, Client.id)
    bought = select(func.min(Course.sold_at)).where(
        Course.client_id == owner,
        Course.package_id == Quote.package_id,
        Course.square_order_id.is_not(None),
        Course.sold_at >= Quote.made_at,
    )
    return bought.correlate(Quote, Client).scalar_subquery()


def state_of(
    row: Quote, checkout: Checkout | None, sold_at: datetime | None, now: datetime, zone: ZoneInfo
) -> QuoteState:
    """Return the state: a sale from the quote's own link counts at any time, another within its days."""
    if checkout is not None and checkout.state == "paid":
        return QuoteState.PAID
    is_before_end = sold_at is not None and (row.withdrawn_at is None or sold_at < row.withdrawn_at)
    if sold_at is not None and is_before_end and day_at(sold_at, zone) <= row.valid_until:
        return QuoteState.PAID
    if row.withdrawn_at is not None:
        return QuoteState.WITHDRAWN
    return QuoteState.EXPIRED if day_at(now, zone) > row.valid_until else QuoteState.OPEN


def _rows() -> _Rows:
    return (
        select(Quote, Package, Client, Checkout, sold_after_in())
        .join(Package, Package.id == Quote.package_id)
        .join(Client, Client.id == Quote.client_id)
        .outerjoin(Checkout, Checkout.id == Quote.checkout_id)
        .options(defer(Quote.pdf), defer(Quote.content))
        .order_by(Quote.made_at.desc(), Quote.id.desc())
    )


def _views(session: Session, which: _Rows, now: datetime) -> Iterator[QuoteView]:
    zone = clinic_in(session).zone
    for row, package, client, checkout, sold_at in session.execute(which):
        living = living_client_in(session, client.id)
        yield from_row(
            QuoteView,
            row,
            client_id=living.id,
            client_name=living.name,
            package_name=package.name,
            price=Money(row.price, row.currency),
            price_now=Money(package.price, package.currency),
            change=_change(row, package),
            state=state_of(row, checkout, sold_at, now, zone),
            checkout_id=checkout.id if checkout is not None and checkout.ended_at is None else None,
        )


def _change(row: Quote, package: Package) -> str:
    if not package.is_active:
        return "retired"
    if (package.price, package.currency) != (row.price, row.currency):
        return "price"
    return "" if package.version == row.package_version else "terms"
