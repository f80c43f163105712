"""Since when the mail server takes no e-mail, whomever it is for."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from plugin.core.acts import SQUARE, Act
from plugin.courses.base.bookmarks import bookmark_of, drop_bookmark_in, save_bookmark
from plugin.errors import MailFailed
from plugin.store import Store

NAME = "mail_failing"


@dataclass(frozen=True, slots=True)
class MailFailing:
    """Since when every e-mail failed, and how the last one did."""

    since: datetime
    said: str


def mail_failing(store: Store) -> MailFailing | None:
    """Return since when e-mails fail; None while they are taken."""
    since, _, said = (bookmark_of(store, NAME) or "").partition(" ")
    return MailFailing(datetime.fromisoformat(since), said) if since else None


class MailWatch:
    """Records since when e-mails fail. One refused for its own address is an answer: the server works."""

    def __init__(self, store: Store, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock

    def __call__(self, error: MailFailed | None) -> None:
        """Record the outcome of one e-mail; None: it was taken."""
        before = mail_failing(self._store)
        if error is None or error.permanent:
            if before is not None:
                self._store.transact(lambda session: drop_bookmark_in(session, NAME))
        elif before is None or before.said != error.message[:160]:
            since = before.since if before else self._clock()
            said = f"{since.isoformat()} {error.message[:160]}"
            save_bookmark(self._store, Act(SQUARE, self._clock(), NAME), NAME, said)
