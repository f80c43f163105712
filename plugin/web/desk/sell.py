"""Selling at the desk: client, package, payment method, one tap each."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from plugin.core.money import Money, minor_digits
from plugin.courses.base.views import ClientView, PackageView
from plugin.courses.catalog.packages import list_packages
from plugin.courses.clients.clients import create_client, read_client
from plugin.courses.sales import checkouts
from plugin.courses.sales.checkouts import BALANCE_DUE
from plugin.errors import NotFound, Refused
from plugin.web import current_services, pages
from plugin.web.access import DESK, Screens
from plugin.web.actions import current_act, is_fragment, redirect_to
from plugin.web.agreement_rules import agreements_are_required
from plugin.web.desk import clients
from plugin.web.desk.agreements import agreement_to_sell
from plugin.web.desk.checkouts import no_mail
from plugin.web.desk.forms import MOST_PACKAGES, ClientForm, SellForm
from plugin.web.refusals import Refusal
from plugin.web.translations import N_, _

OPEN_SHOWN = 20
TENDERS = (N_("Bank transfer"), N_("Cheque"), N_("Financing"))

blueprint = Screens("sell", __name__)


@dataclass(frozen=True, slots=True)
class Bills:
    """A round sum that people hand over in cash, and the change."""

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


@blueprint.get("/sell", roles=DESK)
def start(refusal: Refusal | None = None) -> ResponseReturnValue:
    """Ask for what is missing: the client, then the package, then the payment method."""
    known: MultiDict[str, str] = refusal.typed if refusal else request.args
    client_id, package_id = known.get("client_id", ""), known.get("package_id", "")
    packages = _on_sale()
    package = next((each for each in packages if each.id == package_id), None)
    store = current_services().store
    client = read_client(store, client_id) if client_id else None
    return render_template(
        "desk/sell.html",
        client=client,
        packages=packages,
        package=package if client else None,
        refused=_form_refused(refusal),
        form=ClientForm.shown(None if client else refusal, package_id=package_id),
        checkouts=() if client else checkouts.list_checkouts(store, limit=OPEN_SHOWN, open_only=True),
        **_found(client is None),
        **(_ways(client, package, refusal) if client and package else {}),
    )


def _form_refused(refusal: Refusal | None) -> SellForm | ClientForm:
    """Return the form whose summary is at the top of the page."""
    return (SellForm if refusal and "way" in refusal.typed else ClientForm).shown(refusal)


@blueprint.get("/sell/clients", roles=DESK)
def candidates() -> ResponseReturnValue:
    """Return the matching clients, while typing."""
    if not is_fragment():
        return start()
    return render_template("desk/_buyers.html", **_found(True))


def _start_again(refusal: Refusal) -> ResponseReturnValue:
    try:
        return start(refusal)
    except NotFound:
        return start(replace(refusal, typed=MultiDict()))


@blueprint.post("/sell/clients", roles=DESK, refused=_start_again)
def new_client() -> ResponseReturnValue:
    form = ClientForm.sent()
    made = create_client(current_services().store, current_act(), **form.contact)
    package_id = form.package_id.data or None
    return redirect_to("sell.start", client_id=made.id, package_id=package_id)


@blueprint.post("/sell", roles=DESK, refused=_start_again)
def begin() -> ResponseReturnValue:
    act, currency = current_act(), _currency(request.form.get("package_id", ""))
    begun = checkouts.start_checkout(
        current_services().store,
        act,
        SellForm.sent(currency=currency).sale(),
        needs_agreement=agreements_are_required(),
    )
    return redirect_to("checkouts.show", checkout_id=begun.id)


def _currency(package_id: str) -> str:
    package = next((each for each in _on_sale() if each.id == package_id), None)
    if package is None:
        raise Refused(_("Choose the package again: this one is no longer sold."), code="not_sold")
    return package.price.currency


def _on_sale() -> Sequence[PackageView]:
    return list_packages(current_services().store, limit=MOST_PACKAGES).rows


def _found(is_wanted: bool) -> dict[str, Any]:
    if not is_wanted:
        return {"q": "", "found": [], "cursor": None}
    return clients.found(clients.SHOWN_WHILE_TYPING)


def _ways(client: ClientView, package: PackageView, refusal: Refusal | None) -> dict[str, Any]:
    today = pages.today()
    way = refusal.typed.get("way", "") if refusal else ""
    usual = {"deposit_due_on": today, "balance_due_on": today + BALANCE_DUE, "mail_to": client.email}
    return {
        **agreement_to_sell(client.id, package.id),
        "no_mail": no_mail(),
        "terminals": checkouts.list_terminals(current_services().store),
        "bills": bills_for(package.price),
        "tenders": TENDERS,
        "refused_way": way,
        "ways": {
            each: SellForm.shown(refusal if each == way else None, suffix=f"-{each}", **usual)
            for each in ("cash", "other", "invoice")
        },
    }
