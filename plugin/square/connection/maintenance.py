"""What keeps a connection alive by itself: renewing, the alarm, sealing anew, asking Square whether all is well."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.orm import Session

from plugin.core.acts import SQUARE, Act
from plugin.courses.base.attention import open_item
from plugin.courses.base.work import transact
from plugin.courses.square_health import SIGN_IN, connection_in, outage_mark
from plugin.errors import CoursekeeperError
from plugin.services import Services
from plugin.square.connection.authorize import delete_old_attempts
from plugin.square.connection.check import check_connection
from plugin.square.connection.refresh import alarm, enqueue_refresh
from plugin.square.connection.row import ConnectionView, read_connection

CHECK_EVERY = timedelta(minutes=15)
_SHUT_OUT = (
    "Square does not accept Coursekeeper's access token (expired, revoked or another account's)."
    " Visits can be used as always; the owner connects anew under Square."
)
_SEALED = ("access_token_sealed", "refresh_token_sealed", "signature_key_sealed")


def maintain_connection(services: Services) -> None:
    """Do what is due; called every minute by the worker. Square being away is no error here."""
    delete_old_attempts(services)
    reseal(services)
    if not services.settings.square_access_token.get_secret_value():
        enqueue_refresh(services)
        alarm(services)
    if _wants_check(services):
        try:
            check_connection(services)
        except CoursekeeperError:
            # It is noted since when Square fails; the next minute asks again.
            tell_where_shut_out(services)


def tell_where_shut_out(services: Services) -> None:
    """Put it before the people that Square does not let us in: that does not pass by itself."""
    known = read_connection(services.store)
    if known.failing_code != SIGN_IN:
        return
    act = Act(SQUARE, services.clock(), "shut-out")
    transact(
        services.store,
        act,
        lambda work: open_item(
            work,
            kind="square_connection",
            dedupe=outage_mark(SIGN_IN, known.failing_since, act.now),
            summary=_SHUT_OUT,
            details={},
        ),
    )


def reseal(services: Services) -> int:
    """Seal with the newest key what an older one has sealed; return how much. Then the older key can go."""
    known = read_connection(services.store)
    stale = [name for name in _SEALED if _is_stale(services, getattr(known, name))]

    def work(session: Session) -> int:
        row = connection_in(session)
        for name in stale:
            sealed = getattr(row, name)
            if sealed is not None and sealed == getattr(known, name):
                setattr(row, name, services.vault.seal(services.vault.open(sealed)))
        return len(stale)

    return services.store.transact(work) if stale else 0


def _is_stale(services: Services, sealed: str | None) -> bool:
    if sealed is None or not services.vault.has_keys or services.vault.is_newest(sealed):
        return False
    try:
        services.vault.open(sealed)
    except CoursekeeperError:
        # Its key is gone: whoever asks for it is told.
        return False
    return True


def _wants_check(services: Services) -> bool:
    known = read_connection(services.store)
    if not (services.settings.square_access_token.get_secret_value() or known.has_permission):
        return False
    return known.failing_since is not None or _is_old(services, known)


def _is_old(services: Services, known: ConnectionView) -> bool:
    return known.checked_at is None or services.clock() - known.checked_at >= CHECK_EVERY
