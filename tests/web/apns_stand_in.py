"""A stand-in for Apple's push service on 127.0.0.1: HTTP/2 over TLS, by a certificate of the authority alone."""

import json
import ssl
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from ipaddress import ip_address
from socket import create_server

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import RequestReceived, StreamEnded

from tests.web.test_wallet import Apple, certificate_of, name_of


@dataclass
class Push:
    """`got`: path and topic of each push; `answers`: status and reason by the device's token."""

    url: str = ""
    got: list[tuple[str, str]] = field(default_factory=list)
    answers: dict[str, tuple[int, str]] = field(default_factory=dict)


def trusting(apple: Apple) -> ssl.SSLContext:
    """Return a client's context that trusts the stand-in."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=apple.root.public_bytes(Encoding.PEM).decode())
    return context


@contextmanager
def pushing(apple: Apple) -> Iterator[Push]:
    """Run the stand-in for the time of the block."""
    push = Push()
    with create_server(("127.0.0.1", 0)) as listening:
        push.url = f"https://127.0.0.1:{listening.getsockname()[1]}"
        context = _context(apple)
        thread = threading.Thread(target=_serve, args=(listening, context, push), daemon=True)
        thread.start()
        yield push


def _context(apple: Apple) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols(["h2"])
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(cadata=apple.root.public_bytes(Encoding.PEM).decode())
    key = load_der_private_key(apple.key_der, password=None)
    assert isinstance(key, RSAPrivateKey)
    here = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    own = certificate_of(
        name_of(cn="push"), key, name_of(cn="Worldwide Developer Relations"), apple.key, here
    )
    with tempfile.NamedTemporaryFile(suffix=".pem") as file:
        file.write(own.public_bytes(Encoding.PEM))
        file.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        file.flush()
        context.load_cert_chain(file.name)
    return context


def _serve(listening: object, context: ssl.SSLContext, push: Push) -> None:
    while True:
        try:
            plain, _address = listening.accept()  # type: ignore[attr-defined]
        except OSError:
            return
        try:
            with context.wrap_socket(plain, server_side=True) as link:
                _answer(link, push)
        except OSError:
            plain.close()


def _answer(link: ssl.SSLSocket, push: Push) -> None:
    talk = H2Connection(H2Configuration(client_side=False))
    talk.initiate_connection()
    link.sendall(talk.data_to_send())
    asked: dict[int, dict[bytes, bytes]] = {}
    while data := link.recv(65536):
        for event in talk.receive_data(data):
            if isinstance(event, RequestReceived):
                asked[event.stream_id] = dict(event.headers)
            elif isinstance(event, StreamEnded):
                _say(talk, event.stream_id, asked[event.stream_id], push)
        link.sendall(talk.data_to_send())


def _say(talk: H2Connection, stream: int, headers: dict[bytes, bytes], push: Push) -> None:
    path = headers[b":path"].decode()
    push.got.append((path, headers[b"apns-topic"].decode()))
    status, reason = push.answers.get(path.rpartition("/")[2], (200, ""))
    talk.send_headers(stream, [(":status", str(status))])
    talk.send_data(stream, json.dumps({"reason": reason}).encode() if reason else b"", end_stream=True)
