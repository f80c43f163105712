"""The tokens of the seller's permission (OAuth): read strictly, sealed, renewed every 7 days of their 30.

One worker at a time renews, by an outbox job; a slower one's result is discarded.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from plugin.core.acts import SQUARE, Act
from plugin.courses.base.activity import Did, record_activity
from plugin.courses.base.attention import open_item
from plugin.courses.base.outbox import Job, enqueue
from plugin.courses.base.work import Work
from plugin.courses.health_facts import ClockWatch
from plugin.courses.square_health import (
    connection_in,
    note_answering,
    note_failing,
    read_connection,
    settle_in,
)
from plugin.errors import ConfigurationError, SquareFailed
from plugin.jobs import RunAgain
from plugin.services import Services
from plugin.settings import SettingsSource
from plugin.square.client import SquareClient
from plugin.square.client.asking import Transport
from plugin.square.parsing import Json, optional_moment, square_id, text, unreadable
from plugin.store import Store
from plugin.store.prepared import Prepared
from plugin.store.tables import Connection, Outbox
from plugin.vault import Vault
from plugin.wording import _

# How the dedupe keys of attention items about a permission begin that could not be renewed, or was revoked.
ABOUT_PERMISSION = ("square_refresh:", "square_revoked:")
REFRESH = "refresh_token"
RENEW_AFTER = timedelta(days=7)
ALARM_AFTER = timedelta(days=8)
# A token with a shorter lifetime than Square's thirty days.
LAST_DAY = timedelta(days=1)
RETRY_S = 3600.0


@dataclass(frozen=True, slots=True)
class Grant:
    """The tokens of one permission."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    square_merchant_id: str
    expires_at: datetime | None
    refresh_expires_at: datetime | None


def grant_of(answer: Json) -> Grant:
    """Read the answer; raises SquareFailed where it has no tokens."""
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
    """Save a permission that a person has just given."""

    def work(session: Session) -> None:
        _save_in(session, services, act, grant)
        row = connection_in(session)
        row.square_merchant_id = grant.square_merchant_id
        row.connected_at, row.connected_by = act.now, act.actor.name
        record_activity(
            session, services.store, act, Did.SQUARE_CONNECTED, after=f"Merchant {grant.square_merchant_id}"
        )

    services.store.transact(work)


def save_renewed(services: Services, act: Act, grant: Grant, *, used: str) -> bool:
    """Replace the permission whose sealed refresh token was `used`; False where that was replaced.

    A person may have connected again, or disconnected, while Square was asked.
    """

    def work(session: Session) -> bool:
        if connection_in(session).refresh_token_sealed != used:
            return False
        _save_in(session, services, act, grant)
        return True

    return services.store.transact(work)


def _save_in(session: Session, services: Services, act: Act, grant: Grant) -> None:
    """Seal the tokens into the row; items about the earlier ones are resolved."""
    row = connection_in(session)
    row.access_token_sealed = services.vault.seal(grant.access_token)
    row.refresh_token_sealed = services.vault.seal(grant.refresh_token)
    row.expires_at, row.refresh_expires_at = grant.expires_at, grant.refresh_expires_at
    row.refreshed_at = act.now
    row.problem, row.problem_at = "", None
    settle_in(session, act, ABOUT_PERMISSION, _("Square’s permission is valid again."))


def delete_tokens_in(session: Session) -> None:
    row = connection_in(session)
    row.access_token_sealed = row.refresh_token_sealed = None
    row.expires_at = row.refresh_expires_at = row.refreshed_at = row.connected_at = None
    row.connected_by, row.scopes = "", []


def is_due(known: Connection, now: datetime) -> bool:
    """Return whether the permission should be renewed now."""
    if known.refresh_token_sealed is None or known.refreshed_at is None:
        return False
    ends_soon = known.expires_at is not None and known.expires_at - now <= LAST_DAY
    return ends_soon or now - known.refreshed_at >= RENEW_AFTER


def enqueue_refresh(services: Services) -> bool:
    """Enqueue the renewal where it is due; False where it is not, or is pending."""
    now = services.clock()
    if not is_due(read_connection(services.store), now):
        return False

    def work(session: Session) -> bool:
        # The row is locked: two workers at once enqueue it once.
        connection_in(session)
        waiting = select(Outbox.id).where(Outbox.kind == REFRESH, Outbox.state == "pending")
        if session.scalar(waiting.limit(1)) is not None:
            return False
        enqueue(Work(session, services.store, Act(SQUARE, now, REFRESH)), REFRESH, "connection")
        return True

    return services.store.transact(work)


def refresh(services: Services, _job: Job) -> str | RunAgain:
    """Renew the permission; raises SquareFailed where Square can't be reached. After a lost answer, ask again."""
    known = read_connection(services.store)
    if known.refresh_token_sealed is None or not is_due(known, services.clock()):
        return _("The permission is not due for renewal, or gone.")
    try:
        renewed = grant_of(_renewed(services, known.refresh_token_sealed))
    except ConfigurationError as error:
        return handle_refusal(services, known, error.message)
    except SquareFailed as error:
        if not error.permanent and error.code != "square_sign_in":
            raise
        reason = _("Square no longer renews its permission. Connect again before it expires.")
        return handle_refusal(services, known, reason)
    act = Act(SQUARE, services.clock(), REFRESH)
    is_kept = save_renewed(services, act, renewed, used=known.refresh_token_sealed)
    return _("The permission was renewed.") if is_kept else _("The permission was changed in the meantime.")


def alarm(services: Services) -> None:
    """Open an attention item once the renewal is a day late."""
    known = read_connection(services.store)
    if known.refreshed_at is None or services.clock() - known.refreshed_at < ALARM_AFTER:
        return
    services.store.transact(lambda session: _open_item_in(session, services, known, known.problem))


def _renewed(services: Services, sealed: str) -> dict[str, object]:
    return services.square.obtain_token(
        client_id=services.settings.square_application_id,
        client_secret=services.settings.square_application_secret.get_secret_value(),
        grant_type="refresh_token",
        refresh_token=services.vault.open(sealed),
    )


def handle_refusal(services: Services, known: Connection, reason: str) -> RunAgain | str:
    """Notify the owner, and retry in an hour: a wrong secret or key may be corrected by then."""

    def work(session: Session) -> bool:
        row = connection_in(session)
        if row.refresh_token_sealed != known.refresh_token_sealed:
            # Another worker, or a person, was faster.
            return False
        row.problem, row.problem_at = reason, row.problem_at or services.clock()
        _open_item_in(session, services, known, reason)
        return True

    return (
        RunAgain(RETRY_S, reason)
        if services.store.transact(work)
        else _("The permission was changed in the meantime.")
    )


def _open_item_in(session: Session, services: Services, known: Connection, reason: str) -> None:
    reason = reason or _("The owner connects again under Settings, Square.")
    expires = (
        _(" It expires on {expires_at}.", expires_at=f"{known.expires_at:%Y-%m-%d}")
        if known.expires_at
        else ""
    )
    open_item(
        Work(session, services.store, Act(SQUARE, services.clock(), REFRESH)),
        kind="square_connection",
        dedupe=f"square_refresh:{known.refreshed_at:%Y-%m-%dT%H:%M}",
        summary=_(
            "Square’s permission could not be renewed.{expires} {reason}", expires=expires, reason=reason
        ),
        details={},
    )


_FAILING = ("square_unreachable", "square_down", "square_busy", "square_sign_in")
# Neither success nor outage: an answer of an unexpected shape.
_NO_SIGN = ("square_unreadable",)


def open_square(
    settings: SettingsSource,
    store: Store,
    vault: Vault,
    clock: Callable[[], datetime],
    *,
    transport: Transport | None = None,
) -> SquareClient:
    """Return the client; close it after use."""
    token = TokenSource(settings, store, vault)
    watch, watch_clock = Watch(store, clock), ClockWatch(store, clock)

    def hear_date(date: str) -> None:
        # The practice Square of tests keeps a time of its own.
        if settings.current().square_environment != "practice":
            watch_clock(date)

    return SquareClient(settings, token=token, watch=watch, hear_date=hear_date, transport=transport)


_SEALED = Prepared(select(Connection.access_token_sealed))


class TokenSource:
    """The access token: that of the settings, else the seller's. Called before every request: another process may
    have renewed it since the last one."""

    def __init__(self, settings: SettingsSource, store: Store, vault: Vault) -> None:
        self._settings = settings
        self._store = store
        self._vault = vault
        self._last = ("", "")

    def __call__(self) -> str:
        """Return the token, "" where there is none; raises SquareFailed where it can't be opened."""
        personal = self._settings.current().square_access_token.get_secret_value()
        if personal:
            return personal
        sealed = next((row.access_token_sealed for row in self._store.rows(_SEALED, {})), None) or ""
        if sealed != self._last[0]:
            self._last = (sealed, self._opened(sealed) if sealed else "")
        return self._last[1]

    def _opened(self, sealed: str) -> str:
        try:
            return self._vault.open(sealed)
        except ConfigurationError as error:
            # Not permanent: pending jobs run once the key is back.
            raise SquareFailed(error.message, permanent=False, code="square_sign_in") from error


class Watch:
    """Records since when Square fails. A refusal is an answer: Square can be reached."""

    def __init__(self, store: Store, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock

    def __call__(self, code: str) -> None:
        """Record the outcome of one call; `code` is that of its failure, "" where it succeeded."""
        if code in _FAILING:
            note_failing(self._store, code, self._clock())
        elif code not in _NO_SIGN:
            note_answering(self._store, Act(SQUARE, self._clock(), "square-answers"))
