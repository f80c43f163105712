"""A course as a pass in Google Wallet: the generic object, and the signed link that saves it. Pure.

The forms are those of Google's Wallet API (REST resources genericclass and genericobject, and “Working with JWTs”).
The pass names nobody and has no code: Google stores it.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

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
