"""Events of Square that could not be handled: they are retried, or an attention item is opened."""

from datetime import timedelta

from sqlalchemy.orm import Session

from plugin.core.acts import SQUARE, Act
from plugin.courses.base.attention import open_item
from plugin.courses.base.inbox import InboxEvent, complete_in, retry_later
from plugin.courses.base.work import Work, transact
from plugin.courses.square_health import ABOUT_OUTAGES, outage_mark, settle_in
from plugin.retry_policy import (
    MOST_TRIES,
    OUTAGES,
    TRIES_BEFORE_ASKING,
    Chance,
    error_code,
    error_sentence,
    is_no_fault,
    is_outage,
    is_permanent,
    wait_s,
)
from plugin.services import Services
from plugin.square.connection.row import read_connection
from plugin.square.inbox import order_named, refund_named
from plugin.wording import _

# What a person must repair opens an item at once; the rest may pass by itself.
_ASKED_AT_ONCE = ("square_sign_in", "square_scope")


def set_aside(services: Services, event: InboxEvent, error: Exception, chance: Chance) -> str:
    """Schedule a retry of a failed event, or give it up; return the state: retrying or failed."""
    if is_permanent(error) or (event.attempts >= MOST_TRIES and not is_no_fault(error)):
        _give_up(services, event, error)
        return "failed"
    if is_outage(error):
        _ask_about_outage(services, event, error_code(error))
    elif event.attempts >= TRIES_BEFORE_ASKING:
        _ask_about_event(services, event, error)
    wait = timedelta(seconds=wait_s(event.attempts, chance, is_outage=is_no_fault(error)))
    retry_later(services.store, event.id, due_at=services.clock() + wait, outcome=error_sentence(error))
    return "retrying"


def settle_asked_in(session: Session, act: Act, event: InboxEvent) -> None:
    """Close what was asked about an event that is handled after all, and about the outage it waited for."""
    if event.attempts > TRIES_BEFORE_ASKING:
        # Another worker's call may have ended the outage before it was asked about.
        settle_in(session, act, (f"event:{event.id}", *ABOUT_OUTAGES), _("It was handled after all."))


def _give_up(services: Services, event: InboxEvent, error: Exception) -> None:
    def do(work: Work) -> None:
        _open_item(work, event, _summary(error))
        complete_in(work.session, event.id, state="failed", outcome=error_sentence(error), now=work.now)

    transact(services.store, _act(services, event), do)


def _ask_about_event(services: Services, event: InboxEvent, error: Exception) -> None:
    summary = _summary(error)
    transact(services.store, _act(services, event), lambda work: _open_item(work, event, summary))


def _ask_about_outage(services: Services, event: InboxEvent, code: str) -> None:
    if code not in _ASKED_AT_ONCE and event.attempts < TRIES_BEFORE_ASKING:
        return
    # One item per outage, not one per pending event; it is resolved when Square answers.
    dedupe = outage_mark(code, read_connection(services.store).failing_since, services.clock())
    summary = _("{outages} Events from Square wait until it does.", outages=OUTAGES[code])
    transact(services.store, _act(services, event), lambda work: _open_item(work, event, summary, dedupe))


def _act(services: Services, event: InboxEvent) -> Act:
    return Act(SQUARE, services.clock(), f"inbox:{event.id}")


def _open_item(work: Work, event: InboxEvent, summary: str, dedupe: str = "") -> None:
    """Open the item of one event, or with `dedupe` the one of an outage."""
    about_one = not dedupe
    open_item(
        work,
        kind="failed_event",
        dedupe=dedupe or f"event:{event.id}",
        summary=summary,
        details={"inbox_id": event.id, "event_type": event.event_type},
        square_order_id=order_named(event.body) if about_one else None,
        square_refund_id=(refund_named(event.body)[0] or None) if about_one else None,
    )


def _summary(error: Exception) -> str:
    return _(
        "An event from Square could not be handled. {error_sentence}", error_sentence=error_sentence(error)
    )
