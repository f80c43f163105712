"""The practice Square: its settings, its file, its sender; passed to every page and call."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask, current_app

from practice_square.merchant import settle
from practice_square.seed import plant
from practice_square.sender import Sender
from practice_square.settings import PracticeSettings
from practice_square.storage import Store, Work
from practice_square.subscriptions import keep_default

EXTENSION = "practice_square"


class Practice:
    """Opens the file, settles the merchant, seeds a new one. `sender` is started by the server."""

    def __init__(self, settings: PracticeSettings) -> None:
        self.settings = settings
        self.store = Store(settings.file, settings.clock, settings.make_id)
        self.sender = Sender(self.store, settings)
        # Square allows a seller one catalog write at a time; the second gets a 429.
        self.catalog_writes = threading.Lock()
        self.pause = settings.pause or time.sleep
        self._open()

    @contextmanager
    def work(self) -> Iterator[Work]:
        """Open one transaction; its queued events are sent when it ends."""
        with self.store.work() as work:
            yield work
        self.sender.wake()

    def reset(self, seed: str | None = None) -> None:
        """Delete everything and start from the seed."""
        self.store.empty()
        self._open(seed)

    def close(self) -> None:
        self.sender.stop()
        self.store.close()

    def _open(self, seed: str | None = None) -> None:
        with self.store.work() as work:
            is_new = work.note("location_id") is None
            settle(work, self.settings)
            if is_new:
                # Seeded before the subscription exists: the seed sends no events.
                plant(work, seed or self.settings.seed)
            keep_default(work, self.settings)


def practice_square_of(app: Flask | None = None) -> Practice:
    practice: Practice = (app or current_app).extensions[EXTENSION]
    return practice
