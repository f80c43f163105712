"""A clinic that is connected by OAuth, or is about to be, beside the practice Square. Independent of the tests."""

from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

import httpx
from cryptography.fernet import Fernet

from plugin.core.acts import Act, Actor, Role
from plugin.courses.accounts.staff import add_staff, staff_by_email
from plugin.courses.square_health import read_connection
from plugin.services import Services
from plugin.square.connection.authorize import Answer, begin, finish
from plugin.square.connection.check import wanted
from plugin.store import Store
from plugin.store.square_side import Connection
from practice_square.control import PracticeControl
from practice_square.settings import DEFAULT_APPLICATION_ID, DEFAULT_APPLICATION_SECRET
from tests.clock import HandMovedClock
from tests.square.clinic import house_of, settings_for

KEYS = Fernet.generate_key().decode()
SECRETS = (DEFAULT_APPLICATION_SECRET, KEYS)
BY_SECRET = {
    "SQUARE_ACCESS_TOKEN": "",
    "SQUARE_APPLICATION_ID": DEFAULT_APPLICATION_ID,
    "SQUARE_APPLICATION_SECRET": DEFAULT_APPLICATION_SECRET,
    "ENCRYPTION_KEYS": KEYS,
}
BY_PKCE = BY_SECRET | {"SQUARE_APPLICATION_SECRET": ""}


class LosesAnswers(httpx.BaseTransport):
    """Sends requests to Square, and loses the answers about tokens while `is_losing`; `meanwhile` runs before."""

    def __init__(self) -> None:
        self.is_losing = False
        self.meanwhile: Callable[[], object] | None = None
        self._line = httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = self._line.handle_request(request)
        if request.url.path != "/oauth2/token":
            return answer
        answer.read()
        if self.meanwhile is not None:
            deed, self.meanwhile = self.meanwhile, None
            deed()
        if self.is_losing:
            raise httpx.ReadTimeout("lost on the way", request=request)
        return answer

    def close(self) -> None:
        self._line.close()


@dataclass(repr=False)
class Connecting:
    """One clinic's services, its owner, and the seller at Square's permission page."""

    services: Services
    till: PracticeControl
    clock: HandMovedClock
    line: LosesAnswers
    olga: Actor = field(init=False)

    def __post_init__(self) -> None:
        self.olga = self.hire("olga@example.org")

    def hire(self, email: str) -> Actor:
        person = staff_by_email(self.services.store, email) or add_staff(
            self.services.store,
            email=email,
            name="Olga Ruiz",
            role=Role.OWNER,
            password_hash="x",
            now=self.clock(),
        )
        return person.actor

    def act(self, actor: Actor | None = None) -> Act:
        return Act(actor or self.olga, self.clock(), self.services.store.new_id())

    def go_to_square(self) -> dict[str, str]:
        """What the address of Square's permission page asks."""
        return {
            name: found[0]
            for name, found in parse_qs(urlsplit(begin(self.services, self.act())).query).items()
        }

    def allow(self, asked: dict[str, str], scopes: str = "") -> Answer:
        code = self.till.authorize(
            scopes or asked["scope"],
            code_challenge=asked.get("code_challenge"),
            redirect_uri=asked["redirect_uri"],
        )
        return Answer(asked["state"], code)

    def connect(self, scopes: str = "") -> str:
        return finish(self.services, self.act(), self.allow(self.go_to_square(), scopes or wanted()))

    def known(self) -> Connection:
        return read_connection(self.services.store)

    def tokens(self) -> tuple[str, str]:
        """The stored access and refresh token, opened."""
        known = self.known()
        opened = self.services.vault.open
        return opened(known.access_token_sealed or ""), opened(known.refresh_token_sealed or "")


def connecting(
    square_url: str,
    webhook_url: str,
    store: Store,
    till: PracticeControl,
    clock: HandMovedClock,
    **settings: str,
) -> Connecting:
    """Open services with these settings; close their `square` after use."""
    line = LosesAnswers()
    known = settings_for(square_url, webhook_url, **settings)
    return Connecting(house_of(known, store, clock, line), till, clock, line)
