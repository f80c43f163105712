"""Tips that clients gave on their private page, for the owner: by month and practitioner, and each."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue

from plugin.courses.sales.tips import list_tips, tip_sums
from plugin.web import current_services, pages
from plugin.web.access import Screens

blueprint = Screens("tip_report", __name__, url_prefix="/tips")


@blueprint.get("")
def show() -> ResponseReturnValue:
    """Show the sums of a year and the last tips."""
    store = current_services().store
    return render_template(
        "owner/tips.html",
        sums=tip_sums(store, pages.now()),
        tips=list_tips(store),
        is_on=current_services().settings.tip_links,
    )
