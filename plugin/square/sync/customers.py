"""Sync of Square's customer directory, of sales that wait for a name, and of the balances on profiles."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from plugin.core.acts import SQUARE, Act
from plugin.courses.base.clinic import clinic_in
from plugin.courses.base.inbox import bookmark_of, save_bookmark
from plugin.courses.base.suppression import is_erased
from plugin.courses.base.work import Work
from plugin.courses.clients.buyers import save_directory_in
from plugin.courses.clients.contacts import Buyer, contact_from_square
from plugin.courses.clients.profile_notes import enqueue_ended
from plugin.courses.clients.square_links import was_before
from plugin.courses.sales.assign import sales_without_a_name
from plugin.services import Services
from plugin.square.buyers import MERGE, knows_any, profile_of, read_listed_profile
from plugin.square.client import SquareNotFound
from plugin.square.events.customers import retry_sales_of
from plugin.square.inbox import SWEPT_CUSTOMER, SWEPT_MERGE, receive_synthetic
from plugin.square.parsing import Json, readable, text
from plugin.square.profiles import try_held_profiles
from plugin.square.sync.pages import SyncPage, newest
from plugin.store.people import Client, SquareCustomer

_READ_ONCE = "directory"
_ALIVE_AGAIN = ("UNMERGE_RECOVERY", "DELETION_RECOVERY")


def sync_customers(services: Services, since: datetime) -> Iterator[SyncPage]:
    """Sync the profiles changed since then, the first time all of them; nothing where Square has no directory.

    Deletions do not show this way: they are noticed when the profile is next used.
    """
    is_first = bookmark_of(services.store, _READ_ONCE) is None
    act = Act(SQUARE, services.clock(), "directory")
    try:
        for page in services.square.customers_updated(None if is_first else since):
            people = readable(_with_buyer, page, "customer")
            services.store.transact(
                lambda session: save_directory_in(session, act, [buyer for _, buyer in people])  # noqa: B023 done at once
            )
            yield SyncPage(len(page), _receive_changed(services, people), newest(page))
    except SquareNotFound:
        return
    save_bookmark(services.store, act, _READ_ONCE, "read")


def sync_profiles(services: Services, _since: datetime) -> Iterator[SyncPage]:
    """Write the balances again that time alone has changed, and all of them once Square permits it again."""
    act = Act(SQUARE, services.clock(), "profiles")
    try_held_profiles(services)
    services.store.transact(lambda session: enqueue_ended(Work(session, services.store, act)))
    yield SyncPage(0, [])


def _receive_changed(services: Services, people: Sequence[tuple[Json, Buyer]]) -> list[Json]:
    changed = _changed_of_ours(services, people)
    return [
        {"kind": "customer", "id": buyer.square_customer_id, "what": what}
        for profile, buyer in people
        for event_type, what in _events_about(
            services, profile, buyer, is_changed=buyer.square_customer_id in changed
        )
        if receive_synthetic(
            services, event_type, buyer.square_customer_id, text(profile.get("updated_at"))[:40]
        )
    ]


def _events_about(
    services: Services, profile: Json, buyer: Buyer, *, is_changed: bool
) -> Iterator[tuple[str, str]]:
    """Yield the events that this profile calls for, each with its description."""
    if is_changed or _was_ours(services, profile, buyer):
        yield SWEPT_CUSTOMER, "A customer changed in Square"
    if profile.get("creation_source") == MERGE:
        # Square does not list the merged profiles: the handler fetches them, once for each state of this one.
        yield SWEPT_MERGE, "Customers merged in Square"


def _changed_of_ours(services: Services, people: Sequence[tuple[Json, Buyer]]) -> set[str]:
    """Return the profiles of our clients whose details differ from ours."""
    ids = [buyer.square_customer_id for _, buyer in people]
    with services.store.reading() as session:
        rows = session.execute(
            select(SquareCustomer, Client)
            .join(Client, Client.id == SquareCustomer.client_id)
            .where(SquareCustomer.square_customer_id.in_(ids))
        ).all()
        known = {link.square_customer_id: (link, client) for link, client in rows}
        return {
            buyer.square_customer_id
            for profile, buyer in people
            if buyer.square_customer_id in known
            and _differs(session, profile, buyer, *known[buyer.square_customer_id])
        }


def _differs(session: Session, profile: Json, buyer: Buyer, link: SquareCustomer, client: Client) -> bool:
    if link.is_deleted or (not link.is_current and profile.get("creation_source") in _ALIVE_AGAIN):
        return True
    contact = contact_from_square(
        name=buyer.name, phone=buyer.phone, email=buyer.email, country=clinic_in(session).country
    )
    return (
        (bool(buyer.name) and contact.name != client.name)
        or (contact.phone is not None and contact.phone != client.phone)
        or (contact.email is not None and contact.email != client.email)
    )


def _was_ours(services: Services, profile: Json, buyer: Buyer) -> bool:
    if profile.get("creation_source") != "UNMERGE_RECOVERY" or is_erased(
        services.store, buyer.square_customer_id
    ):
        return False
    if knows_any(services, buyer.square_customer_id):
        return False
    return was_before(services.store, buyer) is not None


def _with_buyer(profile: Json) -> tuple[Json, Buyer]:
    return profile, read_listed_profile(profile)


def sync_nameless(services: Services, _since: datetime) -> Iterator[SyncPage]:
    """Retry sales that wait for a client whose profile has a name by now, whichever event was missed."""
    waiting = sales_without_a_name(services.store)
    named = [one for one in {each for ids in waiting.values() for each in ids} if _has_name(services, one)]
    news = retry_sales_of(services, named, f"{services.clock():%Y%m%d%H}")
    yield SyncPage(
        len(waiting),
        [{"kind": "order", "id": one, "what": "A sale whose client has a name now"} for one in news],
    )


def _has_name(services: Services, customer_id: str) -> bool:
    buyer = profile_of(services, customer_id)
    return buyer is not None and buyer.is_somebody
