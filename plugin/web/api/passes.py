"""The call for a course's wallet passes: where the client saves them, and on how many devices they are."""

from typing import Any

from pydantic import Field

from plugin.courses.base.read import read_course
from plugin.courses.clients.private_page import address_of
from plugin.courses.clients.wallet_passes import APPLE, GOOGLE, count_passes
from plugin.errors import Refused
from plugin.web.access import DESK
from plugin.web.api.answers import Answer, Count, shown
from plugin.web.api.calls import Reply, Request, call
from plugin.web.translations import N_

_NOBODYS = N_("The course belongs to no client yet. Choose the client under Attention.")
_EXAMPLE = "https://desk.example.org/my/…/courses/…/"


class WalletPass(Answer):
    """A pass in one phone's wallet; it says what is left and follows each use."""

    url: str | None = shown(
        _EXAMPLE + "wallet.pkpass",
        "Null where the clinic has no certificate or account for it, or no public address.",
    )
    saved: Count = shown(1, "On so many devices (Apple), or by so many clients (Google).")


class WalletPasses(Answer):
    """Whoever has an address has the pass: it is part of the client's private page."""

    apple: WalletPass
    google: WalletPass = Field(examples=[{"url": _EXAMPLE + "google-wallet", "saved": 0}])


@call("GET", "/courses/{course_id}/passes", WalletPasses, roles=DESK, refusals=(409,))
def read_passes(request: Request, course_id: str) -> Reply:
    """Return the addresses at which the client saves the course in Apple Wallet and Google Wallet."""
    settings, course = request.services.settings, read_course(request.store, course_id, today=request.today)
    if course.client_id is None:
        raise Refused(_NOBODYS, code="no_client")
    page = address_of(request.store, request.act, settings.public_url, course.client_id)
    saved = count_passes(request.store, course_id)

    def said(path: str, place: str, *, is_on: bool) -> dict[str, Any]:
        url = f"{page}/courses/{course_id}/{path}" if page and is_on else None
        return {"url": url, "saved": saved[place]}

    apple = said("wallet.pkpass", APPLE, is_on=settings.has_wallet)
    google = said("google-wallet", GOOGLE, is_on=settings.has_google_wallet)
    return Reply(WalletPasses.of({"apple": apple, "google": google}))
