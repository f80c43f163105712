"""Refusals of the practice Square: Square's errors[] body with category, code, detail and field."""

from practice_square.storage import Json


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


def not_found(what: str, id_: str, field: str | None = None) -> Refusal:
    return Refusal("NOT_FOUND", f"{what} with ID `{id_}` not found.", status=404, field=field)


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
