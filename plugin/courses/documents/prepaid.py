"""Statements of prepaid balance: what a client has paid for and not used, issued with a check code of the clinic.

One for each client and content of a day: asked for again, it is the same document.
"""

import hashlib
import hmac
from dataclasses import replace
from datetime import date

from sqlalchemy.orm import Session

from invoices.papers import Money, PrepaidBalance, PrepaidCourse, PrepaidTreatment, content_sha256, from_json
from plugin.core.acts import Act, Role, require
from plugin.core.refund_value import FORMULAS
from plugin.courses.base.clinic import clinic_in, local_date
from plugin.courses.base.read import courses_of_client
from plugin.courses.base.views import ClinicView, CourseView
from plugin.courses.base.work import Work, transact
from plugin.courses.catalog.names import Names, names_in
from plugin.courses.clients.clients import known_client_in, view_of
from plugin.courses.documents.buyers import party_in
from plugin.courses.documents.issue import New, issued_in, write_document
from plugin.courses.documents.series import next_place_in
from plugin.courses.handouts.content import clinic_on_paper
from plugin.courses.handouts.status import received_in
from plugin.courses.refunds.basis import refund_basis_in
from plugin.store import Store
from plugin.store.documents import Document

PREPAID = "prepaid_balance"
_CODE_LENGTH, _GROUP = 16, 4


def issue_prepaid_balance(store: Store, act: Act, client_id: str, *, secret: str) -> str:
    """Issue the statement as of now and return its document id; the one issued with the same content if any.

    Raises NotFound, or Refused for a client whose data was erased.
    """
    require(act.actor, Role.DESK)
    with store.reading() as session:
        clinic, client = clinic_in(session), known_client_in(session, client_id)
        today = local_date(clinic, act.now)
        courses = _prepaid(courses_of_client(store, client.id, today=today), clinic)

    def do(work: Work) -> str:
        paper = _paper(work.session, client_id, courses, today, clinic)
        subject = f"{client_id}:{content_sha256(paper)}"
        place = next_place_in(work.session, PREPAID)
        if (known := issued_in(work.session, PREPAID, subject)) is not None:
            return known.id
        numbered = replace(paper, number=place.number)
        signed = replace(numbered, check_code=check_code(numbered, secret))
        new = New(subject, client_id, tuple(each.id for each in courses))
        return write_document(work, new, place, signed, paper.total).id

    return transact(store, act, do)


def read_prepaid(store: Store, document_id: str) -> PrepaidBalance:
    """Return an issued statement as values."""
    with store.reading() as session:
        paper = from_json(session.get_one(Document, document_id).content)
    assert isinstance(paper, PrepaidBalance)  # what was issued as one
    return paper


def check_code(paper: PrepaidBalance, secret: str) -> str:
    """Return the code of a statement's content without its code, HMAC-SHA256 by the clinic's secret key."""
    content = content_sha256(replace(paper, check_code="")).encode()
    digest = hmac.new(secret.encode(), b"prepaid balance " + content, hashlib.sha256).hexdigest().upper()
    return "-".join(digest[start : start + _GROUP] for start in range(0, _CODE_LENGTH, _GROUP))


def _prepaid(courses: tuple[CourseView, ...], clinic: ClinicView) -> list[CourseView]:
    """Return the courses with unused sessions in the clinic's currency, the oldest first."""
    held = [
        each
        for each in courses
        if each.closed_at is None
        and each.price.currency == clinic.currency
        and any(a.left for a in each.allowances)
    ]
    return sorted(held, key=lambda each: (each.sold_at, each.id))


def _paper(
    session: Session, client_id: str, courses: list[CourseView], today: date, clinic: ClinicView
) -> PrepaidBalance:
    client = view_of(session, known_client_in(session, client_id))
    names = names_in(session, client.language)
    lines = tuple(_course(session, each, clinic, names) for each in courses)
    return PrepaidBalance(
        clinic=clinic_on_paper(clinic),
        number="-",
        as_of=today,
        billed_to=party_in(session, client),
        courses=lines,
        total=Money(sum(each.value.amount for each in lines if each.value is not None), clinic.currency),
        check_code="",
        language=client.language,
    )


def _course(session: Session, course: CourseView, clinic: ClinicView, names: Names) -> PrepaidCourse:
    zone = clinic.zone
    is_received = received_in(session, course, zone) is not None
    return PrepaidCourse(
        package_name=names(course.package_name),
        sold_on=course.sold_at.astimezone(zone).date(),
        sessions=tuple(
            PrepaidTreatment(treatment=names(each.treatment), unused=each.left, granted=each.granted)
            for each in course.allowances
            if each.granted
        ),
        value=None if is_received else _value(session, course),
        formula=course.terms.refund_formula.value,
        expires_on=course.expires_on,
    )


def _value(session: Session, course: CourseView) -> Money:
    """Return the value of what is unused by the formula of the course's terms: what a refund of it would be."""
    basis = refund_basis_in(session, course)
    compute = FORMULAS[course.terms.refund_formula]
    value = min(compute(basis.agreed, basis.sessions, str).amount.amount, basis.refundable.amount)
    return Money(value, course.price.currency)
