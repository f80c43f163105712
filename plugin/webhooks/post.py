"""One signed call to a receiver: no redirect is followed, and little of the answer is read, for a short time."""

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import wraps
from typing import Any, ParamSpec
from urllib.parse import urlsplit

import httpx

from plugin.core.text import clean
from plugin.courses.webhooks.deliveries import Outcome
from plugin.courses.webhooks.documents import signature
from plugin.errors import WebhookFailed
from plugin.webhooks.address import Resolve, allowed_address, resolve

P = ParamSpec("P")
TIMEOUT_S = 5.0
# The whole call, however slowly the answer drips.
LIMIT_S = 15.0
MOST_READ = 2048
_MOST_SAID = 200
_GONE = 410


def _as_outcome(call: Callable[P, Outcome]) -> Callable[P, Outcome]:
    """Return what the receiver does wrong as an outcome."""

    @wraps(call)
    def judged(*args: P.args, **kwargs: P.kwargs) -> Outcome:
        try:
            return call(*args, **kwargs)
        except WebhookFailed as error:
            return Outcome(is_delivered=False, said=error.message)
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError, ValueError) as error:
            return Outcome(is_delivered=False, said=f"No answer ({type(error).__name__}).")

    return judged


@_as_outcome
def post(
    url: str,
    document: Mapping[str, Any],
    keys: Sequence[str],
    *,
    now: datetime,
    may_be_private: bool,
    allows_http: bool,
    resolve: Resolve = resolve,
    limit_s: float = LIMIT_S,
) -> Outcome:
    """Send a document; return what came of it. Never raises for what the receiver does."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme != "https" and not allows_http:
        return Outcome(is_delivered=False, said="The address does not begin with https://.")
    port = parts.port or (443 if parts.scheme == "https" else 80)
    address = allowed_address(host, port, may_be_private=may_be_private, resolve=resolve)
    body = json.dumps(document, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()
    timestamp = int(now.timestamp())
    headers = {
        "Host": parts.netloc,
        "Content-Type": "application/json",
        "User-Agent": "Coursekeeper",
        "Accept-Encoding": "identity",
        "webhook-id": str(document["id"]),
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature(keys, str(document["id"]), timestamp, body),
    }
    target = httpx.URL(url).copy_with(host=address, port=port)
    # No proxy of the environment: it would resolve the name once more.
    client = httpx.Client(timeout=TIMEOUT_S, follow_redirects=False, trust_env=False)
    watchdog = threading.Timer(limit_s, client.close)
    watchdog.daemon = True
    watchdog.start()
    try:
        with client.stream(
            "POST", target, content=body, headers=headers, extensions={"sni_hostname": host}
        ) as answer:
            return _judged(answer.status_code, _first_line(answer))
    finally:
        watchdog.cancel()
        client.close()


def _first_line(answer: httpx.Response) -> str:
    read = b""
    try:
        for chunk in answer.iter_raw():
            read += chunk
            if len(read) >= MOST_READ or b"\n" in read:
                break
    except httpx.HTTPError:
        # The status counts; an answer that breaks off says no more.
        pass
    return clean(read[:MOST_READ].decode("utf-8", "replace").partition("\n")[0])[:_MOST_SAID]


def _judged(status: int, line: str) -> Outcome:
    if 200 <= status < 300:
        return Outcome(is_delivered=True, said=line, status=status)
    if 300 <= status < 400:
        return Outcome(
            is_delivered=False, said="It answers with a redirect, which is not followed.", status=status
        )
    return Outcome(is_delivered=False, said=line, status=status, is_gone=status == _GONE)
