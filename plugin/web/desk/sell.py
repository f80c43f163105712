"""Selling from the desk: for whom, what, how it is paid. One tap each; what was begun is shown by `checkouts`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from plugin.core.acts import Role
from plugin.core.money import Money, minor_digits
from plugin.courses.base.clinic import local_date
from plugin.courses.base.views import PackageView
from plugin.courses.catalog.packages import list_packages
from plugin.courses.clients.clients import create_client, read_client
from plugin.courses.sales.checkouts import NewCheckout, list_checkouts, list_terminals, start_checkout
from plugin.errors import InvalidField, NotFound, Refused
from plugin.web import current_services, pages
from plugin.web.access import allow
from plugin.web.actions import current_act, is_fragment, redirect_after_post
from plugin.web.desk import clients
from plugin.web.form_values import typed_money, typed_number
from plugin.web.format import locale_of
from plugin.web.refusals import Refusal, refused_shows

MOST_PACKAGES = 100
OPEN_SHOWN = 20
REST_DUE = timedelta(days=30)
TENDERS = ("Bank transfer", "Cheque", "Financing")

blueprint = Blueprint("sell", __name__)


@dataclass(frozen=True, slots=True)
class Bills:
    """A round sum that people hand over in cash, and what they get back of it."""

    sum: Money
    change: Money


def bills_for(price: Money) -> tuple[Bills, ...]:
    """Return at most three round sums above the price, smallest first."""
    unit = 10 ** minor_digits(price.currency)
    steps = (unit * step for step in (20, 50, 100, 500))
    sums = sorted({-(-price.amount // step) * step for step in steps} - {price.amount})
    return tuple(
        Bills(Money(one, price.currency), Money(one - price.amount, price.currency)) for one in sums[:3]
    )


@blueprint.get("/sell")
@allow(Role.DESK)
def start(refusal: Refusal | None = None) -> ResponseReturnValue:
    """Ask for what is not known yet: the client, then the package, then how it is paid."""
    asked: MultiDict[str, str] = refusal.typed if refusal else request.args
    client_id, package_id = asked.get("client_id", ""), asked.get("package_id", "")
    packages = _on_sale()
    package = next((each for each in packages if each.id == package_id), None)
    client = read_client(current_services().store, client_id) if client_id else None
    today = local_date(pages.clinic(), pages.now())
    return render_template(
        "desk/sell.html",
        client=client,
        packages=packages,
        package=package if client else None,
        refusal=refusal,
        checkouts=() if client else _under_way(),
        **_found(client is None),
        **(_ways(package, today) if client and package else {}),
    )


@blueprint.get("/sell/clients")
@allow(Role.DESK)
def candidates() -> ResponseReturnValue:
    """Answer the clients that fit, as they are typed."""
    if not is_fragment():
        return start()
    return render_template("desk/_buyers.html", **_found(True))


def _start_again(refusal: Refusal, **_: str) -> ResponseReturnValue:
    try:
        return start(refusal)
    except NotFound:
        return start(Refusal(refusal.message, refusal.field, MultiDict()))


@blueprint.post("/sell/clients")
@allow(Role.DESK)
@refused_shows(_start_again)
def new_client() -> ResponseReturnValue:
    """Make a client and go on with them."""
    form = request.form
    made = create_client(
        current_services().store,
        current_act(),
        name=form.get("name"),
        phone=form.get("phone"),
        email=form.get("email"),
        language=form.get("language"),
    )
    return redirect_after_post(
        url_for("sell.start", client_id=made.id, package_id=form.get("package_id") or None)
    )


@blueprint.post("/sell")
@allow(Role.DESK)
@refused_shows(_start_again)
def begin() -> ResponseReturnValue:
    """Begin the sale and show how it comes along."""
    begun = start_checkout(current_services().store, current_act(), _wish(request.form))
    return redirect_after_post(url_for("checkouts.show", checkout_id=begun.id))


def _wish(form: MultiDict[str, str]) -> NewCheckout:
    way = form.get("way", "")
    currency = _currency(form.get("package_id", ""))
    is_invoice = way == "invoice"
    return NewCheckout(
        client_id=form.get("client_id", ""),
        package_id=form.get("package_id", ""),
        way=way,
        supplied=_supplied(form, currency) if way == "cash" else None,
        tender=form.get("tender", ""),
        device_id=form.get("device_id") or None,
        deposit=_amount(form, "deposit", "The deposit", currency) if is_invoice else None,
        deposit_due_on=_day(form, "deposit_due_on") if is_invoice else None,
        balance_due_on=_day(form, "balance_due_on") if is_invoice else None,
        mail_to=form.get("mail_to") or None,
    )


def _currency(package_id: str) -> str:
    package = next((each for each in _on_sale() if each.id == package_id), None)
    if package is None:
        raise Refused("Choose the package again: this one is not sold any more.", code="not_sold")
    return package.price.currency


def _supplied(form: MultiDict[str, str], currency: str) -> Money | None:
    # A round sum is one tap, sent in minor units; another one is typed.
    tapped = form.get("supplied_minor", "")
    if tapped:
        return Money(typed_number(tapped, field="supplied", called="The cash"), currency)
    return _amount(form, "supplied", "The cash", currency)


def _amount(form: MultiDict[str, str], field: str, called: str, currency: str) -> Money | None:
    typed = form.get(field, "")
    if not typed.strip():
        return None
    return typed_money(typed, currency, locale_of(pages.clinic()), field=field, called=called)


def _day(form: MultiDict[str, str], field: str) -> date | None:
    typed = form.get(field, "").strip()
    try:
        return date.fromisoformat(typed) if typed else None
    except ValueError:
        raise InvalidField("That is no date.", field=field) from None


def _on_sale() -> Sequence[PackageView]:
    return list_packages(current_services().store, limit=MOST_PACKAGES).rows


def _under_way() -> Sequence[object]:
    return list_checkouts(current_services().store, limit=OPEN_SHOWN, open_only=True)


def _found(is_wanted: bool) -> dict[str, Any]:
    if not is_wanted:
        return {"q": "", "found": [], "cursor": None}
    return clients.found(clients.SHOWN_WHILE_TYPING)


def _ways(package: PackageView, today: date) -> dict[str, Any]:
    return {
        "terminals": list_terminals(current_services().store),
        "bills": bills_for(package.price),
        "tenders": TENDERS,
        "first_due": today,
        "rest_due": today + REST_DUE,
    }
