"""Letters against a mail server on this machine: taken once, refused for good or for now, never in the clear."""

import asyncio
import datetime as dt
import ipaddress
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from plugin.errors import ConfigurationError, MailFailed
from plugin.mail import Attachment, Letter, MailServer, SmtpMailer, sender_of
from tests.clock import HandMovedClock
from tests.mail_server import running_server
from tests.servers import free_port

FROM = "Lotus Clinic <desk@lotus.example>"
LETTER = Letter(to="maya@example.org", subject="Your course", text="7 of 12 left.", key="outbox-1")


class PostOffice:
    """Takes letters; what it says to one depends on whom it is for."""

    def __init__(self) -> None:
        self.taken: list[EmailMessage] = []

    async def handle_RCPT(  # noqa: N802 - the server calls it so
        self, _server: Any, _session: Any, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if address.startswith("gone"):
            return f"550 5.1.1 <{address}>: no such person"
        if address.startswith("busy"):
            return "451 4.7.1 come back later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        message = message_from_bytes(envelope.content, policy=policy.default)
        if envelope.rcpt_tos[0].startswith("toolarge"):
            return "552 5.3.4 too large"
        self.taken.append(message)
        return "250 OK"

    async def handle_QUIT(self, _server: Any, _session: Any, _envelope: Any) -> str:  # noqa: N802
        return "421 4.3.2 no time for goodbyes"


def _sign_in(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
    is_right = isinstance(data, LoginPassword) and data.password == b"p@ss/word"
    return AuthResult(success=is_right, handled=False)


def _certificate(folder: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = folder / "server.pem"
    plain, pem = serialization.NoEncryption(), serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain)
    file.write_bytes(secret + made.public_bytes(pem))
    return file


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _certificate(tmp_path_factory.mktemp("mail"))


@dataclass(frozen=True)
class Server:
    office: PostOffice
    port: int


@pytest.fixture(scope="module")
def server(certificate: Path) -> Iterator[Server]:
    secure = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    secure.load_cert_chain(certificate)
    office = PostOffice()

    def speak(loop: asyncio.AbstractEventLoop) -> SMTP:
        return SMTP(office, hostname="post.example", tls_context=secure, authenticator=_sign_in, loop=loop)

    with running_server(speak) as port:
        yield Server(office, port)


@pytest.fixture
def office(server: Server) -> PostOffice:
    server.office.taken.clear()
    return server.office


@pytest.fixture
def plain(server: Server, office: PostOffice, clock: HandMovedClock) -> SmtpMailer:
    return SmtpMailer(f"smtp://127.0.0.1:{server.port}", FROM, clock=clock)


def test_a_letter_arrives_whole_even_where_the_server_ends_rudely(
    plain: SmtpMailer, office: PostOffice
) -> None:
    plain.send(
        Letter(
            to="maya@example.org",
            subject="Tu curso: 7 de 12 – 加油",
            text="7 of 12 left.",
            html="<p>7 of 12 left.</p>",
            attachments=(Attachment("Course summary.pdf", "application/pdf", b"%PDF-1.7"),),
            reply_to="front@lotus.example",
            key="outbox-1",
        )
    )
    (taken,) = office.taken
    assert (taken["Subject"], taken["To"], taken["From"]) == (
        "Tu curso: 7 de 12 – 加油",
        "maya@example.org",
        FROM,
    )
    assert (taken["Message-ID"], taken["Reply-To"]) == ("<outbox-1@lotus.example>", "front@lotus.example")
    assert taken["Date"] == "Sun, 22 Nov 2026 18:00:00 +0000"
    bodies = [taken.get_body((kind,)) for kind in ("plain", "html")]
    assert [body.get_content().strip() for body in bodies if body] == [
        "7 of 12 left.",
        "<p>7 of 12 left.</p>",
    ]
    (attached,) = taken.iter_attachments()
    assert (attached.get_filename(), attached.get_content()) == ("Course summary.pdf", b"%PDF-1.7")


@pytest.mark.parametrize(
    ("to", "is_permanent"),
    [("gone@example.org", True), ("toolarge@example.org", True), ("busy@example.org", False)],
)
def test_a_refusal_says_whether_a_later_try_can_help(
    plain: SmtpMailer, office: PostOffice, to: str, is_permanent: bool
) -> None:
    with pytest.raises(MailFailed) as failed:
        plain.send(Letter(to=to, subject="Your course", text="7 of 12 left."))
    assert failed.value.permanent is is_permanent
    assert to not in failed.value.message
    assert office.taken == []


class ShutOffice(SMTP):
    """Refuses everyone for good at one step, before it has heard of an e-mail."""

    shut_at = ""

    async def push(self, status: Any) -> None:
        is_greeting = str(status).startswith("220 post.example")
        await super().push("554 no service here" if is_greeting and self.shut_at == "greeting" else status)

    async def smtp_EHLO(self, hostname: str) -> None:  # noqa: N802 - the library calls it so
        await (self.push("554 go away") if self.shut_at == "name" else super().smtp_EHLO(hostname))

    async def smtp_HELO(self, _hostname: str) -> None:  # noqa: N802
        await self.push("554 go away")

    async def smtp_STARTTLS(self, _arg: str) -> None:  # noqa: N802
        await self.push("554 no security module")


@pytest.mark.parametrize("step", ["greeting", "name", "encryption"])
def test_a_server_that_refuses_everyone_says_nothing_of_the_address(step: str) -> None:
    def speak(loop: asyncio.AbstractEventLoop) -> SMTP:
        secure = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        made = ShutOffice(PostOffice(), hostname="post.example", tls_context=secure, loop=loop)
        made.shut_at = step
        return made

    with running_server(speak) as port, pytest.raises(MailFailed) as failed:
        SmtpMailer(f"smtp://127.0.0.1:{port}?starttls=yes", FROM).send(LETTER)
    assert (failed.value.permanent, "refused for now" in failed.value.message) == (False, True)


def test_a_server_that_is_not_there_is_tried_again() -> None:
    with pytest.raises(MailFailed) as failed:
        SmtpMailer(f"smtp://127.0.0.1:{free_port()}", FROM).send(LETTER)
    assert failed.value.permanent is False


@pytest.mark.parametrize(
    "letter",
    [
        Letter(to="maya@example.org", subject="Hello\r\nBcc: all@example.org", text="x"),
        Letter(to="maya@example.org\nBcc: all@example.org", subject="Hello", text="x"),
        Letter(to="maya@example.org, all@example.org", subject="Hello", text="x"),
        Letter(to="not an address", subject="Hello", text="x"),
        Letter(
            to="maya@example.org", subject="Hello", text="x", reply_to="a@example.org\r\nBcc: b@example.org"
        ),
        Letter(to="maya@example.org", subject="Hello", text="x", key="1\r\nBcc: all@example.org"),
        Letter(
            to="maya@example.org",
            subject="Hello",
            text="x",
            attachments=(Attachment("a\r\nBcc: all@example.org", "text/csv", b"x"),),
        ),
    ],
)
def test_nothing_typed_becomes_a_second_header_or_a_second_recipient(
    plain: SmtpMailer, office: PostOffice, letter: Letter
) -> None:
    with pytest.raises(MailFailed) as failed:
        plain.send(letter)
    assert failed.value.permanent is True
    assert office.taken == []


def _secured(server: Server, password: str, certificate: Path | None) -> SmtpMailer:
    url = f"smtp://desk:{password}@127.0.0.1:{server.port}?starttls=yes"
    return SmtpMailer(url, FROM, trust=ssl.create_default_context(cafile=certificate))


def test_the_password_goes_over_tls(server: Server, office: PostOffice, certificate: Path) -> None:
    _secured(server, "p%40ss%2Fword", certificate).send(LETTER)
    assert len(office.taken) == 1


def test_a_wrong_password_waits_for_the_owner_and_is_not_repeated(server: Server, certificate: Path) -> None:
    with pytest.raises(MailFailed) as failed:
        _secured(server, "hunter2", certificate).send(LETTER)
    assert (failed.value.code, failed.value.permanent) == ("mail_sign_in", False)
    assert "hunter2" not in failed.value.message


def test_a_server_that_cannot_prove_who_it_is_gets_nothing(server: Server, office: PostOffice) -> None:
    with pytest.raises(MailFailed) as failed:
        _secured(server, "p%40ss%2Fword", None).send(LETTER)
    assert failed.value.permanent is False
    assert office.taken == []


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://mail.example.org", MailServer("mail.example.org", 587, "", "", False, True)),
        ("smtp://mail.example.org:25?starttls=no", MailServer("mail.example.org", 25, "", "", False, False)),
        ("smtp://localhost:1025", MailServer("localhost", 1025, "", "", False, False)),
        (
            "smtps://a%40b:c%3A@mail.example.org",
            MailServer("mail.example.org", 465, "a@b", "c:", True, False),
        ),
    ],
)
def test_the_mail_address_is_read(url: str, server: MailServer) -> None:
    assert MailServer.of(url) == server


@pytest.mark.parametrize(
    "url",
    [
        "mail.example.org",
        "http://u:hunter2@x",
        "smtp://",
        "smtp://h:hunter2",
        "smtp://h?starttls=maybe",
        "smtp://h?tls=1",
    ],
)
def test_a_wrong_mail_address_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(ConfigurationError, match="MAIL_URL") as refused:
        MailServer.of(url)
    assert "hunter2" not in refused.value.message


def test_a_sender_may_have_a_name_in_any_script() -> None:
    for name in ("Dr. Kim", "Lótus Clínica", "玉", "Smith & Co."):
        sender = sender_of(f"{name} <desk@lotus.example>")
        assert (sender.display_name, sender.addr_spec) == (name, "desk@lotus.example")


@pytest.mark.parametrize("sender", ["desk", "Lotus <desk@lotus.example>\nBcc: a@b.example", "@", "a@b@c"])
def test_a_wrong_sender_is_refused(sender: str) -> None:
    with pytest.raises(ConfigurationError, match="MAIL_FROM"):
        sender_of(sender)


@pytest.mark.parametrize(
    ("url", "sender", "missing"), [("", FROM, "MAIL_URL"), ("smtp://127.0.0.1", "", "MAIL_FROM")]
)
def test_without_settings_it_says_which_is_missing(url: str, sender: str, missing: str) -> None:
    mailer = SmtpMailer(url, sender)
    assert mailer.is_ready is False
    with pytest.raises(ConfigurationError, match=missing):
        mailer.send(LETTER)
