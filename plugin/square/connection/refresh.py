"""Renewing the seller's permission: every 7 days of its 30, an alarm at 8.

The outbox has one worker do it at a time; what a slower one brings back does not count.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from plugin.core.acts import SQUARE, Act
from plugin.courses.base.attention import open_item
from plugin.courses.base.outbox import Job, enqueue
from plugin.courses.base.work import Work
from plugin.courses.square_health import connection_in
from plugin.errors import ConfigurationError, SquareFailed
from plugin.jobs import RunAgain
from plugin.services import Services
from plugin.square.connection.grant import grant_of, save_renewed
from plugin.square.connection.row import ConnectionView, read_connection
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


def enqueue_refresh(services: Services) -> bool:
    """Have the worker renew the permission where that is due; False where it is not, or is owed already."""
    now = services.clock()
    if not is_due(read_connection(services.store), now):
        return False

    def work(session: Session) -> bool:
        # The row is locked: two workers that look at once owe it once.
        connection_in(session)
        waiting = select(Outbox.id).where(Outbox.kind == REFRESH, Outbox.state == "pending")
        if session.scalar(waiting.limit(1)) is not None:
            return False
        enqueue(Work(session, services.store, Act(SQUARE, now, REFRESH)), REFRESH, "connection")
        return True

    return services.store.transact(work)


def refresh(services: Services, _owed: Job) -> str | RunAgain:
    """Renew the permission; raises SquareFailed where Square is away. A lost answer is asked for again."""
    known = read_connection(services.store)
    if known.refresh_token_sealed is None or not is_due(known, services.clock()):
        return "The permission is in order, or gone."
    try:
        renewed = grant_of(_asked(services, known.refresh_token_sealed))
    except ConfigurationError as error:
        return take_refusal(services, known, error.message)
    except SquareFailed as error:
        if not error.permanent and error.code != "square_sign_in":
            raise
        said = "Square does not renew its permission any more. Connect again before it ends."
        return take_refusal(services, known, said)
    act = Act(SQUARE, services.clock(), REFRESH)
    is_kept = save_renewed(services, act, renewed, used=known.refresh_token_sealed)
    return "The permission was renewed." if is_kept else "The permission was changed meanwhile."


def alarm(services: Services) -> None:
    """Tell the people once the permission should have been renewed a day ago and was not."""
    known = read_connection(services.store)
    if known.refreshed_at is None or services.clock() - known.refreshed_at < ALARM_AFTER:
        return
    services.store.transact(lambda session: _tell_in(session, services, known, known.problem))


def _asked(services: Services, sealed: str) -> dict[str, object]:
    return services.square.obtain_token(
        client_id=services.settings.square_application_id,
        client_secret=services.settings.square_application_secret.get_secret_value(),
        grant_type="refresh_token",
        refresh_token=services.vault.open(sealed),
    )


def take_refusal(services: Services, known: ConnectionView, said: str) -> RunAgain | str:
    """Tell the owner, and ask again in an hour: a wrong secret or key may be put right meanwhile."""

    def work(session: Session) -> bool:
        row = connection_in(session)
        if row.refresh_token_sealed != known.refresh_token_sealed:
            # Another worker, or a person, was quicker: its answer counts.
            return False
        row.problem, row.problem_at = said, row.problem_at or services.clock()
        _tell_in(session, services, known, said)
        return True

    return (
        RunAgain(ASK_AGAIN_S, said)
        if services.store.transact(work)
        else "The permission was changed meanwhile."
    )


def _tell_in(session: Session, services: Services, known: ConnectionView, reason: str) -> None:
    ends = f" It ends on {known.expires_at:%Y-%m-%d}." if known.expires_at else ""
    open_item(
        Work(session, services.store, Act(SQUARE, services.clock(), REFRESH)),
        kind="square_connection",
        dedupe=f"square_refresh:{known.refreshed_at:%Y-%m-%dT%H:%M}",
        summary=f"Square's permission could not be renewed.{ends} {reason or 'The owner connects anew under Square.'}",
        details={},
    )
