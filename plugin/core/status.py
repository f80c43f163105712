"""The status of a course, computed from its facts; never stored, so it can't be stale."""

from datetime import date
from enum import StrEnum

from plugin.wording import N_


class Status(StrEnum):
    """The status of a course as the desk, the API and the papers show it."""

    OPEN = "open"
    PART_PAID = "part_paid"
    FROZEN = "frozen"
    FINISHED = "finished"
    EXPIRED = "expired"
    REFUNDED = "refunded"
    TRANSFERRED = "transferred"


# How a closed course is called within a sentence.
CLOSED: dict[str, str] = {Status.REFUNDED: N_("refunded"), Status.TRANSFERRED: N_("transferred")}
# Neither on hold nor over: its sessions can be used.
IN_USE = (Status.OPEN, Status.PART_PAID)


def course_status(
    *,
    closed_as: str | None,
    is_frozen: bool,
    expires_on: date | None,
    today: date,
    sessions_left: int,
    price: int,
    paid: int,
) -> Status:
    """Return the one status that matters most to the person at the desk."""
    if closed_as is not None:
        return Status(closed_as)
    if sessions_left == 0:
        return Status.FINISHED
    # Frozen days are added to the expiry when the course is resumed: it does not expire while frozen.
    if is_frozen:
        return Status.FROZEN
    if expires_on is not None and today > expires_on:
        return Status.EXPIRED
    return Status.PART_PAID if paid < price else Status.OPEN
