"""Square customers as clients: found or created on their first sale, followed through merges, added by one tap."""

from collections.abc import Sequence

from sqlalchemy import String, bindparam, case, select, update
from sqlalchemy.orm import Session

from plugin.core.acts import Act, Role
from plugin.core.text import clean, folded
from plugin.courses.base.clinic import clinic_in
from plugin.courses.base.outbox import profile_changed
from plugin.courses.base.suppression import erased_in, welcome_back_in
from plugin.courses.base.views import ClientView
from plugin.courses.base.work import Work, allowed, require_row
from plugin.courses.clients import clients
from plugin.courses.clients.clients import LONGEST_SEARCH, client_in, words_in
from plugin.courses.clients.contacts import Buyer, Contact, contact_from_square
from plugin.courses.clients.duplicates import ask_about_duplicates
from plugin.courses.clients.merge_core import join_clients
from plugin.courses.clients.profile_notes import fields_on_their_way_in
from plugin.courses.clients.square_links import (
    add_link_in,
    contact_of_buyer,
    gone_from_square_in,
    link_in,
    living_links_in,
)
from plugin.store import Store
from plugin.store.database import write
from plugin.store.people import Client, SquareCustomer
from plugin.store.prepared import Prepared, prepared_insert
from plugin.store.tables import METADATA, SquarePerson
from plugin.wording import _


def client_for_buyer(work: Work, buyer: Buyer) -> str:
    """Return the client of this Square customer, created if there is none."""
    names = _names(buyer)
    for gone in buyer.gone_ids:
        gone_from_square_in(work.session, gone)
    if len(names) > 1 and len({_known_id(work.session, [name]) for name in names} - {None}) > 1:
        # One profile known as two clients: Square has merged them, and the event of the merge has not arrived
        # yet.
        merge_square_customers(work, from_ids=names, into=buyer)
    known_id = _known_id(work.session, names)
    if known_id is not None:
        _link_all(work.session, work.act, buyer, known_id)
        _keep_address(work.session, buyer)
        return known_id
    client_id = _client_without_link(work, buyer)
    for name in names:
        add_link_in(work.session, work.act, buyer, name, client_id)
    return client_id


def client_who_ordered(work: Work, contact: Contact, buyer: Buyer | None) -> str:
    """Return the client of an order with these details, whom Square may know as `buyer`; created if there is none.

    A customer that Square has made of an e-mail address has no name: what was typed with the order counts.
    """
    names = _names(buyer) if buyer is not None else []
    client_id = _known_id(work.session, names)
    if client_id is None:
        # If two fit, a person decides.
        same = select(Client).where(clients.IS_NAMESAKE, *clients.IS_SOMEBODY)
        found = work.session.scalars(same.limit(2), clients.namesake_of(contact)).all()
        known = found[0] if len(found) == 1 else None
        client_id = known.id if known is not None else clients.add_client(work, contact)
        ask_about_duplicates(work, client_id, known or contact)
    if buyer is not None:
        _link_all(work.session, work.act, buyer, client_id)
        _keep_address(work.session, buyer)
    return client_id


def _client_without_link(work: Work, buyer: Buyer) -> str:
    """Return the client who lacks only the link to this Square customer, or a new one."""
    contact = contact_of_buyer(work.session, buyer)
    client_id = _same_person(work.session, contact)
    if client_id is None:
        client_id = clients.add_client(work, contact)
        ask_about_duplicates(work, client_id, contact)
    return client_id


def link_if_ours_in(session: Session, act: Act, buyer: Buyer) -> bool:
    """Link this Square customer to the client they plainly are.

    False for a new one, which only a sale creates.
    """
    names = _names(buyer)
    known_id = _known_id(session, names) or _same_person(session, contact_of_buyer(session, buyer))
    if known_id is None:
        return False
    _link_all(session, act, buyer, known_id)
    _keep_address(session, buyer)
    return True


def link_profile(work: Work, client_id: str, buyer: Buyer) -> None:
    """Make this Square customer, just fetched, the client's profile.

    A profile deleted in Square is superseded.
    """
    names = _names(buyer)
    welcome_back_in(work.session, names)
    for name in names:
        link_in(work.session, work.act, name, client_id, is_current=name == buyer.square_customer_id)
    work.session.get_one(SquareCustomer, buyer.square_customer_id).is_deleted = False
    _keep_address(work.session, buyer)
    work.session.execute(
        update(SquareCustomer)
        .where(SquareCustomer.client_id == client_id, SquareCustomer.is_deleted.is_(True))
        .values(is_current=False)
    )
    profile_changed(work, client_id)


def update_from_square_in(session: Session, buyer: Buyer) -> bool:
    """Copy a name, phone or e-mail changed in Square's directory; False if it is not a client."""
    client = _known(session, _names(buyer))
    if client is None:
        return False
    if _is_second(session, client.id, buyer.square_customer_id, besides=_names(buyer)):
        # Merged with another client here: of their two profiles, the current one counts.
        return True
    _keep_address(session, buyer)
    contact = contact_of_buyer(session, buyer)
    newer_here = fields_on_their_way_in(session, client.id)
    if clean(buyer.name) and "name" not in newer_here:
        client.name = contact.name
    if "phone" not in newer_here:
        client.phone = contact.phone or client.phone
    if "email" not in newer_here and contact.email and contact.email != client.email:
        client.email, client.mail_problem = contact.email, ""
    clients.index_client(client)
    return True


def merge_square_customers(work: Work, *, from_ids: Sequence[str], into: Buyer) -> str | None:
    """Follow a merge made in Square: every course of the merged customers belongs to the remaining one.

    A merge makes a new id and deletes the old ones (Square's events may arrive in either order). Returns the
    remaining client, None if none of them was ours.
    """
    ids = [*from_ids, *_names(into)]
    owners = [client for name in ids if (client := _known(work.session, [name])) is not None]
    if not owners:
        return None
    keeper = min(owners, key=lambda client: (client.created_at, client.id))
    for other in {client.id for client in owners} - {keeper.id}:
        _join(work, other, keeper)
    for name in ids:
        link_in(work.session, work.act, name, keeper.id, is_current=name == into.square_customer_id)
    if into.name:
        update_from_square_in(work.session, into)
    # The remaining profile has none of the notes written on those merged into it.
    profile_changed(work, keeper.id)
    return keeper.id


def _join(work: Work, from_id: str, keeper: Client) -> None:
    gone = work.session.get(Client, from_id)
    if gone is not None:
        text = _("Clients joined in Square: {gone} is now {keeper}", gone=gone.name, keeper=keeper.name)
        join_clients(work, gone, keeper, text)


def _keep_address(session: Session, buyer: Buyer) -> None:
    """Store the address of the profile; a profile known only by its id has none."""
    profile = session.get(SquareCustomer, buyer.square_customer_id)
    if profile is None or not (buyer.is_somebody or buyer.address):
        return
    # The same again would be flushed too.
    if (profile.address, profile.country) != (buyer.address, buyer.country):
        profile.address, profile.country = buyer.address, buyer.country


def _names(buyer: Buyer) -> list[str]:
    return list(dict.fromkeys([buyer.square_customer_id, *buyer.known_as]))


def _known(session: Session, names: Sequence[str]) -> Client | None:
    client_id = _known_id(session, names)
    return session.get_one(Client, client_id) if client_id is not None else None


def _known_id(session: Session, names: Sequence[str]) -> str | None:
    """Return the client whom Square knows by one of these ids, followed through merges."""
    session.flush()
    for name in names:
        linked = _LINKED.first(session.connection(), {"name": name})
        if linked is not None:
            return clients.living_client_in(session, linked.id).id if linked.merged_into else str(linked.id)
    return None


_LINKED = Prepared(
    select(Client.id, Client.merged_into)
    .join(SquareCustomer, SquareCustomer.client_id == Client.id)
    .where(SquareCustomer.square_customer_id == bindparam("name"))
)


def _same_person(session: Session, contact: Contact) -> str | None:
    # A shared phone is a family's, so the name must be the same as well; if two fit, neither is taken.
    session.flush()
    found = _SAME_PERSON.all(session.connection(), clients.namesake_of(contact))
    return found[0].id if len(found) == 1 else None


_SAME_PERSON = Prepared(
    select(Client.id)
    .where(
        clients.IS_NAMESAKE, Client.merged_into.is_(None), Client.id.not_in(select(SquareCustomer.client_id))
    )
    .limit(2)
)


def _link_all(session: Session, act: Act, buyer: Buyer, client_id: str) -> None:
    names = _names(buyer)
    is_second = _is_second(session, client_id, buyer.square_customer_id, besides=names)
    for name in names:
        is_current = name == buyer.square_customer_id and not is_second
        link_in(session, act, name, client_id, is_current=is_current)


def _is_second(session: Session, client_id: str, square_customer_id: str, *, besides: Sequence[str]) -> bool:
    """Return whether the client no longer uses this profile, and has another one that exists in Square."""
    link = session.get(SquareCustomer, square_customer_id)
    if link is None or link.is_current:
        return False
    return any(one not in besides for one in living_links_in(session, client_id))


def save_directory_in(session: Session, act: Act, people: Sequence[Buyer]) -> None:
    """Store these profiles as Square has them now."""
    session.flush()
    country = clinic_in(session).country
    ids = [one.square_customer_id for one in people]
    erased = erased_in(session, ids)
    known = {row[0]: tuple(row[1:]) for row in _KNOWN.all(session.connection(), {"ids": ids})}
    for one in people:
        its_id = one.square_customer_id
        if its_id in erased or not (one.name or one.phone or one.email):
            continue
        contact = contact_from_square(name=one.name, phone=one.phone, email=one.email, country=country)
        shown = contact.name, contact.phone, contact.email
        if known.get(its_id) == shown:
            continue
        row = {name: getattr(contact, name) for name in _OF_CONTACT} | {"seen_at": act.now}
        if its_id in known:
            write(session, _CHANGED, {"its_id": its_id, **row})
        else:
            write(session, _NEW, {"square_customer_id": its_id, **row})
        known[its_id] = shown


_OF_CONTACT = ("name", "name_folded", "search_text", "phone", "email")
_KNOWN = Prepared(
    select(SquarePerson.square_customer_id, SquarePerson.name, SquarePerson.phone, SquarePerson.email).where(
        SquarePerson.square_customer_id.in_(bindparam("ids", type_=String, expanding=True))
    )
)
_PEOPLE = METADATA.tables[SquarePerson.__tablename__]
_NEW = prepared_insert(SquarePerson)
_CHANGED = Prepared(update(_PEOPLE).where(_PEOPLE.c.square_customer_id == bindparam("its_id")))


def delete_person_in(session: Session, square_customer_id: str) -> None:
    """Delete a profile that no longer exists in Square."""
    row = session.get(SquarePerson, square_customer_id)
    if row is not None:
        session.delete(row)


def find_people(store: Store, q: str, *, limit: int) -> Sequence[SquarePerson]:
    """Find people whose name, e-mail or phone has every word of `q`, except those who are clients; phone in E.164."""
    q = clean(q[:LONGEST_SEARCH])
    if not q:
        return ()
    ours = select(SquareCustomer.square_customer_id)
    rank = case((SquarePerson.name_folded.startswith(folded(q), autoescape=True), 0), else_=1)
    rows = (
        select(SquarePerson)
        .where(SquarePerson.square_customer_id.not_in(ours), *words_in(SquarePerson.search_text, q))
        .order_by(rank, SquarePerson.name_folded, SquarePerson.square_customer_id)
        .limit(limit)
    )
    with store.reading() as session:
        return session.scalars(rows).all()


@allowed(Role.DESK, Role.PRACTITIONER)
def take_in(work: Work, square_customer_id: str) -> ClientView:
    """Make a person in Square's directory a client; one who is a client already is returned.

    Raises NotFound.
    """

    def add() -> str:
        missing = _("They are no longer in Square’s directory.")
        row = require_row(work.session, SquarePerson, square_customer_id, missing)
        buyer = Buyer(square_customer_id, row.name, row.phone, row.email, (square_customer_id,))
        return client_for_buyer(work, buyer)

    request = {"square_customer_id": square_customer_id}
    client = work.once("take_in", request, lambda: {"client_id": add()})
    return client_in(work.session, client.answer["client_id"])
