"""Agreements as the screens, the API and the papers read them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, defer

from invoices.papers import CourseAgreement, PaperRefused, from_json
from plugin.core.change_of_mind import Channel
from plugin.courses.base.course_extras import OF_CHECKOUT
from plugin.courses.base.views import from_row
from plugin.courses.base.work import reading, require_row
from plugin.courses.clients.clients import living_client_in, with_merged
from plugin.courses.sales.agreed import agreement_of_rung_up_in
from plugin.errors import NotFound
from plugin.store import Store
from plugin.store.agreements import Agreement, AgreementOrder, AgreementSale, AgreementSignature
from plugin.store.ledger import Course
from plugin.store.offers import Package
from plugin.store.people import Client
from plugin.store.selling import Checkout, PublicOrder
from plugin.wording import N_

# Without the files: the lists show none.
_Rows: TypeAlias = "Select[Agreement, AgreementSignature, str, Client]"
NO_AGREEMENT = N_("There is no such agreement.")


@dataclass(frozen=True, slots=True)
class SignatureView:
    """How an agreement was signed; `pdf_sha256` is that of the signed copy."""

    name: str
    way: str
    present: str
    shown_sha256: str
    signed_at: datetime
    pdf_sha256: str


@dataclass(frozen=True, slots=True)
class AgreementView:
    """An agreement; `pdf_sha256` is that of the file that is shown and signed."""

    id: str
    client_id: str
    client_name: str
    package_id: str
    package_name: str
    package_version: int
    language: str
    channel: Channel
    change_of_mind: str
    pdf_sha256: str
    made_at: datetime
    by: str
    signature: SignatureView | None

    @property
    def is_signed(self) -> bool:
        return self.signature is not None


def read_agreement(store: Store, agreement_id: str) -> AgreementView:
    """Return an agreement; raises NotFound."""
    with store.reading() as session:
        return view_of(session, require_row(session, Agreement, agreement_id, NO_AGREEMENT))


def agreements_of_client(store: Store, client_id: str) -> tuple[AgreementView, ...]:
    """Return a client's agreements, those of clients merged into them too, newest first."""
    with store.reading() as session:
        living = living_client_in(session, client_id)
        return tuple(_views(session, _ROWS.where(Agreement.client_id.in_(with_merged(living.id)))))


def signed_agreements(store: Store, client_id: str) -> tuple[AgreementView, ...]:
    """Return those of a client's agreements that they signed, newest first."""
    return tuple(each for each in agreements_of_client(store, client_id) if each.is_signed)


@reading
def agreements_of_course(session: Session, course_id: str) -> tuple[AgreementView, ...]:
    """Return the signed agreements under which a course was sold."""
    sold = (
        select(AgreementSale.agreement_id)
        .join(Checkout, Checkout.id == AgreementSale.checkout_id)
        .join(Course, OF_CHECKOUT)
        .where(Course.id == course_id)
    )
    ticked = (
        select(AgreementOrder.agreement_id)
        .join(PublicOrder, PublicOrder.id == AgreementOrder.order_id)
        .join(
            Course,
            (Course.square_order_id == PublicOrder.square_order_id)
            & (Course.package_id == PublicOrder.package_id),
        )
        .where(Course.id == course_id)
    )
    ids = {*session.scalars(sold.union(ticked)), agreement_of_rung_up_in(session, course_id)} - {None}
    return tuple(_views(session, _ROWS.where(Agreement.id.in_(ids))))


def agreement_pdf(store: Store, agreement_id: str, *, is_signed: bool = True) -> bytes:
    """Return the signed copy, or the file that was shown where it is not signed or that is asked for.

    Raises NotFound.
    """
    with store.reading() as session:
        row = require_row(session, Agreement, agreement_id, NO_AGREEMENT)
        signature = session.get(AgreementSignature, agreement_id) if is_signed else None
        return signature.pdf if signature is not None else row.pdf


def agreement_content(store: Store, agreement_id: str) -> CourseAgreement:
    """Return the frozen content of an agreement, without a signature; raises NotFound."""
    with store.reading() as session:
        return content_of(require_row(session, Agreement, agreement_id, NO_AGREEMENT))


def content_of(row: Agreement) -> CourseAgreement:
    """Return the frozen content of a row."""
    paper = from_json(row.content)
    if not isinstance(paper, CourseAgreement):
        raise PaperRefused("This is no agreement.")
    return paper


def view_of(session: Session, row: Agreement) -> AgreementView:
    found = next(_views(session, _ROWS.where(Agreement.id == row.id)), None)
    if found is None:
        raise NotFound(NO_AGREEMENT)
    return found


_ROWS = (
    select(Agreement, AgreementSignature, Package.name, Client)
    .outerjoin(AgreementSignature, AgreementSignature.agreement_id == Agreement.id)
    .join(Package, Package.id == Agreement.package_id)
    .join(Client, Client.id == Agreement.client_id)
    .options(defer(Agreement.pdf), defer(Agreement.content), defer(AgreementSignature.pdf))
    .order_by(Agreement.made_at.desc(), Agreement.id.desc())
)


def _views(session: Session, which: _Rows) -> Iterator[AgreementView]:
    for row, signature, package_name, client in session.execute(which):
        living = living_client_in(session, client.id)
        yield from_row(
            AgreementView,
            row,
            client_id=living.id,
            client_name=living.name,
            package_name=package_name,
            signature=from_row(SignatureView, signature) if signature is not None else None,
        )
