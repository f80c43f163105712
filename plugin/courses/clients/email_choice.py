"""Whether a client gets letters: said at the desk, or taken back by themselves with the link in every letter.

The link is signed, names nobody, and only ever stops letters: they are turned on again at the desk.
"""

from __future__ import annotations

from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy.orm import Session

from plugin.courses.clients.clients import living_client_in
from plugin.store import Store
from plugin.store.people import Client

PATH = "/mail/stop/"
_LONGEST_TOKEN = 200


def stop_token(secret_key: str, client_id: str) -> str:
    """Return what stops this client's letters."""
    return str(_signer(secret_key).dumps(client_id))


def client_of_stop_token(store: Store, secret_key: str, token: str) -> str | None:
    """Return whose letters this stops, None for a link that was not made here."""
    if not secret_key or len(token) > _LONGEST_TOKEN:
        return None
    try:
        client_id = _signer(secret_key).loads(token)
    except BadSignature:
        return None
    with store.reading() as session:
        known = session.get(Client, client_id) if isinstance(client_id, str) else None
        return known.id if known is not None else None


def stop_letters(store: Store, client_id: str) -> None:
    """Send this client no more letters; done twice it is done once. Raises NotFound."""

    def work(session: Session) -> None:
        living_client_in(session, client_id).wants_mail = False

    store.transact(work)


def _signer(secret_key: str) -> URLSafeSerializer:
    return URLSafeSerializer(secret_key, salt="coursekeeper.mail-stop")
