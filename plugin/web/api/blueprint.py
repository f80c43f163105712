"""The blueprint of `/api/v1` with all calls."""

from flask import Blueprint, Response, jsonify, request

from plugin.web import api
from plugin.web.api.calls import Call, register
from plugin.web.api.errors import API, DATABASE_AWAY, LARGEST_BODY, api_error_response
from plugin.web.api.limits import BAD_TOKENS_PER_ADDRESS, CALLS_PER_TOKEN, limit
from plugin.web.api.openapi import document
from plugin.web.modules import modules_of

# All that the modules of the package declare.
CALLS = tuple(each for module in modules_of(api) for each in vars(module).values() if isinstance(each, Call))


def make_api(*, per_token: str = CALLS_PER_TOKEN, bad_per_address: str = BAD_TOKENS_PER_ADDRESS) -> Blueprint:
    """Return the blueprint of all calls; the limits are in Flask-Limiter's notation, such as "600 per minute"."""
    blueprint = Blueprint("api", __name__, url_prefix=API)
    limit(blueprint, per_token=per_token, bad_per_address=bad_per_address)
    blueprint.before_request(_limit_body)
    blueprint.add_url_rule("/openapi.json", "openapi", _openapi)
    register(blueprint, CALLS)
    for failure in DATABASE_AWAY:
        blueprint.register_error_handler(failure, api_error_response)
    return blueprint


def _limit_body() -> None:
    # One more than is allowed: werkzeug silently truncates a body without Content-Length.
    request.max_content_length = LARGEST_BODY + 1


def _openapi() -> Response:
    # Open to all: a tool reads it before it has a token, and it contains nothing about the clinic.
    return jsonify(document(CALLS, f"{request.script_root}{API}"))
