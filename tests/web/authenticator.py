"""A device that makes passkeys, in software: it asks nobody, and signs whatever it is told to."""

import hashlib
import json
import secrets
import struct
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.encode_cbor import encode_cbor

PRESENT, VERIFIED, HAS_KEY = 1, 4, 64
ORIGIN, RP_ID = "http://localhost", "localhost"


@dataclass
class Authenticator:
    """One passkey. `is_verifying`: whether it says that it has checked its owner."""

    is_verifying: bool = True
    origin: str = ORIGIN
    rp_id: str = RP_ID
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    credential_id: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    user_handle: bytes = b""
    count: int = 0

    def create(self, options: dict[str, Any]) -> str:
        """Answer the request for a new passkey."""
        self.user_handle = base64url_to_bytes(options["user"]["id"])
        numbers = self.key.public_key().public_numbers()
        public = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
        made = (
            bytes(16) + struct.pack(">H", len(self.credential_id)) + self.credential_id + encode_cbor(public)
        )
        told = encode_cbor({"fmt": "none", "attStmt": {}, "authData": self._data(HAS_KEY) + made})
        client = self._client("webauthn.create", options)
        return self._credential(
            {"clientDataJSON": client, "attestationObject": told, "transports": ["internal"]}
        )

    def get(self, options: dict[str, Any]) -> str:
        """Answer the request to sign in."""
        self.count += 1
        client, data = self._client("webauthn.get", options), self._data()
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        parts = {"clientDataJSON": client, "authenticatorData": data, "signature": signature}
        return self._credential({**parts, "userHandle": self.user_handle})

    def _client(self, kind: str, options: dict[str, Any]) -> bytes:
        return json.dumps({"type": kind, "challenge": options["challenge"], "origin": self.origin}).encode()

    def _data(self, more: int = 0) -> bytes:
        flags = PRESENT | more | (VERIFIED if self.is_verifying else 0)
        return hashlib.sha256(self.rp_id.encode()).digest() + bytes([flags]) + struct.pack(">I", self.count)

    def _credential(self, response: dict[str, Any]) -> str:
        encoded = {k: bytes_to_base64url(v) if isinstance(v, bytes) else v for k, v in response.items()}
        name = bytes_to_base64url(self.credential_id)
        return json.dumps({"id": name, "rawId": name, "type": "public-key", "response": encoded})
