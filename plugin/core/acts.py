"""Who acts, from where, when and under which idempotency key; every entry records it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from plugin.errors import InvalidField, NotAllowed

_VISIBLE = re.compile(r"[\x21-\x7e]{1,80}\Z")


class Role(StrEnum):
    """What a person or a token may do. The owner may do all."""

    OWNER = "owner"
    DESK = "desk"
    PRACTITIONER = "practitioner"


class Source(StrEnum):
    """Where an act came from."""

    DESK = "desk"
    API = "api"
    SQUARE = "square"
    IMPORT = "import"
    COMMAND = "command"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: the name that history shows, the role, where from, and the staff id where it is a person."""

    name: str
    role: Role
    source: Source
    staff_id: str | None = None


SQUARE = Actor("Square", Role.OWNER, Source.SQUARE)


@dataclass(frozen=True, slots=True)
class Act:
    """Who acts, when (aware, UTC), and the idempotency key of what is done."""

    actor: Actor
    now: datetime
    key: str

    def __post_init__(self) -> None:
        if self.now.tzinfo is None:
            raise ValueError("an act's time carries its time zone")


def checked_key(key: str) -> str:
    """Return the key a caller sent; raises InvalidField unless it is 1 to 80 visible characters."""
    if not _VISIBLE.match(key):
        raise InvalidField("An Idempotency-Key has 1 to 80 visible characters.", field="Idempotency-Key")
    return key


def require(actor: Actor, *roles: Role) -> None:
    """Raise NotAllowed unless the actor is the owner or has one of the roles."""
    if actor.role is not Role.OWNER and actor.role not in roles:
        raise NotAllowed("Your sign-in may not do this. Ask the owner.")
