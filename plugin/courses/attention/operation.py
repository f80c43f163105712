"""Attention items about the operation: papers that wait for letters, events that failed, the connection to Square."""

from plugin.courses.attention.kind import DISMISS, AttentionKind, Decision, Resolution
from plugin.courses.base.inbox import try_again_in
from plugin.courses.base.outbox import enqueue
from plugin.courses.base.work import Work
from plugin.courses.documents.files import MISSING_LETTERS
from plugin.courses.webhooks.deliveries import GIVEN_UP, send_failed_again_in
from plugin.store.queues import Attention
from plugin.wording import N_


def _try_paper_again(work: Work, item: Attention, _wish: Resolution) -> None:
    enqueue(work, item.details["job"], item.details["subject"])
    # If it fails again, that is a new item.
    item.dedupe = f"{item.id}:tried-again"


def _try_again(work: Work, item: Attention, _wish: Resolution) -> None:
    try_again_in(work.session, item.details["inbox_id"], work.now)
    # If it fails again, that is a new item.
    item.dedupe = f"{item.id}:tried-again"


KINDS = (
    AttentionKind(
        MISSING_LETTERS,
        N_("A paper that waits for letters"),
        (
            Decision(
                "try_again",
                N_("Try again"),
                _try_paper_again,
                N_("Tried again"),
                N_("It is being tried again."),
            ),
            DISMISS,
        ),
    ),
    AttentionKind(
        GIVEN_UP,
        N_("Events that could not be delivered"),
        (
            Decision(
                "send_again",
                N_("Send again"),
                lambda work, item, _wish: send_failed_again_in(work, item.details["receiver_id"]),
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
    AttentionKind("square_connection", N_("The connection to Square needs the owner")),
)
