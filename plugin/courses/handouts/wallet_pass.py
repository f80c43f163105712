"""What a course's Wallet pass says: what is left, until when, the next visit. Whoever has the private page has it.

Its token is derived from that of the page, so that a reset of the private link revokes the pass as well.
"""

import hmac
from dataclasses import dataclass
from datetime import datetime, time
from hashlib import sha256
from typing import Any

from sqlalchemy import select

from invoices.language import Language, language_for
from invoices.pages.colour import readable_accent
from plugin.core.status import IN_USE, Status
from plugin.courses.base.clinic import clinic_in, local_date
from plugin.courses.base.read import course_in
from plugin.courses.base.views import ClinicView, CourseView
from plugin.courses.base.work import require_row
from plugin.courses.catalog.names import names_in
from plugin.courses.clients.clients import client_in
from plugin.courses.handouts.next_visit import next_visit_in
from plugin.courses.handouts.pass_formats import GooglePass, PassSigner, packed
from plugin.errors import NotFound
from plugin.store import Store
from plugin.store.tables import Course, PrivatePage
from plugin.wording import _

NO_PASS = _("There is no such pass.")
SAMPLE_ID = "sample"


@dataclass(frozen=True, slots=True)
class PassPlace:
    """Where passes are made: the public address, the secret that derives their tokens, and the time."""

    public_url: str
    secret: str
    now: datetime


@dataclass(frozen=True, slots=True)
class PassFacts:
    """What every pass of a course says, in its client's language; `page`: the token of their private page."""

    clinic: ClinicView
    course: CourseView
    language: Language
    page: str
    package: str
    left: str
    expires: str
    visit: str

    @property
    def is_over(self) -> bool:
        """Return whether nothing of the course can be used any more: it is not in use, nor on hold."""
        return self.course.status not in (*IN_USE, Status.FROZEN)

    @property
    def expires_at(self) -> datetime | None:
        """Return the last second of its last day at the clinic, by which a phone knows without an update."""
        if self.course.expires_on is None or self.course.status is Status.FROZEN:
            return None
        return datetime.combine(self.course.expires_on, time(23, 59, 59), self.clinic.zone)


def facts_of(store: Store, course_id: str, now: datetime) -> PassFacts:
    """Return what a course's passes say; raises NotFound without one, or without its client's private page."""
    with store.reading() as session:
        clinic = clinic_in(session)
        row = require_row(session, Course, course_id, NO_PASS)
        course = course_in(session, row, today=local_date(clinic, now))
        page = session.scalar(select(PrivatePage.token).where(PrivatePage.client_id == course.client_id))
        if page is None or course.client_id is None:
            raise NotFound(NO_PASS)
        client = client_in(session, course.client_id)
        language, names = language_for(client.language), names_in(session, client.language)
        booked = next_visit_in(session, [client.id], now)
    return PassFacts(
        clinic,
        course,
        language,
        page,
        package=names(course.package_name),
        left=language.gettext("{left} of {granted} left", left=course.left, granted=course.granted),
        expires=language.medium_date(course.expires_on)
        if course.expires_on
        else language.gettext("No expiration"),
        visit=language.weekday_date(language.local_day(booked.at, clinic.time_zone)) if booked else "",
    )


def course_pass(store: Store, signer: PassSigner, place: PassPlace, course_id: str) -> bytes:
    """Return a course's pass for Apple Wallet; raises NotFound without one, or without its client's private page."""
    facts = facts_of(store, course_id, place.now)
    course, page = facts.course, facts.page
    content = {
        **_of_clinic(facts.clinic, signer),
        "serialNumber": course.id,
        "description": facts.language.gettext("Course summary"),
        "authenticationToken": pass_token(place.secret, page, course.id),
        "barcodes": [_code(f"{place.public_url.rstrip('/')}/my/{page}")],
        "storeCard": _fields(facts, place.now),
        "voided": facts.is_over,
    }
    if facts.expires_at:
        content["expirationDate"] = facts.expires_at.isoformat()
    if place.public_url.startswith("https://"):
        content["webServiceURL"] = f"{place.public_url.rstrip('/')}/wallet"
    return packed(content, signer, color=readable_accent(facts.clinic.accent))


def google_pass_of(facts: PassFacts) -> GooglePass:
    """Return what a course's pass in Google Wallet says."""
    rows = {"expires": (facts.language.gettext("Expires"), facts.expires)}
    if facts.visit:
        rows["next"] = facts.language.gettext("Your next visit"), facts.visit
    return GooglePass(
        facts.language.tag,
        facts.clinic.name,
        facts.left,
        facts.package,
        readable_accent(facts.clinic.accent),
        facts.is_over,
        facts.expires_at,
        rows,
    )


def sample_pass(store: Store, signer: PassSigner) -> bytes:
    """Return a pass of nobody's course, to try the certificate on a phone."""
    with store.reading() as session:
        clinic = clinic_in(session)
    content = {
        **_of_clinic(clinic, signer),
        "serialNumber": SAMPLE_ID,
        "description": "Sample",
        "storeCard": {"primaryFields": [{"key": "left", "label": "Sample", "value": "7 of 12 left"}]},
    }
    return packed(content, signer, color=readable_accent(clinic.accent))


def is_token_right(store: Store, secret: str, course_id: str, token: str) -> bool:
    """Return whether a phone may fetch this pass: its token derives from the owner's current private page."""
    with store.reading() as session:
        page = session.scalar(
            select(PrivatePage.token)
            .join(Course, Course.client_id == PrivatePage.client_id)
            .where(Course.id == course_id)
        )
    return page is not None and hmac.compare_digest(
        pass_token(secret, page, course_id).encode(), token.encode()
    )


def pass_token(secret: str, page_token: str, course_id: str) -> str:
    """Return the token with which the phone asks for a newer pass."""
    return hmac.new(secret.encode(), f"wallet:{page_token}:{course_id}".encode(), sha256).hexdigest()


def _of_clinic(clinic: ClinicView, signer: PassSigner) -> dict[str, Any]:
    color = readable_accent(clinic.accent)
    red, green, blue = (int(color[place : place + 2], 16) for place in (1, 3, 5))
    return {
        "formatVersion": 1,
        "passTypeIdentifier": signer.pass_type_id,
        "teamIdentifier": signer.team_id,
        "organizationName": clinic.name,
        "logoText": clinic.name,
        "backgroundColor": f"rgb({red}, {green}, {blue})",
        "foregroundColor": "rgb(255, 255, 255)",
        "labelColor": "rgb(255, 255, 255)",
    }


def _code(address: str) -> dict[str, str]:
    return {"format": "PKBarcodeFormatQR", "message": address, "messageEncoding": "iso-8859-1"}


def _fields(facts: PassFacts, now: datetime) -> dict[str, Any]:
    clinic, language = facts.clinic, facts.language
    day = language.medium_date(local_date(clinic, now))
    reach = [(each, value) for each, value in (("phone", clinic.phone), ("email", clinic.email)) if value]
    secondary = [{"key": "expires", "label": language.gettext("Expires"), "value": facts.expires}]
    if facts.visit:
        secondary.append({"key": "next", "label": language.gettext("Your next visit"), "value": facts.visit})
    return {
        # The sentence that a phone shows when the number changes.
        "primaryFields": [
            {"key": "left", "label": facts.package, "value": facts.left, "changeMessage": "%@"}
        ],
        "secondaryFields": secondary,
        "backFields": [
            {"key": "day", "label": facts.package, "value": language.gettext("As of {date}", date=day)},
            *({"key": each, "label": clinic.name, "value": value} for each, value in reach),
        ],
    }
