"""The register's blueprint: what its pages share (session, form token, headers, money as text) and the selling page."""

import hmac
import secrets
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, flash, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response as AnyResponse

from practice_square import pages_charge, pages_clients, pages_drawer, pages_profile, pages_receipts
from practice_square.access import pages as pages_access
from practice_square.appointments import pages as pages_appointments
from practice_square.catalog import items_for_sale
from practice_square.checkout import pages_client, pages_terminal
from practice_square.customer_search import find_by_words
from practice_square.customers import name_of
from practice_square.faults import read_faults
from practice_square.figures import (
    as_line,
    as_local_time,
    as_money,
    as_phone,
    as_plain_amount,
    read_amount,
)
from practice_square.merchant import currency, location_id, read_location
from practice_square.practice import practice_square_of
from practice_square.refusals import Refusal
from practice_square.storage import Json, Work
from practice_square.ticket import (
    add_custom,
    add_variation,
    change_line,
    drop_ticket,
    keep_ticket,
    read_ticket,
    set_adjustments,
    ticket_as_shown,
)

register = Blueprint("register", __name__)
SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self';"
        " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}

register.add_app_template_filter(as_money, "till_money")
register.add_app_template_filter(as_plain_amount, "till_amount")
register.add_app_template_filter(as_local_time, "till_time")
register.add_app_template_filter(as_phone, "till_phone")
register.add_app_template_filter(as_line, "till_line")
register.add_app_template_filter(name_of, "till_name")
for pages in (
    pages_charge,
    pages_clients,
    pages_profile,
    pages_appointments,
    pages_access,
    pages_drawer,
    pages_receipts,
    pages_terminal,
    pages_client,
):
    pages.add_to(register)


@register.before_request
def _guard() -> None:
    if "till" not in session:
        session["till"], session["form_token"] = secrets.token_hex(8), secrets.token_urlsafe(24)
    if request.method == "POST":
        given = request.form.get("form_token", "")
        if not hmac.compare_digest(given.encode(), session["form_token"].encode()):
            raise Refusal(
                "FORBIDDEN", "This page was open too long. Load it again and repeat the tap.", status=403
            )


@register.after_request
def _finish(response: Response) -> Response:
    for name, value in SECURITY_HEADERS.items():
        response.headers.setdefault(name, value)
    return response


@register.context_processor
def _shared() -> Json:
    with practice_square_of().work() as work:
        faults = read_faults(work)
        place = read_location(work, location_id(work))
    return {
        "form_token": session["form_token"],
        "faults_on": faults.count(),
        "clinic": place["name"],
        "typed": session.pop("typed", {}),
    }


@register.errorhandler(Refusal)
def _refused(refused: Refusal) -> AnyResponse | tuple[str, int]:
    """Show the refusal on the current page, with what was typed."""
    if request.method == "POST" and refused.status != 403:
        flash(refused.detail, "refused")
        session["typed"] = {name: value for name, value in request.form.items() if name != "form_token"}
        return redirect(_page_before())
    return render_template("refused.html", message=refused.detail), refused.status


@register.get("/")
def sell() -> str:
    with practice_square_of().work() as work:
        tiles = _tiles(work)
        ticket = ticket_as_shown(work, session["till"])
    return render_template("sell.html", tiles=tiles, ticket=ticket)


@register.post("/ticket/items")
def add_item() -> AnyResponse:
    with practice_square_of().work() as work:
        add_variation(work, session["till"], request.form["variation_id"])
    return redirect(url_for(".sell", _anchor="ticket"))


@register.post("/ticket/custom")
def add_custom_amount() -> AnyResponse:
    with practice_square_of().work() as work:
        amount = read_amount(request.form.get("custom_amount", ""), "custom_amount", currency(work))
        add_custom(work, session["till"], request.form.get("custom_name", "").strip(), amount)
    return redirect(url_for(".sell", _anchor="ticket"))


@register.post("/ticket/lines/<int:place>")
def change_ticket_line(place: int) -> AnyResponse:
    with practice_square_of().work() as work:
        change_line(work, session["till"], place, request.form)
    return redirect(url_for(".sell", _anchor="ticket"))


@register.post("/ticket/adjustments")
def adjust_ticket() -> AnyResponse:
    with practice_square_of().work() as work:
        set_adjustments(work, session["till"], request.form)
    return redirect(url_for(".sell", _anchor="ticket"))


@register.post("/ticket/clear")
def clear_ticket() -> AnyResponse:
    with practice_square_of().work() as work:
        drop_ticket(work, session["till"])
    return redirect(url_for(".sell"))


@register.get("/ticket/client")
def pick_client() -> str:
    words = request.args.get("q", "")
    with practice_square_of().work() as work:
        found = find_by_words(work, words)
    return render_template("pick_client.html", clients=found[:60], q=words, many=len(found))


@register.post("/ticket/client")
def set_client() -> AnyResponse:
    with practice_square_of().work() as work:
        ticket = read_ticket(work, session["till"])
        ticket["customer_id"] = request.form.get("customer_id") or None
        keep_ticket(work, session["till"], ticket)
    return redirect(url_for(".sell", _anchor="ticket"))


@register.get("/<path:rest>")
def nowhere(rest: str) -> str:
    raise Refusal("NOT_FOUND", f"There is no page “{rest}” on this till.", status=404)


def _page_before() -> str:
    """Return the path of the page the form was on; only a path, so that it always stays on this server."""
    before = urlsplit(request.headers.get("Referer", ""))
    path = (
        before.path if before.path.startswith("/") and not before.path.startswith("//") else url_for(".sell")
    )
    return f"{path}?{before.query}" if before.query else path


def _tiles(work: Work) -> list[dict[str, Any]]:
    """One tile per variation that has a price; the newest first."""
    return [
        {
            "id": variation["id"],
            "name": item["item_data"]["name"],
            "variation": variation["item_variation_data"].get("name") or "",
            "price": variation["item_variation_data"]["price_money"],
        }
        for item in reversed(items_for_sale(work))
        for variation in item["item_data"]["variations"]
        if variation["item_variation_data"].get("price_money")
    ]
