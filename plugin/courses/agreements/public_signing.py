"""The terms of a package on the public page, and those ticked there as a course agreement.

They are frozen at the tick, and drawn before the payment link is made. Nobody is a client before the payment: with it
the frozen files become the client's signed agreement, as at the desk.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from invoices.language import Language
from invoices.pages.agreement import example_text
from invoices.papers import AgreementSignature as PaperSignature
from invoices.papers import Clause, CourseAgreement, from_json, to_json
from plugin.core.moments import day_at
from plugin.courses.agreements import clauses
from plugin.courses.agreements.prepare import AgreementRules, dated_paper, period_in
from plugin.courses.base.activity import Did, record_in
from plugin.courses.base.clinic import clinic_in, local_date_in
from plugin.courses.base.events import SaleBooked
from plugin.courses.base.views import PackageView
from plugin.courses.base.work import Work
from plugin.courses.catalog.names import Names, names_in
from plugin.courses.handouts.cache import Render, drawn
from plugin.errors import Refused
from plugin.store import Store
from plugin.store.tables import Agreement, AgreementOrder, AgreementSignature, PublicOrder


@dataclass(frozen=True, slots=True)
class TickedTerms:
    """What was agreed to: the agreement's content (canonical JSON), the SHA-256 of its terms, the period by its key."""

    content: str
    terms_sha256: str
    change_of_mind: str


def ticked_terms_in(
    session: Session,
    package: PackageView,
    buyer: str,
    language: Language,
    rules: AgreementRules,
    now: datetime,
) -> TickedTerms:
    """Return the agreement of a package bought on the public page by whoever typed this name."""
    today = local_date_in(session, now)
    paper, terms = dated_paper(session, package, buyer, language.tag, "distance", rules, today)
    return TickedTerms(to_json(paper), terms, rules.change_of_mind)


def draw_ticked_terms(store: Store, render: Render, order_id: str) -> None:
    """Draw the terms of an order and their signed copy, once; raises PaperNotMade if a retry may help.

    A name that can't be printed leaves the order without them: its sentences are kept with it.
    """
    with store.reading() as session:
        row = session.get(PublicOrder, order_id)
        if row is None or row.terms_content is None or row.terms_pdf is not None:
            return
        paper, name, at = from_json(row.terms_content), row.name, row.agreed_at
    if not isinstance(paper, CourseAgreement):
        return
    try:
        shown = drawn(store, render, paper)
        signature = PaperSignature(
            name=name, way="typed", signed_at=at, shown_sha256=hashlib.sha256(shown).hexdigest()
        )
        signed = drawn(store, render, replace(paper, signature=signature))
    except Refused:
        return

    def keep(session: Session) -> None:
        found = session.get(PublicOrder, order_id, with_for_update=True, populate_existing=True)
        if found is not None and found.terms_pdf is None:
            found.terms_pdf, found.terms_signed_pdf = shown, signed

    store.transact(keep)


def ticked_terms_pdf(store: Store, order_id: str) -> bytes | None:
    """Return the terms of an order as they were drawn at the tick, None where there are none."""
    with store.reading() as session:
        of_client = (
            select(Agreement.pdf)
            .join(AgreementOrder, AgreementOrder.agreement_id == Agreement.id)
            .where(AgreementOrder.order_id == order_id)
        )
        kept = session.scalar(of_client)
        row = session.get(PublicOrder, order_id)
        return kept if kept is not None else row.terms_pdf if row is not None else None


def has_ticked_terms(store: Store, order_id: str) -> bool:
    """Return whether an order has the terms that were drawn at the tick, without loading them."""
    of_client = select(AgreementOrder.order_id).join(Agreement, AgreementOrder.agreement_id == Agreement.id)
    drawn = select(PublicOrder.id).where(PublicOrder.id == order_id, PublicOrder.terms_pdf.is_not(None))
    with store.reading() as session:
        kept = of_client.where(AgreementOrder.order_id == order_id, Agreement.pdf.is_not(None))
        return session.scalar(select(kept.exists() | drawn.exists())) or False


def agree_publicly(work: Work, sale: SaleBooked) -> None:
    """Keep the terms of a paid order of the public page as the signed agreement of the client who paid."""
    row = work.session.get(PublicOrder, sale.public_order_id) if sale.public_order_id else None
    if row is None or row.state != "paid" or row.client_id is None or row.terms_content is None:
        return
    if row.terms_pdf is None or row.terms_signed_pdf is None:
        return
    shown = hashlib.sha256(row.terms_pdf).hexdigest()
    agreement = Agreement(
        id=work.new_id(),
        client_id=row.client_id,
        package_id=row.package_id,
        package_version=row.package_version,
        language=row.language,
        channel="distance",
        change_of_mind=row.terms_mind or "none",
        content=row.terms_content,
        terms_sha256=row.terms_sha256 or "",
        pdf=row.terms_pdf,
        pdf_sha256=shown,
        made_at=row.agreed_at,
        by=work.act.actor.name,
    )
    work.add(agreement)
    work.add(
        AgreementSignature(
            agreement_id=agreement.id,
            client_id=row.client_id,
            way="typed",
            name=row.name,
            shown_sha256=shown,
            signed_at=row.agreed_at,
            pdf=row.terms_signed_pdf,
            pdf_sha256=hashlib.sha256(row.terms_signed_pdf).hexdigest(),
        )
    )
    work.session.add(AgreementOrder(agreement_id=agreement.id, order_id=row.id, client_id=row.client_id))
    record_in(
        work, Did.AGREEMENT_SIGNED, name=_package(row), client_id=row.client_id, subject_id=agreement.id
    )
    row.terms_content = row.terms_pdf = row.terms_signed_pdf = None
    work.session.flush()


def _package(row: PublicOrder) -> str:
    paper = from_json(row.terms_content or "")
    return paper.package_name if isinstance(paper, CourseAgreement) else ""


@dataclass(frozen=True, slots=True)
class PublicTerms:
    """What is read before buying; `example` is "" where there is nothing to pay back in part."""

    name: str
    contents: tuple[str, ...]
    before: tuple[Clause, ...]
    example: str
    after: tuple[Clause, ...]

    @property
    def agreed(self) -> tuple[str, ...]:
        """Return every sentence that the buyer agrees to, in order."""
        before, after = (
            [line for each in part for line in (each.heading, *each.sentences)]
            for part in (self.before, self.after)
        )
        return (self.name, *self.contents, *before, *filter(None, [self.example]), *after)


def public_terms_in(
    session: Session,
    packages: Sequence[PackageView],
    language: Language,
    rules: AgreementRules,
    now: datetime,
) -> tuple[PublicTerms, ...]:
    """Return the terms of each package bought online today, in this language."""
    clinic, names = clinic_in(session), names_in(session, language.tag)
    today = day_at(now, clinic.zone)
    period = period_in(session, "distance", rules, today)
    after = clauses.clauses_after(clinic, language.tag, rules.words.get(language.locale.language, ""))
    return tuple(_terms(each, names, language, period, today, after) for each in packages)


def _terms(
    package: PackageView,
    names: Names,
    language: Language,
    period: clauses.MindPeriod | None,
    today: date,
    after: tuple[Clause, ...],
) -> PublicTerms:
    example = clauses.refund_example(package, names)
    return PublicTerms(
        name=names(package.name),
        contents=clauses.contents_text(package.contents, names, language),
        before=clauses.clauses_before(package, names, language.tag, period, today),
        example=example_text(example, language) if example else "",
        after=after,
    )
