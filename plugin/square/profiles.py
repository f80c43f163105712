"""The balance on the client's Square profile: a custom attribute, written once per change, removed after an erasure.

Square does not document what a merge does to such an attribute, so it is written again on the remaining profile.
"""

import hashlib
from contextlib import suppress

from sqlalchemy.orm import Session

from plugin.core.acts import SQUARE, Act
from plugin.core.moments import day_at
from plugin.courses.base.attention import open_item, settle_item_in
from plugin.courses.base.clinic import read_clinic
from plugin.courses.base.inbox import bookmark_of, drop_bookmark_in, save_bookmark, save_bookmark_in
from plugin.courses.base.outbox import PROFILE, Job, last_job_subject
from plugin.courses.base.work import Work
from plugin.courses.clients import profile_notes
from plugin.courses.clients.clients import read_client
from plugin.errors import NotYet, SquareFailed
from plugin.jobs import Done, RunAgain
from plugin.services import Services
from plugin.square.client import SquareNotFound
from plugin.square.customers import current_profile
from plugin.square.parsing import text
from plugin.store.queues import Outbox
from plugin.wording import _

ATTRIBUTE = "coursekeeper_balance"
DEFINITION = {
    "key": ATTRIBUTE,
    "name": "Prepaid sessions",
    "description": "What is left of the client’s courses. Kept up to date by Coursekeeper.",
    "visibility": "VISIBILITY_READ_ONLY",
    "schema": {
        "$ref": "https://developer-production-s.squarecdn.com/schemas/v1/common.json#squareup.common.String"
    },
}
# Bookmarks: that the attribute is defined in Square, and why writing is paused.
DEFINED = "profile_attribute"
HELD = "profiles_held"
_NO_SCOPE = (
    "Balances are not shown on Square profiles: Coursekeeper may not write to Square’s customer directory."
    " The owner can permit it by connecting again."
)
_NO_ATTRIBUTES = "This Square has no custom attributes on customers; balances stay in Coursekeeper."


def write_profile(services: Services, job: Job) -> str | Done:
    """Update the balance on one client's profile; return the outcome."""
    if bookmark_of(services.store, HELD) is not None:
        return "Balances are not written on Square profiles at present."
    return _update(services, job)


def try_held_profiles(services: Services) -> bool:
    """Try one profile again after Square had refused; where it accepts it now, enqueue all of them."""
    if bookmark_of(services.store, HELD) is None:
        return False
    act = Act(SQUARE, services.clock(), f"{HELD}:{services.clock().isoformat()}")
    try:
        if not _is_defined(services):
            return False
        _write_one(services, act)
    except SquareFailed as error:
        if error.code != "square_scope":
            raise
        return False
    services.store.transact(lambda session: _release_in(session, services, act))
    return True


def _write_one(services: Services, act: Act) -> None:
    client_id = last_job_subject(services.store, PROFILE)
    wanted = _wanted(services, client_id) if client_id is not None else None
    if client_id is not None and wanted is not None:
        outcome = _written(services, act, client_id, wanted)
        if isinstance(outcome, Done):
            services.store.transact(outcome.write)


def _wanted(services: Services, client_id: str) -> str | None:
    today = day_at(services.clock(), read_clinic(services.store).zone)
    return profile_notes.wanted_text(services.store, client_id, today=today)


def _update(services: Services, job: Job) -> str | Done:
    client = read_client(services.store, job.subject)
    if client.id != job.subject:
        return _remove_after_merge(services, job.subject, client.square_customer_id)
    wanted = _wanted(services, client.id)
    written = profile_notes.written_note(services.store, client.id)
    if wanted is None and written is None:
        return "No balance due on the profile."
    if wanted is not None and written == (wanted, client.square_customer_id):
        return "The profile is up to date."
    act = job.act(SQUARE, services.clock())
    try:
        return _written(services, act, client.id, wanted)
    except SquareFailed as error:
        if error.code != "square_scope":
            raise
        return _hold(services, act, error.code)


def _remove_after_merge(services: Services, client_id: str, current_id: str | None) -> Done:
    """Remove the balance from the profile of a client who was merged into another, who has their own."""
    written = profile_notes.written_note(services.store, client_id)
    if written is None or written[1] == current_id:
        return _done("Their balance is on the profile of the client they were merged into.", client_id)
    return _removed(services, client_id, written[1])


def _written(services: Services, act: Act, client_id: str, wanted: str | None) -> str | Done:
    profile = current_profile(services, act, read_client(services.store, client_id))
    if profile is None:
        return _done("The client is not in Square’s directory.", client_id)
    customer_id = profile.square_customer_id
    # A merge followed a moment ago may have merged two of our clients.
    keeper = read_client(services.store, client_id).id
    if wanted is None:
        return _removed(services, client_id, customer_id)
    if keeper != client_id:
        return "The client was merged into another, whose profile has its own job."
    if not _is_defined(services):
        return _hold(services, act, "square_not_found")
    _set(services, act, customer_id, wanted)
    return Done(
        "Balance written on the profile.",
        lambda session: profile_notes.save_note_in(session, act, client_id, wanted, customer_id),
    )


def _set(services: Services, act: Act, customer_id: str, wanted: str) -> None:
    key = hashlib.sha256(f"{act.key}:{customer_id}:{wanted}".encode()).hexdigest()[:40]
    try:
        services.square.set_customer_attribute(key, customer_id, ATTRIBUTE, wanted)
    except SquareNotFound:
        # The profile existed a moment ago, so it is the definition that was deleted.
        services.store.transact(lambda session: drop_bookmark_in(session, DEFINED))
        raise NotYet(
            _("The attribute is not, or no longer, defined in Square; it is defined again.")
        ) from None


def _removed(services: Services, client_id: str, customer_id: str) -> Done:
    with suppress(SquareNotFound):
        services.square.delete_customer_attribute(customer_id, ATTRIBUTE)
    return _done("Balance removed from the profile.", client_id)


def _done(says: str, client_id: str) -> Done:
    """Return an outcome after which nothing is on the client's profile."""
    return Done(says, lambda session: profile_notes.drop_note_in(session, client_id))


def _is_defined(services: Services) -> bool:
    """Define the attribute where it is not; False for a Square without custom attributes."""
    if bookmark_of(services.store, DEFINED) is not None:
        return True
    try:
        services.square.customer_attribute_definition(ATTRIBUTE)
    except SquareNotFound:
        try:
            services.square.define_customer_attribute(
                f"{ATTRIBUTE}-{services.clock():%Y%m%d%H%M}", DEFINITION
            )
        except SquareNotFound:
            return False
    act = Act(SQUARE, services.clock(), DEFINED)
    save_bookmark(services.store, act, DEFINED, ATTRIBUTE)
    return True


def _hold(services: Services, act: Act, why: str) -> str:
    """Pause writing until Square permits it; one attention item, not one for each client."""

    def work(session: Session) -> None:
        save_bookmark_in(session, act, HELD, why)
        if why == "square_scope":
            open_item(
                Work(session, services.store, act),
                kind="profiles_held",
                dedupe=HELD,
                summary=_NO_SCOPE,
                details={},
            )

    services.store.transact(work)
    return _NO_SCOPE if why == "square_scope" else _NO_ATTRIBUTES


def _release_in(session: Session, services: Services, act: Act) -> None:
    drop_bookmark_in(session, HELD)
    settle_item_in(session, act, HELD, "Square permits it now; the balances are being written.")
    profile_notes.enqueue_all(Work(session, services.store, act))


_BUSY_S = 30.0


def leave_profile(services: Services, job: Job) -> str:
    """Remove the balance from a Square profile, then delete its id."""
    customer_id = text(job.payload.get("square_customer_id"))
    if customer_id:
        with suppress(SquareNotFound):
            services.square.delete_customer_attribute(customer_id, ATTRIBUTE)

    def forget(session: Session) -> None:
        session.get_one(Outbox, job.id).payload = {}

    services.store.transact(forget)
    return "Balance removed from the profile."


def compact(services: Services, _job: Job) -> str | RunAgain:
    """Rewrite the database's file without what was erased."""
    if services.store.compact():
        return "Database file rewritten without what was erased."
    return RunAgain(_BUSY_S, "The database is busy; its file is rewritten a little later.")
