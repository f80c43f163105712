"""Renewing the seller's permission: every 7 days of its 30, an alarm at 8.

The outbox has one worker do it at a time; what a slower one brings back does not count.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from plugin.core.acts import SQUARE, Act
from plugin.courses.queues.attention import open_item_in
from plugin.courses.queues.outbox import Owed, owe_in
from plugin.courses.queues.square_state import connection_in
from plugin.errors import ConfigurationError, SquareFailed
from plugin.house import House
from plugin.square.connection.grant import grant_of, keep_renewed
from plugin.square.connection.row import ConnectionView, read_connection
from plugin.square.errand import Later
from plugin.store.queues import Outbox

REFRESH = "refresh_token"
RENEW_AFTER = timedelta(days=7)
ALARM_AFTER = timedelta(days=8)
# A token that lives shorter than Square's thirty days.
LAST_DAY = timedelta(days=1)
ASK_AGAIN_S = 3600.0


def is_due(known: ConnectionView, now: datetime) -> bool:
    """Say whether the permission should be renewed now."""
    if known.refresh_token_sealed is None or known.refreshed_at is None:
        return False
    ends_soon = known.expires_at is not None and known.expires_at - now <= LAST_DAY
    return ends_soon or now - known.refreshed_at >= RENEW_AFTER


def owe_refresh(house: House) -> bool:
    """Have the worker renew the permission where that is due; False where it is not, or is owed already."""
    now = house.clock()
    if not is_due(read_connection(house.store), now):
        return False

    def work(session: Session) -> bool:
        # The row is locked: two workers that look at once owe it once.
        connection_in(session)
        waiting = select(Outbox.id).where(Outbox.kind == REFRESH, Outbox.state == "pending")
        if session.scalar(waiting.limit(1)) is not None:
            return False
        owe_in(session, house.store, Act(SQUARE, now, REFRESH), REFRESH, "connection")
        return True

    return house.store.transact(work)


def refresh(house: House, _owed: Owed) -> str | Later:
    """Renew the permission; raises SquareFailed where Square is away. A lost answer is asked for again."""
    known = read_connection(house.store)
    if known.refresh_token_sealed is None or not is_due(known, house.clock()):
        return "The permission is in order, or gone."
    try:
        renewed = grant_of(_asked(house, known.refresh_token_sealed))
    except ConfigurationError as error:
        return take_refusal(house, known, error.message)
    except SquareFailed as error:
        if not error.permanent and error.code != "square_sign_in":
            raise
        said = "Square does not renew its permission any more. Connect again before it ends."
        return take_refusal(house, known, said)
    act = Act(SQUARE, house.clock(), REFRESH)
    is_kept = keep_renewed(house, act, renewed, used=known.refresh_token_sealed)
    return "The permission was renewed." if is_kept else "The permission was changed meanwhile."


def alarm(house: House) -> None:
    """Tell the people once the permission should have been renewed a day ago and was not."""
    known = read_connection(house.store)
    if known.refreshed_at is None or house.clock() - known.refreshed_at < ALARM_AFTER:
        return
    house.store.transact(lambda session: _tell_in(session, house, known, known.problem))


def _asked(house: House, sealed: str) -> dict[str, object]:
    return house.square.obtain_token(
        client_id=house.settings.square_application_id,
        client_secret=house.settings.square_application_secret.get_secret_value(),
        grant_type="refresh_token",
        refresh_token=house.vault.open(sealed),
    )


def take_refusal(house: House, known: ConnectionView, said: str) -> Later | str:
    """Tell the owner, and ask again in an hour: a wrong secret or key may be put right meanwhile."""

    def work(session: Session) -> bool:
        row = connection_in(session)
        if row.refresh_token_sealed != known.refresh_token_sealed:
            # Another worker, or a person, was quicker: its answer counts.
            return False
        row.problem, row.problem_at = said, row.problem_at or house.clock()
        _tell_in(session, house, known, said)
        return True

    return Later(ASK_AGAIN_S, said) if house.store.transact(work) else "The permission was changed meanwhile."


def _tell_in(session: Session, house: House, known: ConnectionView, reason: str) -> None:
    ends = f" It ends on {known.expires_at:%Y-%m-%d}." if known.expires_at else ""
    open_item_in(
        session,
        house.store,
        Act(SQUARE, house.clock(), REFRESH),
        kind="square_connection",
        dedupe=f"square_refresh:{known.refreshed_at:%Y-%m-%dT%H:%M}",
        summary=f"Square's permission could not be renewed.{ends} {reason or 'The owner connects anew under Square.'}",
        details={},
    )
