"""The terminal's page: its screen, what a client does there, what is pending, and pairing another terminal.

While the page is open the terminal is on and shows what it is sent. Closed, a checkout waits and times out.
"""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from practice_square.checkout.devices import pair, terminal_id, terminals
from practice_square.checkout.terminal import allows_tip, deadline_of
from practice_square.checkout.terminal_screen import (
    client_cancels,
    last_checkout_on,
    leave_it,
    show_checkout,
    tap_card,
    waiting_on,
)
from practice_square.figures import as_money
from practice_square.merchant import money
from practice_square.practice import practice_square_of
from practice_square.pricing import rounded
from practice_square.refusals import Refusal
from practice_square.storage import Json, Work

SHOWN_AFTERWARDS = timedelta(seconds=20)
DEFAULT_TIPS = (15, 20, 25)


def add_to(register: Blueprint) -> None:
    register.get("/terminal")(terminal)
    register.get("/terminal/screen")(terminal_screen)
    register.post("/terminal/pair")(pair_terminal)
    register.post("/terminal/checkouts/<checkout_id>")(act_at_terminal)


def terminal() -> str:
    with practice_square_of().work() as work:
        devices = terminals(work)
        chosen = request.args.get("device") or (terminal_id(devices[0]) if devices else None)
        shown = _shown(work, chosen) if chosen else None
    names = [{"id": terminal_id(one), "name": one["attributes"]["name"]} for one in devices]
    return render_template("terminal.html", devices=names, chosen=chosen, shown=shown)


def terminal_screen() -> str:
    """Return only the screen, for the page's updates."""
    with practice_square_of().work() as work:
        shown = _shown(work, request.args.get("device", ""))
    return render_template("terminal_screen.html", shown=shown)


def pair_terminal() -> Response:
    with practice_square_of().work() as work:
        device = pair(work, request.form.get("code", ""))
    flash(f"{device['attributes']['name']} is signed in.", "done")
    return redirect(url_for(".terminal", device=terminal_id(device)))


def act_at_terminal(checkout_id: str) -> Response:
    act = request.form.get("act")
    with practice_square_of().work() as work:
        if act == "tap":
            done = tap_card(work, checkout_id, _tip())
        elif act == "cancel":
            done = client_cancels(work, checkout_id)
        elif act == "leave":
            done = leave_it(work, checkout_id)
        else:
            raise Refusal("INVALID_VALUE", "Choose what the client does.")
    return redirect(url_for(".terminal", device=done["device_options"]["device_id"]))


def _tip() -> int:
    text = request.form.get("tip", "0")
    return int(text) if text.isdigit() else 0


def _shown(work: Work, device_id: str) -> Json:
    """Return what the terminal shows now."""
    checkout = show_checkout(work, device_id)
    if checkout is None:
        return {"device_id": device_id, "checkout": None, "last": _just_done(work, device_id), "waiting": []}
    order = work.get("order", checkout.get("order_id") or "")
    has_cart = order is not None and checkout["device_options"]["show_itemized_cart"]
    waiting = [one["amount_money"] for one in waiting_on(work, device_id) if one["id"] != checkout["id"]]
    return {
        "device_id": device_id,
        "checkout": checkout,
        "cart": order if has_cart else None,
        "tips": _tips(work, checkout),
        "until": deadline_of(checkout),
        "waiting": waiting,
    }


def _tips(work: Work, checkout: Json) -> list[dict[str, Any]]:
    if not allows_tip(checkout):
        return []
    percentages = checkout["device_options"]["tip_settings"].get("tip_percentages") or DEFAULT_TIPS
    asked = checkout["amount_money"]["amount"]
    amounts = [rounded(Decimal(asked) * one / 100) for one in percentages if one]
    return [
        {
            "amount": amount,
            "text": as_money(money(work, amount)),
            "total": as_money(money(work, asked + amount)),
        }
        for amount in amounts
    ]


def _just_done(work: Work, device_id: str) -> Json | None:
    last = last_checkout_on(work, device_id)
    if last is None or last["updated_at"] < work.ago(SHOWN_AFTERWARDS):
        return None
    payments = [work.get("payment", id_) or {} for id_ in last.get("payment_ids", [])]
    return last | {"paid_money": payments[0]["total_money"] if payments else None}
