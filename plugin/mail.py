"""Sending one e-mail by SMTP. Independent of clients, courses and templates; its errors name no recipient."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid, parseaddr
from typing import Protocol
from urllib.parse import parse_qs, unquote, urlsplit

from email_validator import validate_email

from plugin.errors import ConfigurationError, MailFailed
from plugin.wording import N_, _

TIMEOUT_S = 10.0
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_UNREADABLE, _NO_SERVER = (
    N_(
        "can’t be read: write smtp://user:password@host:587 or smtps://user:password@host; %40 for an @ in the"
        " password"
    ),
    N_(
        "names no mail server: write smtp://user:password@host:587 or smtps://user:password@host; %40 for an @ in"
        " the password"
    ),
)
_NO_SENDER = N_("is no sender; write it like Lotus Clinic <desk@example.org>")


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file attached to an e-mail."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Letter:
    """One e-mail to one address. The same `key` makes the same Message-ID, so that one sent twice shows as one.

    `stop_url`: where the recipient's mail program can unsubscribe with one click (RFC 8058).
    """

    to: str
    subject: str
    text: str
    html: str = ""
    attachments: tuple[Attachment, ...] = ()
    reply_to: str = ""
    key: str = ""
    stop_url: str = ""


class Mailer(Protocol):
    """Sends e-mails."""

    @property
    def is_ready(self) -> bool: ...

    def send(self, letter: Letter) -> None:
        """Send the e-mail; raises MailFailed, ConfigurationError where mail is not set up."""
        ...


@dataclass(frozen=True, slots=True)
class MailServer:
    """The server that `MAIL_URL` names."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    is_tls: bool
    wants_starttls: bool

    @classmethod
    def of(cls, url: str) -> MailServer:
        """Parse `MAIL_URL`; raises ConfigurationError that never repeats it: it contains a password."""
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port
            options = parse_qs(parts.query, strict_parsing=bool(parts.query))
        except ValueError:
            raise ConfigurationError(f"MAIL_URL {_UNREADABLE[:]}.") from None
        if parts.scheme not in ("smtp", "smtps") or not host:
            raise ConfigurationError(f"MAIL_URL {_NO_SERVER[:]}.")
        is_tls = parts.scheme == "smtps"
        return cls(
            host=host,
            port=port or (465 if is_tls else 587),
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            is_tls=is_tls,
            wants_starttls=not is_tls and _wants_starttls(options, host),
        )


def _wants_starttls(options: dict[str, list[str]], host: str) -> bool:
    said = options.pop("starttls", ["no" if host in _LOOPBACK else "yes"])[-1]
    if options or said not in ("yes", "no"):
        raise ConfigurationError(
            "MAIL_URL: what may follow the question mark is starttls=yes or starttls=no."
        )
    return said == "yes"


def sender_of(mail_from: str) -> Address:
    """Parse `MAIL_FROM`, such as Lotus Clinic <desk@example.org>; raises ConfigurationError."""
    # email-validator parses names too, but accepts "Dr. Kim" or another script only within quotes.
    name, address = parseaddr(mail_from)
    try:
        if not mail_from.isprintable():
            raise ValueError("a control character")
        return Address(name, addr_spec=_checked(address))
    except ValueError:
        raise ConfigurationError(f"MAIL_FROM {_NO_SENDER[:]}.") from None


class SmtpMailer:
    """Sends through the server of `MAIL_URL`, one connection per e-mail. Retries are up to the outbox."""

    def __init__(
        self,
        mail_url: str = "",
        mail_from: str = "",
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        trust: ssl.SSLContext | None = None,
    ) -> None:
        self._server = MailServer.of(mail_url) if mail_url else None
        self._sender = sender_of(mail_from) if mail_from else None
        self._clock = clock
        self._trust = trust

    @property
    def is_ready(self) -> bool:
        return self._server is not None and self._sender is not None

    def send(self, letter: Letter) -> None:
        """Send the e-mail; raises MailFailed, ConfigurationError where mail is not set up."""
        if self._server is None or self._sender is None:
            missing = "MAIL_URL" if self._server is None else "MAIL_FROM"
            raise ConfigurationError(
                _("{missing} is missing; without it no e-mail is sent.", missing=missing)
            )
        message = _message(letter, self._sender, self._clock())
        with _explained(), self._connect(self._server, self._sender) as connection:
            connection.send_message(message)

    def greet(self) -> None:
        """Connect to the mail server and sign in, without sending; raises as `send`."""
        if self._server is None or self._sender is None:
            raise ConfigurationError("MAIL_URL or MAIL_FROM is missing; without them no e-mail is sent.")
        with _explained(), self._connect(self._server, self._sender):
            pass

    @contextmanager
    def _connect(self, server: MailServer, sender: Address) -> Iterator[smtplib.SMTP]:
        # The name is given: the library would look it up, and wait for the answer.
        if server.is_tls:
            connection: smtplib.SMTP = smtplib.SMTP_SSL(
                server.host, server.port, sender.domain, timeout=TIMEOUT_S, context=self._tls()
            )
        else:
            connection = smtplib.SMTP(server.host, server.port, sender.domain, timeout=TIMEOUT_S)
        try:
            if server.wants_starttls:
                connection.starttls(context=self._tls())
            if server.user:
                connection.login(server.user, server.password)
            yield connection
            # The e-mail is accepted: a failing QUIT must not cause it to be sent again.
            with suppress(smtplib.SMTPException, OSError):
                connection.quit()
        finally:
            connection.close()

    def _tls(self) -> ssl.SSLContext:
        return self._trust or ssl.create_default_context()


@contextmanager
def _explained() -> Iterator[None]:
    """Raise MailFailed for what goes wrong with the mail server."""
    try:
        yield
    except smtplib.SMTPException as error:
        raise _failure(error) from error
    except OSError as error:
        said = _("The mail server can’t be reached. Coursekeeper tries again.")
        raise MailFailed(said, permanent=False) from error


def _message(letter: Letter, sender: Address, now: datetime) -> EmailMessage:
    message = EmailMessage(policy=SMTP)
    try:
        message["From"] = sender
        message["To"] = Address(addr_spec=_checked(letter.to))
        message["Subject"] = letter.subject
        if letter.reply_to:
            message["Reply-To"] = Address(addr_spec=_checked(letter.reply_to))
        message["Date"] = format_datetime(now)
        message_id = f"<{letter.key}@{sender.domain}>" if letter.key else make_msgid(domain=sender.domain)
        message["Message-ID"] = message_id
        message["Auto-Submitted"] = "auto-generated"
        if letter.stop_url:
            message["List-Unsubscribe"] = f"<{letter.stop_url}>"
            message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        message.set_content(letter.text)
        if letter.html:
            message.add_alternative(letter.html, subtype="html")
        for each in letter.attachments:
            _attach(message, each)
    except ValueError as error:
        # Line breaks in a header, among others: such an e-mail is never sent.
        said = _("The e-mail has an address or a subject that can’t be sent.")
        raise MailFailed(said, permanent=True) from error
    return message


def _attach(message: EmailMessage, attachment: Attachment) -> None:
    if not attachment.name.isprintable():
        # The library would write a line break in a file's name as it is, and so begin another header.
        raise ValueError("a control character")
    kind, _other, subtype = attachment.media_type.partition("/")
    message.add_attachment(attachment.content, maintype=kind, subtype=subtype, filename=attachment.name)


def _checked(address: str) -> str:
    """Return exactly one address, its domain in ASCII where possible; raises ValueError."""
    known = validate_email(address, check_deliverability=False, test_environment=True)
    return known.ascii_email or known.normalized


def _failure(error: smtplib.SMTPException) -> MailFailed:
    """Return the error for the server's answer; permanent where sending the same e-mail again can't help."""
    status = _status(error)
    if isinstance(error, smtplib.SMTPAuthenticationError):
        said = _("The mail server does not accept the sign-in of MAIL_URL.")
        return MailFailed(said, permanent=False, code="mail_sign_in")
    if isinstance(error, smtplib.SMTPSenderRefused):
        said = _("The mail server does not accept the sender of MAIL_FROM (SMTP {status}).", status=status)
        return MailFailed(said, permanent=False, code="mail_sender")
    if isinstance(error, smtplib.SMTPNotSupportedError):
        said = _(
            "The mail server lacks what MAIL_URL or the address asks for: STARTTLS, a sign-in or SMTPUTF8."
        )
        return MailFailed(said, permanent=False, code="mail_not_supported")
    if isinstance(error, smtplib.SMTPRecipientsRefused) and 500 <= status < 600:
        said = _("The mail server does not accept this address (SMTP {status}).", status=status)
        return MailFailed(said, permanent=True, code="mail_address")
    # To a greeting or a command before the e-mail, such an answer is about the server, not about this address.
    if isinstance(error, smtplib.SMTPDataError) and 500 <= status < 600:
        return MailFailed(
            _("The mail server refuses this e-mail for good (SMTP {status}).", status=status), permanent=True
        )
    return MailFailed(_("The mail server refused for now. Coursekeeper tries again."), permanent=False)


def _status(error: smtplib.SMTPException) -> int:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return max((code for code, _other in error.recipients.values()), default=0)
    return error.smtp_code if isinstance(error, smtplib.SMTPResponseException) else 0
