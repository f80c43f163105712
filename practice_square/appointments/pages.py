"""The register's calendar: one day of appointments, a new one, and the status of each."""

from datetime import date, time, timedelta

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from practice_square.appointments.booking_search import bookings_of_day, local_start
from practice_square.appointments.bookings import STANDING, set_status
from practice_square.appointments.seller_day import as_shown, book_as_seller, services, therapists
from practice_square.customers import name_of
from practice_square.merchant import today
from practice_square.practice import practice_square_of
from practice_square.refusals import Refusal

STATUS_WORDS = {
    "PENDING": "Waiting for an answer",
    "ACCEPTED": "Booked",
    "DECLINED": "Declined",
    "CANCELLED_BY_CUSTOMER": "Cancelled by the client",
    "CANCELLED_BY_SELLER": "Cancelled by the clinic",
    "NO_SHOW": "Did not come",
}


def add_to(register: Blueprint) -> None:
    register.get("/appointments")(appointments)
    register.post("/appointments")(add_appointment)
    register.post("/appointments/<booking_id>/status")(decide_appointment)


def appointments() -> str:
    with practice_square_of().work() as work:
        now = today(work)
        day = _read_day(request.args.get("day") or now.isoformat())
        shown = [as_shown(work, one) for one in bookings_of_day(work, day)]
        clients = sorted(work.all("customer"), key=lambda one: name_of(one).casefold())
        offered = {"clients": clients, "services": services(work), "therapists": therapists(work)}
    return render_template(
        "appointments.html",
        bookings=shown,
        words=STATUS_WORDS,
        standing=STANDING,
        day=day,
        is_today=day == now,
        before=day - timedelta(days=1),
        after=day + timedelta(days=1),
        chosen=request.args.get("customer_id", ""),
        **offered,
    )


def add_appointment() -> Response:
    day = _read_day(request.form.get("day", ""))
    try:
        at = time.fromisoformat(request.form.get("time", ""))
    except ValueError:
        raise Refusal("INVALID_TIME", "Write the time like 10:30.", field="time") from None
    names = ("customer_id", "variation_id", "team_member_id")
    asked = {name: request.form[name] for name in names if request.form.get(name)}
    with practice_square_of().work() as work:
        booking = as_shown(work, book_as_seller(work, asked | {"start_at": local_start(day, at)}))
    flash(f"{booking['client']} booked for {booking['clock']}, {booking['service']}.", "done")
    return redirect(url_for(".appointments", day=day.isoformat()))


def decide_appointment(booking_id: str) -> Response:
    with practice_square_of().work() as work:
        booking = as_shown(work, set_status(work, booking_id, request.form.get("status", "")))
    flash(f"{booking['client']}, {booking['clock']}: {STATUS_WORDS[booking['status']].lower()}.", "done")
    return redirect(url_for(".appointments", day=request.form.get("day")))


def _read_day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Refusal("INVALID_DATE", f"“{text}” is not a date. Write it like 2026-11-22.") from None
