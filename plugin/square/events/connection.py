"""Handler of a revoked permission: the tokens are deleted, the owner is notified, the desk still works."""

from plugin.courses.base.attention import open_item
from plugin.courses.base.work import Work
from plugin.courses.square_health import connection_in, read_connection
from plugin.errors import SquareFailed
from plugin.services import Services
from plugin.square.connection.tokens import delete_tokens_in
from plugin.square.events.effects import Effects
from plugin.square.parsing import Json
from plugin.wording import _, joined

REVOKED = _("The permission was revoked in Square. Connect again to go on.")


def handle_authorization_revoked(services: Services, _data: Json) -> Effects:
    """Check with Square whether the current permission is meant: a late event may be about an earlier one."""
    known = read_connection(services.store)
    if not known.has_permission or services.settings.square_access_token.get_secret_value():
        return Effects(says="No permission by OAuth is in use.")
    try:
        services.square.token_status()
    except SquareFailed as error:
        if error.code != "square_sign_in":
            raise
        used = known.access_token_sealed
        return Effects((lambda work: _delete_in(work, used),))
    return Effects(says="It is about an earlier permission; the one in use is valid.")


def _delete_in(work: Work, used: str | None) -> str:
    row = connection_in(work.session)
    if row.access_token_sealed != used:
        return "Connected again in the meantime."
    delete_tokens_in(work.session)
    row.problem, row.problem_at = REVOKED, work.now
    open_item(
        work,
        kind="square_connection",
        dedupe=f"square_revoked:{work.now:%Y-%m-%dT%H:%M}",
        summary=joined(
            (REVOKED, _("Sessions can be used as always; sales are booked once it is connected."))
        ),
        details={},
    )
    return "The permission was revoked in Square."
