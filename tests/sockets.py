"""Refuses every connection and name look-up that would leave this machine. Independent of the caller.

An audit hook would be told of each `id()` and each frame as well: a fiftieth of what the tests take.
"""

import ipaddress
import socket
from collections.abc import Callable
from functools import wraps
from typing import Any

_CONNECTING = ("connect", "connect_ex", "sendto", "sendmsg")
_LOOKING_UP = ("getaddrinfo", "gethostbyname", "gethostbyname_ex")


class OtherMachineError(RuntimeError):
    """A test tried to reach another machine. Not an OSError, or the code under test would handle it."""


def refuse_other_machines() -> None:
    """Install the guard for the rest of this process."""
    for name in _CONNECTING:
        setattr(socket.socket, name, _guarding(getattr(socket.socket, name), _check_connection))
    for name in _LOOKING_UP:
        setattr(socket, name, _guarding(getattr(socket, name), _check_look_up))


def _guarding(do: Callable[..., Any], check: Callable[..., None]) -> Callable[..., Any]:
    @wraps(do)
    def guarded(*arguments: Any, **named: Any) -> Any:
        check(*arguments, **named)
        return do(*arguments, **named)

    return guarded


def _check_connection(endpoint: socket.socket, *arguments: Any) -> None:
    address = arguments[-1]
    if endpoint.family in (socket.AF_INET, socket.AF_INET6) and isinstance(address, tuple):
        _check_host(address[0])


def _check_look_up(host: str | bytes | None, *_arguments: Any, **_named: Any) -> None:
    _check_host(host)


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
