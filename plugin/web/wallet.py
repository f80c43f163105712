"""The web service by which Apple Wallet asks for a newer pass (Apple's PassKit Web Service Reference).

Opened by the pass's own token; the list of changed passes by the device's own identifier, as Apple has it.
"""

import re
from http import HTTPStatus

from flask import Blueprint, Flask, Response, abort, make_response, request
from flask.typing import ResponseReturnValue
from pydantic import BaseModel, Field, ValidationError

from plugin.core.acts import Actor, Role, Source
from plugin.courses.clients.wallet_passes import changed_since, register_device, unregister_device
from plugin.courses.handouts.wallet_pass import MIME_TYPE, PassPlace, course_pass, is_token_right, sample_pass
from plugin.errors import CoursekeeperError
from plugin.wallet.jobs import signer_of
from plugin.web import current_services
from plugin.web.access import Screens, refuse_nul
from plugin.web.actions import act_by
from plugin.web.limits import guess_limiter, limit_views, page_limiter
from plugin.web.tables import name_file

OFTEN = "120 per minute"
WRONG = "60 per 5 minutes"
_SCHEME = "ApplePass "
_LONGEST_TOKEN = 200
_LARGEST_BODY = 4096
_DEVICE = re.compile(r"[A-Za-z0-9_-]{1,100}\Z")
# An iPad's browser may call itself a Mac; there both are offered.
_OF_APPLE = re.compile(r"iPhone|iPad|iPod")
PHONE = Actor("Their phone", Role.OWNER, Source.DESK)


class _Registration(BaseModel):
    push_token: str = Field(alias="pushToken", pattern=r"^[A-Za-z0-9_-]{1,200}$")


blueprint = Blueprint("wallet", __name__, url_prefix="/wallet")
# The owner's test pass, which needs a sign-in.
trial = Screens("wallet_trial", __name__)


@blueprint.before_request
def _only_where_on() -> None:
    refuse_nul()
    if not current_services().settings.has_wallet:
        abort(404)


@blueprint.get("/v1/passes/<pass_type>/<course_id>")
def latest(pass_type: str, course_id: str) -> Response:
    _authenticated(course_id)
    signer = signer_of(current_services().settings)
    if pass_type != signer.pass_type_id:
        abort(404)
    return pass_response(course_pass(current_services().store, signer, place(), course_id), course_id)


@blueprint.post("/v1/devices/<device>/registrations/<pass_type>/<course_id>")
def register(device: str, course_id: str, **_names: str) -> ResponseReturnValue:
    """Note that a device has the pass, and how it is told of changes."""
    _authenticated(course_id)
    request.max_content_length = _LARGEST_BODY
    try:
        told = _Registration.model_validate_json(request.get_data())
    except ValidationError:
        abort(HTTPStatus.BAD_REQUEST)
    if not _DEVICE.match(device):
        abort(HTTPStatus.BAD_REQUEST)
    services = current_services()
    act = act_by(PHONE)
    is_new = register_device(services.store, act, course_id, device, told.push_token)
    return "", HTTPStatus.CREATED if is_new else HTTPStatus.OK


@blueprint.delete("/v1/devices/<device>/registrations/<pass_type>/<course_id>")
def unregister(device: str, course_id: str, **_names: str) -> ResponseReturnValue:
    """Note that a device has the pass no more."""
    _authenticated(course_id)
    unregister_device(current_services().store, act_by(PHONE), course_id, device)
    return "", HTTPStatus.OK


@blueprint.get("/v1/devices/<device>/registrations/<pass_type>")
def changed(device: str, **_names: str) -> ResponseReturnValue:
    """Name the device's passes that changed since its tag."""
    tag, courses = changed_since(current_services().store, device, request.args.get("passesUpdatedSince", ""))
    if not courses:
        return "", HTTPStatus.NO_CONTENT
    return {"lastUpdated": tag, "serialNumbers": list(courses)}


@blueprint.post("/v1/log")
def log() -> ResponseReturnValue:
    """Take what a phone has to say, and store nothing of it: anybody may send it."""
    return "", HTTPStatus.OK


@trial.get("/clinic/settings/wallet/test.pkpass")
def test() -> Response:
    """Return a pass of nobody's course, to try it on a phone."""
    if not current_services().settings.has_wallet:
        abort(404)
    services = current_services()
    return pass_response(sample_pass(services.store, signer_of(services.settings)), "test")


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
    views = ("latest", "register", "unregister", "changed", "log")
    limit_views(app, [f"wallet.{name}" for name in views], wrong, often)


def wallets_for(browser: str) -> tuple[str, ...]:
    """Return the wallets that the clinic has passes for, and this browser's device may have."""
    settings = current_services().settings
    return (
        *(("apple",) if settings.has_wallet and "Android" not in browser else ()),
        *(("google",) if settings.has_google_wallet and not _OF_APPLE.search(browser) else ()),
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
