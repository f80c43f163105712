"""Attention items about the connection to Square."""

from datetime import datetime

from plugin.courses.attention.kind import DISMISS, AttentionKind, Decision, Resolution
from plugin.courses.base.clinic import clinic_in
from plugin.courses.base.inbox import try_again_in
from plugin.courses.base.words import moment_text
from plugin.courses.base.work import Work
from plugin.courses.visits.plan_bookings import MOST_OFFERED, NOT_BOOKED, book_instead_in
from plugin.courses.webhooks.deliveries import GIVEN_UP, send_failed_again_in
from plugin.store.queues import Attention
from plugin.wording import N_, _


def _try_again(work: Work, item: Attention, _wish: Resolution) -> None:
    try_again_in(work.session, item.details["inbox_id"], work.now)
    # If it fails again, that is a new item.
    item.dedupe = f"{item.id}:tried-again"


def _send_again(work: Work, item: Attention, _wish: Resolution) -> None:
    send_failed_again_in(work, item.details["receiver_id"])


def _booking(number: int, label: str) -> Decision:
    """Return the decision to book a visit at one of the free times that its item offers."""

    def book(work: Work, item: Attention, _wish: Resolution) -> None:
        book_instead_in(work, item.details["visit_id"], _free_time(item, number))

    def answer(work: Work, item: Attention, _wish: Resolution) -> str:
        said = moment_text(_free_time(item, number), clinic_in(work.session))
        return _("Planned for {moment}", moment=said)

    done = N_("The visit is planned for this time, and is being booked in Square.")
    return Decision(f"book_{number}", label, book, answer, done, look="primary" if number == 1 else "quiet")


def _free_time(item: Attention, number: int) -> datetime:
    return datetime.fromisoformat(item.details["free_times"][number - 1])


_TIMES = (N_("Book the first free time"), N_("Book the second free time"), N_("Book the third free time"))
_BOOKINGS = tuple(_booking(number, label) for number, label in enumerate(_TIMES[:MOST_OFFERED], start=1))

KINDS = (
    AttentionKind(
        GIVEN_UP,
        N_("Events that could not be delivered"),
        (
            Decision(
                "send_again",
                N_("Send again"),
                _send_again,
                N_("Sent again"),
                N_("They are being sent again."),
            ),
            DISMISS,
        ),
    ),
    AttentionKind(
        "failed_event",
        N_("An event of Square that could not be handled"),
        (
            Decision(
                "try_again", N_("Try again"), _try_again, N_("Tried again"), N_("It is being tried again.")
            ),
            DISMISS,
        ),
    ),
    AttentionKind(
        NOT_BOOKED, N_("Planned visits that are not booked in Square"), optional=_BOOKINGS, link="plan"
    ),
    AttentionKind("square_connection", N_("The connection to Square needs the owner")),
)
