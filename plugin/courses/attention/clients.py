"""Attention items about clients and their Square profiles."""

from __future__ import annotations

from plugin.courses.attention.kind import AttentionKind, Decision, Resolution
from plugin.courses.base.work import Work
from plugin.courses.clients.clients import living_client_in
from plugin.courses.clients.merge import lock_both, merge_rows
from plugin.courses.clients.unmerge import keep_together, split_client
from plugin.store.queues import Attention


def _split(work: Work, item: Attention, wish: Resolution) -> None:
    split_client(work, item.details, reason=wish.reason)


def _keep_together(work: Work, item: Attention, _wish: Resolution) -> None:
    keep_together(work, item.details)


def _merge(work: Work, item: Attention, _wish: Resolution) -> None:
    before_id, new_id = (living_client_in(work.session, each).id for each in item.details["client_ids"])
    merge_rows(work, *lock_both(work.session, new_id, before_id))


def _leave_apart(_work: Work, _item: Attention, _wish: Resolution) -> None:
    """Leave both clients as they are."""


KINDS = (
    AttentionKind(
        "unmerged_customer",
        "Profiles that Square parted again",
        (
            Decision(
                "split",
                "Undo merge",
                _split,
                "A client of their own again",
                "The merge is undone.",
            ),
            Decision(
                "keep_together",
                "Keep one client",
                _keep_together,
                "Kept as one client",
                "They stay one client.",
                look="quiet",
            ),
        ),
    ),
    AttentionKind("profiles_held", "Square profiles that are not deleted by themselves"),
    AttentionKind(
        "possible_duplicate",
        "Two clients who may be one person",
        (
            Decision(
                "merge_clients",
                "Merge clients",
                _merge,
                "Clients merged",
                "The clients are merged.",
                "The same person",
            ),
            Decision(
                "not_duplicate",
                "Not a duplicate",
                _leave_apart,
                "Not a duplicate",
                "They stay two clients.",
                "Two people",
                "quiet",
            ),
        ),
        link="compare_clients",
    ),
)
