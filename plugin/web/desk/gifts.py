"""Redeeming a gift voucher: its code, then whose the course becomes. Guessing is slowed down."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import Blueprint, Flask, Response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_limiter import Limiter

from plugin.core.acts import Role
from plugin.courses.base.clinic import local_date
from plugin.courses.changes.gifts import check_voucher, redeem_gift
from plugin.courses.clients.clients import create_client, find_clients, read_client
from plugin.web import current_services, pages
from plugin.web.access import allow, current_actor
from plugin.web.actions import Notice, current_act, flash_notice, redirect_after_post
from plugin.web.refusals import Refusal, refused_shows

SHOWN = 6
# Wrong codes of one person; a voucher that is misread twice still goes through.
TRIES = "10 per 5 minutes"

blueprint = Blueprint("gifts", __name__)


@blueprint.get("/gifts")
@allow(Role.DESK)
def start(refusal: Refusal | None = None) -> ResponseReturnValue:
    """Ask for the code."""
    client_id = (refusal.typed if refusal else request.args).get("client_id", "")
    client = read_client(current_services().store, client_id) if client_id else None
    return render_template("desk/gift.html", refusal=refusal, client=client, gift=None)


@blueprint.post("/gifts")
@allow(Role.DESK)
@refused_shows(start)
def look() -> ResponseReturnValue:
    """Show whose gift it is, and ask whose it becomes."""
    return _found(None)


def _found_again(refusal: Refusal) -> ResponseReturnValue:
    return start(refusal) if refusal.field in ("code", None) else _found(refusal)


def _found(refusal: Refusal | None) -> ResponseReturnValue:
    store, today = current_services().store, local_date(pages.clinic(), pages.now())
    gift = check_voucher(store, request.form.get("code", ""), today=today)
    client_id = request.form.get("client_id", "")
    client = read_client(store, client_id) if client_id else None
    q = request.form.get("q", "").strip()[:120] or gift.recipient_name
    return render_template(
        "desk/gift.html",
        refusal=refusal,
        client=client,
        gift=gift,
        q=q,
        found=() if client else find_clients(store, q, today=today, limit=SHOWN).rows,
    )


@blueprint.post("/gifts/redemption")
@allow(Role.DESK)
@refused_shows(_found_again)
def redeem() -> ResponseReturnValue:
    """Make the course theirs: of a client known here, or of one made on the way."""
    act, form, store = current_act(), request.form, current_services().store
    client_id = form.get("client_id") or None
    if client_id is None:
        check_voucher(store, form.get("code", ""), today=local_date(pages.clinic(), pages.now()))
        client_id = _new_client(form)
    redeemed = redeem_gift(store, act, form.get("code", ""), client_id)
    flash_notice(Notice(f"Redeemed. The course is {redeemed.course.client_name}’s now."))
    return redirect_after_post(url_for("clients.show", client_id=redeemed.course.client_id))


def _new_client(form: Any) -> str:
    # The client is a deed of its own: it stays, whatever becomes of the voucher.
    act = current_act()
    made = create_client(
        current_services().store,
        replace(act, key=f"{act.key}-client"),
        name=form.get("name"),
        phone=form.get("phone"),
        email=form.get("email"),
        language=form.get("language"),
    )
    return made.id


def set_up(app: Flask) -> None:
    """Slow down who types one wrong code after the other."""
    limiter = Limiter(_who, app=app, storage_uri="memory://", strategy="moving-window")
    for name in ("gifts.look", "gifts.redeem"):
        view = app.view_functions[name]
        slowed: Any = limiter.shared_limit(TRIES, scope="vouchers", key_func=_who, deduct_when=_was_refused)(
            view
        )
        for mark in ("roles", "refused_shows"):
            setattr(slowed, mark, getattr(view, mark))
        app.view_functions[name] = slowed


def _who() -> str:
    return f"voucher:{current_actor().staff_id or current_actor().name}"


def _was_refused(response: Response) -> bool:
    return response.status_code in (409, 422)
