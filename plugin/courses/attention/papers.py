"""Attention items about papers."""

from plugin.courses.attention.kind import DISMISS, AttentionKind, Decision, Resolution
from plugin.courses.base.outbox import enqueue
from plugin.courses.base.work import Work
from plugin.courses.documents.files import MISSING_LETTERS
from plugin.store.queues import Attention
from plugin.wording import N_


def _try_again(work: Work, item: Attention, _wish: Resolution) -> None:
    enqueue(work, item.details["job"], item.details["subject"])
    # If it fails again, that is a new item.
    item.dedupe = f"{item.id}:tried-again"


KINDS = (
    AttentionKind(
        MISSING_LETTERS,
        N_("A paper that waits for letters"),
        (
            Decision(
                "try_again", N_("Try again"), _try_again, N_("Tried again"), N_("It is being tried again.")
            ),
            DISMISS,
        ),
    ),
)
