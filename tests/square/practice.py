"""A practice Square in this process alone: no server, no threads, nothing sent. Independent of the tests."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flask import Flask

from practice_square.control import ControlRefused, PracticeControl
from practice_square.practice import practice_square_of
from practice_square.server import create_practice
from practice_square.settings import PracticeSettings
from tests.square.clinic import KEY, LOCATION, NOWHERE, TOKEN


@contextmanager
def square_in_process(folder: Path, **settings: Any) -> Iterator[tuple[Flask, PracticeSettings]]:
    """Open the practice Square of a clinic with `settings_for`; `settings`: others of `PracticeSettings`."""
    folder.mkdir(parents=True, exist_ok=True)
    given = {"webhook_url": NOWHERE, "location_id": LOCATION, "seed": "items", **settings}
    chosen = PracticeSettings(folder / "practice.db", TOKEN, KEY, **given)
    app = create_practice(chosen)
    try:
        yield app, chosen
    finally:
        practice_square_of(app).close()


class TillInProcess(PracticeControl):
    """The acts at the register, without a network between."""

    def __init__(self, app: Flask) -> None:
        super().__init__("http://127.0.0.1:9", TOKEN)
        self._client = app.test_client()

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """Make one call; raises ControlRefused for any answer but a 2xx."""
        headers = {"Authorization": f"Bearer {TOKEN}"}
        answer = self._client.open(path, method=method, json=body, headers=headers)
        if not 200 <= answer.status_code < 300:
            raise ControlRefused(answer.status_code, answer.get_json()["errors"])
        return answer.get_json()
