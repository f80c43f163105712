"""Devices of the clinic in one client's hands: nobody is signed in there, and their cookie opens nothing else."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update

from plugin.core.acts import Role
from plugin.core.digest import sha256_hex
from plugin.courses.base.activity import Did, record_in
from plugin.courses.base.work import Work, allowed, in_transaction
from plugin.courses.clients.clients import known_client_in
from plugin.store import Store
from plugin.store.people import HandOver

# A forgotten iPad shows nothing of the client any more.
LASTS = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class HandOverView:
    """A device in the hands of this client."""

    id: str
    client_id: str


@allowed(Role.DESK, Role.PRACTITIONER)
def start_hand_over(work: Work, client_id: str) -> str:
    """Hand a device to a client; return the token for its cookie, this once. Raises NotFound or Refused."""
    token = secrets.token_urlsafe(32)
    client = known_client_in(work.session, client_id)
    row = HandOver(
        id=work.new_id(),
        token_sha256=sha256_hex(token),
        client_id=client.id,
        started_at=work.now,
        started_by=work.act.actor.name,
    )
    work.session.add(row)
    record_in(work, Did.HANDED_OVER, name=client.name, client_id=client.id, subject_id=row.id)
    return token


@in_transaction
def end_hand_over(work: Work, token: str) -> None:
    """Let the device show nothing of the client any more. Idempotent."""
    theirs = (HandOver.token_sha256 == sha256_hex(token), HandOver.ended_at.is_(None))
    work.session.execute(update(HandOver).where(*theirs).values(ended_at=work.now))


def hand_over_of_token(store: Store, token: str, now: datetime) -> HandOverView | None:
    """Return the hand-over whose cookie this is, None once it has ended or lasted too long."""
    its = (
        HandOver.token_sha256 == sha256_hex(token),
        HandOver.ended_at.is_(None),
        HandOver.started_at > now - LASTS,
    )
    with store.reading() as session:
        row = session.scalar(select(HandOver).where(*its))
        return HandOverView(row.id, row.client_id) if row else None
