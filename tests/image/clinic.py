"""A clinic with a practice Square beside the image: what its people do, over HTTP alone."""

import json
import os
import sys
import time
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from practice_square.control import PracticeControl
from tests.project.tree import ROOT
from tests.servers import free_port, running
from tests.web.page import Page

_TOKEN = "image-practice-token"
_SIGNATURE_KEY = "image-practice-signature-key"
_PACKAGE = {
    "name": "Facial acupuncture, course of 12",
    "price": {"amount": 165000, "currency": "USD"},
    "contents": [
        {
            "treatment": "Facial acupuncture",
            "sessions": 12,
            "single_price": {"amount": 16500, "currency": "USD"},
        }
    ],
}
_OWNER = {"name": "June Park", "email": "june@example.org", "password": "quiet willow by the river 7"}
_PATIENCE_S = 60.0


class Clinic:
    """The register of the practice Square, and the desk over its API."""

    def __init__(self) -> None:
        self.square, self.desk_port = f"http://127.0.0.1:{free_port()}", free_port()
        self.desk = f"http://127.0.0.1:{self.desk_port}"

    def settings(self) -> dict[str, str]:
        """Return the settings that connect Coursekeeper with the practice Square."""
        return {
            "PUBLIC_URL": self.desk,
            "SQUARE_ENVIRONMENT": "practice",
            "SQUARE_BASE_URL": self.square,
            "SQUARE_ACCESS_TOKEN": _TOKEN,
            "SQUARE_WEBHOOK_SIGNATURE_KEY": _SIGNATURE_KEY,
        }

    def set_up(self, code: str) -> None:
        """Type the code and make the owner in a browser without scripts; afterwards the page is gone."""
        with httpx.Client(base_url=self.desk, follow_redirects=True, timeout=30, trust_env=False) as browser:
            for form, typed in (("/set-up", {"code": code}), ("/set-up/owner", _OWNER)):
                page = Page(browser.get("/set-up").text).form(form)
                answer = browser.post(page.action, data=page.filled(**typed), headers={"Origin": self.desk})
                assert answer.status_code == 200, answer.text
            assert browser.get("/").status_code == 200
            assert browser.get("/set-up").url.path == "/"

    def sell_and_use(self, token: str) -> str:
        """Publish a package, ring it up, wait for its course and use a session; return the course's id."""
        package = _call(self.desk, token, "POST", "/packages", _PACKAGE)
        published = _call(self.desk, token, "POST", f"/packages/{package['id']}/publication")
        till = PracticeControl(self.square, _TOKEN)
        customer = till.add_customer(given_name="Anna", family_name="Berg")
        till.sell(
            [{"variation_id": published["square_variation_id"], "quantity": "1"}], customer_id=customer["id"]
        )
        course = _the_course(self.desk, token)
        _call(self.desk, token, "POST", f"/courses/{course}/redemptions", {})
        return course

    def left(self, token: str, course: str) -> int:
        """Return how many sessions of a course are left."""
        left: int = _call(self.desk, token, "GET", f"/courses/{course}")["left"]
        return left


@contextmanager
def practice_square(folder: Path) -> Iterator[Clinic]:
    """Run a practice Square that sends its events to the desk's port."""
    clinic = Clinic()
    port = clinic.square.rpartition(":")[2]
    command = [sys.executable, "-m", "practice_square", "--port", port, "--file", str(folder / "square.db")]
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "PRACTICE_ACCESS_TOKEN": _TOKEN,
        "PRACTICE_SIGNATURE_KEY": _SIGNATURE_KEY,
        "PRACTICE_WEBHOOK_URL": f"{clinic.desk}/square/webhooks",
    }
    (folder / "practice").mkdir()
    with running(command, f"{clinic.square}/", environment=environment, folder=folder / "practice"):
        yield clinic


def _the_course(address: str, token: str) -> str:
    deadline = time.monotonic() + _PATIENCE_S
    while time.monotonic() < deadline:
        found = _call(address, token, "GET", "/clients?q=Anna")["clients"]
        courses = found and _call(address, token, "GET", f"/clients/{found[0]['id']}/courses")["courses"]
        if courses:
            course: str = courses[0]["id"]
            return course
        time.sleep(1)
    raise AssertionError("the sale did not open a course")


def _call(address: str, token: str, method: str, path: str, body: Any = None) -> Any:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    if method == "POST":
        headers["Idempotency-Key"] = uuid.uuid4().hex
    request = urllib.request.Request(
        f"{address}/api/v1{path}",
        data=None if body is None else json.dumps(body).encode(),
        method=method,
        headers=headers,
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.loads(answer.read())
