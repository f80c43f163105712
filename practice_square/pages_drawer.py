"""Two pages behind the register: the event deliveries, and the faults."""

from dataclasses import fields

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from practice_square.delivery_queue import queue_as_told, release_withheld, resend
from practice_square.faults import CHOICES, LIMITS, Faults, change_faults, keep_faults, read_faults
from practice_square.practice import practice_square_of
from practice_square.refusals import invalid
from practice_square.storage import Json
from practice_square.subscriptions import DEFAULT_ID

MOST_SHOWN = 80
FLAGS = tuple(one.name for one in fields(Faults) if type(one.default) is bool)
TEXTS = ("fail_only", *CHOICES)


def add_to(register: Blueprint) -> None:
    register.get("/events")(events)
    register.post("/events/send")(send_now)
    register.post("/events/<event_id>/resend")(send_again)
    register.get("/faults")(faults)
    register.post("/faults")(set_faults)


def events() -> str:
    with practice_square_of().work() as work:
        queue = queue_as_told(work, MOST_SHOWN)
        subscription = work.get("subscription", DEFAULT_ID)
    return render_template("events.html", queue=queue, subscription=subscription)


def send_now() -> Response:
    if request.form.get("withheld"):
        with practice_square_of().work() as work:
            release_withheld(work)
    told = practice_square_of().sender.flush()
    flash(
        f"{told['delivered']} delivered, {told['failed']} refused, {told['waiting']} still waiting.", "done"
    )
    return redirect(url_for(".events"))


def send_again(event_id: str) -> Response:
    with practice_square_of().work() as work:
        resend(work, event_id)
    flash("The event goes out once more, with its old event id.", "done")
    return redirect(url_for(".events"))


def faults() -> str:
    with practice_square_of().work() as work:
        kept = read_faults(work)
    return render_template("faults.html", faults=kept, choices=CHOICES)


def set_faults() -> Response:
    with practice_square_of().work() as work:
        if request.form.get("all_off"):
            keep_faults(work, Faults())
            told = "All faults are off."
        else:
            kept = change_faults(work, _asked())
            told = f"{kept.count()} on." if kept.count() else "All faults are off."
    flash(told, "done")
    return redirect(url_for(".faults"))


def _asked() -> Json:
    asked: Json = {name: request.form.get(name) == "yes" for name in FLAGS}
    for name in LIMITS:
        text = request.form.get(name, "").strip() or "0"
        if not text.isdigit():
            raise invalid(f"“{text}” is not a whole number.", name)
        asked[name] = int(text)
    return asked | {name: request.form.get(name, "").strip() for name in TEXTS if name in request.form}
