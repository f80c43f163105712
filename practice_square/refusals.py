"""Refusals of the practice Square: Square's errors[] body with category, code, detail and field."""

from practice_square.storage import Json, Work


class Refusal(Exception):
    """A call that Square would answer with an error."""

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        status: int = 400,
        category: str = "INVALID_REQUEST_ERROR",
        field: str | None = None,
    ) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.status = status
        self.category = category
        self.field = field

    def body(self) -> Json:
        error = {"category": self.category, "code": self.code, "detail": self.detail}
        if self.field:
            error["field"] = self.field
        return {"errors": [error]}


def invalid(detail: str, field: str) -> Refusal:
    return Refusal("INVALID_VALUE", detail, field=field)


def missing(field: str, detail: str = "Missing required parameter.") -> Refusal:
    return Refusal("MISSING_REQUIRED_PARAMETER", detail, field=field)


def bad_request(detail: str, field: str) -> Refusal:
    return Refusal("BAD_REQUEST", detail, field=field)


def not_found(what: str, id_: str, field: str | None = None) -> Refusal:
    return Refusal("NOT_FOUND", f"{what} with ID `{id_}` not found.", status=404, field=field)


def not_played(what: str, field: str) -> Refusal:
    return Refusal("NOT_IMPLEMENTED", f"{what} not played here.", status=501, field=field)


def find(work: Work, kind: str, id_: str, what: str, field: str | None = None) -> Json:
    """Return the document of this id; raises Refusal, where `what` is what Square calls its kind."""
    document = work.get(kind, id_)
    if document is None:
        raise not_found(what, id_, field)
    return document


def version_mismatch(detail: str, field: str = "version") -> Refusal:
    return Refusal("VERSION_MISMATCH", detail, status=409, field=field)


def unauthorized(code: str, detail: str) -> Refusal:
    return Refusal(code, detail, status=401, category="AUTHENTICATION_ERROR")


def rate_limited() -> Refusal:
    return Refusal(
        "RATE_LIMITED",
        "The request was rate limited. Please try again later.",
        status=429,
        category="RATE_LIMIT_ERROR",
    )


def card_refused(code: str, detail: str) -> Refusal:
    return Refusal(code, detail, status=402, category="PAYMENT_METHOD_ERROR", field="source_id")
