"""The letter to whoever bought a gift, which goes with its voucher. Rendered each time, not stored."""

from __future__ import annotations

from sqlalchemy.orm import Session

from invoices.papers import VoucherLetter
from plugin.core.acts import Act, Role, require
from plugin.courses.base.clinic import clinic_in, local_date
from plugin.courses.base.work import require_row
from plugin.courses.clients.clients import client_in
from plugin.courses.documents.buyers import party_in
from plugin.courses.documents.voucher_content import NO_GIFT, voucher_paper
from plugin.courses.handouts.cache import HandedOut, Render, drawn
from plugin.courses.handouts.content import clinic_on_paper
from plugin.store import Store
from plugin.store.changes import Gift


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
        is_folded=voucher.form == "fold",
        has_message=bool(voucher.message),
    )
