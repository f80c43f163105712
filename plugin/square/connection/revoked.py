"""The seller has taken the permission back in Square: the tokens go, the people are told, the desk works on."""

from __future__ import annotations

from plugin.courses.base.attention import open_item
from plugin.courses.base.work import Work
from plugin.courses.square_health import connection_in
from plugin.errors import SquareFailed
from plugin.services import Services
from plugin.square.connection.grant import forget_in
from plugin.square.connection.row import read_connection
from plugin.square.effects import Effects
from plugin.square.parsing import Json

SAID = "The permission was taken back in Square. Connect again to go on."


def handle_revocation(services: Services, _data: Json) -> Effects:
    """Ask Square whether the permission we keep is meant: the event may be late and speak of an earlier one."""
    known = read_connection(services.store)
    if not known.has_permission or services.settings.square_access_token.get_secret_value():
        return Effects(says="No permission of Square's page is in use.")
    try:
        services.square.token_status()
    except SquareFailed as error:
        if error.code != "square_sign_in":
            raise
        used = known.access_token_sealed
        return Effects(effects=(lambda work: _forget(work, used),))
    return Effects(says="It speaks of an earlier permission; the one in use stands.")


def _forget(work: Work, used: str | None) -> str:
    row = connection_in(work.session)
    if row.access_token_sealed != used:
        return "Connected anew meanwhile."
    forget_in(work.session)
    row.problem, row.problem_at = SAID, work.now
    open_item(
        work,
        kind="square_connection",
        dedupe=f"square_revoked:{work.now:%Y-%m-%dT%H:%M}",
        summary=f"{SAID} Visits can be used as always; sales are taken up once it is connected.",
        details={},
    )
    return "The permission was taken back in Square."
