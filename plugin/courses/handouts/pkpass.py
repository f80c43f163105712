"""An Apple Wallet pass as a file: pass.json and icons, a manifest of their SHA-1, and a detached PKCS#7 signature.

The form is that of Apple's Wallet Developer Guide. Pure: reads no table, makes no network call.
"""

import base64
import binascii
import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, load_der_private_key
from cryptography.hazmat.primitives.serialization.pkcs7 import PKCS7Options, PKCS7SignatureBuilder
from cryptography.x509.oid import NameOID
from PIL import Image

from plugin.errors import ConfigurationError
from plugin.wording import _

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
