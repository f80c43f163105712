"""Connecting by OAuth and disconnecting. Each attempt to connect works once."""

import base64
import hashlib
import secrets
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from sqlalchemy.orm import Session

from plugin.core.acts import Act, require
from plugin.core.fingerprint import sha256_hex
from plugin.courses.base.activity import Did, record_activity
from plugin.courses.square_health import connection_in, read_connection, settle_in
from plugin.errors import ConfigurationError, Refused, SquareFailed
from plugin.services import Services
from plugin.square.connection.check import ATTEMPTS_KEPT_FOR, check_connection, wanted
from plugin.square.connection.tokens import ABOUT_PERMISSION, Grant, delete_tokens_in, grant_of, save_grant
from plugin.square.locations import adopt_location
from plugin.store.square_side import OAuthAttempt
from plugin.wording import N_, _, first_sentence, joined

IN_SQUARE = N_("End it in your Square Dashboard as well, under Settings, Account, App integrations.")
BEGIN_AGAIN = N_("Begin again with “Connect to Square”.")


@dataclass(frozen=True, slots=True)
class Answer:
    """What Square's permission page returned the owner with: a code, or the reason why there is none."""

    state: str
    code: str = ""
    error: str = ""


def why_not(services: Services) -> str:
    """Return why OAuth is not possible here, in words for the owner; "" where it is."""
    settings = services.settings
    if settings.square_access_token.get_secret_value():
        return _(
            "The access token under Settings, Square takes precedence. Remove it there to connect with a button."
        )
    if not settings.square_application_id:
        return _(
            "Enter an access token under Settings, Square, or an application ID to connect with a button."
        )
    if not services.vault.has_keys:
        return "ENCRYPTION_KEYS is missing: without it no token is stored. docs/operate.md says how to make a key."
    if settings.square_environment == "production" and not settings.public_url.startswith("https://"):
        return _("Square returns to https addresses only. Set PUBLIC_URL to the https address of the desk.")
    return ""


def begin(services: Services, act: Act) -> str:
    """Return the address of Square's permission page for this person; raises Refused with what to do."""
    require(act.actor)
    if reason := why_not(services):
        raise Refused(reason, code="cannot_connect")
    state = secrets.token_urlsafe(32)
    # With an application's secret Square asks for that; without one, for the verifier of PKCE.
    verifier = "" if _secret(services) else secrets.token_urlsafe(48)
    attempt = OAuthAttempt(
        state_sha256=sha256_hex(state),
        verifier_sealed=services.vault.seal(verifier) if verifier else None,
        staff_id=act.actor.staff_id,
        asked_at=act.now,
    )
    services.store.transact(lambda session: session.add(attempt))
    return (
        f"{services.settings.square_address}/oauth2/authorize?{urlencode(_query(services, state, verifier))}"
    )


def finish(services: Services, act: Act, answer: Answer) -> str:
    """Handle the return from Square's page; return the name of the connected business. Raises Refused."""
    require(act.actor)
    verifier = _verifier(services, _used_attempt(services, act, answer.state))
    if answer.error or not answer.code:
        raise Refused(_("The permission was not given in Square. Nothing was changed."), code="not_permitted")
    grant = _exchanged(services, answer.code, verifier)
    _refuse_other_business(services, grant)
    save_grant(services, act, grant)
    try:
        check_connection(services)
    except SquareFailed:
        # The permission is saved; the next check reads the business's name.
        return ""
    adopt_location(services)
    return read_connection(services.store).merchant_name


def disconnect(services: Services, act: Act) -> str:
    """End the permission, in Square first; return the outcome. Raises Refused where Square can't be reached now."""
    require(act.actor)
    known = read_connection(services.store)
    if known.access_token_sealed is None:
        return _("Nothing was connected.")
    outcome = _revoked(services, known.access_token_sealed)

    def work(session: Session) -> None:
        delete_tokens_in(session)
        row = connection_in(session)
        record_activity(session, services.store, act, Did.SQUARE_DISCONNECTED, before=row.merchant_name)
        # After disconnecting, another business may be connected.
        row.square_merchant_id, row.merchant_name, row.locations = None, "", []
        row.problem, row.problem_at, row.checked_at = "", None, None
        settle_in(session, act, ABOUT_PERMISSION, _("Disconnected."))

    services.store.transact(work)
    return outcome


def return_address(services: Services) -> str:
    """Return the redirect URI; the Square application must name it exactly."""
    return f"{services.settings.public_url.rstrip('/')}/square/connected"


def square_origin(services: Services) -> str:
    """Return the origin of Square's permission page, for the content security policy."""
    parts = urlsplit(services.settings.square_address)
    return f"{parts.scheme}://{parts.netloc}"


def _query(services: Services, state: str, verifier: str) -> dict[str, str]:
    query = {
        "client_id": services.settings.square_application_id,
        "response_type": "code",
        "scope": wanted(books=services.settings.book_appointments),
        "state": state,
        "redirect_uri": return_address(services),
    }
    if services.settings.square_environment == "production":
        # The person signed in to Square in this browser need not be the owner of the business.
        query["session"] = "false"
    if verifier:
        digest = hashlib.sha256(verifier.encode()).digest()
        query["code_challenge"] = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        query["code_challenge_method"] = "S256"
    return query


def _used_attempt(services: Services, act: Act, state: str) -> OAuthAttempt:
    def work(session: Session) -> OAuthAttempt | None:
        row = session.get(OAuthAttempt, sha256_hex(state), with_for_update=True)
        if row is not None:
            session.delete(row)
        return row

    attempt = services.store.transact(work)
    if attempt is None:
        raise Refused(
            _("This return from Square is unknown or was used before. {begin_again}", begin_again=BEGIN_AGAIN)
        )
    if attempt.staff_id != act.actor.staff_id:
        raise Refused(_("Another user began to connect. {begin_again}", begin_again=BEGIN_AGAIN))
    if act.now - attempt.asked_at > ATTEMPTS_KEPT_FOR:
        raise Refused(_("That took longer than ten minutes. {begin_again}", begin_again=BEGIN_AGAIN))
    return attempt


def _verifier(services: Services, attempt: OAuthAttempt) -> str:
    try:
        return services.vault.open(attempt.verifier_sealed) if attempt.verifier_sealed else ""
    except ConfigurationError:
        said = _("ENCRYPTION_KEYS was changed in the meantime. {begin_again}", begin_again=BEGIN_AGAIN)
        raise Refused(said) from None


def _exchanged(services: Services, code: str, verifier: str) -> Grant:
    proof = {"code_verifier": verifier} if verifier else {"client_secret": _secret(services)}
    try:
        answer = services.square.obtain_token(
            client_id=services.settings.square_application_id,
            grant_type="authorization_code",
            code=code,
            redirect_uri=return_address(services),
            **proof,
        )
        return grant_of(answer)
    except SquareFailed as error:
        if error.permanent or error.code == "square_sign_in":
            reason = _("Square refused the code. Compare application ID and secret under Settings, Square.")
            raise Refused(joined((reason, BEGIN_AGAIN)), code="not_permitted") from error
        raise Refused(joined((first_sentence(error.message), BEGIN_AGAIN)), code=error.code) from error


def _refuse_other_business(services: Services, grant: Grant) -> None:
    known = read_connection(services.store)
    if known.square_merchant_id in (None, grant.square_merchant_id):
        return
    raise Refused(
        _(
            "That is another Square business than {value}, whose sales are recorded here. Nothing "
            "was changed. To switch, disconnect first.",
            value=known.merchant_name or known.square_merchant_id,
        ),
        code="other_business",
    )


def _secret(services: Services) -> str:
    return services.settings.square_application_secret.get_secret_value()


def _revoked(services: Services, sealed: str) -> str:
    secret = _secret(services)
    if not secret:
        return _("Disconnected here. {in_square}", in_square=IN_SQUARE)
    try:
        services.square.revoke_token(
            client_id=services.settings.square_application_id,
            client_secret=secret,
            access_token=services.vault.open(sealed),
        )
    except ConfigurationError:
        return _(
            "Disconnected here; the token could not be decrypted to revoke it. {in_square}",
            in_square=IN_SQUARE,
        )
    except SquareFailed as error:
        if error.permanent or error.code == "square_sign_in":
            # It was revoked before, or the secret has changed.
            return _("Disconnected here. {in_square}", in_square=IN_SQUARE)
        reason = _(
            "Square does not answer; the permission is still valid. Try again, or end it in Square Dashboard."
        )
        raise Refused(reason, code=error.code) from error
    return _("Disconnected. The permission was revoked in Square.")
