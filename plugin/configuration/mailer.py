"""The mailer that sends through the server which the settings name at that moment."""

from collections.abc import Callable
from datetime import datetime

from plugin.errors import MailFailed
from plugin.mail import Letter, SmtpMailer
from plugin.settings import SettingsSource


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
