"""A client who may be one we have already: the Square profile was deleted and made again. Never merged by itself."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import false, or_, select
from sqlalchemy.orm import Session

from plugin.core.acts import Act
from plugin.courses.base.attention import open_item_in, settle_item_in
from plugin.courses.base.work import Work
from plugin.courses.clients.clients import IS_SOMEBODY, shares_contact
from plugin.store.people import IS_LIVING_PROFILE, Client, SquareCustomer

KIND = "possible_duplicate"
# More of one name and phone without a profile is no person's double.
_MOST_ASKED = 3


def ask_about_duplicates_in(work: Work, new: Client) -> None:
    """Ask whether a client just made is one of those of the same name and phone or e-mail whom Square has no more."""
    for before in _namesakes_in(work.session, new):
        shared = _shared(before, new)
        open_item_in(
            work,
            kind=KIND,
            dedupe=_mark(before.id, new.id),
            summary=(
                f"Possible duplicate: {new.name} bought with a new Square profile. An existing client has the same"
                f" {shared}; that client’s Square profile was deleted."
            ),
            details={
                "client_ids": [before.id, new.id],
                "proposal": "Merge the clients: packages and visits of both are kept. A merge can be undone.",
                "proposed_decision": "merge_clients",
            },
        )


def settle_duplicates_in(session: Session, act: Act, one_id: str, other_id: str) -> None:
    """Close what was asked about two clients who are one now."""
    for mark in (_mark(one_id, other_id), _mark(other_id, one_id)):
        settle_item_in(session, act, mark, "They are one client now.")


def _mark(before_id: str, new_id: str) -> str:
    return f"{KIND}:{before_id}:{new_id}"


def _namesakes_in(session: Session, new: Client) -> Sequence[Client]:
    has_profile = select(SquareCustomer.client_id)
    rows = (
        select(Client)
        .where(
            Client.name_folded == new.name_folded,
            or_(false(), *shares_contact(new.phone, new.email)),
            Client.id != new.id,
            *IS_SOMEBODY,
            Client.id.in_(has_profile),
            Client.id.not_in(has_profile.where(*IS_LIVING_PROFILE)),
        )
        .order_by(Client.created_at, Client.id)
        .limit(_MOST_ASKED)
    )
    return session.scalars(rows).all()


def _shared(before: Client, new: Client) -> str:
    has_phone = before.phone is not None and before.phone == new.phone
    has_email = before.email is not None and before.email.lower() == (new.email or "").lower()
    if has_phone and has_email:
        return "name, phone and e-mail"
    return "name and phone" if has_phone else "name and e-mail"
