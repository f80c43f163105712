"""Bearer tokens of programs: shown once, stored as digests, valid until they expire or are revoked."""

import secrets
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.exc import OperationalError

from plugin.core.acts import OPERATOR, Act, Actor, Role, Source, require
from plugin.core.fingerprint import sha256_hex
from plugin.core.text import required
from plugin.courses.base.activity import Did, record_in
from plugin.courses.base.views import from_row
from plugin.courses.base.work import Work, allowed, require_row, transact
from plugin.errors import NotFound, Refused
from plugin.store import Store
from plugin.store.people import ApiToken
from plugin.store.prepared import Prepared
from plugin.wording import _

TOKEN_PREFIX = "ck_"  # noqa: S105 - a mark by which a leaked token is recognised, no secret
# A read-only call must not write each time.
USE_NOTED_EVERY = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class TokenHolder:
    """The program behind a bearer token."""

    token_id: str
    actor: Actor
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class TokenView:
    """A token as its owner sees it. The token itself is shown once, when it is made. `last_used_at` to 5 minutes."""

    id: str
    name: str
    role: Role
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None

    def state(self, now: datetime) -> str:
        """Return whether it is `active`, `expired` or `revoked`; only an active one grants access."""
        return _state(self, now)


def _state(token: TokenView | Any, now: datetime) -> str:
    if token.revoked_at is not None:
        return "revoked"
    return "expired" if token.expires_at is not None and token.expires_at <= now else "active"


def add_token(
    store: Store, *, name: str, role: Role, now: datetime, expires_at: datetime | None = None
) -> str:
    """Create a bearer token; return it this once, since only its digest is stored."""
    token, row = _new_token(store, name, role, now, expires_at)
    transact(store, Act(OPERATOR, now, row.id), lambda work: _add(work, row))
    return token


def create_token(store: Store, act: Act, *, name: str, role: Role, expires_at: datetime | None) -> str:
    """Create a bearer token for the owner; return it this once.

    Raises InvalidField, or Refused for a repeat of the same request: the token can't be shown again.
    """
    require(act.actor)
    token, row = _new_token(store, name, role, act.now, expires_at)

    def create(work: Work) -> dict[str, str]:
        _add(work, row)
        return {"token_id": row.id}

    def do(work: Work) -> bool:
        request = {"name": name, "role": role.value}
        return work.once("create_token", request, lambda: create(work)).is_repeat

    if transact(store, act, do):
        said = _(
            "The token “{row}” was created already and can’t be shown again. Revoke it and create another.",
            row=row.name,
        )
        raise Refused(said, code="token_shown")
    return token


def _add(work: Work, row: ApiToken) -> None:
    work.session.add(row)
    until = _(", until {expires_at}", expires_at=f"{row.expires_at:%Y-%m-%d}") if row.expires_at else ""
    record_in(work, Did.TOKEN_CREATED, name=row.name, subject_id=row.id, after=f"{row.role}{until}")


def _new_token(
    store: Store, name: str, role: Role, now: datetime, expires_at: datetime | None
) -> tuple[str, ApiToken]:
    token = TOKEN_PREFIX + secrets.token_urlsafe(32)
    row = ApiToken(
        id=store.new_id(),
        name=required(name, field="name", called=_("The name")),
        role=role.value,
        token_sha256=sha256_hex(token),
        created_at=now,
        expires_at=expires_at,
    )
    return token, row


def holder_of(store: Store, token: str, now: datetime) -> TokenHolder | None:
    """Return the program behind a bearer token; None for one that is unknown, revoked or expired."""
    for row in store.rows(_BY_DIGEST, {"digest": sha256_hex(token)}):
        if _state(row, now) == "active":
            return TokenHolder(row.id, Actor(row.name, Role(row.role), Source.API), row.last_used_at)
    return None


_BY_DIGEST = Prepared(
    select(
        ApiToken.id,
        ApiToken.name,
        ApiToken.role,
        ApiToken.expires_at,
        ApiToken.revoked_at,
        ApiToken.last_used_at,
    ).where(ApiToken.token_sha256 == bindparam("digest"))
)


def note_use(store: Store, holder: TokenHolder, now: datetime) -> None:
    """Record when a token was last used, at most every five minutes."""
    if holder.last_used_at is not None and now - holder.last_used_at < USE_NOTED_EVERY:
        return
    # A call must not fail over this while the database is busy; the next call records it.
    with suppress(OperationalError), store.writing() as session:
        session.execute(update(ApiToken).where(ApiToken.id == holder.token_id).values(last_used_at=now))


def list_tokens(store: Store) -> tuple[TokenView, ...]:
    """Return every token that was ever created, by name."""
    with store.reading() as session:
        return tuple(map(_view, session.scalars(select(ApiToken).order_by(ApiToken.name, ApiToken.id))))


@allowed()
def revoke_token(work: Work, token_id: str) -> TokenView:
    """Revoke a token at once. Idempotent; raises NotFound."""
    row = require_row(work.session, ApiToken, token_id, _("There is no such token."), is_locked=True)
    if row.revoked_at is None:
        record_in(work, Did.TOKEN_REVOKED, name=row.name, subject_id=row.id)
    row.revoked_at = row.revoked_at or work.now
    return _view(row)


def token_named(store: Store, name_or_id: str) -> TokenView:
    """Return the token with this id or name; raises NotFound, or Refused if several share the name."""
    known = list_tokens(store)
    named = [each for each in known if each.name == name_or_id]
    # A revoked one is meant only if no other has the name.
    open_ones = [each for each in named if each.revoked_at is None]
    found = [each for each in known if each.id == name_or_id] or open_ones or named[:1]
    if not found:
        raise NotFound(_("There is no token called {name_or_id}.", name_or_id=name_or_id))
    if len(found) > 1:
        ids = ", ".join(each.id for each in found)
        raise Refused(
            _(
                "{n} tokens are called {name_or_id}. Name one by its id: {ids}.",
                n=len(found),
                name_or_id=name_or_id,
                ids=ids,
            ),
            code="ambiguous",
        )
    return found[0]


def _view(row: ApiToken) -> TokenView:
    return from_row(TokenView, row, role=Role(row.role))
