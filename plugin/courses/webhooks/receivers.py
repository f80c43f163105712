"""The programs that receive events: added, changed, given a new key, and ended by the owner."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from plugin.core.acts import Act, require
from plugin.core.text import required
from plugin.courses.base.activity import Did, record_in
from plugin.courses.base.work import Work, allowed, reading, require_row, transact
from plugin.courses.webhooks.documents import CHOICES, EventKind, new_secret
from plugin.errors import InvalidField, Refused
from plugin.store import Store
from plugin.store.webhooks import EventDelivery, EventReceiver
from plugin.wording import _

Seal = Callable[[str], str]
MOST_RECEIVERS = 10
LONGEST_URL = 2000
# How long events are signed with the replaced key as well.
OLD_KEY_FOR = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class NewReceiver:
    """A receiver as typed."""

    name: str
    url: str
    kinds: Sequence[str]
    has_names: bool = False
    may_be_private: bool = False


def receivers_in(session: Session) -> Sequence[EventReceiver]:
    """Return the receivers that were not ended, the oldest first."""
    living = select(EventReceiver).where(EventReceiver.ended_at.is_(None))
    return session.scalars(living.order_by(EventReceiver.id)).all()


list_receivers = reading(receivers_in)


def add_receiver(
    store: Store, act: Act, new: NewReceiver, seal: Seal, *, allows_http: bool
) -> tuple[str, str]:
    """Add a receiver; return its id and its key, this once.

    Raises InvalidField, or Refused for a repeat of the same request: the key can't be shown again.
    """
    require(act.actor)
    name = required(new.name, field="name", called=_("The name"), most=80)
    url = checked_url(new.url, allows_http=allows_http)
    kinds = checked_kinds(new.kinds)
    secret = new_secret()

    def create(work: Work) -> dict[str, str]:
        if len(receivers_in(work.session)) >= MOST_RECEIVERS:
            raise Refused(_("There are {n} receivers already.", n=MOST_RECEIVERS), code="too_many")
        row = EventReceiver(
            id=work.new_id(),
            name=name,
            url=url,
            kinds=kinds,
            has_names=new.has_names,
            may_be_private=new.may_be_private,
            secret_sealed=seal(secret),
            created_at=work.now,
            by=work.act.actor.name,
        )
        work.session.add(row)
        record_in(work, Did.RECEIVER_ADDED, name=name, subject_id=row.id, after=", ".join(kinds))
        return {"receiver_id": row.id}

    def do(work: Work) -> str:
        answered = work.once("add_receiver", {"name": name, "url": url}, lambda: create(work))
        if answered.is_repeat:
            raise Refused(_("It was added already. Make a new key to see one."), code="key_shown")
        return str(answered.answer["receiver_id"])

    return transact(store, act, do), secret


@allowed()
def rotate_key(work: Work, receiver_id: str, seal: Seal) -> str:
    """Give a receiver a new key and return it, this once; the old one signs as well for a day."""
    secret = new_secret()
    row = receiver_for_change(work.session, receiver_id)
    row.old_secret_sealed, row.old_until = row.secret_sealed, work.now + OLD_KEY_FOR
    row.secret_sealed = seal(secret)
    record_in(work, Did.RECEIVER_KEY, name=row.name, subject_id=row.id)
    return secret


@allowed()
def end_receiver(work: Work, receiver_id: str) -> str:
    """End a receiver: nothing more is sent to it, nor what waits. Return its name."""
    row = receiver_for_change(work.session, receiver_id)
    row.ended_at = work.now
    # What still waited would wait for ever, and be looked at in each round.
    waits = (EventDelivery.receiver_id == row.id, EventDelivery.state == "pending")
    work.session.execute(delete(EventDelivery).where(*waits))
    record_in(work, Did.RECEIVER_ENDED, name=row.name, subject_id=row.id)
    return row.name


def receiver_for_change(session: Session, receiver_id: str) -> EventReceiver:
    """Return the locked row of a receiver that was not ended; raises NotFound or Refused."""
    row = require_row(session, EventReceiver, receiver_id, _("There is no such receiver."), is_locked=True)
    if row.ended_at is not None:
        raise Refused(_("This address no longer receives events."), code="ended")
    return row


def checked_url(typed: str, *, allows_http: bool) -> str:
    """Return an address that may be called; raises InvalidField. What it resolves to is checked at each call."""
    url = typed.strip()
    try:
        parts = urlsplit(url)
        is_whole = bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_whole = False
    if not is_whole or not url.isascii() or not url.isprintable() or len(url) > LONGEST_URL or " " in url:
        raise InvalidField(_("Write the whole address, such as https://example.org/hook."), field="url")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise InvalidField(_("The address holds a name, a password or a # part; leave it out."), field="url")
    if parts.scheme != "https" and not (allows_http and parts.scheme == "http"):
        raise InvalidField(_("The address begins with https://."), field="url")
    return url


def checked_kinds(kinds: Iterable[str]) -> list[str]:
    """Return the chosen kinds in their order; raises InvalidField for none or an unknown one."""
    chosen = set(kinds)
    if not chosen or chosen - {kind.value for kind in CHOICES}:
        raise InvalidField(_("Choose at least one event of the list."), field="kinds")
    return [kind.value for kind in CHOICES if kind.value in chosen]


def wants(row: EventReceiver, kind: str) -> bool:
    return kind == EventKind.TEST or kind in row.kinds
