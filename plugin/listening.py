"""The socket a server listens on, opened before anything else starts."""

import errno
import socket

from plugin.errors import Refused

_BACKLOG = 2048


class PortInUse(Refused):
    """Another program listens on this address."""

    code = "port_in_use"


def open_listener(host: str, port: int) -> socket.socket:
    """Listen on this address, so that no other program can take it in between.

    Raises PortInUse, or Refused where this machine can't listen there.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host.strip("[]"), port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise _refusal(host, port, error) from None
    try:
        # A port that our own server has just released can be reused at once.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        # Two programs may be bound to one address until one of them listens.
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise _refusal(host, port, error) from None
    return listener


def _refusal(host: str, port: int, error: OSError) -> Refused:
    if error.errno == errno.EADDRINUSE:
        return PortInUse(
            f"Port {port} on {host} is in use by another program. Stop that program or choose another port."
        )
    if error.errno in (errno.EACCES, errno.EPERM):
        return Refused(f"This user may not listen on port {port}. Choose a port from 1024 on.")
    return Refused(f"This machine can’t listen on {host}, port {port}: {error.strerror}.")
