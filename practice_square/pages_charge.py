"""The charge page: card, cash or both, and the few choices a real register makes by itself."""

from datetime import timedelta

from flask import Blueprint, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

from practice_square.figures import read_amount
from practice_square.merchant import currency
from practice_square.practice import practice_square_of
from practice_square.refusals import Refusal
from practice_square.sale_json import read_sale
from practice_square.storage import Json, Work
from practice_square.ticket import drop_ticket, ticket_as_sale, ticket_as_shown
from practice_square.till import ring_up

MOST_HOURS = 72


def add_to(register: Blueprint) -> None:
    register.get("/charge")(charge)
    register.post("/charge")(take_payment)


def charge() -> str | Response:
    with practice_square_of().work() as work:
        ticket = ticket_as_shown(work, session["till"])
    if ticket["order"] is None:
        return redirect(url_for(".sell"))
    return render_template("charge.html", ticket=ticket)


def take_payment() -> Response:
    """Ring the ticket up and show the receipt. An empty ticket (a second tap) redirects to the last receipt."""
    with practice_square_of().work() as work:
        if ticket_as_shown(work, session["till"])["order"] is None and session.get("last_order"):
            return redirect(url_for(".receipt", order_id=session["last_order"]))
        sale = ticket_as_sale(work, session["till"]) | {
            "tenders": _tenders(currency(work)),
            "customer_on": request.form.get("customer_on") or "payment",
            "created_at": _sold_at(work),
            "delivered": request.form.get("withheld") != "yes",
        }
        order = ring_up(work, read_sale(sale))["order"]
        drop_ticket(work, session["till"])
    session["last_order"] = order["id"]
    return redirect(url_for(".receipt", order_id=order["id"], new="1"))


def _tenders(unit: str) -> list[Json]:
    pay = request.form.get("pay")
    tip_text = request.form.get("tip", "").strip()
    tip = read_amount(tip_text, "tip", unit) if tip_text else 0
    if pay == "split":
        card_part = read_amount(request.form.get("card_part", ""), "card_part", unit)
        return [{"type": "card", "amount": card_part, "tip": tip}, {"type": "cash"}]
    if pay not in ("card", "cash", "other"):
        raise Refusal("INVALID_VALUE", "Choose card, cash, other or a split.")
    return [{"type": pay, "tip": tip}]


def _sold_at(work: Work) -> str | None:
    text = request.form.get("offline_hours", "").strip()
    if not text:
        return None
    if not text.isdigit() or int(text) > MOST_HOURS:
        raise Refusal("INVALID_VALUE", f"A sale made offline is at most {MOST_HOURS} hours old.")
    return work.ago(timedelta(hours=int(text))) if int(text) else None
