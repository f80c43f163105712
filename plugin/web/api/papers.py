"""The calls about papers and wallet passes of a course."""

from typing import Any

from pydantic import Field

from plugin.courses.base.read import read_course
from plugin.courses.clients.private_page import address_of
from plugin.courses.clients.wallet_passes import APPLE, GOOGLE, count_passes
from plugin.courses.documents.files import document_bytes
from plugin.courses.documents.issuing import invoice_of_course
from plugin.courses.documents.statement import statement_of_course
from plugin.courses.handouts.cache import hand_out
from plugin.errors import Refused
from plugin.web.access import DESK
from plugin.web.api.calls import Reply, Request, call
from plugin.web.api.inputs import Answer, Count, GivenId, Input, Language, YesInQuery, shown
from plugin.web.translations import N_


class InLanguage(Input):
    """The language of a paper."""

    language: Language | None = None
    """A tag such as en or es; the client's own by default."""
    large_print: YesInQuery | None = None
    """In large type; as the client prefers by default."""


class OfVisit(InLanguage):
    """The visit of the aftercare sheet."""

    visit_id: GivenId | None = Field(None, description="After which visit; the latest by default.")


class AsIssued(Input):
    """Accepted as with the other papers."""

    language: Language | None = None
    """Taken and not used: an invoice stays in the language it was issued in."""


@call("GET", "/courses/{course_id}/summary.pdf", None, refusals=(409,))
def print_summary(request: Request, query: InLanguage, course_id: str) -> Reply:
    """Print the course summary."""
    return _paper(request, course_id, "summary", query)


@call("GET", "/courses/{course_id}/welcome.pdf", None, refusals=(409,))
def print_welcome(request: Request, query: InLanguage, course_id: str) -> Reply:
    """Print the welcome sheet: how the course runs, what to do before the first visit, whom to call, the terms."""
    return _paper(request, course_id, "welcome", query)


@call("GET", "/courses/{course_id}/planner.pdf", None, refusals=(409,))
def print_planner(request: Request, query: InLanguage, course_id: str) -> Reply:
    """Print the visit planner: the booked and planned visits to come."""
    return _paper(request, course_id, "planner", query)


@call("GET", "/courses/{course_id}/next-visit.pdf", None, refusals=(409,))
def print_next_visit(request: Request, query: InLanguage, course_id: str) -> Reply:
    """Print the next visit alone, on a card to cut out."""
    return _paper(request, course_id, "next_visit", query)


@call("GET", "/courses/{course_id}/aftercare.pdf", None, refusals=(409,))
def print_aftercare(request: Request, query: OfVisit, course_id: str) -> Reply:
    """Print the aftercare sheet of a visit."""
    return _paper(request, course_id, "aftercare", query, query.visit_id)


@call("GET", "/courses/{course_id}/help-card.pdf", None, refusals=(409,))
def print_help_card(request: Request, query: OfVisit, course_id: str) -> Reply:
    """Print the aftercare sheet's steps of help alone, on a card to cut out: when to call, whom, and the phone."""
    return _paper(request, course_id, "help_card", query, query.visit_id)


@call("GET", "/courses/{course_id}/invoice.pdf", None, roles=DESK, refusals=(409,))
def print_invoice(request: Request, query: AsIssued, course_id: str) -> Reply:  # noqa: ARG001 - only checked
    """Print the invoice, always the same bytes; 409 `invoice_not_ready` while it is being made."""
    services = request.services
    document_id = invoice_of_course(services.store, request.act, course_id)
    pdf = document_bytes(services.store, services.render, document_id, now=request.act.now)
    return Reply(pdf=pdf, filename="invoice.pdf")


@call("GET", "/courses/{course_id}/statement.pdf", None, roles=DESK, refusals=(409,))
def print_statement(request: Request, course_id: str) -> Reply:
    """Print the statement of account of the sale: its invoice and every payment and refund so far."""
    services = request.services
    statement = statement_of_course(services.store, services.render, request.act, course_id)
    return Reply(pdf=statement.pdf, filename="statement.pdf")


def _paper(
    request: Request, course_id: str, kind: str, query: InLanguage, visit_id: str | None = None
) -> Reply:
    services = request.services
    pdf = hand_out(
        services.store,
        services.render,
        request.act,
        course_id,
        kind,
        visit_id=visit_id,
        language=query.language,
        large_print=query.large_print,
        public_url=services.settings.public_url,
    ).pdf
    return Reply(
        pdf=pdf, filename="course-summary.pdf" if kind == "summary" else f"{kind.replace('_', '-')}.pdf"
    )


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
