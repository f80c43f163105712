"""Deliver events to other programs: documents of new ones, then each due delivery in turn, by one signed call.

No redirect is followed, and little of the answer is read, for a short time. A call goes to no program within the
clinic's own network, unless its owner allowed it: a name is resolved once for each call and the call goes to that very
address, so that a name which changes in between leads nowhere else.
"""

import ipaddress
import json
import socket
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import wraps
from typing import Any, ParamSpec
from urllib.parse import urlsplit

import httpx

from plugin.configuration.stored import sealing
from plugin.core.text import clean
from plugin.courses.webhooks.deliveries import (
    Claimed,
    Outcome,
    claim_delivery,
    fan_out,
    finish_delivery,
    note_expiring,
)
from plugin.courses.webhooks.receivers import signature
from plugin.errors import ConfigurationError, WebhookFailed
from plugin.services import Services
from plugin.wording import _

Resolve = Callable[[str, int], Sequence[str]]
# The prefix under which IPv6 networks reach IPv4 addresses (RFC 6052).
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def resolve(host: str, port: int) -> Sequence[str]:
    """Return the addresses of a host; raises WebhookFailed."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise WebhookFailed(_("The address has no such host."), permanent=False) from None
    return [str(each[4][0]) for each in found]


def allowed_address(host: str, port: int, *, may_be_private: bool, resolve: Resolve = resolve) -> str:
    """Return the address to call; raises WebhookFailed where the host has one that may not be called."""
    addresses = [address.partition("%")[0] for address in resolve(host, port)]
    if not addresses:
        raise WebhookFailed(_("The address has no such host."), permanent=False)
    if not may_be_private and not all(map(is_public, addresses)):
        raise WebhookFailed(
            _("The address leads into a private network. Allow that on its page if it is meant."),
            permanent=False,
        )
    return addresses[0]


def is_public(address: str) -> bool:
    """Return whether an IP address belongs to the public Internet."""
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if ip in _NAT64:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
    return ip.is_global and not ip.is_multicast


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


def deliver_due(services: Services, should_stop: Callable[[], bool] = lambda: False) -> int:
    """Deliver what is due; return how many calls were made."""
    while fan_out(services.store, services.clock()) and not should_stop():
        pass
    made = 0
    while not should_stop() and (claimed := claim_delivery(services.store, services.clock())) is not None:
        finish_delivery(services.store, services.clock(), claimed, _sent(services, claimed))
        made += 1
    return made


def note_what_expires(services: Services) -> int:
    """Note the courses that expire soon; return how many."""
    return note_expiring(services.store, services.clock())


def allows_http(services: Services) -> bool:
    """Return whether receivers may be called without TLS: only where no real money moves."""
    return services.settings.square_environment == "practice"


def _sent(services: Services, claimed: Claimed) -> Outcome:
    vault = sealing(services.settings)
    try:
        keys = tuple(map(vault.open, claimed.sealed_keys))
    except ConfigurationError:
        return Outcome(is_delivered=False, said="The key that signs can’t be opened; make a new one.")
    return post(
        claimed.url,
        claimed.document,
        keys,
        now=services.clock(),
        may_be_private=claimed.may_be_private,
        allows_http=allows_http(services),
    )
