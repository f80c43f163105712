"""Packages, for the owner: what is for sale, making one, and putting it on the till."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from plugin.core.money import Money
from plugin.core.terms import RefundFormula, Terms
from plugin.courses.listings import publications
from plugin.courses.packages import NewContent, NewPackage, create_package, list_packages
from plugin.errors import InvalidField
from plugin.square.catalog import link_item
from plugin.square.catalog import publish as publish_to_square
from plugin.square.catalog_changes import search_items
from plugin.web import current_house, pages
from plugin.web.access import allow
from plugin.web.deeds import Notice, deed, see, tell
from plugin.web.format import locale_of
from plugin.web.refusals import Refusal, refused_shows
from plugin.web.typed import typed_money, typed_number, typed_optional_number

SHOWN = 200

blueprint = Blueprint("packages", __name__)


@blueprint.get("/packages")
@allow()
def show(refusal: Refusal | None = None, package_id: str = "", **more: Any) -> ResponseReturnValue:
    """Show the packages and the form for a new one."""
    store = current_house().store
    packages = list_packages(store, limit=SHOWN, only_active=False).rows
    treatments = sorted({content.treatment for package in packages for content in package.contents})
    return render_template(
        "owner/packages.html",
        packages=packages,
        treatments=treatments,
        refusal=refusal,
        refused_package=package_id,
        owed=publications(store),
        **{"searched_package": "", "q": "", "items": (), **more},
    )


@blueprint.post("/packages")
@allow()
@refused_shows(show)
def create() -> ResponseReturnValue:
    """Make a package."""
    made = create_package(current_house().store, deed(), _new_package(request.form))
    tell(Notice(f"“{made.name}” is made. Publish it to Square to sell it."))
    return see(url_for("packages.show"))


@blueprint.post("/packages/<package_id>/publication")
@allow()
@refused_shows(show)
def publish(package_id: str) -> ResponseReturnValue:
    """Put the package on the till."""
    published = publish_to_square(current_house(), deed(), package_id)
    tell(Notice(f"“{published.name}” is on the till."))
    return see(url_for("packages.show"))


@blueprint.get("/packages/<package_id>/items")
@allow()
def items(package_id: str) -> ResponseReturnValue:
    """Show what the till sells already and fits what was typed, to sell the package under it."""
    q = request.args.get("q", "").strip()[:60]
    found = search_items(current_house(), q) if q else ()
    return show(searched_package=package_id, q=q, items=found)


@blueprint.post("/packages/<package_id>/square-item")
@allow()
@refused_shows(show)
def link(package_id: str) -> ResponseReturnValue:
    """Sell the package under an item that is on the till already."""
    wanted = request.form.get("square_variation_id", "")
    linked = link_item(current_house(), deed(), package_id, wanted)
    tell(Notice(f"“{linked.name}” is sold under that item from now on."))
    return see(url_for("packages.show"))


def _new_package(form: MultiDict[str, str]) -> NewPackage:
    return NewPackage(
        name=form.get("name", ""),
        price=_money(form, "price", "The price"),
        contents=_contents(form),
        terms=_terms(form),
    )


def _contents(form: MultiDict[str, str]) -> list[NewContent]:
    main = NewContent(
        treatment=form.get("treatment", ""),
        sessions=typed_number(form.get("sessions", ""), field="sessions", called="The number of sessions"),
        single_price=_money(form, "single_price", "The single price"),
        kind="main",
    )
    count = typed_optional_number(
        form.get("touch_ups", ""), field="touch_ups", called="The number of touch-ups"
    )
    if not count:
        return [main]
    opens_at = typed_optional_number(
        form.get("opens_at", ""), field="opens_at", called="The session they open at"
    )
    touch_ups = NewContent(
        treatment=form.get("touch_up_treatment", ""),
        sessions=count,
        single_price=_money(form, "touch_up_price", "The single price of a touch-up"),
        usable_from_session=opens_at,
        kind="touch_up",
    )
    return [main, touch_ups]


def _terms(form: MultiDict[str, str]) -> Terms:
    months = typed_optional_number(form.get("months", ""), field="months", called="Expiry")
    formula = form.get("refund_formula") or RefundFormula.PRORATED.value
    if formula not in list(RefundFormula):
        raise InvalidField("Choose how a refund is reckoned.", field="refund_formula")
    return Terms(expires_after_months=months, refund_formula=RefundFormula(formula))


def _money(form: MultiDict[str, str], field: str, called: str) -> Money:
    clinic = pages.clinic()
    return typed_money(form.get(field, ""), clinic.currency, locale_of(clinic), field=field, called=called)
