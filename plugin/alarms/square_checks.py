"""Checks of the connection to Square: does it answer, do sales arrive, is the permission renewed."""

from datetime import datetime, timedelta

from plugin.alarms.condition import Look, fine, lasting, unused, wrong
from plugin.courses.base.clinic import read_hours
from plugin.courses.square_health import SIGN_IN, last_sync_at, read_connection, square_mode, square_state
from plugin.services import Services
from plugin.square.connection.tokens import ALARM_AFTER
from plugin.store.square_side import Connection
from plugin.wording import N_, _

SILENT_FOR = timedelta(minutes=10)
REFUSED_FOR = timedelta(minutes=5)
NOTHING_CAME_FOR = timedelta(hours=2)
ENDS_WITHIN = timedelta(days=10)
NOT_CONNECTED = unused(N_("Square is not connected yet."))


def square_answers(services: Services, now: datetime) -> Look:
    """Check that Square has not been silent for minutes while the clinic was open."""
    known = _connected(services)
    if known is None:
        return NOT_CONNECTED
    since = known.failing_since
    if since is None or known.failing_code == SIGN_IN:
        return fine(
            _("It last answered {lasting} ago.", lasting=lasting(now - known.checked_at))
            if known.checked_at
            else _("It does.")
        )
    if read_hours(services.store).open_time(since, now) < SILENT_FOR:
        return fine(
            _(
                "Square has not answered for {lasting}; it is asked again every minute.",
                lasting=lasting(now - since),
            )
        )
    return wrong(_("Square has not answered for {lasting}.", lasting=lasting(now - since)))


def square_accepts(services: Services, now: datetime) -> Look:
    """Check that Square accepts our token, whether the clinic is open or not."""
    known = _connected(services)
    if known is None:
        return NOT_CONNECTED
    since = known.failing_since
    if since is None or known.failing_code != SIGN_IN or now - since < REFUSED_FOR:
        return fine(_("The access token is valid."))
    return wrong(
        _("Square has refused Coursekeeper’s access token for {lasting}.", lasting=lasting(now - since))
    )


def sales_arrive(services: Services, now: datetime) -> Look:
    """Check that an event or a sync has come within the last hours of being open."""
    known = _connected(services)
    if known is None:
        return NOT_CONNECTED
    heard = (
        last_sync_at(services.store, now),
        square_mode(services.store, now).last_event_at,
        known.connected_at,
    )
    last = max(filter(None, heard), default=None)
    if last is None:
        return unused(_("Square has not been read yet."))
    if read_hours(services.store).open_time(last, now) < NOTHING_CAME_FOR:
        return fine(
            _("Square was last read, or reported something, {lasting} ago.", lasting=lasting(now - last))
        )
    sweep = square_state(services.store, now).sweep
    why = f" {sweep.error}" if sweep else ""
    return wrong(
        _(
            "For {lasting} no event has come from Square, and no sync has succeeded.{why}",
            lasting=lasting(now - last),
            why=why,
        )
    )


def permission_lasts(services: Services, now: datetime) -> Look:
    """Check that the seller's permission is renewed in time."""
    known = read_connection(services.store)
    if services.settings.square_access_token.get_secret_value():
        return unused(_("The access token of the settings does not expire."))
    if known.problem:
        return wrong(known.problem)
    if not known.has_permission:
        return NOT_CONNECTED
    if known.refreshed_at is not None and now - known.refreshed_at >= ALARM_AFTER:
        return wrong(
            _(
                "Square’s permission has not been renewed for {lasting}.{end}",
                lasting=lasting(now - known.refreshed_at),
                end=_end(known),
            )
        )
    if known.refresh_expires_at is not None and known.refresh_expires_at - now < ENDS_WITHIN:
        return wrong(
            _(
                "Square’s permission can’t be renewed after {refresh_expires_at}.",
                refresh_expires_at=f"{known.refresh_expires_at:%Y-%m-%d}",
            )
        )
    return fine(_("Renewed every week.{end}", end=_end(known)))


def _end(known: Connection) -> str:
    return (
        _(" It is valid until {expires_at}.", expires_at=f"{known.expires_at:%Y-%m-%d}")
        if known.expires_at
        else ""
    )


def _connected(services: Services) -> Connection | None:
    known = read_connection(services.store)
    is_connected = services.settings.square_access_token.get_secret_value() or known.has_permission
    return known if is_connected else None
