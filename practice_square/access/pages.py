"""The page where the seller grants or denies an application its scopes, and the redirect after it.

The answer is sent to the application's own address, so the page's security policy allows that form target.
"""

from urllib.parse import urlencode, urlsplit

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from practice_square.access.authorization import end_permission
from practice_square.access.scope_words import say_scopes
from practice_square.access.scopes import ALL_SCOPES
from practice_square.access.tokens import make_code
from practice_square.practice import practice_square_of
from practice_square.refusals import Refusal
from practice_square.storage import Json

# The scopes Square requests when the application names none.
USUAL_SCOPES = "MERCHANT_PROFILE_READ PAYMENTS_READ SETTLEMENTS_READ BANK_ACCOUNTS_READ"
OWN_HOSTS = ("localhost", "127.0.0.1", "::1")


def add_to(register: Blueprint) -> None:
    register.get("/oauth2/authorize")(ask_seller)
    register.post("/oauth2/authorize")(answer_application)
    register.get("/applications")(applications)
    register.post("/applications/remove")(remove_application)


def ask_seller() -> Response:
    asked = _read(request.args.to_dict())
    name = practice_square_of().settings.application_name
    page = make_response(
        render_template("authorize.html", asked=asked, name=name, said=say_scopes(asked["scope"].split()))
    )
    page.headers["Content-Security-Policy"] = (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:;"
        f" form-action 'self' {_origin(asked['address'])}; base-uri 'none'; frame-ancestors 'none'"
    )
    return page


def answer_application() -> AnyResponse:
    """Redirect the seller to the application, with a code or with the refusal."""
    asked = _read(request.form.to_dict())
    if request.form.get("decision") != "allow":
        told = {"error": "access_denied", "error_description": "user_denied"}
    else:
        with practice_square_of().work() as work:
            code = make_code(
                work, asked["scope"].split(), asked.get("code_challenge"), asked.get("redirect_uri")
            )
        told = {"code": code, "response_type": "code"}
    if asked.get("state"):
        told["state"] = asked["state"]
    joint = "&" if urlsplit(asked["address"]).query else "?"
    return redirect(f"{asked['address']}{joint}{urlencode(told)}")


def applications() -> str:
    with practice_square_of().work() as work:
        standing = [one for one in work.all("oauth_grant") if not one["is_revoked"]]
    scopes = sorted({scope for grant in standing for scope in grant["scopes"]})
    return render_template(
        "applications.html",
        name=practice_square_of().settings.application_name,
        since=standing[0]["created_at"] if standing else None,
        said=say_scopes(scopes),
    )


def remove_application() -> AnyResponse:
    with practice_square_of().work() as work:
        end_permission(work, "MERCHANT")
    flash(f"{practice_square_of().settings.application_name} no longer has access.", "done")
    return redirect(url_for(".applications"))


def _read(given: dict[str, str]) -> Json:
    """Read the application's request. Raises Refusal for an unknown application or scope, or a bad address."""
    settings = practice_square_of().settings
    if given.get("client_id") != settings.application_id:
        raise Refusal("NOT_FOUND", "There is no application with this id (client_id).", status=400)
    asked: Json = {
        name: given[name]
        for name in ("client_id", "redirect_uri", "state", "code_challenge", "session", "locale")
        if given.get(name)
    }
    asked["scope"] = " ".join((given.get("scope") or USUAL_SCOPES).split())
    for scope in asked["scope"].split():
        if scope not in ALL_SCOPES:
            raise Refusal("INVALID_VALUE", f"There is no permission “{scope}”.", status=400)
    asked["address"] = asked.get("redirect_uri") or settings.redirect_url or ""
    if settings.redirect_url not in (None, asked["address"]) or not _is_safe(asked["address"]):
        raise Refusal(
            "INVALID_VALUE", "The address to return to (redirect_uri) is not registered.", status=400
        )
    return asked


def _is_safe(address: str) -> bool:
    parts = urlsplit(address)
    return bool(parts.hostname) and (
        parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in OWN_HOSTS)
    )


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"
