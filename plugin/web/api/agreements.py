"""The calls about course agreements: prepare, read, print, and record a signed paper."""

from typing import Literal

from pydantic import Field

from plugin.courses.agreements.prepare import NewAgreement, prepare_agreement
from plugin.courses.agreements.signing import Signing, sign_agreement, signing_address
from plugin.courses.agreements.views import AgreementView, agreement_pdf, agreements_of_client, read_agreement
from plugin.courses.handouts.batches import MIMETYPES, ZIP
from plugin.courses.reports.evidence import write_evidence
from plugin.web import current_services
from plugin.web.access import DESK
from plugin.web.agreement_rules import agreement_rules
from plugin.web.api.answers import Answer, Id, Moment, example_id, shown
from plugin.web.api.calls import THE_OWNER, Reply, Request, call
from plugin.web.api.inputs import GivenId, Input, VisibleText
from plugin.web.files import written_file


class Signature(Answer):
    """How an agreement was signed."""

    name: str = shown("Ana Souza")
    way: Literal["drawn", "typed", "paper"] = shown("typed")
    present: str = shown("Deb", "Who of the clinic was there; empty on the client’s own device.")
    signed_at: Moment = shown("2026-11-22T18:05:00Z")
    shown_sha256: str = shown("9f86d081884c7d659a2f…", "Of the PDF that was shown and signed.")
    pdf_sha256: str = shown("60303ae22b998861bce3…", "Of the signed copy.")


class Agreement(Answer):
    """An agreement shown to a client."""

    id: Id = shown(example_id(8))
    client_id: Id = shown(example_id(1))
    package_id: Id = shown(example_id(2))
    package_name: str = shown("Facial acupuncture, course of 12")
    package_version: int = shown(1)
    language: str = shown("en")
    channel: Literal["clinic", "distance"] = shown("clinic")
    change_of_mind: str = shown("none", "The key of the period that it states.")
    pdf_sha256: str = shown("9f86d081884c7d659a2f…", "Of the PDF to read and sign.")
    made_at: Moment = shown("2026-11-22T18:00:00Z")
    by: str = shown("Deb")
    url: str = shown(
        "https://desk.example.org/agree/…", "Where the client signs; empty without a public address."
    )
    signature: Signature | None


class Agreements(Answer):
    """The agreements of a client, newest first."""

    agreements: list[Agreement]


class AgreementToPrepare(Input, json_schema_extra={"examples": [{"package_id": example_id(2)}]}):
    """The agreement to prepare."""

    package_id: GivenId
    channel: Literal["clinic", "distance"] = Field(
        "clinic", description="`distance` where it is not agreed at the clinic."
    )


class SignedPaper(Input, json_schema_extra={"examples": [{"name": "Ana Souza"}]}):
    """The name under the paper."""

    name: VisibleText = Field(max_length=200)


@call("GET", "/clients/{client_id}/agreements", Agreements, roles=DESK)
def list_agreements(request: Request, client_id: str) -> Reply:
    """List a client's agreements."""
    found = agreements_of_client(request.store, client_id)
    return Reply(Agreements.of({"agreements": [_said(each) for each in found]}))


@call("POST", "/clients/{client_id}/agreements", Agreement, status=201, roles=DESK, refusals=(409,))
def make_agreement(request: Request, body: AgreementToPrepare, client_id: str) -> Reply:
    """Prepare the agreement of a package; the same terms again return the same agreement."""
    services, new = request.services, NewAgreement(client_id, body.package_id, body.channel)
    made = prepare_agreement(services.store, services.render, request.act, new, agreement_rules())
    return Reply(Agreement.of(_said(made)))


@call("GET", "/agreements/{agreement_id}", Agreement, roles=DESK)
def get_agreement(request: Request, agreement_id: str) -> Reply:
    """Return an agreement."""
    return Reply(Agreement.of(_said(read_agreement(request.store, agreement_id))))


@call("GET", "/agreements/{agreement_id}/agreement.pdf", None, roles=DESK)
def print_agreement(request: Request, agreement_id: str) -> Reply:
    """Print the signed copy, or the agreement to sign; always the same bytes."""
    return Reply(pdf=agreement_pdf(request.store, agreement_id), filename="agreement.pdf")


@call("POST", "/agreements/{agreement_id}/paper-signature", Agreement, roles=DESK, refusals=(409,))
def record_paper_signature(request: Request, body: SignedPaper, agreement_id: str) -> Reply:
    """Record that the printed agreement was signed; a second time changes nothing."""
    services = request.services
    current = read_agreement(services.store, agreement_id)
    by = request.act.actor.name
    wish = Signing(agreement_id, body.name, "paper", current.pdf_sha256, present=by)
    signed = sign_agreement(services.store, services.render, request.act, wish, agreement_rules())
    return Reply(Agreement.of(_said(signed)))


@call("GET", "/courses/{course_id}/evidence.zip", None, roles=THE_OWNER, media=MIMETYPES[ZIP])
def save_evidence(request: Request, course_id: str) -> Reply:
    """Return agreement, visits, e-mails, payments and the ledger of a course, for a disputed payment."""
    services = request.services
    made, _course = written_file(
        lambda out: write_evidence(services.store, services.render, request.act, course_id, out)
    )
    return Reply(zip=made, filename="evidence.zip")


def _said(agreement: AgreementView) -> dict[str, object]:
    url = signing_address(current_services().settings, agreement)
    names = (name for name in Agreement.model_fields if name != "url")
    return {"url": url, **{name: getattr(agreement, name) for name in names}}
