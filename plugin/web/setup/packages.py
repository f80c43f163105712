"""The set-up's step of the packages: a starting catalog, published to Square or linked to what it sells already."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import render_template
from flask.typing import ResponseReturnValue

from plugin.courses.catalog.links import publications
from plugin.courses.catalog.packages import create_package, list_packages
from plugin.errors import CoursekeeperError
from plugin.services import Services
from plugin.square.catalog import publish as publish_to_square
from plugin.square.connection.status import is_connected
from plugin.web import current_services, pages
from plugin.web.access import Screens
from plugin.web.actions import Notice, current_act, flash_notice, redirect_after_post, redirect_to
from plugin.web.owner.square_publishing import add_publishing_views
from plugin.web.refusals import Refusal
from plugin.web.setup.frame import frame_of, next_address, note_done
from plugin.web.setup.packages_form import CatalogForm
from plugin.web.translations import _

blueprint = Screens("setup_packages", __name__, url_prefix="/first-steps/packages")
_SHOWN = 50


@blueprint.get("")
def show(refusal: Refusal | None = None, package_id: str = "", **more: Any) -> ResponseReturnValue:
    """Show the starting catalog; once there are packages, how each stands in Square."""
    services = current_services()
    return render_template(
        "setup/packages.html",
        **frame_of("packages"),
        packages=list_packages(services.store, limit=_SHOWN).rows,
        form=CatalogForm.shown(refusal, **CatalogForm.starting(pages.clinic().currency)),
        is_connected=is_connected(services),
        owed=publications(services.store),
        refusal=refusal if package_id else None,
        refused_package=package_id,
        **{"searched_package": "", "q": "", "items": (), **more},
    )


@blueprint.post("", refused=show)
def create() -> ResponseReturnValue:
    """Create the chosen packages and, with Square connected, publish them."""
    services, act, form = current_services(), current_act(), CatalogForm.sent()
    # A key for each: the same form sent again creates none twice.
    made = [
        create_package(services.store, replace(act, key=f"{act.key}-{number}"), new).id
        for number, new in enumerate(form.packages())
    ]
    note_done("packages")
    if not (form.is_to_publish and is_connected(services)):
        return redirect_to("setup_packages.show")
    problems = [problem for package_id in made if (problem := _publish(services, package_id))]
    if problems:
        return redirect_to(
            "setup_packages.show",
            Notice(_("Saved, but not in Square yet. {problems}", problems=problems[0]), is_bad=True),
        )
    flash_notice(Notice(_("Your packages are in Square's item library.")))
    return redirect_after_post(next_address("packages"))


add_publishing_views(blueprint, show)


def _publish(services: Services, package_id: str) -> str:
    """Publish a package; return why that failed, "" otherwise."""
    try:
        publish_to_square(services, current_act(), package_id)
    except CoursekeeperError as error:
        return error.message
    return ""
