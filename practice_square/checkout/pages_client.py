"""The pages a client opens on a phone: a payment link and an invoice."""

from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from practice_square.checkout import invoice_page, link_page
from practice_square.checkout.invoices import COLLECTING, due_now, find_invoice
from practice_square.checkout.links import find_link
from practice_square.checkout.payment_requests import left_of
from practice_square.merchant import location_id, money, read_location
from practice_square.orders import find_order
from practice_square.practice import practice_square_of
from practice_square.pricing import rounded
from practice_square.refusals import Refusal
from practice_square.storage import Json, Work

TIPS = (15, 18, 20)
NOT_SHOWN = ("DRAFT", "SCHEDULED")
DECLINED = "This card was declined. Nothing was paid. Try another card."


def add_to(register: Blueprint) -> None:
    register.get("/pay/<link_id>")(payment_link)
    register.post("/pay/<link_id>")(pay_payment_link)
    register.get("/invoice/<invoice_id>")(invoice)
    register.post("/invoice/<invoice_id>")(pay_invoice)


def payment_link(link_id: str) -> tuple[str, int]:
    with practice_square_of().work() as work:
        place = read_location(work, location_id(work))
        link = work.get("payment_link", link_id)
        shown = _link_as_shown(work, link) if link else None
    if shown is None:
        return render_template("gone.html", what="payment link", place=place), 404
    return render_template("pay.html", place=place, **shown), 200


def pay_payment_link(link_id: str) -> Response:
    if request.form.get("card") == "declined":
        return _declined(url_for(".payment_link", link_id=link_id))
    tip = request.form.get("tip", "0")
    with practice_square_of().work() as work:
        link_page.pay_link(
            work,
            find_link(work, link_id),
            email=request.form.get("email", "").strip() or None,
            tip=int(tip) if tip.isdigit() else 0,
        )
    return redirect(url_for(".payment_link", link_id=link_id))


def invoice(invoice_id: str) -> tuple[str, int]:
    with practice_square_of().work() as work:
        place = read_location(work, location_id(work))
        found = _published(work, invoice_id)
        shown = _invoice_as_shown(work, found) if found else None
    if shown is None:
        return render_template("gone.html", what="invoice", place=place), 404
    return render_template("invoice.html", place=place, **shown), 200


def pay_invoice(invoice_id: str) -> Response:
    if request.form.get("card") == "declined":
        return _declined(url_for(".invoice", invoice_id=invoice_id))
    with practice_square_of().work() as work:
        found = find_invoice(work, invoice_id)
        # A page left open must not pay the balance with a tap that meant the deposit.
        if request.form.get("version") != str(found["version"]):
            raise Refusal("CONFLICT", "This invoice has changed since the page was opened. See it anew.")
        everything = request.form.get("part") == "everything"
        invoice_page.pay_invoice(work, invoice_id, invoice_page.still_due(found) if everything else None)
    return redirect(url_for(".invoice", invoice_id=invoice_id))


def _link_as_shown(work: Work, link: Json) -> dict[str, Any]:
    order, options = find_order(work, link["order_id"]), link.get("checkout_options") or {}
    back = options.get("redirect_url")
    return {
        "link": link,
        "order": order,
        "standing": link_page.standing(order),
        "tips": _tips(work, order) if options.get("allow_tipping") else [],
        "email": (link.get("pre_populated_data") or {}).get("buyer_email") or "",
        "back": {"url": back, "host": urlsplit(back).hostname} if back else None,
    }


def _published(work: Work, invoice_id: str) -> Json | None:
    if work.get("invoice", invoice_id) is None:
        return None
    found = find_invoice(work, invoice_id)
    return None if found["status"] in NOT_SHOWN else found


def _invoice_as_shown(work: Work, found: Json) -> dict[str, Any]:
    collects = found["status"] in COLLECTING
    due, left = due_now(work, found), invoice_page.still_due(found)
    return {
        "invoice": found,
        "order": find_order(work, found["order_id"]),
        "collects": collects,
        "due": money(work, due),
        "left": money(work, left) if left > due else None,
        "due_on": next((_as_date(one["due_date"]) for one in found["payment_requests"] if left_of(one)), ""),
        "parts_of_invoice": [
            one | {"due_on": _as_date(one["due_date"]), "is_paid": not left_of(one)} for one in _parts(found)
        ],
    }


def _parts(found: Json) -> list[Json]:
    parts: list[Json] = found["payment_requests"]
    return parts


def _tips(work: Work, order: Json) -> list[dict[str, Any]]:
    total = order["net_amount_due_money"]["amount"]
    return [
        {"percent": percent, "money": money(work, rounded(Decimal(total) * percent / 100))}
        for percent in TIPS
    ]


def _declined(back: str) -> Response:
    flash(DECLINED, "refused")
    return redirect(back)


def _as_date(text: str) -> str:
    day = date.fromisoformat(text)
    return f"{day:%b} {day.day}, {day.year}"
