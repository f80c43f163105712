"""Which address a call may go to: no program within the clinic's own network, unless its owner allowed it.

A name is resolved once for each call and the call goes to that very address, so that a name which changes in between
leads nowhere else.
"""

import ipaddress
import socket
from collections.abc import Callable, Sequence

from plugin.errors import WebhookFailed
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
