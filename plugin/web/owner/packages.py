"""Packages, for the owner: the list, creating and editing one, and publishing it to Square."""

from collections.abc import Callable, Sequence
from typing import Any

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue

from plugin.core.text import folded
from plugin.courses.base.sheet import Columns, major, sheet_of
from plugin.courses.base.views import PackageView
from plugin.courses.catalog.gift_law import gift_law_of
from plugin.courses.catalog.links import publications
from plugin.courses.catalog.package_edits import set_on_sale
from plugin.courses.catalog.packages import create_package, list_packages, read_package
from plugin.square.catalog import Saved, link_item, save_package, search_items
from plugin.square.catalog import publish as publish_to_square
from plugin.web import current_services, pages
from plugin.web.access import Screens
from plugin.web.actions import Notice, current_act, flash_notice, redirect_to
from plugin.web.files import file_answer
from plugin.web.format import LANGUAGES
from plugin.web.headers import let_page_hold_frame
from plugin.web.owner.forms import MORE_ROWS, ItemForm, PackageForm, SaleForm
from plugin.web.refusals import Refusal
from plugin.web.tables import Sorting, SortKey, asked_search, matching, sort_rows
from plugin.web.translations import _


def add_publishing_views(
    blueprint: Blueprint, page: Callable[..., ResponseReturnValue], prefix: str = ""
) -> None:
    """Add the views `publish`, `items` and `link`, as macros/offers.html calls them, below `prefix`.

    `page` is the blueprint's `show`: it takes `refusal`, `package_id`, `searched_package`, `q` and `items`.
    """

    def back() -> ResponseReturnValue:
        return redirect_to(f"{blueprint.name}.show")

    @blueprint.post(f"{prefix}/<package_id>/publication", refused=page)
    def publish(package_id: str) -> ResponseReturnValue:
        published = publish_to_square(current_services(), current_act(), package_id)
        flash_notice(Notice(_("“{published}” is in Square.", published=published.name)))
        return back()

    @blueprint.get(f"{prefix}/<package_id>/items")
    def items(package_id: str) -> ResponseReturnValue:
        """Show the items in Square that match the query, to sell the package as one of them."""
        q = request.args.get("q", "").strip()[:60]
        found = search_items(current_services(), q) if q else ()
        return page(searched_package=package_id, q=q, items=found)

    @blueprint.post(f"{prefix}/<package_id>/square-item", refused=page)
    def link(package_id: str) -> ResponseReturnValue:
        """Sell the package as an existing item in Square."""
        variation_id = ItemForm.sent().square_variation_id.data
        linked = link_item(current_services(), current_act(), package_id, variation_id)
        flash_notice(Notice(_("“{linked}” is sold as that item from now on.", linked=linked.name)))
        return back()


SHOWN = 200

blueprint = Screens("packages", __name__)


@blueprint.get("/packages")
def show(refusal: Refusal | None = None, package_id: str = "", **more: Any) -> ResponseReturnValue:
    store = current_services().store
    # On the page of items in Square the search of the address is for those.
    search = "" if "items" in more else asked_search()
    known = _known()
    packages, sorting = _chosen(known, search)
    return render_template(
        "owner/packages.html",
        packages=packages,
        sorting=sorting,
        search=search,
        treatments=_treatments(known),
        refusal=refusal,
        refused_package=package_id,
        form=PackageForm.shown(None if package_id else refusal),
        more_rows=MORE_ROWS,
        owed=publications(store),
        gift_law=gift_law_of(pages.clinic()),
        **{"searched_package": "", "q": "", "items": (), **more},
    )


@blueprint.get("/packages.<ending>")
def save(ending: str) -> Response:
    """Return the packages as a file, in the order and with the search of the page."""
    return file_answer(sheet_of(_("Packages"), _COLUMNS, _chosen(_known(), asked_search())[0]), ending)


def _known() -> Sequence[PackageView]:
    return list_packages(current_services().store, limit=SHOWN, only_active=False).rows


def _chosen(rows: Sequence[PackageView], search: str) -> tuple[list[PackageView], Sorting]:
    # A package that an import created for a treatment has no price, and is never sold.
    packages = [each for each in rows if each.is_active or each.price.amount]
    return sort_rows(matching(packages, _text, search), _SORTS)


def _text(package: PackageView) -> str:
    return " ".join((package.name, *(content.treatment for content in package.contents)))


_SORTS = {
    "created": SortKey(lambda package: package.id),
    "name": SortKey(lambda package: folded(package.name)),
    "price": SortKey(lambda package: package.price.amount, is_descending=True),
    "sessions": SortKey(
        lambda package: sum(content.sessions for content in package.contents), is_descending=True
    ),
    "state": SortKey(lambda package: not package.is_active),
}
_COLUMNS: Columns[PackageView] = {
    "Package": lambda package: package.name,
    "Price": lambda package: major(package.price),
    "Currency": lambda package: package.price.currency,
    "Contents": lambda package: ", ".join(
        f"{content.sessions} × {content.treatment}" for content in package.contents
    ),
    "Expires after months": lambda package: package.terms.expires_after_months,
    "Expires on": lambda package: package.terms.expires_on,
    "Active": lambda package: _("Yes") if package.is_active else _("No"),
}


@blueprint.post("/packages", refused=show)
def create() -> ResponseReturnValue:
    made = create_package(current_services().store, current_act(), PackageForm.sent().package())
    return redirect_to(
        "packages.show", _("“{package}” is created. Publish it to Square to sell it.", package=made.name)
    )


add_publishing_views(blueprint, show, "/packages")


@blueprint.get("/packages/<package_id>")
def change(package_id: str, refusal: Refusal | None = None) -> ResponseReturnValue:
    package = read_package(current_services().store, package_id)
    let_page_hold_frame()
    return render_template(
        "owner/package.html",
        package=package,
        form=PackageForm.shown(refusal, **PackageForm.values_of(package)),
        treatments=_treatments(_known()),
        more_rows=max(MORE_ROWS, len(package.contents)),
        languages=LANGUAGES,
    )


@blueprint.post("/packages/<package_id>", refused=change)
def edit(package_id: str) -> ResponseReturnValue:
    """Save the edited package, as sold from now on."""
    form = PackageForm.sent()
    saved = save_package(
        current_services(),
        current_act(),
        package_id,
        form.package(),
        seen_version=form.version.number,
    )
    edited = saved.package
    said = _(
        "“{package}” is version {version} now. Sold courses keep theirs.",
        package=edited.name,
        version=edited.version,
    )
    return redirect_to(
        "packages.show",
        Notice(f"{said}{_in_square(saved)}", is_bad=bool(saved.problem)),
        _anchor=f"p-{package_id}",
    )


@blueprint.post("/packages/<package_id>/sale", refused=show)
def put_on_sale(package_id: str) -> ResponseReturnValue:
    """Deactivate the package, or activate it again."""
    is_active = SaleForm.sent().on_sale.data
    package = set_on_sale(current_services().store, current_act(), package_id, is_active=is_active)
    if is_active:
        said = _("“{package}” is active again.", package=package.name)
    else:
        said = _("“{package}” is deactivated. Remove it from Square too.", package=package.name)
    return redirect_to("packages.show", said, _anchor=f"p-{package_id}")


def _in_square(saved: Saved) -> str:
    if saved.problem:
        return " " + _("Square is not updated yet. {problem}", problem=saved.problem)
    return " " + _("Square is updated.") if saved.is_published else ""


def _treatments(packages: Sequence[PackageView]) -> list[str]:
    return sorted({content.treatment for package in packages for content in package.contents})
