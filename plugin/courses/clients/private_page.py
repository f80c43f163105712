"""What a client opens by an address of their own: the private page, printed on papers, and the end of e-mails.

Whoever has the address of the page sees it, so a new address revokes the old ones. The link in every e-mail is signed,
names no one, and can only stop e-mails: they are turned on again by staff.
"""

import re
import secrets

from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from plugin.core.acts import Act, Role
from plugin.courses.base.activity import Did, record_in
from plugin.courses.base.work import Work, allowed, in_transaction
from plugin.courses.clients.clients import known_client_in, living_client_in, with_merged
from plugin.courses.clients.wallet_passes import withdraw_in
from plugin.store import Store
from plugin.store.documents import PrivatePage
from plugin.store.people import Client

PRIVATE_PATH = "/my/"
_BYTES = 32
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}\Z")
_ADDRESS = re.compile(rf"(?:\S*{PRIVATE_PATH})?([A-Za-z0-9_-]{{43}})(?:[/?#]\S*)?\Z")


def page_address(session: Session, act: Act, public_url: str, client_id: str) -> str | None:
    """Return the address of the client's page, created when first requested; None without a public address.

    A client whose data was erased has none.
    """
    client = living_client_in(session, client_id)
    if not public_url or client.erased_at is not None:
        return None
    row = session.get(PrivatePage, client.id) or _new(session, act, client.id)
    return _address(public_url, row.token)


@allowed(Role.DESK)
def address_of(work: Work, public_url: str, client_id: str) -> str | None:
    """Return the address of the client's page as `page_address` does, for whoever hands it on."""
    return page_address(work.session, work.act, public_url, client_id)


def known_address_in(session: Session, public_url: str, client_id: str) -> str | None:
    """Return the address if it was created before, else None."""
    row = session.get(PrivatePage, living_client_in(session, client_id).id)
    return _address(public_url, row.token) if row and public_url else None


@allowed(Role.DESK)
def token_of(work: Work, client_id: str) -> str:
    """Return the token of the client's page, created when first requested.

    Raises Refused if their data was erased.
    """
    client = known_client_in(work.session, client_id)
    row = work.session.get(PrivatePage, client.id) or _new(work.session, work.act, client.id)
    return row.token


@allowed(Role.DESK)
def renew_page(work: Work, client_id: str) -> str:
    """Give the client's page a new address and revoke every earlier one; return the client."""
    client = known_client_in(work.session, client_id)
    ids = list(work.session.scalars(with_merged(client.id)))
    work.session.execute(delete(PrivatePage).where(PrivatePage.client_id.in_(ids)))
    withdraw_in(work, ids)
    work.session.expire_all()
    _new(work.session, work.act, client.id)
    record_in(work, Did.PRIVATE_LINK, name=client.name, client_id=client.id)
    return client.id


def client_of_page(store: Store, token: str) -> str | None:
    """Return the client whose page this token opens, None for an unknown token.

    A merged client's papers open the page of the remaining client.
    """
    if not _TOKEN.match(token):
        return None
    with store.reading() as session:
        row = session.scalar(select(PrivatePage).where(PrivatePage.token == token))
        client = living_client_in(session, row.client_id) if row else None
        return client.id if client is not None and client.erased_at is None else None


def client_of_code(store: Store, code: str) -> str | None:
    """Return the client whose paper carries this code: the address of their page, or its token alone."""
    found = _ADDRESS.match(code.strip())
    return client_of_page(store, found[1]) if found else None


def _new(session: Session, act: Act, client_id: str) -> PrivatePage:
    row = PrivatePage(
        client_id=client_id,
        token=secrets.token_urlsafe(_BYTES),
        made_at=act.now,
        by=act.actor.name,
    )
    session.add(row)
    session.flush()
    return row


def _address(public_url: str, token: str) -> str:
    return f"{public_url.rstrip('/')}{PRIVATE_PATH}{token}"


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
