"""Passes in Apple Wallet and Google Wallet by month: asked for, added, updated, removed (docs/reports.md)."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from plugin.courses.base.activity import Did
from plugin.courses.base.columns import Column, Columns, Kind
from plugin.courses.base.work import reading
from plugin.courses.clients.wallet_passes import APPLE, GOOGLE, UPDATE, UPDATED
from plugin.courses.reports.period import Period, by_month
from plugin.store import Store
from plugin.store.tables import Activity, Outbox, WalletPass
from plugin.wording import _

_RECORDED = (Did.WALLET_ASKED, Did.WALLET_ADDED, Did.WALLET_REMOVED)


@dataclass(frozen=True, slots=True)
class PassMonth:
    """What became of passes in a month. `made`: courses whose pass a client asked for; `added`: to a device or account.

    `updated`: updates that Apple or Google took, as far as finished jobs are kept.
    """

    month: Period
    made: int
    added: int
    updated: int
    removed: int


def passes_by_month(store: Store, now: datetime) -> tuple[PassMonth, ...]:
    """Return the last twelve months, this one included, oldest first."""
    with store.reading() as session:
        found = by_month(session, now, lambda since: [*_recorded(session, since), *_updates(session, since)])
    return tuple(_month(month, Counter(kinds)) for month, kinds in found.items())


@reading
def passes_now(session: Session) -> Mapping[str, int]:
    """Return how many passes are kept now, by place."""
    places = select(WalletPass.place, func.count()).group_by(WalletPass.place)
    return dict.fromkeys((APPLE, GOOGLE), 0) | dict(session.execute(places).all())


def _recorded(session: Session, since: datetime) -> list[tuple[datetime, str]]:
    acts = select(Activity.at, Activity.kind).where(Activity.at >= since, Activity.kind.in_(_RECORDED))
    return [(at, kind) for at, kind in session.execute(acts)]


def _updates(session: Session, since: datetime) -> list[tuple[datetime, str]]:
    of_place = [(Outbox.kind == UPDATE[each]) & (Outbox.outcome == UPDATED[each]) for each in (APPLE, GOOGLE)]
    done = select(Outbox.done_at).where(Outbox.state == "done", Outbox.done_at >= since, or_(*of_place))
    return [(at, "updated") for at in session.scalars(done) if at is not None]


def _month(month: Period, by: Counter[str]) -> PassMonth:
    made, added, removed = (by[each] for each in _RECORDED)
    return PassMonth(month, made, added, by["updated"], removed)


PASSES: Columns[PassMonth] = (
    Column(_("Month"), lambda row: row.month.key, Kind.MONTH),
    Column(_("Asked for"), lambda row: row.made),
    Column(_("Added"), lambda row: row.added),
    Column(_("Updates"), lambda row: row.updated),
    Column(_("Removed"), lambda row: row.removed),
)
