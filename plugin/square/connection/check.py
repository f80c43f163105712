"""Maintenance of the connection: renewing, resealing, and checking merchant, locations and scopes with Square."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from sqlalchemy import delete
from sqlalchemy.orm import Session

from plugin.core.acts import SQUARE, Act, require
from plugin.courses.base.attention import open_item
from plugin.courses.base.work import Work
from plugin.courses.square_health import SIGN_IN, connection_in, outage_mark, read_connection, settle_in
from plugin.errors import CoursekeeperError, Refused, SquareFailed
from plugin.services import Services
from plugin.square.client import SquareNotFound
from plugin.square.client.calls import granted_scopes
from plugin.square.connection.tokens import alarm, enqueue_refresh
from plugin.square.parsing import Json, optional_id, text, words
from plugin.store.square_side import Connection, OAuthAttempt
from plugin.wording import N_, _


@dataclass(frozen=True, slots=True)
class Scope:
    """One permission of Square's."""

    name: str
    serves: str
    loss: str


SCOPES = (
    Scope(
        "MERCHANT_PROFILE_READ",
        N_("Your business, its locations and its address."),
        N_("Coursekeeper can’t tell which locations sell."),
    ),
    Scope(
        "ITEMS_READ",
        N_("Notice changes of price or name in Square."),
        N_("A package changed in Square goes unnoticed."),
    ),
    Scope(
        "ITEMS_WRITE",
        N_("Publish packages to Square POS."),
        N_("Packages can’t be published to Square POS from here."),
    ),
    Scope("ORDERS_READ", N_("See what was sold."), N_("No course opens automatically.")),
    Scope(
        "PAYMENTS_READ",
        N_("See what was paid and refunded."),
        N_("No course opens, and no refund takes its sessions along."),
    ),
    Scope(
        "CUSTOMERS_READ",
        N_("See who bought."),
        N_("Sales come without a client, and Square’s directory can’t be searched."),
    ),
    Scope(
        "CUSTOMERS_WRITE",
        N_("Add new clients, and write the balance on their profiles."),
        N_("New clients are not added to Square; no balance on Square profiles."),
    ),
    Scope(
        "ORDERS_WRITE", N_("Sell from the desk."), N_("Selling from the desk does not work; Square POS does.")
    ),
    Scope(
        "PAYMENTS_WRITE",
        N_("Square Terminal, payment links, recorded cash, refunds."),
        N_("Neither selling nor refunding from the desk works; Square POS does both."),
    ),
    Scope("DEVICES_READ", N_("Find your Square Terminals."), N_("No Terminal can be chosen at the desk.")),
    Scope(
        "INVOICES_READ",
        N_("See what was paid on invoices."),
        N_("A course on an invoice opens only when all is paid."),
    ),
    Scope("INVOICES_WRITE", N_("Send invoices with a deposit."), N_("No invoice can be sent from the desk.")),
    Scope(
        "APPOINTMENTS_READ", N_("Today’s arrivals from Square Appointments."), N_("Today shows no arrivals.")
    ),
    Scope("APPOINTMENTS_ALL_READ", N_("Arrivals of the whole team."), N_("Today shows no arrivals.")),
    Scope(
        "APPOINTMENTS_BUSINESS_SETTINGS_READ",
        N_("Who gives which appointment."),
        N_("Arrivals come without the practitioner’s name."),
    ),
    Scope(
        "EMPLOYEES_READ", N_("The names of your team."), N_("Arrivals come without the practitioner’s name.")
    ),
    Scope(
        "DISPUTES_READ",
        N_("Notice that a bank questions a payment."),
        N_("A disputed payment does not flag its course."),
    ),
)

_BOOKING = (
    Scope(
        "APPOINTMENTS_WRITE",
        N_("Book planned visits in Square Appointments."),
        N_("Planned visits are not booked in Square."),
    ),
    Scope(
        "APPOINTMENTS_ALL_WRITE",
        N_("Book them in the calendar of the whole team."),
        N_("Planned visits are not booked in Square."),
    ),
)


def scopes_in_use(*, books: bool = False) -> tuple[Scope, ...]:
    """Return the permissions in use; `books`: the clinic has planned visits booked in Square."""
    return (*SCOPES, *_BOOKING) if books else SCOPES


def wanted(*, books: bool = False) -> str:
    """Return the permissions as Square's permission page expects them."""
    return " ".join(scope.name for scope in scopes_in_use(books=books))


def missing(granted: Collection[str], *, books: bool = False) -> tuple[Scope, ...]:
    """Return the scopes the seller has not granted; none where Square did not list the granted ones."""
    if not granted:
        return ()
    return tuple(scope for scope in scopes_in_use(books=books) if scope.name not in granted)


def lacks_booking(granted: Collection[str]) -> bool:
    """Return whether a permission to book appointments is missing."""
    return bool(granted) and any(scope.name not in granted for scope in _BOOKING)


T = TypeVar("T")

ATTEMPTS_KEPT_FOR = timedelta(minutes=10)
CHECK_EVERY = timedelta(minutes=15)
_SHUT_OUT = N_(
    "Square does not accept Coursekeeper’s access token (expired, revoked or another account’s)."
    " Sessions can be used as always; the owner connects again under Settings, Square."
)
_SEALED = ("access_token_sealed", "refresh_token_sealed", "signature_key_sealed")


def check_connection(services: Services) -> None:
    """Save merchant, locations and scopes as Square has them now; raises SquareFailed."""
    merchant = _or_default(services.square.merchant, Json())
    locations = _or_default(services.square.locations, list[Json]())
    scopes = granted_scopes(_or_default(services.square.token_status, Json()))

    def work(session: Session) -> None:
        row = connection_in(session)
        row.scopes, row.locations = list(scopes), [_place(one) for one in locations]
        row.merchant_name = words(merchant.get("business_name"), 120) or row.merchant_name
        row.square_merchant_id = optional_id(merchant.get("id"), "merchant id") or row.square_merchant_id
        row.checked_at = services.clock()
        if not missing(scopes, books=services.settings.book_appointments):
            act = Act(SQUARE, services.clock(), "check-connection")
            settle_in(session, act, ("square_scope:",), _("Square has granted the permission."))

    services.store.transact(work)


def check_now(services: Services, act: Act) -> None:
    """Check for a person who waits; raises Refused."""
    require(act.actor)
    try:
        check_connection(services)
    except SquareFailed as error:
        raise Refused(error.message, code=error.code) from error


def _or_default(ask: Callable[[], T], default: T) -> T:
    # A call that a server does not have, or a permission we lack, must not hide the rest.
    try:
        return ask()
    except SquareNotFound:
        return default
    except SquareFailed as error:
        if error.code == "square_scope":
            return default
        raise


def _place(location: Json) -> Json:
    return {
        "id": text(location.get("id"))[:192],
        "name": words(location.get("name"), 120),
        "is_active": location.get("status") != "INACTIVE",
    }


def maintain_connection(services: Services) -> None:
    """Renew, check and reseal what is due; the worker calls it every minute. An outage of Square is no error here."""
    _delete_old_attempts(services)
    reseal(services)
    if not services.settings.square_access_token.get_secret_value():
        enqueue_refresh(services)
        alarm(services)
    if _wants_check(services):
        try:
            check_connection(services)
        except CoursekeeperError:
            # The start of Square's outage is recorded; the next minute checks again.
            _ask_where_shut_out(services)


def _ask_where_shut_out(services: Services) -> None:
    """Open an attention item where Square refuses our token: a person must connect again."""
    known = read_connection(services.store)
    if known.failing_code != SIGN_IN:
        return
    act = Act(SQUARE, services.clock(), "shut-out")
    services.store.transact(
        lambda session: open_item(
            Work(session, services.store, act),
            kind="square_connection",
            dedupe=outage_mark(SIGN_IN, known.failing_since, act.now),
            summary=_SHUT_OUT,
            details={},
        )
    )


def reseal(services: Services) -> int:
    """Seal again with the newest key what an older key sealed; return how many. The older key is then unused."""
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
        # Its key was removed: using it raises an error that names the reason.
        return False
    return True


def _wants_check(services: Services) -> bool:
    known = read_connection(services.store)
    if not (services.settings.square_access_token.get_secret_value() or known.has_permission):
        return False
    return known.failing_since is not None or _is_old(services, known)


def _is_old(services: Services, known: Connection) -> bool:
    return known.checked_at is None or services.clock() - known.checked_at >= CHECK_EVERY


def _delete_old_attempts(services: Services) -> None:
    """Delete the attempts that were not finished."""
    before = services.clock() - ATTEMPTS_KEPT_FOR
    with services.store.writing() as session:
        session.execute(delete(OAuthAttempt).where(OAuthAttempt.asked_at < before))
