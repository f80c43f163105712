"""What the clients of who is signed in rated themselves, for those who treat."""

from itertools import groupby
from operator import attrgetter

from flask import Response, g, render_template
from flask.typing import ResponseReturnValue

from plugin.courses.ratings.views import rated_clients, ratings_sheet
from plugin.web import current_services
from plugin.web.access import TREATS, Screens
from plugin.web.actions import act_without_form
from plugin.web.files import file_answer

blueprint = Screens("own_ratings", __name__)


@blueprint.get("/ratings", roles=TREATS)
def show() -> ResponseReturnValue:
    """Show the line of each concern, client by client."""
    services = current_services()
    rows = rated_clients(services.store, act_without_form())
    clients = [(client_id, tuple(theirs)) for client_id, theirs in groupby(rows, attrgetter("client_id"))]
    # The access log lists them as opened.
    g.opened_clients = [client_id for client_id, _theirs in clients]
    return render_template("desk/ratings.html", clients=clients, is_asked=services.settings.own_ratings)


@blueprint.get("/ratings.<ending>", roles=TREATS)
def save(ending: str) -> Response:
    rows = rated_clients(current_services().store, act_without_form())
    return file_answer(ratings_sheet(rows), ending)
