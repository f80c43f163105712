"""What an error page says: what happened, why, what now. Words only."""

from __future__ import annotations

from dataclasses import dataclass

from plugin.errors import CoursekeeperError


@dataclass(frozen=True, slots=True)
class Words:
    """A heading, the sentence under it, and the stable code programs read."""

    heading: str
    said: str
    code: str

    @classmethod
    def of_error(cls, error: CoursekeeperError) -> Words:
        """Return the words an error of our own tree carries."""
        heading = _HEADINGS.get(error.code) or _HEADINGS.get(type(error).code, "That did not work")
        return cls(heading, error.message, error.code)


_HEADINGS = {
    "not_found": "Nothing here",
    "not_allowed": "Not with this sign-in",
    "refused": "Not possible",
    "square_failed": "Square did not answer as expected",
    "not_yet": "Not ready yet",
    "ledger_broken": "Please call the owner",
    "paper_not_made": "The paper is not ready",
    "invoice_not_ready": "The invoice is being made",
}

_WORDS: dict[int | str, Words] = {
    400: Words(
        "That could not be read", "The request was not complete. Go back, reload and try again.", "unreadable"
    ),
    401: Words(
        "Sign in first", "Your sign-in has ended. Sign in again; nothing was changed.", "unauthorized"
    ),
    403: Words("Not with this sign-in", "Your sign-in may not do this. Ask the owner.", "not_allowed"),
    404: Words("Nothing here", "This address leads nowhere. Search for the client instead.", "not_found"),
    405: Words(
        "Not this way", "This address can't be used like that. Go back and try again.", "wrong_method"
    ),
    413: Words(
        "Too much at once",
        "What was sent is larger than 1 MB; a logo may have 2 MB, a file to import 5 MB. Send less.",
        "too_large",
    ),
    415: Words("Not readable", "This kind of content is not understood.", "wrong_type"),
    429: Words(
        "One moment",
        "Too many tries in a short time. Wait five minutes, then try again.",
        "too_many",
    ),
    500: Words(
        "Something broke",
        "Coursekeeper made a mistake; what you sent may not be kept. Go back and look before you try again.",
        "error",
    ),
    "csrf": Words(
        "This page was too old",
        "Your sign-in changed since this page was opened. Nothing was written. Go back, reload and try again.",
        "stale_page",
    ),
}


def words_for(what: int | str) -> Words:
    """Return the words for an HTTP status, or for "csrf"."""
    known = _WORDS.get(what)
    if known is not None:
        return known
    return _WORDS[500] if isinstance(what, int) and what >= 500 else _WORDS[400]
