"""The public page of packages, for the owner: its address, its code for the window, and who bought there."""

from flask import Response, render_template, request
from flask.typing import ResponseReturnValue

from invoices.language import is_supported
from invoices.pages.qr import qr_code
from plugin.courses.handouts.cache import poster_pdf
from plugin.courses.sales.public_orders import offer_package, packages_to_offer, recent_public_orders
from plugin.web import current_services, pages
from plugin.web.access import Screens
from plugin.web.actions import current_act, redirect_to
from plugin.web.files import pdf_answer
from plugin.web.format import LANGUAGES
from plugin.web.forms import Form, Hidden
from plugin.web.translations import _


class OfferForm(Form):
    offered = Hidden()


blueprint = Screens("public_page", __name__, url_prefix="/clinic/public-page")


@blueprint.get("")
def show() -> ResponseReturnValue:
    """Show where the page is, what it offers, and its last orders."""
    services = current_services()
    address = _address()
    return render_template(
        "owner/public_page.html",
        address=address,
        code=qr_code(address),
        is_on=services.settings.public_packages,
        languages=LANGUAGES,
        packages=packages_to_offer(services.store),
        orders=recent_public_orders(services.store),
    )


@blueprint.post("/packages/<package_id>")
def offer(package_id: str) -> ResponseReturnValue:
    """Offer a package on the page, or hide it there."""
    is_public = OfferForm.sent().offered.data == "yes"
    offer_package(current_services().store, current_act(), package_id, is_public=is_public)
    return redirect_to(
        "public_page.show", _("It is offered on the public page.") if is_public else _("It is hidden.")
    )


@blueprint.get("/poster.pdf")
def poster() -> Response:
    """Return the poster for the window, in the language in the address, by default the clinic's."""
    services, asked = current_services(), request.args.get("language", "")
    language = asked if is_supported(asked) else pages.clinic().language
    pdf = poster_pdf(services.store, services.render, _address(), now=services.clock(), language=language)
    return pdf_answer(pdf, _("Poster of our packages") + ".pdf", is_framed=True)


def _address() -> str:
    return f"{current_services().settings.public_url.rstrip('/')}/shop"
