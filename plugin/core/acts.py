"""Who acts, from where, when and under which idempotency key; recorded with every entry."""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from plugin.errors import InvalidField, NotAllowed
from plugin.wording import N_, _

_VISIBLE = re.compile(r"[\x21-\x7e]{1,80}\Z")


class Role(StrEnum):
    """What a person or a token may do. The owner may do everything."""

    OWNER = "owner"
    DESK = "desk"
    PRACTITIONER = "practitioner"


class Source(StrEnum):
    """Where an act originated."""

    DESK = "desk"
    API = "api"
    SQUARE = "square"
    IMPORT = "import"
    COMMAND = "command"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: the name shown in the history, the role, the source, and a person's staff id."""

    name: str
    role: Role
    source: Source
    staff_id: str | None = None


SQUARE = Actor(N_("Square"), Role.OWNER, Source.SQUARE)
# Whoever runs a command on the server.
OPERATOR = Actor(N_("Operator"), Role.OWNER, Source.COMMAND)
# What the program does by itself.
COURSEKEEPER = Actor("Coursekeeper", Role.OWNER, Source.COMMAND)


@dataclass(frozen=True, slots=True)
class Act:
    """Who acts, when (aware, UTC), the idempotency key of the request, and its id in the log ("": no request).

    `tapped_at`: when the person did it, if the request came later than that; `tapped_by`: who did it, if
    another person sent it (docs/offline.md).
    """

    actor: Actor
    now: datetime
    key: str
    request_id: str = ""
    tapped_at: datetime | None = None
    tapped_by: Actor | None = None

    def __post_init__(self) -> None:
        if self.now.tzinfo is None:
            raise ValueError("an act’s time carries its time zone")

    @property
    def happened_at(self) -> datetime:
        """Return when the person did it."""
        return self.tapped_at or self.now


def checked_key(key: str) -> str:
    """Return the key that a caller sent; raises InvalidField unless it is 1 to 80 visible characters."""
    if not _VISIBLE.match(key):
        raise InvalidField(_("An Idempotency-Key has 1 to 80 visible characters."), field="Idempotency-Key")
    return key


def require(actor: Actor, *roles: Role) -> None:
    """Raise NotAllowed unless the actor is the owner or has one of the roles."""
    if actor.role is not Role.OWNER and actor.role not in roles:
        raise NotAllowed(_("Your role doesn’t allow this. Ask the owner."))
