"""What happened to sales, courses and visits, published to its subscribers in the same transaction.

`plugin.courses.subscribers` lists the subscribers, in order; a publisher need not know any of them.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeAlias

from plugin.core.money import Money
from plugin.courses.base.work import Work


@dataclass(frozen=True, slots=True)
class SaleBooked:
    """A sale has courses: `opened` now, or booked before. `paid_so_far`: None once all of it is paid.

    `checkout_ids`: the checkouts begun at the desk that this sale completes. `is_paid_more`: a payment was received.
    """

    square_order_id: str
    client_id: str | None
    opened: tuple[str, ...]
    paid_so_far: Money | None
    checkout_ids: tuple[str, ...]
    is_paid_more: bool = False
    # The order of the public page that it pays.
    public_order_id: str | None = None


@dataclass(frozen=True, slots=True)
class CourseAssigned:
    """A course without an owner was assigned to a client."""

    course_id: str
    square_order_id: str | None


@dataclass(frozen=True, slots=True)
class CourseReassigned:
    """A course assigned to the wrong client was moved to the right one."""

    course_id: str
    square_order_id: str | None


@dataclass(frozen=True, slots=True)
class CourseChanged:
    """A course changed in a way that its papers or its client's Square profile show."""

    course_id: str


@dataclass(frozen=True, slots=True)
class CourseFrozen:
    """A course was put on hold. `is_canceling`: the appointments of its plan are canceled in Square."""

    course_id: str
    is_canceling: bool


@dataclass(frozen=True, slots=True)
class CourseGiven:
    """A course became a gift."""

    gift_id: str


@dataclass(frozen=True, slots=True)
class VisitRecorded:
    """A visit used a session of a course; `client_id` is who attended, `owner_id` who owns the course."""

    visit_id: str
    course_id: str
    client_id: str
    owner_id: str
    visited_on: date
    today: date


@dataclass(frozen=True, slots=True)
class Refunded:
    """A refund succeeded or failed at Square."""

    square_refund_id: str


Event: TypeAlias = (
    SaleBooked
    | CourseAssigned
    | CourseReassigned
    | CourseChanged
    | CourseFrozen
    | CourseGiven
    | VisitRecorded
    | Refunded
)
# Returns the ids of the attention items that it opened, if any.
Subscriber: TypeAlias = Callable[[Work, Any], Iterable[str] | None]

_subscribers: dict[type[Event], Sequence[Subscriber]] = {}


def subscribe(subscribers: Mapping[type[Event], Sequence[Subscriber]]) -> None:
    """Register the subscribers of each event; called once, by `plugin.courses.subscribers`."""
    _subscribers.update(subscribers)


def publish(work: Work, event: Event) -> list[str]:
    """Run the event's subscribers in order; return the ids of the attention items they opened."""
    return [item for follow in _subscribers[type(event)] for item in follow(work, event) or ()]
