"""What keeps a connection alive by itself: renewing, the alarm, sealing anew, asking Square whether all is well."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.orm import Session

from plugin.core.acts import SQUARE, Act
from plugin.courses.queues.attention import open_item_in
from plugin.courses.queues.square_state import SIGN_IN, connection_in, outage_mark
from plugin.errors import CoursekeeperError
from plugin.house import House
from plugin.square.connection.authorize import forget_old_attempts
from plugin.square.connection.check import check_connection
from plugin.square.connection.refresh import alarm, owe_refresh
from plugin.square.connection.row import ConnectionView, read_connection

CHECK_EVERY = timedelta(minutes=15)
_SHUT_OUT = (
    "Square does not accept Coursekeeper's access token (expired, revoked or another account's)."
    " Visits can be used as always; the owner connects anew under Square."
)
_SEALED = ("access_token_sealed", "refresh_token_sealed", "signature_key_sealed")


def keep_connected(house: House) -> None:
    """Do what is due; called every minute by the worker. Square being away is no error here."""
    forget_old_attempts(house)
    seal_anew(house)
    if not house.settings.square_access_token.get_secret_value():
        owe_refresh(house)
        alarm(house)
    if _wants_check(house):
        try:
            check_connection(house)
        except CoursekeeperError:
            # It is noted since when Square fails; the next minute asks again.
            tell_where_shut_out(house)


def tell_where_shut_out(house: House) -> None:
    """Put it before the people that Square does not let us in: that does not pass by itself."""
    known = read_connection(house.store)
    if known.failing_code != SIGN_IN:
        return
    act = Act(SQUARE, house.clock(), "shut-out")
    house.store.transact(
        lambda session: open_item_in(
            session,
            house.store,
            act,
            kind="square_connection",
            dedupe=outage_mark(SIGN_IN, known.failing_since, act.now),
            summary=_SHUT_OUT,
            details={},
        )
    )


def seal_anew(house: House) -> int:
    """Seal with the newest key what an older one has sealed; return how much. Then the older key can go."""
    known = read_connection(house.store)
    stale = [name for name in _SEALED if _is_stale(house, getattr(known, name))]

    def work(session: Session) -> int:
        row = connection_in(session)
        for name in stale:
            sealed = getattr(row, name)
            if sealed is not None and sealed == getattr(known, name):
                setattr(row, name, house.vault.seal(house.vault.open(sealed)))
        return len(stale)

    return house.store.transact(work) if stale else 0


def _is_stale(house: House, sealed: str | None) -> bool:
    if sealed is None or not house.vault.has_keys or house.vault.is_newest(sealed):
        return False
    try:
        house.vault.open(sealed)
    except CoursekeeperError:
        # Its key is gone: whoever asks for it is told.
        return False
    return True


def _wants_check(house: House) -> bool:
    known = read_connection(house.store)
    if not (house.settings.square_access_token.get_secret_value() or known.has_permission):
        return False
    return known.failing_since is not None or _is_old(house, known)


def _is_old(house: House, known: ConnectionView) -> bool:
    return known.checked_at is None or house.clock() - known.checked_at >= CHECK_EVERY
