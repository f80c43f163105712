"""The calls under /oauth2. The page where the seller decides is pages.py."""

from flask import Blueprint, Response, jsonify, request

from practice_square.access import authorization
from practice_square.access.guard import identify
from practice_square.api import body_of, finish, meet_faults
from practice_square.practice import practice_square_of
from practice_square.refusals import Refusal, unauthorized

oauth = Blueprint("square_oauth", __name__, url_prefix="/oauth2")

oauth.before_request(meet_faults)
oauth.after_request(finish)


@oauth.errorhandler(Refusal)
def _refused(refused: Refusal) -> tuple[Response, int]:
    return jsonify(refused.body()), refused.status


@oauth.post("/token")
def obtain_token() -> Response:
    body, practice = body_of(), practice_square_of()
    with practice.work() as work:
        return jsonify(authorization.obtain_token(work, body, practice.settings.application_secret))


@oauth.post("/revoke")
def revoke_token() -> Response:
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    given = secret if scheme == "Client" else ""
    body, practice = body_of(), practice_square_of()
    with practice.work() as work:
        answer = authorization.revoke_access(work, body, practice.settings.application_secret, given)
    return jsonify(answer)


@oauth.post("/token/status")
def retrieve_token_status() -> Response:
    try:
        caller = identify()
    except Refusal as refused:
        # Square answers UNAUTHORIZED here for an expired or revoked token.
        raise unauthorized("UNAUTHORIZED", refused.detail) from None
    with practice_square_of().work() as work:
        return jsonify(authorization.token_status(work, caller))
