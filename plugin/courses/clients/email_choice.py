"""Whether a client gets e-mails: set by staff, or turned off by themselves with the link in every e-mail.

The link is signed, names no one, and can only stop e-mails: they are turned on again by staff.
"""

from itsdangerous import BadSignature, URLSafeSerializer

from plugin.courses.base.activity import Did, record_in
from plugin.courses.base.work import Work, in_transaction
from plugin.courses.clients.clients import living_client_in
from plugin.store import Store
from plugin.store.people import Client

STOP_PATH = "/mail/stop/"
_LONGEST_TOKEN = 200


def stop_token(secret_key: str, client_id: str) -> str:
    return str(_signer(secret_key).dumps(client_id))


def client_of_stop_token(store: Store, secret_key: str, token: str) -> str | None:
    """Return the client whose e-mails this token stops, None for one that was not made here."""
    if not secret_key or len(token) > _LONGEST_TOKEN:
        return None
    try:
        client_id = _signer(secret_key).loads(token)
    except BadSignature:
        return None
    with store.reading() as session:
        known = session.get(Client, client_id) if isinstance(client_id, str) else None
        return known.id if known is not None else None


@in_transaction
def stop_letters(work: Work, client_id: str) -> None:
    """Stop sending e-mails to this client. Idempotent. Raises NotFound."""
    client = living_client_in(work.session, client_id)
    if client.wants_mail:
        record_in(work, Did.CLIENT_CHANGED, client_id=client.id, before="Emails: on", after="Emails: off")
    client.wants_mail = False


def _signer(secret_key: str) -> URLSafeSerializer:
    return URLSafeSerializer(secret_key, salt="coursekeeper.mail-stop")
