"""The progress of a sale begun at the desk until it has ended, and the same package sold again by one tap."""

from dataclasses import dataclass
from typing import Any

from flask import url_for
from flask.typing import ResponseReturnValue

from invoices.pages.qr import QrCode, qr_code
from plugin.courses.base.read import read_course
from plugin.courses.base.views import CourseView
from plugin.courses.clients.clients import read_client
from plugin.courses.documents.paper_emails import NO_MAIL
from plugin.courses.page_versions import PageVersion, version_of_desk
from plugin.courses.refunds.canceled_invoice import waits_for_decision
from plugin.courses.sales import checkouts
from plugin.courses.sales.buy_again import buy_again
from plugin.courses.sales.checkout_views import CheckoutView
from plugin.web import current_services, live, pages
from plugin.web.access import DESK, Screens
from plugin.web.actions import Notice, current_act, flash_notice, redirect_after_post, redirect_to
from plugin.web.agreement_rules import agreements_are_required
from plugin.web.desk.forms import ClaimForm, LetterForm
from plugin.web.refusals import Refusal
from plugin.web.translations import _

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
        "no_mail": no_mail(),
    }


def no_mail() -> str:
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
