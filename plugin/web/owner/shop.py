"""The public page of packages, for the owner: its address, its code for the window, and who bought there."""

from __future__ import annotations

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue

from invoices.language import is_supported
from invoices.pages.qr import qr_code
from plugin.courses.handouts.poster import poster_pdf
from plugin.courses.sales.public_orders import public_packages, recent_public_orders
from plugin.web import current_services, pages
from plugin.web.access import allow
from plugin.web.files import name_file
from plugin.web.format import LANGUAGES
from plugin.web.headers import let_our_page_frame
from plugin.web.translations import _

blueprint = Blueprint("public_page", __name__, url_prefix="/clinic/public-page")


@blueprint.get("")
@allow()
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
        packages=public_packages(services.store),
        orders=recent_public_orders(services.store),
    )


@blueprint.get("/poster.pdf")
@allow()
def poster() -> Response:
    """Return the poster for the window, in the language in the address, by default the clinic's."""
    services, asked = current_services(), request.args.get("language", "")
    language = asked if is_supported(asked) else pages.clinic().language
    pdf = poster_pdf(services.store, services.render, _address(), now=services.clock(), language=language)
    let_our_page_frame()
    return name_file(Response(pdf, mimetype="application/pdf"), _("Poster of our packages") + ".pdf")


def _address() -> str:
    return f"{current_services().settings.public_url.rstrip('/')}/shop"
