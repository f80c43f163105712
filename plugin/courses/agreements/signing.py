"""Sign an agreement: drawn, typed, or on paper; bound to the file that was shown, and never changed.

The link (and its e-mail) by which a client reads and signs it is signed by us, and good until the agreement is gone.
"""

import hashlib
import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy.orm import Session

from invoices.pages.fit import is_path
from invoices.papers import AgreementSignature as PaperSignature
from invoices.papers import CourseAgreement
from invoices.papers.account import SIGNATURE_HEIGHT, SIGNATURE_WIDTH
from plugin.core.acts import Act, Role, require
from plugin.core.text import NAME_LENGTH, required
from plugin.courses.agreements import prepare
from plugin.courses.agreements.prepare import AgreementRules, NewAgreement, content_in
from plugin.courses.base.activity import Did, record_in
from plugin.courses.base.outbox import enqueue
from plugin.courses.base.work import Work, allowed, require_row, transact
from plugin.courses.clients.clients import known_client_in
from plugin.courses.clients.contacts import typed_email
from plugin.courses.handouts.cache import Render, drawn
from plugin.errors import InvalidField, Refused
from plugin.settings import Settings
from plugin.store import Store
from plugin.store.tables import Agreement, AgreementSignature, Client, Staff
from plugin.wording import N_, _

LARGEST_DRAWING = 60_000
_MOST_POINTS = 1_500
# Less is a dot or a slip of the finger.
_SMALLEST = 30
_NO_DRAWING = N_("Sign in the box with a finger or a pen, or type your name.")
TERMS_CHANGED = "terms_changed"


@dataclass(frozen=True, slots=True)
class Signing:
    """A signature as it was sent. `drawing`: JSON, lists of x and y in turn; `present`: who of the clinic was there."""

    agreement_id: str
    name: str
    way: Literal["drawn", "typed", "paper"]
    shown_sha256: str
    drawing: str = ""
    present: str = ""


def sign_agreement(
    store: Store, render: Render, act: Act, wish: Signing, rules: AgreementRules
) -> prepare.AgreementView:
    """Sign the agreement and keep its signed copy; a second signature changes nothing and returns the first.

    Raises NotFound, InvalidField, Refused with `terms_changed` where the clinic sells on other terms now than were
    shown, or PaperNotMade if a retry may help.
    """
    require(act.actor, Role.DESK)
    with store.reading() as session:
        row = require_row(session, Agreement, wish.agreement_id, prepare.NO_AGREEMENT)
        known_client_in(session, row.client_id)
        if session.get(AgreementSignature, row.id) is not None:
            return prepare.view_of(session, row)
        _refuse_changed(session, row, wish, rules, act)
        paper, shown = prepare.content_of(row), row.pdf_sha256
    signed = _signed(paper, wish, shown, act)
    pdf = drawn(store, render, signed)
    return transact(store, act, lambda work: _write(work, wish, signed, pdf))


def path_of(drawing: str) -> str:
    """Return a drawn signature as SVG path data; raises InvalidField for what is none, or too much."""
    if len(drawing) > LARGEST_DRAWING:
        raise InvalidField(_("The signature is too long. Clear it and sign again."), field="drawing")
    try:
        strokes = json.loads(drawing or "[]")
    except (ValueError, RecursionError):
        raise InvalidField(_NO_DRAWING, field="drawing") from None
    if not isinstance(strokes, list) or not all(map(_is_stroke, strokes)):
        raise InvalidField(_NO_DRAWING, field="drawing")
    kept = [stroke for stroke in strokes if len(stroke) >= 4]
    if sum(map(len, kept)) > 2 * _MOST_POINTS:
        raise InvalidField(_("The signature is too long. Clear it and sign again."), field="drawing")
    path = "".join(_path(stroke) for stroke in kept)
    if not is_path(path) or _extent(kept) < _SMALLEST:
        raise InvalidField(_NO_DRAWING, field="drawing")
    return path


def is_drawing(drawing: str) -> bool:
    """Return whether this is a drawn signature."""
    try:
        return bool(path_of(drawing))
    except InvalidField:
        return False


def _is_stroke(stroke: Any) -> bool:
    if not isinstance(stroke, list) or len(stroke) % 2:
        return False
    whole = all(type(each) is int for each in stroke)
    return whole and all(
        0 <= x <= SIGNATURE_WIDTH and 0 <= y <= SIGNATURE_HEIGHT
        for x, y in zip(stroke[::2], stroke[1::2], strict=True)
    )


def _path(stroke: list[int]) -> str:
    points = [f"{x} {y}" for x, y in zip(stroke[::2], stroke[1::2], strict=True)]
    return f"M{points[0]}" + "".join(f"L{each}" for each in points[1:])


def _extent(strokes: list[list[int]]) -> int:
    xs = [x for stroke in strokes for x in stroke[::2]]
    ys = [y for stroke in strokes for y in stroke[1::2]]
    return max(max(xs) - min(xs), max(ys) - min(ys)) if xs else 0


def _refuse_changed(session: Session, row: Agreement, wish: Signing, rules: AgreementRules, act: Act) -> None:
    new = NewAgreement(row.client_id, row.package_id, "distance" if row.channel == "distance" else "clinic")
    _paper, terms = content_in(session, new, rules, act.now)
    if wish.shown_sha256 != row.pdf_sha256 or terms != row.terms_sha256:
        said = _("The terms have changed since they were shown. Read the new ones, then sign.")
        raise Refused(said, code=TERMS_CHANGED)


def _signed(paper: CourseAgreement, wish: Signing, shown: str, act: Act) -> CourseAgreement:
    name = required(wish.name, field="name", called=_("The name"), most=NAME_LENGTH)
    signature = PaperSignature(
        name=name,
        way=wish.way,
        signed_at=act.now,
        shown_sha256=shown,
        path=path_of(wish.drawing) if wish.way == "drawn" else "",
        present=wish.present,
    )
    return replace(paper, signature=signature)


def _write(work: Work, wish: Signing, signed: CourseAgreement, pdf: bytes) -> prepare.AgreementView:
    row = require_row(work.session, Agreement, wish.agreement_id, prepare.NO_AGREEMENT, is_locked=True)
    signature = signed.signature
    if signature is None or work.session.get(AgreementSignature, row.id) is not None:
        return prepare.view_of(work.session, row)
    client = known_client_in(work.session, row.client_id)
    work.session.add(
        AgreementSignature(
            agreement_id=row.id,
            client_id=client.id,
            way=signature.way,
            name=signature.name,
            path=signature.path,
            present=signature.present,
            shown_sha256=signature.shown_sha256,
            signed_at=signature.signed_at,
            pdf=pdf,
            pdf_sha256=hashlib.sha256(pdf).hexdigest(),
        )
    )
    record_in(work, Did.AGREEMENT_SIGNED, name=signed.package_name, client_id=client.id, subject_id=row.id)
    work.session.flush()
    return prepare.view_of(work.session, row)


AGREE_PATH = "/agree/"
_LONGEST_TOKEN = 400
# How long a client may take with the clinic's device in their hands.
HANDED_FOR = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class SigningLink:
    """What a link is for; `present`: the name of who handed the device over, "" for a client's own device."""

    agreement: prepare.AgreementView
    present: str = ""


def signing_token(secret_key: str, agreement: prepare.AgreementView) -> str:
    """Return the token of the link for a client's own device."""
    return _token(secret_key, agreement)


def handed_token(secret_key: str, agreement: prepare.AgreementView, *, staff_id: str, now: datetime) -> str:
    """Return the token of the link that opens on the clinic's device, handed over by this person."""
    return _token(secret_key, agreement, staff_id, int((now + HANDED_FOR).timestamp()))


def signing_address(settings: Settings, agreement: prepare.AgreementView) -> str:
    """Return the address by which a client signs on their own device, "" without a public one."""
    token = signing_token(settings.secret_key.get_secret_value(), agreement)
    return f"{settings.public_url.rstrip('/')}{AGREE_PATH}{token}" if settings.public_url else ""


def link_of_token(store: Store, secret_key: str, token: str, now: datetime) -> SigningLink | None:
    """Return what the token opens, None for one that was not made here, has ended, or whose agreement is gone.

    An agreement that was replaced because its terms changed leads to the one in its place, also once that is signed.
    """
    if not secret_key or len(token) > _LONGEST_TOKEN:
        return None
    try:
        agreement_id, client_id, package_id, staff_id, *ends = _signer(secret_key).loads(token)
    except (BadSignature, ValueError, TypeError):
        return None
    if staff_id and not (ends and now < datetime.fromtimestamp(ends[0], UTC)):
        return None
    with store.reading() as session:
        row = session.get(Agreement, agreement_id)
        staff = session.get(Staff, staff_id) if staff_id else None
        client = session.get(Client, client_id)
        if client is None or client.erased_at is not None:
            return None
        present = staff.name if staff else ""
        if row is not None:
            return SigningLink(prepare.view_of(session, row), present)
    later = (
        each
        for each in prepare.agreements_of_client(store, client_id)
        if each.package_id == package_id and (not each.is_signed or each.id > agreement_id)
    )
    current = next(later, None)
    return SigningLink(current, present) if current is not None else None


def _token(secret_key: str, agreement: prepare.AgreementView, *handed: object) -> str:
    parts = [agreement.id, agreement.client_id, agreement.package_id, *(handed or ("",))]
    return str(_signer(secret_key).dumps(parts))


def _signer(secret_key: str) -> URLSafeSerializer:
    return URLSafeSerializer(secret_key, salt="coursekeeper.agreement")


# The outbox job that e-mails the link; its payload has the address and whom it goes to.
AGREEMENT_LINK = "agreement_link"


@allowed(Role.DESK)
def send_link(work: Work, agreement_id: str, mail_to: str, *, address: str, has_mail: bool) -> None:
    """Enqueue the e-mail with the link; raises InvalidField for no address, Refused where none can be sent."""
    if not mail_to.strip():
        raise InvalidField(_("The e-mail address is missing."), field="mail_to")
    to = typed_email(mail_to, field="mail_to")
    row = require_row(work.session, Agreement, agreement_id, prepare.NO_AGREEMENT)
    if not has_mail:
        raise Refused(_("E-mail is not set up. Show the code, or copy the link."), code="no_mail")
    if not address:
        raise Refused(_("The address of the desk is not set, so there is no link."), code="no_address")
    if work.session.get(AgreementSignature, row.id) is not None:
        raise Refused(_("This agreement is signed. It is kept as it is."), code="signed")
    payload = {"mail_to": to, "url": address}
    work.once("agreement_link", {"id": row.id, **payload}, lambda: _enqueue(work, row.id, payload))


def _enqueue(work: Work, agreement_id: str, payload: dict[str, str]) -> dict[str, str]:
    enqueue(work, AGREEMENT_LINK, agreement_id, payload=payload)
    return {}
