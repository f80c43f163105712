"""Agreements: prepared with their content frozen and their PDF drawn before anybody reads it; and how they are read."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import TypeAlias

from sqlalchemy import Select, delete, select
from sqlalchemy.orm import Session, defer

from invoices.language import language_for
from invoices.pages.fit import fit
from invoices.papers import CourseAgreement, PaperRefused, content_sha256, from_json, to_json
from plugin.core.acts import Act, Role, require
from plugin.core.change_of_mind import NONE, Channel, profiles
from plugin.courses.agreements import clauses
from plugin.courses.base.activity import Did, record_in
from plugin.courses.base.clinic import clinic_in, closed_days_in, local_date_in
from plugin.courses.base.course_extras import OF_CHECKOUT
from plugin.courses.base.views import PackageView, from_row
from plugin.courses.base.words import paper_money, paper_refusal
from plugin.courses.base.work import Work, allowed, reading, require_row, transact
from plugin.courses.catalog.names import names_in
from plugin.courses.catalog.packages import NO_PACKAGE, package_in
from plugin.courses.clients.clients import client_in, known_client_in, living_client_in, with_merged
from plugin.courses.handouts.cache import Render, drawn
from plugin.courses.handouts.content import clinic_on_paper
from plugin.courses.sales.agreed import agreement_of_rung_up_in, free_agreement_in
from plugin.errors import NotFound, Refused
from plugin.store import Store
from plugin.store.agreements import Agreement, AgreementOrder, AgreementSale, AgreementSignature
from plugin.store.ledger import Course
from plugin.store.offers import Package
from plugin.store.people import Client
from plugin.store.selling import Checkout, PublicOrder
from plugin.wording import N_, _

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


# The day is no part of the terms, but for the last one of a period to change one's mind, which is written out.
_ANY_DAY = date(2000, 1, 1)


@dataclass(frozen=True, slots=True)
class AgreementRules:
    """What the clinic chose: the profile to change one's mind by, and its own words by language."""

    change_of_mind: str = NONE
    words: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NewAgreement:
    """The agreement to show: `channel` "distance" where it is not agreed at the clinic."""

    client_id: str
    package_id: str
    channel: Channel = "clinic"


def prepare_agreement(
    store: Store, render: Render, act: Act, new: NewAgreement, rules: AgreementRules
) -> AgreementView:
    """Return the agreement to sign: the one that is shown already if its terms are the same, else a new one.

    One that is signed and not used for a sale yet is returned as it is. One with other terms that nobody signed is
    deleted. Raises NotFound, Refused, or PaperNotMade if a retry may help.
    """
    require(act.actor, Role.DESK)
    with store.reading() as session:
        if (known := _known(session, new, rules, act.now)) is not None:
            return known
        paper, terms = content_in(session, new, rules, act.now)
    pdf = drawn(store, render, paper)

    def do(work: Work) -> AgreementView:
        client = known_client_in(work.session, new.client_id)
        # Two desks may prepare it at once: the second waits here, and finds the first one's.
        require_row(work.session, type(client), client.id, "", is_locked=True)
        known = _known(work.session, new, rules, act.now)
        return known or _write(work, new, rules, paper, terms, pdf)

    return transact(store, act, do)


@allowed(Role.DESK)
def withdraw_agreement(work: Work, agreement_id: str) -> None:
    """Delete an agreement that nobody signed: its link shows nothing any more. Raises Refused for a signed one."""
    row = work.session.get(Agreement, agreement_id)
    if row is None:
        return
    if work.session.get(AgreementSignature, agreement_id) is not None:
        raise Refused(_("This agreement is signed. It is kept as it is."), code="signed")
    record_in(work, Did.AGREEMENT_WITHDRAWN, client_id=row.client_id, subject_id=row.id)
    work.session.delete(row)


def content_in(
    session: Session, new: NewAgreement, rules: AgreementRules, now: datetime
) -> tuple[CourseAgreement, str]:
    """Return the content as of now, and the SHA-256 of its terms; raises NotFound, Refused."""
    client, package = client_in(session, new.client_id), package_in(session, new.package_id)
    if not package.is_active:
        raise Refused(_("{package} is no longer sold.", package=package.name), code="not_sold")
    today = local_date_in(session, now)
    paper, terms = dated_paper(session, package, client.name, client.language, new.channel, rules, today)
    try:
        fit(paper)
    except PaperRefused as error:
        raise paper_refusal(error) from None
    return paper, terms


def dated_paper(
    session: Session,
    package: PackageView,
    client_name: str,
    tag: str,
    channel: Channel,
    rules: AgreementRules,
    today: date,
) -> tuple[CourseAgreement, str]:
    """Return the agreement of a package in this language, and the SHA-256 of its terms.

    They are the same on another day, unless they say until when one may change one's mind.
    """
    clinic, names, language = clinic_in(session), names_in(session, tag), language_for(tag)

    paper = CourseAgreement(
        clinic=clinic_on_paper(clinic),
        client_name=client_name,
        issued_on=today,
        package_name=names(package.name),
        price=paper_money(package.price),
        contents=clauses.contents_text(package.contents, names, language),
        before=clauses.clauses_before(package, names, tag, period_in(session, channel, rules, today), today),
        after=clauses.clauses_after(clinic, tag, rules.words.get(language.locale.language, "")),
        mark=f"{package.version}.{clauses.FORM}",
        example=clauses.refund_example(package, names),
        language=tag,
    )
    return paper, content_sha256(replace(paper, issued_on=_ANY_DAY))


def period_in(
    session: Session, channel: Channel, rules: AgreementRules, today: date
) -> clauses.MindPeriod | None:
    """Return the period to change one's mind for a sale made today, None where the clinic offers none."""
    profile = profiles().get(rules.change_of_mind)
    if profile is None or not profile.applies(channel):
        return None
    return clauses.MindPeriod(profile, profile.last_day(today, closed_days_in(session)))


def _known(session: Session, new: NewAgreement, rules: AgreementRules, now: datetime) -> AgreementView | None:
    """Return the agreement that is valid for these terms already."""
    _paper, terms = content_in(session, new, rules, now)
    package = require_row(session, Package, new.package_id, NO_PACKAGE)
    signed_id = free_agreement_in(session, new.client_id, package)
    if signed_id is not None:
        return view_of(session, session.get_one(Agreement, signed_id))
    open_ones = _unsigned(session, new)
    same = next((row for row in open_ones if row.terms_sha256 == terms and row.channel == new.channel), None)
    return view_of(session, same) if same is not None else None


def _unsigned(session: Session, new: NewAgreement) -> list[Agreement]:
    rows = (
        select(Agreement)
        .outerjoin(AgreementSignature, AgreementSignature.agreement_id == Agreement.id)
        .where(
            Agreement.client_id.in_(with_merged(living_client_in(session, new.client_id).id)),
            Agreement.package_id == new.package_id,
            AgreementSignature.agreement_id.is_(None),
        )
        .order_by(Agreement.made_at.desc(), Agreement.id.desc())
    )
    return list(session.scalars(rows))


def _write(
    work: Work, new: NewAgreement, rules: AgreementRules, paper: CourseAgreement, terms: str, pdf: bytes
) -> AgreementView:
    replaced = [row.id for row in _unsigned(work.session, new)]
    work.session.execute(delete(Agreement).where(Agreement.id.in_(replaced)))
    row = Agreement(
        id=work.new_id(),
        client_id=known_client_in(work.session, new.client_id).id,
        package_id=new.package_id,
        package_version=work.session.get_one(Package, new.package_id).version,
        language=paper.language,
        channel=new.channel,
        change_of_mind=rules.change_of_mind,
        content=to_json(paper),
        terms_sha256=terms,
        pdf=pdf,
        pdf_sha256=hashlib.sha256(pdf).hexdigest(),
        made_at=work.now,
        by=work.act.actor.name,
    )
    work.add(row)
    return view_of(work.session, row)
