"""Attention items about the connection to Square."""

from __future__ import annotations

from plugin.courses.attention.kind import DISMISS, AttentionKind, Decision, Resolution
from plugin.courses.base.inbox import try_again_in
from plugin.courses.base.work import Work
from plugin.store.queues import Attention


def _try_again(work: Work, item: Attention, _wish: Resolution) -> None:
    try_again_in(work.session, item.details["inbox_id"], work.now)
    # If it fails again, that is a new item.
    item.dedupe = f"{item.id}:tried-again"


KINDS = (
    AttentionKind(
        "failed_event",
        "An event of Square that could not be handled",
        (Decision("try_again", "Try again", _try_again, "Tried again", "It is being tried again."), DISMISS),
    ),
    AttentionKind("square_connection", "The connection to Square needs the owner"),
)
