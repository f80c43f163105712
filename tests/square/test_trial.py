"""A token is tried before it is relied on, and what is wrong with it is told in words."""

import httpx
import pytest

from plugin.errors import InvalidField, Refused
from plugin.square.connection.check import SCOPES
from plugin.square.connection.trial import try_square_token
from plugin.staff_languages import staff_language
from plugin.wording import speaking

SANDBOX, PRODUCTION = "connect.squareupsandbox.com", "connect.squareup.com"


class FakeSquare:
    """Answers at one host, to one token, for one business; `status` at every other host and token."""

    def __init__(self, host: str, token: str, *, business: str = "LOTUS") -> None:
        self.host, self.token, self.business = host, token, business
        self.code, self.status = "UNAUTHORIZED", 401
        self.scopes = [scope.name for scope in SCOPES]

    @property
    def transport(self) -> httpx.MockTransport:
        return httpx.MockTransport(self.answer)

    def answer(self, request: httpx.Request) -> httpx.Response:
        if (request.url.host, request.headers["Authorization"]) != (self.host, f"Bearer {self.token}"):
            error = {"category": "AUTHENTICATION_ERROR", "code": self.code, "detail": "no"}
            return httpx.Response(self.status, json={"errors": [error]})
        places = [{"id": "L1", "name": "Downtown"}, {"id": "L2", "name": "Old", "status": "INACTIVE"}]
        answers: dict[str, object] = {
            "/v2/merchants/me": {"merchant": {"id": self.business, "business_name": "Lotus Clinic"}},
            "/v2/locations": {"locations": places},
            "/oauth2/token/status": {"scopes": self.scopes},
        }
        return httpx.Response(200, json=answers[request.url.path])


def test_a_token_that_works_tells_its_business_locations_and_missing_permissions() -> None:
    square = FakeSquare(PRODUCTION, "right")
    square.scopes.remove("ORDERS_READ")
    trial = try_square_token("right", "production", transport=square.transport)
    assert (trial.business, [(each.name, each.is_active) for each in trial.locations]) == (
        "Lotus Clinic",
        [("Downtown", True), ("Old", False)],
    )
    assert [scope.name for scope in trial.missing] == ["ORDERS_READ"]


@pytest.mark.parametrize(
    ("host", "environment", "token", "says"),
    [
        (
            SANDBOX,
            "production",
            "right",
            "This is a token of Square’s sandbox, and Square (production) is chosen",
        ),
        (
            PRODUCTION,
            "sandbox",
            "right",
            "This is a token of Square (production), and Square’s sandbox is chosen",
        ),
        (PRODUCTION, "production", "wrong", "Square does not know this token"),
        (PRODUCTION, "production", "two words", "Square does not know this token"),
        (PRODUCTION, "production", "é", "Square does not know this token"),
        (PRODUCTION, "production", "x" * 1_000_000, "Square does not know this token"),
    ],
)
def test_a_wrong_token_and_one_of_another_environment_are_told_apart(
    host: str, environment: str, token: str, says: str
) -> None:
    square = FakeSquare(host, "right")
    with pytest.raises(InvalidField) as refused:
        try_square_token(token, environment, transport=square.transport)
    assert says in refused.value.message


@pytest.mark.parametrize(
    ("code", "status", "error", "says"),
    [
        ("ACCESS_TOKEN_EXPIRED", 401, InvalidField, "expired or was revoked"),
        ("INSUFFICIENT_SCOPES", 403, Refused, "may not read the business"),
        ("INTERNAL_SERVER_ERROR", 500, Refused, "Square (production) does not answer now. Nothing was saved"),
    ],
)
def test_what_is_not_the_tokens_fault_says_so(
    code: str, status: int, error: type[Refused], says: str
) -> None:
    square = FakeSquare(PRODUCTION, "right")
    square.code, square.status = code, status
    with pytest.raises(error) as refused:
        try_square_token("other", "production", transport=square.transport)
    assert says in refused.value.message


@pytest.mark.parametrize(
    ("environment", "english", "spanish"),
    [
        ("practice", "The practice Square does", "El Square de práctica no"),
        ("sandbox", "Square’s sandbox does", "Sandbox de Square no"),
    ],
)
def test_which_square_does_not_answer_is_said_in_the_reader_s_language(
    environment: str, english: str, spanish: str
) -> None:
    square = FakeSquare(PRODUCTION, "right")
    square.status = 503
    with pytest.raises(Refused) as refused:
        try_square_token("right", environment, transport=square.transport)
    assert refused.value.message.startswith(f"{english} not answer now.")
    with speaking(staff_language("es")):
        assert str(refused.value.message).startswith(f"{spanish} responde ahora.")


def test_a_server_that_tells_no_permissions_is_not_said_to_lack_any() -> None:
    square = FakeSquare(PRODUCTION, "right")

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/oauth2/token/status":
            return httpx.Response(404, json={"errors": [{"code": "NOT_FOUND"}]})
        return square.answer(request)

    trial = try_square_token("right", "production", transport=httpx.MockTransport(answer))
    assert trial.missing == ()


def test_another_refusal_is_told_as_square_says_it() -> None:
    square = FakeSquare(PRODUCTION, "right")
    square.code, square.status = "BAD_REQUEST", 400
    with pytest.raises(Refused) as refused:
        try_square_token("other", "production", transport=square.transport)
    assert refused.value.message.endswith(" Nothing was saved.")
