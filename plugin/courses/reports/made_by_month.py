"""Quotes, course agreements and public orders by the month in which they were made, and what became of them.

What each figure means: docs/reports.md.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from plugin.courses.base.columns import Column, Columns, Kind, Share
from plugin.courses.quotes.views import QuoteState, states_since_in
from plugin.courses.reports.period import Period, by_month
from plugin.courses.sales.agreed import is_sold_under
from plugin.store import Store
from plugin.store.agreements import Agreement, AgreementSignature
from plugin.store.selling import PublicOrder
from plugin.wording import _


@dataclass(frozen=True, slots=True)
class QuotedMonth:
    """The quotes made in a month; `sold`: those that became a sale, whenever."""

    month: Period
    made: int
    sold: int
    open: int
    expired: int
    withdrawn: int


@dataclass(frozen=True, slots=True)
class AgreedMonth:
    """The agreements made in a month: `signed` whenever, by each way, and `sold` those under which a sale was begun
    or rung up."""

    month: Period
    made: int
    signed: int
    drawn: int
    typed: int
    paper: int
    sold: int


@dataclass(frozen=True, slots=True)
class OrderedMonth:
    """The orders begun on the public page in a month: `paid` whenever, `open` with a link that can still be paid.

    `failed`: Square made no link. Orders that were never paid are deleted after `RETENTION_DAYS`.
    """

    month: Period
    made: int
    paid: int
    open: int
    failed: int


def quotes_by_month(store: Store, now: datetime) -> tuple[QuotedMonth, ...]:
    """Return the last twelve months, this one included, oldest first."""
    with store.reading() as session:
        found = by_month(session, now, lambda since: states_since_in(session, since, now))
    return tuple(_quoted(month, Counter(states)) for month, states in found.items())


def agreements_by_month(store: Store, now: datetime) -> tuple[AgreedMonth, ...]:
    """Return the last twelve months, this one included, oldest first."""
    with store.reading() as session:
        found = by_month(session, now, lambda since: _made_since(session, since))
    return tuple(_agreed(month, made) for month, made in found.items())


def orders_by_month(store: Store, now: datetime) -> tuple[OrderedMonth, ...]:
    """Return the last twelve months, this one included, oldest first."""
    with store.reading() as session:
        found = by_month(session, now, lambda since: _ordered_since(session, since))
    return tuple(_ordered(month, Counter(states)) for month, states in found.items())


def _ordered_since(session: Session, since: datetime) -> Iterator[tuple[datetime, str]]:
    of = PublicOrder
    rows = session.execute(select(of.begun_at, of.state).where(of.begun_at >= since))
    return ((begun_at, state) for begun_at, state in rows)


def _ordered(month: Period, by: Counter[str]) -> OrderedMonth:
    return OrderedMonth(month, by.total(), by["paid"], by["asking"] + by["waiting"], by["failed"])


def _made_since(session: Session, since: datetime) -> Iterator[tuple[datetime, tuple[str | None, bool]]]:
    rows = session.execute(
        select(Agreement.made_at, AgreementSignature.way, is_sold_under())
        .outerjoin(AgreementSignature, AgreementSignature.agreement_id == Agreement.id)
        .where(Agreement.made_at >= since)
    )
    return ((made_at, (way, sold)) for made_at, way, sold in rows)


def _quoted(month: Period, by: Counter[QuoteState]) -> QuotedMonth:
    return QuotedMonth(
        month,
        by.total(),
        by[QuoteState.PAID],
        by[QuoteState.OPEN],
        by[QuoteState.EXPIRED],
        by[QuoteState.WITHDRAWN],
    )


def _agreed(month: Period, rows: Sequence[tuple[str | None, bool]]) -> AgreedMonth:
    ways = [way for way, _sold in rows if way is not None]
    by = {name: ways.count(name) for name in ("drawn", "typed", "paper")}
    return AgreedMonth(month, len(rows), len(ways), **by, sold=sum(sold for _way, sold in rows))


QUOTED: Columns[QuotedMonth] = (
    Column(_("Month"), lambda row: row.month.key, Kind.MONTH),
    Column(_("Made"), lambda row: row.made),
    Column(_("Became a sale"), lambda row: Share(row.sold, row.made), Kind.SHARE, file="Sold"),
    Column(_("Open"), lambda row: row.open),
    Column(_("Expired"), lambda row: row.expired),
    Column(_("Withdrawn"), lambda row: row.withdrawn),
)
AGREED: Columns[AgreedMonth] = (
    Column(_("Month"), lambda row: row.month.key, Kind.MONTH),
    Column(_("Made"), lambda row: row.made),
    Column(_("Signed"), lambda row: Share(row.signed, row.made), Kind.SHARE),
    Column(_("Drawn"), lambda row: row.drawn),
    Column(_("Typed"), lambda row: row.typed),
    Column(_("On paper"), lambda row: row.paper),
    Column(_("Sale begun"), lambda row: Share(row.sold, row.made), Kind.SHARE),
)
ORDERED: Columns[OrderedMonth] = (
    Column(_("Month"), lambda row: row.month.key, Kind.MONTH),
    Column(_("Orders"), lambda row: row.made),
    Column(_("Paid"), lambda row: Share(row.paid, row.made), Kind.SHARE),
    Column(_("Not paid yet"), lambda row: row.open),
    Column(_("Failed"), lambda row: row.failed),
)
