"""The signed agreement under which a sale is begun at the desk, or rung up at Square POS without it."""

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from plugin.courses.base.work import Work
from plugin.courses.clients.clients import living_client_in, with_merged
from plugin.errors import Refused
from plugin.store.agreements import Agreement, AgreementOrder, AgreementSale, AgreementSignature
from plugin.store.ledger import Course
from plugin.store.offers import Package
from plugin.store.people import Client
from plugin.store.selling import Checkout, PublicOrder
from plugin.wording import _

# A sale that ended so leaves its agreement to the next one.
_NOT_SOLD = ("canceled", "timed_out", "failed")


def free_agreement_in(session: Session, client_id: str, package: Package) -> str | None:
    """Return the client's newest signed agreement for the package as it is now that no sale has used; None for none."""
    client = living_client_in(session, client_id)
    rows = (
        select(AgreementSignature.agreement_id)
        .join(Agreement, Agreement.id == AgreementSignature.agreement_id)
        .where(
            Agreement.client_id.in_(with_merged(client.id)),
            Agreement.package_id == package.id,
            Agreement.package_version == package.version,
            ~_is_begun(),
            ~exists().where(*_rung_up_under()),
        )
        .order_by(AgreementSignature.signed_at.desc(), AgreementSignature.agreement_id.desc())
    )
    return session.scalar(rows.limit(1))


def agreement_of_rung_up_in(session: Session, course_id: str) -> str | None:
    """Return the agreement signed before a sale that was rung up without the desk; None for none, or another sale."""
    other = aliased(Course)
    rows = (
        select(AgreementSignature.agreement_id)
        .join(Agreement, Agreement.id == AgreementSignature.agreement_id)
        .join(Course, and_(*_rung_up_under()))
        .where(
            Course.id == course_id,
            ~_is_begun(),
            ~exists().where(
                *_rung_up_under(other),
                other.square_order_id != Course.square_order_id,
                other.sold_at < Course.sold_at,
            ),
        )
        .order_by(AgreementSignature.signed_at.desc(), AgreementSignature.agreement_id.desc())
    )
    return session.scalar(rows.limit(1))


def is_sold_under() -> ColumnElement[bool]:
    """Return the condition that a sale was begun or rung up under an agreement, whatever became of it."""
    agreement = exists().where(AgreementSale.agreement_id == Agreement.id)
    ticked = exists().where(AgreementOrder.agreement_id == Agreement.id)
    signed = AgreementSignature.agreement_id == Agreement.id
    return or_(agreement, ticked, exists().where(signed, *_rung_up_under()))


def _is_begun() -> ColumnElement[bool]:
    """Return the condition that a sale of the desk or of the public page has the agreement."""
    is_used = exists().where(
        AgreementSale.agreement_id == AgreementSignature.agreement_id,
        AgreementSale.checkout_id == Checkout.id,
        Checkout.state.not_in(_NOT_SOLD),
    )
    return or_(is_used, exists().where(AgreementOrder.agreement_id == AgreementSignature.agreement_id))


def _rung_up_under(course: type[Course] = Course) -> tuple[ColumnElement[bool], ...]:
    """Return what makes a course one that was rung up for a client after they signed for that package.

    Derived, as the sale may get its client later: under Attention, or as clients are merged.
    """
    signer = (
        select(func.coalesce(Client.merged_into, Client.id))
        .where(Client.id == Agreement.client_id)
        # Of the agreement in the outermost query: two levels up, it would be one of all agreements.
        .correlate(Agreement)
    )
    by_desk = exists().where(Checkout.square_order_id == course.square_order_id)
    by_page = exists().where(PublicOrder.square_order_id == course.square_order_id)
    return (
        course.client_id == signer.scalar_subquery(),
        course.package_id == Agreement.package_id,
        course.package_version == Agreement.package_version,
        course.sold_at > AgreementSignature.signed_at,
        course.square_order_id.is_not(None),
        ~by_desk,
        ~by_page,
    )


def link_agreement(work: Work, checkout: Checkout, *, is_required: bool) -> None:
    """Link a sale that begins to its agreement; raises Refused where one is required and none is signed.

    An exchange needs none: the course that is given for it was agreed on. Call it with the checkout written: two sales
    to one client wait for each other there, so that the second finds what the first one used.
    """
    package = work.session.get_one(Package, checkout.package_id)
    agreement_id = free_agreement_in(work.session, checkout.client_id, package)
    if agreement_id is not None:
        work.session.add(AgreementSale(checkout_id=checkout.id, agreement_id=agreement_id))
    elif is_required and checkout.exchanges_course_id is None:
        said = _(
            "The course agreement for {package} as it is sold now is not signed yet. Have it signed, then sell."
        )
        raise Refused(said.format(package=package.name), code="not_agreed")
