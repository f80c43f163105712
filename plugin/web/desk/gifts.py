"""Redeeming a gift voucher: its code, then the new owner of the course. Guesses are rate-limited."""

from dataclasses import replace

from flask import Flask, Response, render_template, request
from flask.typing import ResponseReturnValue

from plugin.core.acts import Act
from plugin.courses.changes.gifts import check_voucher, read_gift, redeem_gift
from plugin.courses.clients.clients import LONGEST_SEARCH, create_client, find_clients, read_client
from plugin.web import current_services, pages
from plugin.web.access import DESK, Screens, current_actor
from plugin.web.actions import current_act, redirect_to
from plugin.web.desk.forms import ClientForm, VoucherForm
from plugin.web.limits import guess_limiter, limit_views
from plugin.web.refusals import Refusal
from plugin.web.translations import _

SHOWN = 6
# Wrong codes per person; a voucher that is misread twice still works.
TRIES = "10 per 5 minutes"

blueprint = Screens("gifts", __name__)


@blueprint.get("/gifts", roles=DESK)
def start(refusal: Refusal | None = None) -> ResponseReturnValue:
    """Ask for the code; with the id of a gift, go on as if its code was typed."""
    gift_id = request.args.get("gift", "")
    if gift_id and refusal is None:
        return _asked_for(read_gift(current_services().store, gift_id, today=pages.today()).code)
    client_id = (refusal.typed if refusal else request.args).get("client_id", "")
    client = read_client(current_services().store, client_id) if client_id else None
    form = VoucherForm.shown(refusal)
    return render_template("desk/gift.html", form=form, client=client, gift=None)


@blueprint.post("/gifts", roles=DESK, refused=start)
def look() -> ResponseReturnValue:
    """Show the gift, and ask who redeems it."""
    return _found(None)


def _found_again(refusal: Refusal) -> ResponseReturnValue:
    return start(refusal) if refusal.field in ("code", None) else _found(refusal)


def _found(refusal: Refusal | None) -> ResponseReturnValue:
    voucher = VoucherForm.sent()
    return _asked_for(voucher.code.data, voucher.client_id.data, voucher.q.data, refusal)


def _asked_for(
    code: str, client_id: str = "", typed: str = "", refusal: Refusal | None = None
) -> ResponseReturnValue:
    store, today = current_services().store, pages.today()
    gift = check_voucher(store, code, today=today)
    client = read_client(store, client_id) if client_id else None
    q = typed.strip()[:LONGEST_SEARCH] or gift.recipient_name
    return render_template(
        "desk/gift.html",
        form=ClientForm.shown(refusal, name=gift.recipient_name, language=pages.clinic().language),
        client=client,
        gift=gift,
        q=q,
        found=() if client else find_clients(store, q, today=today, limit=SHOWN).rows,
    )


@blueprint.post("/gifts/redemption", roles=DESK, refused=_found_again)
def redeem() -> ResponseReturnValue:
    """Redeem the course for a known client, or for one who is created first."""
    act, store, voucher = current_act(), current_services().store, VoucherForm.sent()
    client_id = voucher.client_id.data
    if not client_id:
        check_voucher(store, voucher.code.data, today=pages.today())
        client_id = _new_client(act)
    redeemed = redeem_gift(store, act, voucher.code.data, client_id)
    return redirect_to(
        "clients.show",
        _("Redeemed. The package belongs to {client_name} now.", client_name=redeemed.course.client_name),
        client_id=redeemed.course.client_id,
    )


def _new_client(act: Act) -> str:
    # Creating the client is an act of its own: the client stays, even if redeeming fails.
    act = replace(act, key=f"{act.key}-client")
    return create_client(current_services().store, act, **ClientForm.sent().contact).id


def set_up(app: Flask) -> None:
    """Limit how many wrong codes a person tries."""
    tries = guess_limiter(app).shared_limit(TRIES, scope="vouchers", key_func=_who, deduct_when=_was_refused)
    limit_views(app, ("gifts.look", "gifts.redeem"), tries)


def _who() -> str:
    return f"voucher:{current_actor().staff_id or current_actor().name}"


def _was_refused(response: Response) -> bool:
    return response.status_code in (409, 422)
