"""Flaws that the attacks must find: a small API, and routes beside those of Coursekeeper."""

from typing import Any

from flask import Flask, Response, jsonify, redirect, request
from flask.typing import ResponseReturnValue
from sqlalchemy import text

from plugin.core.acts import Role
from plugin.services import Services

# The table of access that the flawed routes break: the first is the owner's alone.
WHO_MAY = {"health.peek": frozenset({Role.OWNER})}


def flawed_api() -> Flask:
    """Return an API with three flaws: a server error, an answer of another shape, a valid body that is refused."""
    app, number = Flask("tests.attack.flawed"), {"type": "integer", "minimum": 0, "maximum": 9}
    answer = {"description": "It", "content": {"application/json": {"schema": _OBJECT}}}
    in_query = {"name": "n", "in": "query", "required": True, "schema": number}
    body = {"required": True, "content": {"application/json": {"schema": {**_OBJECT, "required": ["n"]}}}}
    paths: dict[str, Any] = {
        name: {"get": {"operationId": name[1:], "parameters": [in_query], "responses": {"200": answer}}}
        for name in ("/broken", "/shapeless")
    }
    paths["/refusing"] = {
        "post": {"requestBody": body, "responses": {"200": answer, "422": {"description": "No"}}}
    }

    @app.get("/openapi.json")
    def document() -> Response:
        return jsonify({"openapi": "3.1.0", "info": {"title": "Flawed", "version": "1"}, "paths": paths})

    @app.get("/broken")
    def broken() -> ResponseReturnValue:
        return (jsonify(n=1), 500) if request.args.get("n", "0") > "4" else jsonify(n=1)

    @app.get("/shapeless")
    def shapeless() -> Response:
        return jsonify(n="one")

    @app.post("/refusing")
    def refusing() -> ResponseReturnValue:
        return jsonify(
            error={"code": "invalid_field", "field": "n", "message": "n must be a whole number."}
        ), 422

    return app


_OBJECT = {"type": "object", "properties": {"n": {"type": "integer"}}}


def plant_routes(app: Flask, services: Services) -> None:
    """Add routes with a flaw each, in a blueprint that needs neither sign-in nor token, and to clients' pages."""

    def peek() -> ResponseReturnValue:
        return "the owner's figures"

    def follow() -> ResponseReturnValue:
        return redirect(request.args.get("next", "/"))

    def repeat() -> ResponseReturnValue:
        return f'<a href="https://{request.host}/">here</a>'

    def write() -> ResponseReturnValue:
        with services.store.writing() as session:
            row = "hex(randomblob(8)), '1', CURRENT_TIMESTAMP"
            session.execute(text(f"INSERT INTO bookmark (name, value, at) VALUES ({row})"))
        return "written"

    def fail() -> ResponseReturnValue:
        return ("too much", 500) if request.content_length and request.content_length > 10**6 else ("", 204)

    def anothers(token: str, course_id: str) -> ResponseReturnValue:
        return f"the course {course_id}"

    for view, methods in ((peek, "GET"), (follow, "GET"), (repeat, "GET"), (write, "POST"), (fail, "POST")):
        name = view.__name__
        app.add_url_rule(f"/planted/{name}", f"health.{name}", view, methods=[methods])
    app.add_url_rule("/my/<token>/planted/<course_id>", "health.anothers", anothers)
