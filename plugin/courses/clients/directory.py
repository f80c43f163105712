"""People in Square's directory who are not clients yet: stored for search, added by one tap.

Square can be searched by phone and e-mail only, and not at all while it can't be reached.
"""

from collections.abc import Sequence

from sqlalchemy import String, bindparam, case, select, update
from sqlalchemy.orm import Session

from plugin.core.acts import Act, Role
from plugin.core.text import clean, folded
from plugin.courses.base.clinic import clinic_in
from plugin.courses.base.suppression import erased_in
from plugin.courses.base.views import ClientView
from plugin.courses.base.work import Work, allowed, require_row
from plugin.courses.clients.buyers import client_for_buyer
from plugin.courses.clients.clients import LONGEST_SEARCH, client_in, words_in
from plugin.courses.clients.contacts import Buyer, contact_from_square
from plugin.store import Store
from plugin.store.database import write
from plugin.store.prepared import Prepared, prepared_insert
from plugin.store.tables import METADATA, SquareCustomer, SquarePerson
from plugin.wording import _


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
