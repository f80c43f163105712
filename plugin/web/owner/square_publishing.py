"""Publishing a package to Square and linking it to an item there, for each page that lists packages."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from plugin.square.catalog import link_item
from plugin.square.catalog import publish as publish_to_square
from plugin.square.catalog_items import search_items
from plugin.web import current_services
from plugin.web.actions import Notice, current_act, flash_notice, redirect_to
from plugin.web.owner.forms import ItemForm
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
        """Publish the package to Square."""
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
