"""Delivers webhook events over HTTP: signed, retried with growing pauses, resumed after a restart."""

import http.client
import json
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from practice_square.event_samples import sample_event
from practice_square.events import sign
from practice_square.settings import SQUARE_VERSION, PracticeSettings
from practice_square.storage import Json, Store, Work
from practice_square.subscriptions import read_subscription

IDLE_LOOK_S = 0.5
LEAST_LOOK_S = 0.02


@dataclass(frozen=True)
class Posted:
    """How one attempt ended: the HTTP status, or 0 and the reason why there was no answer."""

    status: int
    reason: str = ""

    @property
    def is_taken(self) -> bool:
        return 200 <= self.status < 300

    def as_text(self) -> str:
        return f"{self.status}" if self.status else self.reason


Post = Callable[[str, bytes, dict[str, str], float], Posted]


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_args: Any, **_named: Any) -> None:
        return None


def post_over_http(url: str, body: bytes, headers: dict[str, str], timeout_s: float) -> Posted:
    """Post once. A redirect is an answer like any other, and not a 2xx: a failure, as with Square."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect)
    request = urllib.request.Request(url, data=body, headers=headers, method="POST")  # noqa: S310 scheme checked at subscription
    try:
        with opener.open(request, timeout=timeout_s) as answer:
            answer.read(65536)
            return Posted(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return Posted(error.code)
    except TimeoutError:
        return Posted(0, "http_timeout")
    except (urllib.error.URLError, http.client.HTTPException, OSError) as error:
        reason = getattr(error, "reason", error)
        return Posted(
            0, "http_timeout" if isinstance(reason, TimeoutError) else f"no answer: {_in_words(reason)}"
        )


def _in_words(reason: object) -> str:
    """Return why there was no answer, in plain words: connection refused, not [Errno 111]."""
    text = getattr(reason, "strerror", None) or str(reason) or type(reason).__name__
    return str(text)[:1].lower() + str(text)[1:]


class Sender:
    """One thread that empties the delivery queue; `flush` does the same in the caller's thread."""

    def __init__(self, store: Store, settings: PracticeSettings, post: Post = post_over_http) -> None:
        self._store = store
        self._settings = settings
        self._post = post
        self._wake = threading.Event()
        self._stopping = threading.Event()
        # One delivery at a time over all threads: a flush that has ended leaves nothing in flight.
        self._turn = threading.Lock()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start delivering, first what an earlier run left half-sent."""
        with self._store.work() as work:
            work.sql.execute("UPDATE deliveries SET state = 'waiting' WHERE state = 'sending'")
        self._stopping.clear()
        self._thread = threading.Thread(target=self._run, name="practice-sender", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(timeout=self._settings.answer_timeout_s + 5)
            self._thread = None

    def wake(self) -> None:
        self._wake.set()

    def flush(self) -> Json:
        """Try every pending delivery once, now, whatever its pause; return the counts."""
        delivered = failed = 0
        tried: set[int] = set()
        with self._turn:
            while (delivery := self._claim(is_hurried=True, but=tried)) is not None:
                tried.add(delivery["n"])
                if self._deliver(delivery):
                    delivered += 1
                else:
                    failed += 1
        return {"delivered": delivered, "failed": failed, "waiting": self._count_waiting()}

    def test(self, subscription_id: str, event_type: str | None) -> Json:
        """Send one sample event now and return the response; raises Refusal for an unknown subscription."""
        with self._store.work() as work:
            subscription = read_subscription(work, subscription_id)
            event = sample_event(work, event_type or subscription["event_types"][0])
            now = work.now()
        url, body = subscription["notification_url"], json.dumps(event, separators=(",", ":"))
        headers = _headers({"attempts": 0}, sign(subscription["signature_key"], url, body), now)
        posted = self._post(url, body.encode(), headers, self._settings.answer_timeout_s)
        told = {"id": event["event_id"], "payload": body, "created_at": now, "updated_at": now}
        return told | {"status_code": posted.status}

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._wake.clear()
            if not self._send_next():
                self._wake.wait(self._next_look_s())

    def _send_next(self) -> bool:
        with self._turn:
            delivery = self._claim(is_hurried=False)
            if delivery is not None:
                self._deliver(delivery)
        return delivery is not None

    def _next_look_s(self) -> float:
        return max(LEAST_LOOK_S, min(IDLE_LOOK_S, *(self._settings.retry_delays_s or (IDLE_LOOK_S,))))

    def _claim(self, *, is_hurried: bool, but: set[int] | None = None) -> Json | None:
        # The claim is a state in the file: the thread and a flush never send the same delivery at once.
        with self._store.work() as work:
            rows = work.sql.execute(
                "SELECT * FROM deliveries WHERE state = 'waiting' AND (? OR due_at <= ?)"
                " ORDER BY newest_first DESC, CASE WHEN newest_first THEN -n ELSE n END",
                (int(is_hurried), work.now()),
            )
            row = next((row for row in rows if row["n"] not in (but or ())), None)
            if row is None:
                return None
            work.sql.execute("UPDATE deliveries SET state = 'sending' WHERE n = ?", (row["n"],))
            return dict(row)

    def _deliver(self, delivery: Json) -> bool:
        with self._store.work() as work:
            subscription = work.get("subscription", delivery["subscription_id"])
            first_attempt_at = delivery["first_attempt_at"] or work.now()
        if subscription is None or not subscription["notification_url"]:
            posted = Posted(0, "the subscription is gone")
        else:
            url, body = subscription["notification_url"], delivery["body"]
            headers = _headers(delivery, sign(subscription["signature_key"], url, body), first_attempt_at)
            posted = self._post(url, body.encode(), headers, self._settings.answer_timeout_s)
        with self._store.work() as work:
            self._write_down(work, delivery, posted, first_attempt_at, is_orphan=subscription is None)
        return posted.is_taken

    def _write_down(
        self, work: Work, delivery: Json, posted: Posted, first_attempt_at: str, *, is_orphan: bool
    ) -> None:
        attempts = delivery["attempts"] + 1
        state, due_at = self._after(work, attempts, posted, is_orphan=is_orphan)
        work.sql.execute(
            "UPDATE deliveries SET state = ?, attempts = ?, due_at = ?, first_attempt_at = ?, last_answer = ?"
            " WHERE n = ?",
            (state, attempts, due_at, first_attempt_at, posted.as_text(), delivery["n"]),
        )

    def _after(self, work: Work, attempts: int, posted: Posted, *, is_orphan: bool) -> tuple[str, str]:
        if posted.is_taken:
            return "delivered", work.now()
        delays = self._settings.retry_delays_s
        if is_orphan or attempts > len(delays):
            return "given_up", work.now()
        return "waiting", work.ago(-timedelta(seconds=delays[attempts - 1]))

    def _count_waiting(self) -> int:
        with self._store.work() as work:
            row = work.sql.execute(
                "SELECT count(*) AS many FROM deliveries WHERE state IN ('waiting', 'sending')"
            ).fetchone()
            return int(row["many"])


def _headers(delivery: Json, signature: str, first_attempt_at: str) -> dict[str, str]:
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Square Connect v2",
        "x-square-hmacsha256-signature": signature,
        "Square-Environment": "Practice",
        "Square-Initial-Delivery-Timestamp": first_attempt_at,
        "Square-Version": SQUARE_VERSION,
    }
    if delivery["attempts"]:
        headers["Square-Retry-Number"] = str(delivery["attempts"])
        has_timed_out = delivery["last_answer"] == "http_timeout"
        headers["Square-Retry-Reason"] = "http_timeout" if has_timed_out else "http_error"
    return headers
