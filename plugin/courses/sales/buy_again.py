"""The same package once more, at today's price: one payment link for each course, however often it is asked for.

Tapped on two phones, or at the desk and on the private page, it is the same link and at most one sale.
"""

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy.orm import Session

from plugin.core.acts import Role
from plugin.core.money import Money
from plugin.courses.base.chain import NO_COURSE
from plugin.courses.base.read import charge_of
from plugin.courses.base.views import PackageView
from plugin.courses.base.work import Work, allowed, require_row
from plugin.courses.catalog.packages import package_in
from plugin.courses.sales.checkout_views import CheckoutView, view_of
from plugin.courses.sales.checkouts import begin_link
from plugin.errors import Refused
from plugin.store import Store
from plugin.store.tables import BuyAgain, Checkout, Course
from plugin.wording import _


class Again(StrEnum):
    """Whether a package can be bought again: yes, begun and not paid yet, paid, or not sold any more."""

    YES = "yes"
    BEGUN = "begun"
    PAID = "paid"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class AgainOffer:
    """The package of a course as it is sold today. `paid_then`: what the course cost, tax included.

    `checkout`: the sale that was begun from here, None before.
    """

    course_id: str
    standing: Again
    package: PackageView
    paid_then: Money
    checkout: CheckoutView | None

    @property
    def has_another_price(self) -> bool:
        """Return whether today's price is another than what the course cost."""
        return self.package.price != self.paid_then


def offer_again(store: Store, course_id: str) -> AgainOffer:
    """Return what buying the package of a course again is today; raises NotFound."""
    with store.reading() as session:
        return offer_again_in(session, require_row(session, Course, course_id, NO_COURSE))


def offer_again_in(session: Session, course: Course) -> AgainOffer:
    """Return the same, as seen by this session."""
    row = session.get(BuyAgain, course.id)
    checkout = session.get(Checkout, row.checkout_id) if row else None
    package = package_in(session, course.package_id)
    return AgainOffer(
        course.id,
        _standing(checkout, package),
        package,
        Money(charge_of(course).gross, course.currency),
        view_of(session, checkout) if checkout else None,
    )


def _standing(checkout: Checkout | None, package: PackageView) -> Again:
    if checkout is not None and checkout.state == "paid":
        return Again.PAID
    if checkout is not None and checkout.ended_at is None:
        return Again.BEGUN
    is_sold = package.is_active and package.square_variation_id is not None
    return Again.YES if is_sold else Again.RETIRED


@allowed(Role.DESK)
def buy_again(
    work: Work,
    course_id: str,
    *,
    seen_version: int | None = None,
    is_mailed: bool = False,
    needs_agreement: bool = False,
) -> CheckoutView:
    """Begin the sale by payment link, or return the one that was begun; raises NotFound, Refused.

    `seen_version`: of the package that the buyer saw; refused if its price or terms changed since. `is_mailed`: the
    link goes to the client's address. `needs_agreement`: only with the client's signed agreement for the package.
    """
    # Of two phones, the second finds what the first one began.
    course = require_row(work.session, Course, course_id, NO_COURSE, is_locked=True)
    offer = offer_again_in(work.session, course)
    if offer.checkout is not None and offer.standing in (Again.BEGUN, Again.PAID):
        return offer.checkout
    _refuse(course, offer, seen_version)
    return view_of(work.session, _begin(work, course, is_mailed=is_mailed, needs_agreement=needs_agreement))


def _refuse(course: Course, offer: AgainOffer, seen_version: int | None) -> None:
    if course.client_id is None:
        raise Refused(_("No one owns this course yet. Assign it to a client first."), code="unassigned")
    if offer.standing is Again.RETIRED:
        name = offer.package.name
        raise Refused(_("{package} is no longer sold.", package=name), code="not_sold")
    if seen_version not in (None, offer.package.version):
        raise Refused(
            _("Price or terms of this package have just changed. Look at them again."), code="changed"
        )


def _begin(work: Work, course: Course, *, is_mailed: bool, needs_agreement: bool) -> Checkout:
    checkout = begin_link(
        work, course.client_id or "", course.package_id, is_mailed=is_mailed, needs_agreement=needs_agreement
    )
    row = work.session.get(BuyAgain, course.id)
    if row is None:
        work.session.add(BuyAgain(course_id=course.id, checkout_id=checkout.id, begun_at=work.now))
    else:
        row.checkout_id, row.begun_at = checkout.id, work.now
    work.session.flush()
    return checkout
