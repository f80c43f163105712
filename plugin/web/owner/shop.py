"""The public page of packages, for the owner: its address, its code for the window, and who bought there."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from invoices.pages.qr import qr_code
from plugin.courses.sales.public_orders import public_packages, recent_public_orders
from plugin.web import current_services
from plugin.web.access import allow

blueprint = Blueprint("public_page", __name__, url_prefix="/clinic/public-page")


@blueprint.get("")
@allow()
def show() -> ResponseReturnValue:
    """Show where the page is, what it offers, and its last orders."""
    services = current_services()
    address = f"{services.settings.public_url.rstrip('/')}/shop"
    return render_template(
        "owner/public_page.html",
        address=address,
        code=qr_code(address),
        is_on=services.settings.public_packages,
        packages=public_packages(services.store),
        orders=recent_public_orders(services.store),
    )
