"""What Square gives for a code or a refresh token: read strictly, sealed, kept in one transaction."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session

from plugin.core.acts import Act
from plugin.courses.square_health import connection_in, settle_in
from plugin.services import Services
from plugin.square.parsing import Json, optional_moment, square_id, text, unreadable

# How the questions about a permission that could not be renewed, or was taken back, begin.
ABOUT_PERMISSION = ("square_refresh:", "square_revoked:")


@dataclass(frozen=True, slots=True)
class Grant:
    """One permission as Square gave it."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    square_merchant_id: str
    expires_at: datetime | None
    refresh_expires_at: datetime | None


def grant_of(answer: Json) -> Grant:
    """Read the answer; raises SquareFailed where it holds no tokens."""
    access, refresh = text(answer.get("access_token")), text(answer.get("refresh_token"))
    if not access or not refresh:
        raise unreadable("a token is missing")
    return Grant(
        access_token=access,
        refresh_token=refresh,
        square_merchant_id=square_id(answer.get("merchant_id"), "merchant id"),
        expires_at=optional_moment(answer.get("expires_at"), "expires_at"),
        refresh_expires_at=optional_moment(
            answer.get("refresh_token_expires_at"), "refresh_token_expires_at"
        ),
    )


def save_grant(services: Services, act: Act, grant: Grant) -> None:
    """Keep a permission that a person has just given."""

    def work(session: Session) -> None:
        put_in(session, services, act, grant)
        row = connection_in(session)
        row.square_merchant_id = grant.square_merchant_id
        row.connected_at, row.connected_by = act.now, act.actor.name

    services.store.transact(work)


def save_renewed(services: Services, act: Act, grant: Grant, *, used: str) -> bool:
    """Keep a renewed permission in the place of the one whose sealed refresh token was `used`; False if that is gone.

    Somebody may have connected anew, or disconnected, while Square was asked.
    """

    def work(session: Session) -> bool:
        if connection_in(session).refresh_token_sealed != used:
            return False
        put_in(session, services, act, grant)
        return True

    return services.store.transact(work)


def put_in(session: Session, services: Services, act: Act, grant: Grant) -> None:
    """Seal the tokens into the row; what was wrong with the ones before is settled."""
    row = connection_in(session)
    row.access_token_sealed = services.vault.seal(grant.access_token)
    row.refresh_token_sealed = services.vault.seal(grant.refresh_token)
    row.expires_at, row.refresh_expires_at = grant.expires_at, grant.refresh_expires_at
    row.refreshed_at = act.now
    row.problem, row.problem_at = "", None
    settle_in(session, act, ABOUT_PERMISSION, "Square's permission is in order again.")


def forget_in(session: Session) -> None:
    """Throw the tokens away."""
    row = connection_in(session)
    row.access_token_sealed = row.refresh_token_sealed = None
    row.expires_at = row.refresh_expires_at = row.refreshed_at = row.connected_at = None
    row.connected_by, row.scopes = "", []
