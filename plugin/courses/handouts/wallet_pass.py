"""What a course's Wallet pass says: what is left, until when, the next visit. Whoever has the private page has it.

Its token is derived from that of the page, so that a reset of the private link revokes the pass as well.
"""

import base64
import binascii
import hashlib
import hmac
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time
from hashlib import sha256
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, load_der_private_key, load_pem_private_key
from cryptography.hazmat.primitives.serialization.pkcs7 import PKCS7Options, PKCS7SignatureBuilder
from cryptography.x509.oid import NameOID
from PIL import Image
from sqlalchemy import select

from invoices.language import Language, language_for
from invoices.pages.colour import readable_accent
from plugin.core.moments import day_at
from plugin.core.status import IN_USE, Status
from plugin.courses.base.clinic import clinic_in
from plugin.courses.base.read import course_in
from plugin.courses.base.views import ClinicView, CourseView
from plugin.courses.base.work import require_row
from plugin.courses.catalog.names import names_in
from plugin.courses.clients.clients import client_in
from plugin.courses.handouts.status import next_visit_in
from plugin.errors import ConfigurationError, NotFound
from plugin.store import Store
from plugin.store.tables import Course, PrivatePage
from plugin.wording import _

Json = dict[str, Any]
SAVE = "https://pay.google.com/gp/v/save/"
CLASS = "coursekeeper"
# Google cuts longer names on the card; a longer link is not opened by every browser, which names in Chinese, of three
# bytes a letter, would make it.
LONGEST_NAME, LONGEST_NAME_BYTES, LONGEST_LINK = 40, 102, 1800


@dataclass(frozen=True, slots=True)
class GoogleAccount:
    """The clinic's issuer id, and the service account that acts for it."""

    issuer_id: str
    email: str
    key: RSAPrivateKey = field(repr=False)

    @property
    def class_id(self) -> str:
        """Return the id of the one class of all passes."""
        return f"{self.issuer_id}.{CLASS}"

    def object_id(self, pass_id: str) -> str:
        """Return the id of a pass: the issuer's, a dot, and letters, digits, dots, underscores or dashes."""
        return f"{self.issuer_id}.{pass_id}"


@dataclass(frozen=True, slots=True)
class GooglePass:
    """What a pass says; `rows`: label and text by their ids. `is_over`: nothing of the course can be used any more.

    `expires_at`: its last moment, None without expiration. Google itself lists the pass as expired from then on.
    """

    language: str
    clinic: str
    left: str
    package: str
    color: str
    is_over: bool
    expires_at: datetime | None
    rows: Mapping[str, tuple[str, str]]


def google_account(issuer_id: str, service_account: str) -> GoogleAccount:
    """Return the account from the JSON file of its key; raises ConfigurationError that says what is wrong with it."""
    try:
        told = json.loads(service_account)
        email, pem = str(told["client_email"]), str(told["private_key"])
    except (ValueError, TypeError, KeyError):
        raise ConfigurationError(
            _("This is not the JSON file of a service account’s key: paste the whole file.")
        ) from None
    try:
        key = load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError):
        raise ConfigurationError(_("The private key in the service account’s file can’t be read.")) from None
    if not isinstance(key, RSAPrivateKey) or "@" not in email:
        raise ConfigurationError(_("The file is not that of a service account with an RSA key."))
    return GoogleAccount(issuer_id, email, key)


def generic_object(account: GoogleAccount, pass_id: str, said: GooglePass) -> Json:
    """Return the object of a pass, as the REST API has it: with None for what a change takes away."""
    return {
        "id": account.object_id(pass_id),
        "classId": account.class_id,
        "state": "COMPLETED" if said.is_over else "ACTIVE",
        "validTimeInterval": {"end": {"date": said.expires_at.isoformat()}} if said.expires_at else None,
        "cardTitle": _localized(said.language, said.clinic),
        "subheader": _localized(said.language, said.package),
        "header": _localized(said.language, said.left),
        "hexBackgroundColor": said.color,
        "textModulesData": [
            {"id": each, "header": label, "body": text} for each, (label, text) in said.rows.items()
        ],
    }


def withdrawn_object(clinic: str, language: str) -> Json:
    """Return what replaces a pass that is nobody's any more: Google deletes no object."""
    name = _localized(language, clinic)
    return {"state": "INACTIVE", "header": name, "subheader": name, "textModulesData": []}


def save_link(account: GoogleAccount, pass_id: str, said: GooglePass, now: datetime) -> str:
    """Return the link by which a client saves the pass in their Google Wallet."""
    claims = {
        "iss": account.email,
        "aud": "google",
        "typ": "savetowallet",
        "iat": int(now.timestamp()),
        "payload": {
            "genericClasses": [{"id": account.class_id}],
            "genericObjects": [
                {
                    name: value
                    for name, value in generic_object(account, pass_id, said).items()
                    if value is not None
                }
            ],
        },
    }
    return SAVE + signed_jwt(claims, account.key)


def signed_jwt(claims: Json, key: RSAPrivateKey) -> str:
    """Return a JSON Web Token signed by RS256 (RFC 7515, RFC 7518 section 3.3)."""
    signing = ".".join(
        _encoded(json.dumps(part, ensure_ascii=False, separators=(",", ":")).encode())
        for part in ({"alg": "RS256", "typ": "JWT"}, claims)
    )
    return f"{signing}.{_encoded(key.sign(signing.encode(), PKCS1v15(), SHA256()))}"


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _localized(language: str, value: str) -> Json:
    if len(value) > LONGEST_NAME or len(value.encode()) > LONGEST_NAME_BYTES:
        cut = value[: LONGEST_NAME - 1].encode()[: LONGEST_NAME_BYTES - len("…".encode())]
        value = f"{cut.decode(errors='ignore').rstrip()}…"
    return {"defaultValue": {"language": language, "value": value}}


MIME_TYPE = "application/vnd.apple.pkpass"
# Points by scale; a pass without an icon is refused.
_ICON = {"icon.png": 29, "icon@2x.png": 58, "icon@3x.png": 87}
# So that the same pass has the same bytes.
_NO_DATE = (2020, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class PassSigner:
    """The clinic's certificate for passes with its key, and Apple's certificate that issued it."""

    certificate: x509.Certificate
    key: RSAPrivateKey
    intermediate: x509.Certificate

    @property
    def pass_type_id(self) -> str:
        """Return the pass type identifier, which Apple writes into the certificate."""
        return _named(self.certificate, NameOID.USER_ID)

    @property
    def team_id(self) -> str:
        """Return the identifier of the clinic's developer team."""
        return _named(self.certificate, NameOID.ORGANIZATIONAL_UNIT_NAME)


def pass_signer(certificate: str, key: str, intermediate: str) -> PassSigner:
    """Return the signer from three texts in Base64 (DER); raises ConfigurationError that says which one is wrong."""
    signer = PassSigner(
        _certificate(certificate, _("The pass certificate")),
        _key(key),
        _certificate(intermediate, _("Apple’s intermediate certificate")),
    )
    if signer.certificate.public_key() != signer.key.public_key():
        raise ConfigurationError(_("The key does not belong to the pass certificate."))
    if signer.certificate.issuer != signer.intermediate.subject:
        raise ConfigurationError(_("Apple’s intermediate certificate did not issue the pass certificate."))
    return signer


def packed(content: Mapping[str, Any], signer: PassSigner, *, color: str) -> bytes:
    """Return the signed pass of this pass.json; `color` is the ground of its icon, such as #0F6B5C."""
    files = {"pass.json": json.dumps(content, ensure_ascii=False).encode(), **_icons(color)}
    manifest = {name: hashlib.sha1(data, usedforsecurity=False).hexdigest() for name, data in files.items()}
    files["manifest.json"] = json.dumps(manifest).encode()
    files["signature"] = _signature(files["manifest.json"], signer)
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name, _NO_DATE), data)
    return made.getvalue()


def _signature(manifest: bytes, signer: PassSigner) -> bytes:
    options = [PKCS7Options.DetachedSignature, PKCS7Options.Binary]
    builder = PKCS7SignatureBuilder().set_data(manifest).add_certificate(signer.intermediate)
    return builder.add_signer(signer.certificate, signer.key, SHA256()).sign(Encoding.DER, options)


def _icons(color: str) -> dict[str, bytes]:
    icons: dict[str, bytes] = {}
    for name, size in _ICON.items():
        drawn = io.BytesIO()
        Image.new("RGB", (size, size), color).save(drawn, "PNG")
        icons[name] = drawn.getvalue()
    return icons


def _named(certificate: x509.Certificate, oid: x509.ObjectIdentifier) -> str:
    found = certificate.subject.get_attributes_for_oid(oid)
    return str(found[0].value) if found else ""


def _bytes(text: str, called: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise ConfigurationError(_("{called} is not Base64 in one line.", called=called)) from None


def _certificate(text: str, called: str) -> x509.Certificate:
    try:
        return x509.load_der_x509_certificate(_bytes(text, called))
    except ValueError:
        raise ConfigurationError(_("{called} can’t be read.", called=called)) from None


def _key(text: str) -> RSAPrivateKey:
    called = _("The private key")
    try:
        key = load_der_private_key(_bytes(text, called), password=None)
    except (ValueError, TypeError):
        raise ConfigurationError(_("{called} can’t be read.", called=called)) from None
    if not isinstance(key, RSAPrivateKey):
        raise ConfigurationError(_("The private key is not an RSA key."))
    return key


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
        course = course_in(session, row, today=day_at(now, clinic.zone))
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
    day = language.medium_date(day_at(now, clinic.zone))
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
