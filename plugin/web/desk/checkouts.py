"""Selling at the desk: client, package, payment method, one tap each; then the sale’s progress until it has ended."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from invoices.pages.qr import QrCode, qr_code
from plugin.core.money import Money, minor_digits
from plugin.courses.base.read import read_course
from plugin.courses.base.views import ClientView, CourseView, PackageView
from plugin.courses.catalog.packages import list_packages
from plugin.courses.clients.clients import create_client, read_client
from plugin.courses.documents.paper_emails import NO_MAIL
from plugin.courses.page_versions import PageVersion, version_of_desk
from plugin.courses.refunds.canceled_invoice import waits_for_decision
from plugin.courses.sales import checkouts
from plugin.courses.sales.buy_again import buy_again
from plugin.courses.sales.checkout_views import CheckoutView
from plugin.courses.sales.checkouts import BALANCE_DUE
from plugin.errors import NotFound, Refused
from plugin.web import current_services, live, pages
from plugin.web.access import DESK, Screens
from plugin.web.actions import (
    Notice,
    current_act,
    flash_notice,
    is_fragment,
    redirect_after_post,
    redirect_to,
)
from plugin.web.agreement_rules import agreements_are_required
from plugin.web.desk import clients
from plugin.web.desk.agreements import agreement_to_sell
from plugin.web.desk.forms import MOST_PACKAGES, ClaimForm, ClientForm, LetterForm, SellForm
from plugin.web.refusals import Refusal
from plugin.web.translations import N_, _

progress = Screens("checkouts", __name__)


@dataclass(frozen=True, slots=True)
class Progress:
    """A checkout with the data its page draws: the code to scan, and the courses created from it."""

    checkout: CheckoutView
    code: QrCode | None
    courses: tuple[CourseView, ...]
    # Whether a person must decide about the paid part of a canceled invoice.
    is_asked: bool = False

    @property
    def step(self) -> str:
        """Return the name of the step shown: the state, or while it is open, the method and the state."""
        one = self.checkout
        if one.is_canceling:
            return "canceling"
        if one.ended_at is not None:
            return one.state
        return f"{one.way}_{'part_paid' if one.came.amount else one.state}"


@progress.get("/checkouts/<checkout_id>", roles=DESK)
def show(checkout_id: str, refusal: Refusal | None = None) -> ResponseReturnValue:
    address = url_for("checkouts.news", checkout_id=checkout_id)
    return live.screen(
        "desk/checkout.html",
        "desk/_checkout.html",
        address,
        _version(),
        lambda: _context(checkout_id, refusal),
    )


def _shown_again(checkout_id: str, refusal: Refusal) -> ResponseReturnValue:
    if refusal.field is None:
        flash_notice(Notice(refusal.message, is_bad=True))
        return show(checkout_id)
    return show(checkout_id, refusal)


@progress.post("/checkouts/<checkout_id>/cancel", roles=DESK, refused=_shown_again)
def cancel(checkout_id: str) -> ResponseReturnValue:
    """Cancel the sale; if a payment was faster, it is a sale."""
    checkouts.cancel_checkout(current_services().store, current_act(), checkout_id)
    return _shown(checkout_id)


@progress.post("/checkouts/<checkout_id>/claim", roles=DESK, refused=_shown_again)
def claim(checkout_id: str) -> ResponseReturnValue:
    """Link a sale that was paid without a client to this checkout."""
    checkouts.claim_sale(
        current_services().store, current_act(), checkout_id, ClaimForm.sent().course_id.data
    )
    return _shown(checkout_id)


@progress.post("/checkouts/<checkout_id>/letter", roles=DESK, refused=_shown_again)
def send(checkout_id: str) -> ResponseReturnValue:
    """E-mail the payment link."""
    mail_to = LetterForm.sent().mail_to.data or ""
    sent = checkouts.send_letter(current_services().store, current_act(), checkout_id, mail_to)
    flash_notice(Notice(_("On its way to {mail_to}.", mail_to=sent.mail_to)))
    return _shown(checkout_id)


def _shown(checkout_id: str) -> ResponseReturnValue:
    is_here = live.is_shown(url_for("checkouts.news", checkout_id=checkout_id))
    return (
        show(checkout_id)
        if is_here
        else redirect_after_post(url_for("checkouts.show", checkout_id=checkout_id))
    )


def _version(**_ids: str) -> PageVersion:
    return version_of_desk(current_services().store, pages.now())


def _context(checkout_id: str, refusal: Refusal | None = None) -> dict[str, Any]:
    store = current_services().store
    checkout = checkouts.read_checkout(store, checkout_id)
    today = pages.today()
    email = checkout.mail_to or read_client(store, checkout.client_id).email or ""
    courses = tuple(read_course(store, each, today=today) for each in checkout.course_ids)
    code = qr_code(checkout.url) if checkout.url and checkout.is_open else None
    is_asked = not checkout.is_open and waits_for_decision(store, checkout.course_ids)
    form = LetterForm.shown(refusal, mail_to=email)
    return {
        "progress": Progress(checkout, code, courses, is_asked),
        "form": form,
        "no_mail": _no_mail(),
    }


def _no_mail() -> str:
    """Return why nothing can be e-mailed, empty where it can be."""
    return "" if current_services().mail.is_ready else NO_MAIL


again = Screens("again", __name__)


@again.post("/courses/<course_id>/again", roles=DESK)
def propose(course_id: str) -> ResponseReturnValue:
    """Begin the sale, or show the one that was begun from this course."""
    services = current_services()
    begun = buy_again(
        services.store,
        current_act(),
        course_id,
        is_mailed=services.mail.is_ready,
        needs_agreement=agreements_are_required(),
    )
    if begun.state == "paid":
        flash_notice(Notice(_("It was bought again already: this is that sale.")))
    return redirect_to("checkouts.show", checkout_id=begun.id)


live.add_news(
    progress, "/checkouts/<checkout_id>/live", "desk/_checkout.html", _version, _context, roles=DESK
)


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
        "no_mail": _no_mail(),
        "terminals": checkouts.list_terminals(current_services().store),
        "bills": bills_for(package.price),
        "tenders": TENDERS,
        "refused_way": way,
        "ways": {
            each: SellForm.shown(refusal if each == way else None, suffix=f"-{each}", **usual)
            for each in ("cash", "other", "invoice")
        },
    }
