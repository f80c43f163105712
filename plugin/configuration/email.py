"""The mail server: as a form has it, a test e-mail through it, and the mailer that reads the settings when it sends."""

from __future__ import annotations

import re
import smtplib
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from urllib.parse import quote

from plugin.errors import ConfigurationError, CoursekeeperError, InvalidField, MailFailed, Refused
from plugin.mail import Letter, MailServer, SmtpMailer
from plugin.settings import SettingsSource
from plugin.wording import N_, _

Security = Literal["starttls", "tls", "none"]
SERVER, SENDER = "mail_url", "mail_from"
USUAL_PORT: dict[str, int] = {"starttls": 587, "tls": 465, "none": 25}
_HIGHEST_PORT = 65535
# Longer than the time-out of one step, so that its sentence wins where there is one.
GIVEN_UP_AFTER_S = 12.0
_LONGEST_ANSWER = 200
_HOST = re.compile(r"[a-z0-9.:_-]{1,253}\Z")


@dataclass(frozen=True, slots=True)
class MailAccount:
    """What `MAIL_URL` says, in parts."""

    host: str
    port: int
    security: Security
    user: str
    password: str = field(repr=False)

    @classmethod
    def of(cls, mail_url: str) -> MailAccount | None:
        """Return the parts, None for no server; raises ConfigurationError."""
        if not mail_url:
            return None
        server = MailServer.of(mail_url)
        security: Security = "tls" if server.is_tls else "starttls" if server.wants_starttls else "none"
        return cls(server.host, server.port, security, server.user, server.password)

    @property
    def url(self) -> str:
        """Return the `MAIL_URL`; raises InvalidField for a host that is none."""
        user = f"{quote(self.user, safe='')}:{quote(self.password, safe='')}@" if self.user else ""
        host = f"[{self.host}]" if ":" in self.host else self.host
        scheme = "smtps" if self.security == "tls" else "smtp"
        option = (
            "" if self.security == "tls" else f"?starttls={'yes' if self.security == 'starttls' else 'no'}"
        )
        url = f"{scheme}://{user}{host}:{self.port}{option}"
        if not _HOST.match(self.host) or _read_back(url) != self:
            raise InvalidField(_("A mail server is a name such as smtp.example.org."), field="host")
        return url

    def sends_password_elsewhere(self, before: MailAccount) -> bool:
        """Return whether the saved password would go to another server or person than it was entered for."""
        old = before.host, before.user, before.security == "none"
        return old != (self.host, self.user, self.security == "none")


def port_of(typed: int | None, security: Security) -> int:
    """Return the port, the usual one where none was typed; raises InvalidField."""
    port = typed if typed is not None else USUAL_PORT[security]
    if not 0 < port <= _HIGHEST_PORT:
        raise InvalidField(_("A port is a number from 1 to 65535."), field="port")
    return port


def _read_back(url: str) -> MailAccount | None:
    try:
        return MailAccount.of(url)
    except ConfigurationError:
        return None


def send_test_email(
    mail_url: str, mail_from: str, *, to: str, clinic_name: str, given_up_after_s: float = GIVEN_UP_AFTER_S
) -> str:
    """Send a test e-mail now and return what happened, in words; raises Refused with the server's answer.

    A server that hangs is given up after `given_up_after_s`, whatever it hangs in.
    """
    letter = Letter(
        to=to,
        subject=_("Test e-mail from {clinic_name}", clinic_name=clinic_name),
        text=_(
            "This is the test e-mail of {clinic_name}. It arrived, so e-mail works.\n",
            clinic_name=clinic_name,
        ),
    )
    outcome = _Outcome()

    def send() -> None:
        try:
            SmtpMailer(mail_url, mail_from).send(letter)
        except CoursekeeperError as error:
            outcome.error = error
        outcome.is_done = True

    # A thread of its own: no time-out of a socket bounds a look-up of a name, or a server that dribbles.
    thread = threading.Thread(target=send, daemon=True, name="test-email")
    thread.start()
    thread.join(given_up_after_s)
    host = MailServer.of(mail_url).host if mail_url else ""
    if not outcome.is_done:
        raise Refused(_("{host} did not answer in time. {look}", host=host, look=_LOOK), code="mail_timeout")
    if outcome.error is not None:
        raise Refused(_in_words(host, outcome.error), code=outcome.error.code) from outcome.error
    return _(
        "{host} took the test e-mail for {to}. If it is not there in some minutes, look in the spam folder.",
        host=host,
        to=to,
    )


_LOOK = N_("Compare server, port and security with what your mail provider writes.")
_HELP = {
    "mail_sign_in": N_("User or password is wrong. Some providers want a password made for programs."),
    "mail_sender": N_("This server does not send for that sender. Use an address of your account."),
    "mail_not_supported": N_("The server does not offer this security or sign-in. Choose another."),
    "mail_address": N_("The server does not take this address."),
}


@dataclass
class _Outcome:
    is_done: bool = False
    error: CoursekeeperError | None = None


def _in_words(host: str, error: CoursekeeperError) -> str:
    if not isinstance(error, MailFailed):
        return error.message
    cause = error.__cause__
    if isinstance(cause, smtplib.SMTPServerDisconnected):
        return _hung_up(host, cause)
    if not isinstance(cause, smtplib.SMTPException):
        return _unreachable(host, cause)
    said = _answer_of(cause)
    return f"{_HELP.get(error.code, _('The mail server refused.'))} {said}".strip()


def _unreachable(host: str, cause: BaseException | None) -> str:
    if isinstance(cause, TimeoutError):
        return _("{host} did not answer in time. {look}", host=host, look=_LOOK)
    if isinstance(cause, OSError):
        return _(
            "{host} can’t be reached: {plain}. {look}",
            host=host,
            plain=_plain(cause.strerror or str(cause)),
            look=_LOOK,
        )
    return _("This e-mail can’t be sent: look at sender and address.")


def _hung_up(host: str, cause: smtplib.SMTPServerDisconnected) -> str:
    # smtplib raises this too while it waits for an answer that does not come.
    if isinstance(cause.__context__, OSError):
        return _unreachable(host, cause.__context__)
    return _("{host} ended the connection without an answer. {look}", host=host, look=_LOOK)


def _answer_of(cause: smtplib.SMTPException) -> str:
    """Return the server's own words, as a sentence; they may say anything, so they are cut and cleaned."""
    code: int
    said: bytes | str
    if isinstance(cause, smtplib.SMTPRecipientsRefused):
        code, said = next(iter(cause.recipients.values()), (0, b""))
    elif isinstance(cause, smtplib.SMTPResponseException):
        code, said = cause.smtp_code, cause.smtp_error
    else:
        code, said = 0, str(cause)
    plain = _plain(said.decode("utf-8", "replace") if isinstance(said, bytes) else said)
    return (
        _("Its answer: “{value}{plain}”", value=f"{code} " if code > 0 else "", plain=plain) if plain else ""
    )


def _plain(said: str) -> str:
    kept = "".join(character if character.isprintable() else " " for character in said)
    return " ".join(kept.split())[:_LONGEST_ANSWER]


class ConfiguredMailer:
    """Sends as `MAIL_URL` and `MAIL_FROM` say when it is asked to.

    `watch` is called after every e-mail: with its failure, or None where it was taken.
    """

    def __init__(
        self,
        settings: SettingsSource,
        clock: Callable[[], datetime],
        *,
        watch: Callable[[MailFailed | None], None] = lambda _error: None,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._watch = watch
        self._last = ("", ""), SmtpMailer(clock=clock)

    @property
    def is_ready(self) -> bool:
        """Return whether e-mails can be sent at all."""
        return self._mailer().is_ready

    def send(self, letter: Letter) -> None:
        """Send the e-mail; raises MailFailed, ConfigurationError where mail is not set up."""
        try:
            self._mailer().send(letter)
        except MailFailed as error:
            self._watch(error)
            raise
        self._watch(None)

    def _mailer(self) -> SmtpMailer:
        settings = self._settings.current()
        wanted = settings.mail_url.get_secret_value(), settings.mail_from
        last = self._last
        if last[0] != wanted:
            self._last = last = wanted, SmtpMailer(*wanted, clock=self._clock)
        return last[1]
