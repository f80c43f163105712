"""The API under /v2: token, faults, bodies and Square's errors. The calls are in `routes`."""

import json
from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, jsonify, request
from werkzeug.exceptions import HTTPException

from practice_square.access.guard import admit
from practice_square.faults import Failure, Faults, is_meant, read_faults, take_failure
from practice_square.idempotency import keep_refusal, once
from practice_square.practice import practice_square_of
from practice_square.refusals import Refusal, rate_limited, unauthorized
from practice_square.settings import SQUARE_VERSION
from practice_square.storage import Json, Work
from practice_square.times import with_times

api = Blueprint("square_api", __name__, url_prefix="/v2")
MOST_BYTES = 5_000_000


def meet_faults() -> Response | None:
    """Apply the faults to this call: slowness, and a failure before its work."""
    practice = practice_square_of()
    call = f"{request.method} {request.path}"
    with practice.work() as work:
        faults = read_faults(work)
        failure = take_failure(work, faults, call)
    request.environ["practice.fails"] = failure
    request.environ["practice.faults"] = faults
    if faults.slow_s and is_meant(faults, call) and not _is_catalog_write():
        practice.pause(faults.slow_s)
    return _failed(failure) if failure and not failure.is_after else None


def finish(response: Response) -> Response:
    """Replace the answer of a call that must fail after its work; add the version header."""
    failure: Failure | None = request.environ.get("practice.fails")
    faults: Faults = request.environ["practice.faults"]
    if failure is not None and failure.is_after:
        response = _failed(failure)
    elif faults.times != "milliseconds" and response.is_json and response.status_code == 200:
        response.set_data(json.dumps(with_times(json.loads(response.get_data()), faults.times)))
    if response.status_code == 429 and not faults.hides_retry_after:
        response.headers["Retry-After"] = "1"
    response.headers["Square-Version"] = request.headers.get("Square-Version", SQUARE_VERSION)
    return response


@api.before_request
def _guard() -> Response | None:
    failed = meet_faults()
    if failed is not None:
        return failed
    admit()
    faults: Faults = request.environ["practice.faults"]
    if faults.is_token_expired:
        raise unauthorized("ACCESS_TOKEN_EXPIRED", "The `Access Token` has expired.")
    return None


api.after_request(finish)


def _failed(failure: Failure) -> Response:
    how = failure.how
    if how == "cut":
        _cut_connection()
    if how == "garbage":
        return Response("<html><body>upstream went away", status=200, mimetype="application/json")
    refused = _failing_refusal(int(how) if how.isdigit() else 500)
    response = jsonify(refused.body())
    response.status_code = refused.status
    return response


def _failing_refusal(status: int) -> Refusal:
    if status == 429:
        return rate_limited()
    if status == 409:
        return Refusal("CONFLICT", "The request conflicts with another one.", status=409)
    code = "SERVICE_UNAVAILABLE" if status == 503 else "INTERNAL_SERVER_ERROR"
    return Refusal(code, "An internal error has occurred.", status=status, category="API_ERROR")


def _cut_connection() -> None:
    """Drop the connection without an answer, where the server exposes its socket."""
    connection = request.environ.get("werkzeug.socket")
    if connection is not None:
        connection.shutdown(2)
    raise ConnectionResetError("cut by a fault")


def _is_catalog_write() -> bool:
    if request.method == "DELETE":
        return request.path.startswith("/v2/catalog/")
    return request.path in ("/v2/catalog/batch-upsert", "/v2/catalog/object") and request.method == "POST"


def body_of() -> Json:
    """Read the request's JSON object. Raises Refusal for anything else."""
    if request.content_length and request.content_length > MOST_BYTES:
        raise Refusal("REQUEST_ENTITY_TOO_LARGE", "The request is too large.", status=413)
    if not request.get_data(cache=True):
        return {}
    body = request.get_json(force=True, silent=True)
    if not isinstance(body, dict):
        raise Refusal("EXPECTED_JSON_BODY", "Expected a JSON object as the body.")
    return body


def query_of() -> dict[str, Any]:
    """Read the query parameters that were given a value."""
    return {name: value for name, value in request.args.items() if value != ""}


def reading(act: Callable[[Work], Json]) -> Response:
    """Answer with the result of an act without an idempotency key."""
    with practice_square_of().work() as work:
        return jsonify(act(work))


def writing(act: Callable[[Work, Json], Json]) -> Response:
    """Answer with the result of an act for the body, once per idempotency key."""
    body, scope = body_of(), f"{request.method} {request.path}"
    try:
        with practice_square_of().work() as work:
            return jsonify(once(work, scope, body, lambda: act(work, body)))
    except Refusal as refused:
        with practice_square_of().work() as work:
            if read_faults(work).keeps_refused_keys:
                keep_refusal(work, scope, body, refused)
        raise


@api.route("/", defaults={"rest": ""}, methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
@api.route("/<path:rest>", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
def unknown(rest: str) -> Response:
    raise Refusal("NOT_FOUND", f"Resource `/v2/{rest}` not found.", status=404)


@api.errorhandler(Refusal)
def _refused(refused: Refusal) -> tuple[Response, int]:
    faults: Faults = request.environ["practice.faults"]
    is_mismatch = refused.code == "VERSION_MISMATCH"
    return jsonify(refused.body()), 400 if is_mismatch and faults.is_mismatch_400 else refused.status


@api.errorhandler(HTTPException)
def _http_refused(error: HTTPException) -> tuple[Response, int]:
    if error.code == 405:
        refused = Refusal("METHOD_NOT_ALLOWED", "Method not allowed.", status=405)
    else:
        refused = Refusal("BAD_REQUEST", error.description or "Bad request.", status=error.code or 400)
    return jsonify(refused.body()), refused.status
