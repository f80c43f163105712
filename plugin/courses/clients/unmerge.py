"""Customers that Square has separated after a merge. A person decides whose each course is."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from plugin.courses.base.attention import open_item
from plugin.courses.base.chain import course_for_change
from plugin.courses.base.outbox import profile_changed
from plugin.courses.base.work import Work
from plugin.courses.clients.clients import add_client, living_client_in
from plugin.courses.clients.contacts import Buyer
from plugin.courses.clients.merge_core import hand_over
from plugin.courses.clients.square_links import contact_of_buyer, link_in, living_links_in
from plugin.store.tables import Client, Course, SquareCustomer, Visit
from plugin.wording import _


def ask_about_unmerged(work: Work, client_id: str, buyer: Buyer, sold_to_them: Sequence[str]) -> bool:
    """Ask whether a client who was merged with another is to be separated again.

    Return False if the client themselves was separated: then the other one is to leave.
    """
    client = living_client_in(work.session, client_id)
    details = {
        "client_id": client.id,
        "square_customer_id": buyer.square_customer_id,
        "name": buyer.name,
        "phone": buyer.phone,
        "email": buyer.email,
    }
    if _is_themselves(work.session, client, buyer):
        keep_together(work, details)
        return False
    all_ids = list(
        work.session.scalars(select(Course.id).where(Course.client_id == client.id).order_by(Course.id))
    )
    theirs = [course_id for course_id in all_ids if course_id in set(sold_to_them)]
    others = living_links_in(work.session, client.id, besides=buyer.square_customer_id)
    open_item(
        work,
        kind="unmerged_customer",
        dedupe=f"unmerged:{buyer.square_customer_id}:{others[0] if others else ''}",
        summary=_summary(client, buyer),
        details={
            **details,
            "course_ids": all_ids,
            "split_ids": theirs,
            "proposal": _proposal(work.session, client, buyer, theirs, len(all_ids)),
        },
    )
    return True


def split_client(work: Work, details: dict[str, Any], *, reason: str) -> Client:
    """Make the separated customer a client of their own again, with the courses sold to them."""
    from_client = living_client_in(work.session, details["client_id"])
    to = _client_again(work, from_client, details)
    _link_living(work, details["square_customer_id"], to.id)
    for course_id in details["split_ids"]:
        course = course_for_change(work.session, course_id)
        if course.client_id != from_client.id:
            continue
        theirs = update(Visit).where(Visit.course_id == course.id, Visit.client_id == from_client.id)
        work.session.execute(theirs.values(client_id=to.id))
        text = _(
            "Clients separated in Square: {to} is no longer {from_client}",
            to=to.name,
            from_client=from_client.name,
        )
        hand_over(work, course, to, text, reason=reason)
    profile_changed(work, from_client.id)
    profile_changed(work, to.id)
    return to


def keep_together(work: Work, details: dict[str, Any]) -> Client:
    """Keep both Square customers one client here: what either buys is theirs."""
    client = living_client_in(work.session, details["client_id"])
    square_customer_id = details["square_customer_id"]
    link = _link_living(work, square_customer_id, client.id)
    link.is_current = not living_links_in(work.session, client.id, besides=square_customer_id)
    profile_changed(work, client.id)
    return client


def _is_themselves(session: Session, client: Client, buyer: Buyer) -> bool:
    contact = contact_of_buyer(session, buyer)
    same = ("name_folded", "phone", "email")
    is_alike = all(getattr(contact, name) == getattr(client, name) for name in same)
    return is_alike and (contact.phone is not None or contact.email is not None)


def _summary(client: Client, buyer: Buyer) -> str:
    who = _("{value} from {client}", value=buyer.name or _("a customer"), client=client.name)
    if buyer.name == client.name:
        who = _("two customers called {client}", client=client.name)
    return _("Square has separated {who}. Here they are one client.", who=who)


def _proposal(session: Session, client: Client, buyer: Buyer, theirs: Sequence[str], many: int) -> str:
    who = buyer.name or _("them")
    if not theirs:
        return _(
            "None of the courses was sold to {who} as Square tells it; all stay with {client}.",
            who=who,
            client=client.name,
        )
    names = session.scalars(select(Course.package_name).where(Course.id.in_(theirs)).order_by(Course.id))
    rest = (
        _("the rest stays with {client}", client=client.name)
        if many > len(theirs)
        else _("nothing stays with {client}", client=client.name)
    )
    return _("Sold to {who}: {names}; {rest}.", who=who, names=", ".join(names), rest=rest)


def _client_again(work: Work, from_client: Client, details: dict[str, Any]) -> Client:
    buyer = Buyer(details["square_customer_id"], details["name"], details["phone"], details["email"])
    contact = contact_of_buyer(work.session, buyer)
    before = work.session.scalar(
        select(Client)
        .where(Client.merged_into == from_client.id, Client.name_folded == contact.name_folded)
        .order_by(Client.id)
        .limit(1)
    )
    if before is not None:
        # The page of the client they were until the merge redirects to them again.
        before.merged_into = None
        return before
    return work.session.get_one(Client, add_client(work, replace(contact, language=from_client.language)))


def _link_living(work: Work, square_customer_id: str, client_id: str) -> SquareCustomer:
    link = link_in(work.session, work.act, square_customer_id, client_id, is_current=True)
    link.is_deleted = False
    return link
