"""The web service by which Apple Wallet asks for a newer pass (Apple's PassKit Web Service Reference).

Opened by the pass's own token. No device is registered: nothing is pushed, the phone asks when its owner refreshes.
"""

from __future__ import annotations

from http import HTTPStatus

from flask import Blueprint, Flask, Response, abort, make_response, request
from flask.typing import ResponseReturnValue

from plugin.courses.handouts.pkpass import MIME_TYPE, PassSigner, pass_signer
from plugin.courses.handouts.wallet_pass import PassPlace, course_pass, is_token_right, sample_pass
from plugin.errors import CoursekeeperError
from plugin.web import current_services
from plugin.web.access import allow, refuse_nul
from plugin.web.files import name_file
from plugin.web.limits import guess_limiter, limit_views, page_limiter

OFTEN = "120 per minute"
WRONG = "60 per 5 minutes"
_SCHEME = "ApplePass "
_LONGEST_TOKEN = 200

blueprint = Blueprint("wallet", __name__, url_prefix="/wallet")
# The owner's test pass, which needs a sign-in.
trial = Blueprint("wallet_trial", __name__)


@blueprint.before_request
def _only_where_on() -> None:
    refuse_nul()
    if not current_services().settings.has_wallet:
        abort(404)


@blueprint.get("/v1/passes/<pass_type>/<course_id>")
def latest(pass_type: str, course_id: str) -> Response:
    """Return the pass as it is now."""
    _authenticated(course_id)
    signer = signer_of_clinic()
    if pass_type != signer.pass_type_id:
        abort(404)
    return pass_response(course_pass(current_services().store, signer, place(), course_id), course_id)


@blueprint.post("/v1/devices/<device>/registrations/<pass_type>/<course_id>")
@blueprint.delete("/v1/devices/<device>/registrations/<pass_type>/<course_id>")
def register(course_id: str, **_names: str) -> ResponseReturnValue:
    """Accept a phone that registers or leaves; nothing of it is stored, for nothing is pushed to it."""
    _authenticated(course_id)
    return "", HTTPStatus.OK


@blueprint.get("/v1/devices/<device>/registrations/<pass_type>")
def changed(**_names: str) -> ResponseReturnValue:
    """Name no changed pass: a phone asks this only after a push."""
    return "", HTTPStatus.NO_CONTENT


@blueprint.post("/v1/log")
def log() -> ResponseReturnValue:
    """Take what a phone has to say, and store nothing of it."""
    return "", HTTPStatus.OK


@trial.get("/clinic/settings/wallet/test.pkpass")
@allow()
def test() -> Response:
    """Return a pass of nobody's course, to try it on a phone."""
    if not current_services().settings.has_wallet:
        abort(404)
    return pass_response(sample_pass(current_services().store, signer_of_clinic()), "test")


@blueprint.errorhandler(CoursekeeperError)
def refused(_error: CoursekeeperError) -> ResponseReturnValue:
    """Return no reason: a phone shows none."""
    return "", HTTPStatus.NOT_FOUND


def set_up(app: Flask) -> None:
    """Limit what one address asks and guesses."""
    wrong = guess_limiter(app).shared_limit(
        WRONG, scope="passes", deduct_when=lambda response: response.status_code == HTTPStatus.UNAUTHORIZED
    )
    often = page_limiter(app).shared_limit(OFTEN, scope="passes")
    limit_views(app, [f"wallet.{name}" for name in ("latest", "register", "changed", "log")], wrong, often)


def signer_of_clinic() -> PassSigner:
    """Return the clinic's signer; raises ConfigurationError."""
    settings = current_services().settings
    return pass_signer(
        settings.wallet_certificate,
        settings.wallet_private_key.get_secret_value(),
        settings.wallet_intermediate,
    )


def place() -> PassPlace:
    """Return where passes are made."""
    services = current_services()
    secret = services.settings.needing("secret_key").secret_key.get_secret_value()
    return PassPlace(services.settings.public_url, secret, services.clock())


def pass_response(made: bytes, called: str) -> Response:
    """Return a pass so that a phone offers to keep it."""
    response = make_response(made)
    response.mimetype = MIME_TYPE
    return name_file(response, f"{called}.pkpass", "attachment")


def _authenticated(course_id: str) -> None:
    sent = request.headers.get("Authorization", "")
    token = sent.removeprefix(_SCHEME)[:_LONGEST_TOKEN]
    services = current_services()
    if not sent.startswith(_SCHEME) or not is_token_right(services.store, place().secret, course_id, token):
        abort(HTTPStatus.UNAUTHORIZED)
