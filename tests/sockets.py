"""Refuses every connection and name look-up that would leave this machine. Independent of the caller."""

import ipaddress
import socket
import sys
from typing import Any

_CONNECTING = {"socket.connect", "socket.sendto", "socket.sendmsg"}
_LOOKING_UP = {"socket.getaddrinfo", "socket.gethostbyname"}
_WATCHED = _CONNECTING | _LOOKING_UP


class OtherMachineError(RuntimeError):
    """A test tried to reach another machine. Not an OSError, or the code under test would handle it."""


def refuse_other_machines() -> None:
    """Install the guard for the rest of this process; Python offers no way to take it out again."""
    sys.addaudithook(_guard)


def _guard(event: str, arguments: tuple[Any, ...]) -> None:
    # Called at each id() and import as well: a hundred times in one statement of SQLAlchemy.
    if event not in _WATCHED:
        return
    if event in _CONNECTING:
        _check_connection(*arguments[:2])
    else:
        _check_host(arguments[0])


def _check_connection(endpoint: socket.socket, address: Any) -> None:
    if endpoint.family in (socket.AF_INET, socket.AF_INET6) and isinstance(address, tuple):
        _check_host(address[0])


def _check_host(host: str | bytes | None) -> None:
    name = host.decode() if isinstance(host, bytes) else host
    if name and not _is_this_machine(name):
        raise OtherMachineError(f"tests may only speak to this machine, not to {name}")


def _is_this_machine(name: str) -> bool:
    if name == "localhost":
        return True
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    # 0.0.0.0 and :: are where a server listens; as a destination they mean this machine too.
    return address.is_loopback or address.is_unspecified
