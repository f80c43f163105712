"""A course as a pass: the object of Google Wallet with the signed link that saves it, and Apple Wallet's file. Pure.

Google's forms are those of its Wallet API (REST resources genericclass and genericobject, and “Working with JWTs”); its
pass names nobody and has no code: Google stores it. Apple's form is that of its Wallet Developer Guide: pass.json and
icons, a manifest of their SHA-1, and a detached PKCS#7 signature.
"""

import base64
import binascii
import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, load_der_private_key, load_pem_private_key
from cryptography.hazmat.primitives.serialization.pkcs7 import PKCS7Options, PKCS7SignatureBuilder
from cryptography.x509.oid import NameOID
from PIL import Image

from plugin.errors import ConfigurationError
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
