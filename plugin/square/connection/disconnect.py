"""Ending the connection from here: the permission is given back to Square first, then the tokens go."""

from __future__ import annotations

from sqlalchemy.orm import Session

from plugin.core.acts import Act, require
from plugin.courses.square_health import connection_in, settle_in
from plugin.errors import ConfigurationError, Refused, SquareFailed
from plugin.services import Services
from plugin.square.connection.grant import ABOUT_PERMISSION, forget_in
from plugin.square.connection.row import read_connection

IN_SQUARE = "End it in your Square Dashboard as well, under Settings, Account, App integrations."


def disconnect(services: Services, act: Act) -> str:
    """End the permission; return what became of it. Raises Refused where Square can't be told now."""
    require(act.actor)
    known = read_connection(services.store)
    if known.access_token_sealed is None:
        return "Nothing was connected."
    said = _given_back(services, known.access_token_sealed)

    def work(session: Session) -> None:
        forget_in(session)
        row = connection_in(session)
        # Whoever disconnects on purpose may connect another business next.
        row.square_merchant_id, row.merchant_name, row.locations = None, "", []
        row.problem, row.problem_at, row.checked_at = "", None, None
        settle_in(session, act, ABOUT_PERMISSION, "Disconnected.")

    services.store.transact(work)
    return said


def _given_back(services: Services, sealed: str) -> str:
    secret = services.settings.square_application_secret.get_secret_value()
    if not secret:
        return f"Disconnected here. {IN_SQUARE}"
    try:
        services.square.revoke_token(
            client_id=services.settings.square_application_id,
            client_secret=secret,
            access_token=services.vault.open(sealed),
        )
    except ConfigurationError:
        return f"Disconnected here; the token could not be opened to give it back. {IN_SQUARE}"
    except SquareFailed as error:
        if error.permanent or error.code == "square_sign_in":
            # It was taken back before, or the secret is another one by now.
            return f"Disconnected here. {IN_SQUARE}"
        said = "Square does not answer, so the permission still stands. Try again, or end it in your Square Dashboard."
        raise Refused(said, code=error.code) from error
    return "Disconnected. The permission was given back to Square."
