"""The signed agreement under which a sale is begun."""

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from plugin.courses.base.work import Work
from plugin.courses.clients.clients import living_client_in, with_merged
from plugin.errors import Refused
from plugin.store.agreements import Agreement, AgreementOrder, AgreementSale, AgreementSignature
from plugin.store.offers import Package
from plugin.store.selling import Checkout
from plugin.wording import _

# A sale that ended so leaves its agreement to the next one.
_NOT_SOLD = ("canceled", "timed_out", "failed")


def free_agreement_in(session: Session, client_id: str, package: Package) -> str | None:
    """Return the client's newest signed agreement for the package as it is now that no sale has used; None for none."""
    client = living_client_in(session, client_id)
    is_used = exists().where(
        AgreementSale.agreement_id == AgreementSignature.agreement_id,
        AgreementSale.checkout_id == Checkout.id,
        Checkout.state.not_in(_NOT_SOLD),
    )
    is_ticked = exists().where(AgreementOrder.agreement_id == AgreementSignature.agreement_id)
    rows = (
        select(AgreementSignature.agreement_id)
        .join(Agreement, Agreement.id == AgreementSignature.agreement_id)
        .where(
            Agreement.client_id.in_(with_merged(client.id)),
            Agreement.package_id == package.id,
            Agreement.package_version == package.version,
            ~is_used,
            ~is_ticked,
        )
        .order_by(AgreementSignature.signed_at.desc(), AgreementSignature.agreement_id.desc())
    )
    return session.scalar(rows.limit(1))


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
