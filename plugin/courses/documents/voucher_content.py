"""The content of a gift voucher, frozen from the gift and its course, and the letter to whoever bought it.

Neither shows a price or gets a number here. The letter is rendered each time, not stored.
"""

from datetime import datetime

from sqlalchemy.orm import Session

from invoices.papers import AllowanceKind, GiftContent, GiftVoucher, VoucherForm, VoucherLetter
from plugin.core.acts import Act, Role, require
from plugin.core.course import AllowanceState
from plugin.courses.base.clinic import clinic_in, local_date
from plugin.courses.base.read import course_in
from plugin.courses.base.work import require_row
from plugin.courses.catalog.names import Names, names_in
from plugin.courses.catalog.terms_text import gift_sentences
from plugin.courses.clients.clients import client_in
from plugin.courses.documents.buyers import party_in
from plugin.courses.handouts.cache import HandedOut, Render, drawn
from plugin.courses.handouts.content import clinic_on_paper
from plugin.store import Store
from plugin.store.tables import Course, Gift


def voucher_letter(store: Store, render: Render, act: Act, gift_id: str) -> HandedOut:
    """Return the letter, to the giver in their language. Raises NotFound, Refused, PaperNotMade."""
    require(act.actor, Role.DESK)
    with store.reading() as session:
        paper = letter_paper_in(session, act, gift_id)
    return HandedOut(drawn(store, render, paper), paper.billed_to.name)


def letter_paper_in(session: Session, act: Act, gift_id: str) -> VoucherLetter:
    """Freeze the letter of a gift; raises NotFound."""
    gift = require_row(session, Gift, gift_id, NO_GIFT)
    giver = client_in(session, gift.giver_id)
    voucher = voucher_paper(session, gift, now=act.now, language=giver.language)
    clinic = clinic_in(session)
    return VoucherLetter(
        clinic=clinic_on_paper(clinic),
        billed_to=party_in(session, giver),
        recipient_name=voucher.recipient_name,
        package_name=voucher.package_name,
        issued_on=local_date(clinic, act.now),
        good_until=voucher.good_until,
        language=giver.language,
        is_folded=voucher.form != "pages",
        has_message=bool(voucher.message),
    )


_FORMS: dict[str, VoucherForm] = {"pages": "pages", "dl": "dl"}
NO_GIFT = "There is no such gift."


def voucher_paper_in(session: Session, gift_id: str, now: datetime) -> GiftVoucher:
    """Freeze the voucher of a gift as of `now`, in the giver's language; raises NotFound."""
    gift = require_row(session, Gift, gift_id, NO_GIFT)
    return voucher_paper(session, gift, now=now, language=client_in(session, gift.giver_id).language)


def voucher_paper(session: Session, gift: Gift, *, now: datetime, language: str) -> GiftVoucher:
    """Freeze the voucher in a language.

    It covers what the course contains, for as long as the course is valid.
    """
    clinic = clinic_in(session)
    course = course_in(session, session.get_one(Course, gift.course_id), today=local_date(clinic, now))
    terms, names = course.terms, names_in(session, language)
    is_counted_from_first = terms.waits_for_first_use and course.expires_on is None
    return GiftVoucher(
        clinic=clinic_on_paper(clinic),
        package_name=names(course.package_name),
        contents=tuple(_content(each, names) for each in course.allowances if each.granted > 0),
        giver_name=gift.giver_name,
        recipient_name=gift.recipient_name,
        code=gift.code,
        issued_on=local_date(clinic, gift.given_at),
        message=gift.message,
        good_until=course.expires_on,
        months_from_first_visit=terms.expires_after_months if is_counted_from_first else None,
        terms=gift_sentences(terms, language),
        language=language,
        form=_FORMS.get(clinic.voucher_form, "fold"),
    )


def _content(allowance: AllowanceState, names: Names) -> GiftContent:
    kinds: dict[str, AllowanceKind] = {"touch_up": "touch_up", "add_on": "add_on"}
    return GiftContent(names(allowance.treatment), allowance.granted, kinds.get(allowance.kind, "main"))
