"""A practice Square without a server: direct calls to the app, checked against the contract; its clock is moved."""

import html
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from practice_square import PracticeSettings, create_practice
from practice_square.practice import practice_square_of
from tests.practice_square.contract import Contract

Json = dict[str, Any]


def money(amount: int) -> Json:
    return {"amount": amount, "currency": "USD"}


class Counter:
    """What an application and the people at the screens do. `now` stays the same until it is moved."""

    def __init__(self, folder: Path) -> None:
        self.now = datetime(2026, 3, 2, 18, 0, tzinfo=UTC)
        self.settings = PracticeSettings(
            file=folder / "practice.db", access_token="t", signature_key="k", clock=lambda: self.now
        )
        self.app = create_practice(self.settings)
        self.contract = Contract()
        self.app.wsgi_app = self.contract.middleware(self.app.wsgi_app)  # type: ignore[method-assign]
        self.client = self.app.test_client()
        self.keys = 0

    def call(self, method: str, path: str, body: Json | None = None) -> Json:
        """Make a call that succeeds."""
        answer = self._send(method, path, body)
        assert answer.status_code == 200, answer.get_data(as_text=True)
        told: Json = answer.json
        return told

    def refused(self, method: str, path: str, body: Json | None = None) -> tuple[int, str]:
        """Make a call that is refused. Returns status and code."""
        answer = self._send(method, path, body)
        assert answer.status_code >= 400, answer.get_data(as_text=True)
        return answer.status_code, answer.json["errors"][0]["code"]

    def key(self) -> str:
        self.keys += 1
        return f"key-{self.keys}"

    def wait(self, **span: int) -> None:
        self.now += timedelta(**span)

    def order(self, *lines: tuple[str, int], **fields: Any) -> Json:
        drawn = [{"name": name, "quantity": "1", "base_price_money": money(amount)} for name, amount in lines]
        body = {"order": {"location_id": self.settings.location_id, "line_items": drawn, **fields}}
        return self.call("POST", "/v2/orders", body | {"idempotency_key": self.key()})["order"]

    def read_order(self, order_id: str) -> Json:
        return self.call("GET", f"/v2/orders/{order_id}")["order"]

    def customer(self, **profile: str) -> str:
        return str(self.call("POST", "/practice/customers", profile)["customer"]["id"])

    def events(self, since: int = 0) -> list[str]:
        """List the types of all events sent, in order, without the first `since`."""
        with practice_square_of(self.app).work() as work:
            return [event["type"] for event in work.all("event")][since:]

    def page(self, path: str, status: int = 200) -> str:
        """Read a page as a person does, without any token."""
        answer = self.client.get(path)
        assert answer.status_code == status, answer.get_data(as_text=True)
        return html.unescape(answer.get_data(as_text=True))

    def tap(self, path: str, on: str | None = None, **form: str) -> str:
        """Send a form of a page; `on` is the page it is on, if not its own address. Returns the page after."""
        token = re.search(r'name="form_token" value="([^"]+)"', self.page(on or path))
        assert token is not None, "the page has no form"
        referer = {"Referer": f"http://localhost{on or path}"}
        answer = self.client.post(
            path, data={"form_token": token[1], **form}, headers=referer, follow_redirects=True
        )
        return html.unescape(answer.get_data(as_text=True))

    def close(self) -> None:
        with practice_square_of(self.app).work() as work:
            for event in work.all("event"):
                kept = {name: one for name, one in event.items() if name not in ("id", "updated_at")}
                self.contract.check_event(self.app.json.dumps(kept))
        practice_square_of(self.app).close()
        self.contract.assert_kept()

    def _send(self, method: str, path: str, body: Json | None) -> Any:
        return self.client.open(path, method=method, json=body, headers={"Authorization": "Bearer t"})


@contextmanager
def open_counter(folder: Path) -> Iterator[Counter]:
    counter = Counter(folder)
    yield counter
    counter.close()
