"""A mailer that keeps what it is given to send. Independent of the content."""

import re

from plugin.errors import MailFailed
from plugin.mail import Letter

_LINK = re.compile(r"^https?://\S*/reset/\S+$", re.MULTILINE)


class Postbox:
    """Keeps letters; those to an address that begins with "gone" are refused for good."""

    def __init__(self, *, is_ready: bool = True) -> None:
        self.is_ready = is_ready
        self.letters: list[Letter] = []

    def send(self, letter: Letter) -> None:
        if letter.to.startswith("gone"):
            raise MailFailed("The mail server does not accept this address (SMTP 550).", permanent=True)
        self.letters.append(letter)

    def take(self) -> list[tuple[str, str]]:
        """Return recipient and subject of each letter since the last time."""
        taken, self.letters = self.letters, []
        return [(each.to, each.subject) for each in taken]

    def link(self) -> str:
        """Return the path of the link in the last letter."""
        (address,) = _LINK.findall(self.letters[-1].text)
        return "/reset/" + str(address).split("/reset/")[1]
