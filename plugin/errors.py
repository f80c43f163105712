"""All errors. Each has a sentence for the user and a code for programs.

"Already done" is a result, never an error.
"""


class CoursekeeperError(Exception):
    """The base class: `message` states what is wrong and what to do, `code` is stable, `status` is for HTTP."""

    code = "error"
    status = 500

    def __init__(self, message: str, *, code: str | None = None, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        if code is not None:
            self.code = code


class Refused(CoursekeeperError):
    """A business rule does not allow it. Nothing was written."""

    code = "refused"
    status = 409


class NoneLeft(Refused):
    """The allowance has fewer sessions left than requested."""

    code = "none_left"


class KeyReused(Refused):
    """An idempotency key was sent again with a different request."""

    code = "key_reused"


class AlreadyReversed(Refused):
    """The entry was reversed already; both entries are in the history."""

    code = "already_reversed"


class InvalidField(CoursekeeperError):
    """One field of a form or a call is invalid; `field` names it."""

    code = "invalid_field"
    status = 422


class NotFound(CoursekeeperError):
    """No such client, course, entry, package or attention item."""

    code = "not_found"
    status = 404


class NotAllowed(CoursekeeperError):
    """This person's role may not do this."""

    code = "not_allowed"
    status = 403


class BadSignature(CoursekeeperError):
    """A webhook was not signed with our key for our address. Nothing was stored."""

    code = "bad_signature"
    status = 403


class OtherFailed(CoursekeeperError):
    """Another server did not do what was requested. `permanent`: whether retrying is useless."""

    status = 502

    def __init__(self, message: str, *, permanent: bool, code: str | None = None) -> None:
        super().__init__(message, code=code)
        self.permanent = permanent


class SquareFailed(OtherFailed):
    """Square did not do what was requested."""

    code = "square_failed"


class MailFailed(OtherFailed):
    """An e-mail was not accepted."""

    code = "mail_failed"


class WebhookFailed(OtherFailed):
    """The owner's webhook did not take an alarm."""

    code = "webhook_failed"


class WalletFailed(OtherFailed):
    """A pass in a client's wallet was not brought up to date."""

    code = "wallet_failed"


class PaperNotMade(CoursekeeperError):
    """A paper was not made this time; a retry may succeed."""

    code = "paper_not_made"
    status = 503


class NotYet(CoursekeeperError):
    """Square's answer is not complete yet (an order without lines); ask again a little later."""

    code = "not_yet"
    status = 503


class ConfigurationError(CoursekeeperError):
    """A setting is wrong or missing; the program does not start."""

    code = "configuration"


class LedgerBroken(CoursekeeperError):
    """A stored ledger contradicts itself. Only tampering or a defect causes this."""

    code = "ledger_broken"
