"""Attention items about clients: two who may be one person, and profiles that Square parted again."""

from plugin.courses.attention.kind import AttentionKind, Decision, Resolution
from plugin.courses.base.work import Work
from plugin.courses.clients.clients import living_client_in
from plugin.courses.clients.merge import lock_both, merge_rows
from plugin.courses.clients.merge_core import keep_together, split_client
from plugin.store.queues import Attention
from plugin.wording import N_


def _merge(work: Work, item: Attention, _wish: Resolution) -> None:
    before_id, new_id = (living_client_in(work.session, each).id for each in item.details["client_ids"])
    merge_rows(work, *lock_both(work.session, new_id, before_id))


def _leave_apart(_work: Work, _item: Attention, _wish: Resolution) -> None:
    """Leave both clients as they are."""


KINDS = (
    AttentionKind(
        "unmerged_customer",
        N_("Profiles that Square parted again"),
        (
            Decision(
                "split",
                N_("Undo merge"),
                lambda work, item, wish: split_client(work, item.details, reason=wish.reason),
                N_("A client of their own again"),
                N_("The merge is undone."),
            ),
            Decision(
                "keep_together",
                N_("Keep one client"),
                lambda work, item, _wish: keep_together(work, item.details),
                N_("Kept as one client"),
                N_("They stay one client."),
                look="quiet",
            ),
        ),
    ),
    AttentionKind("profiles_held", N_("Square profiles that are not deleted automatically")),
    AttentionKind(
        "possible_duplicate",
        N_("Two clients who may be one person"),
        (
            Decision(
                "merge_clients",
                N_("Merge clients"),
                _merge,
                N_("Clients merged"),
                N_("The clients are merged."),
                N_("The same person"),
            ),
            Decision(
                "not_duplicate",
                N_("Not a duplicate"),
                _leave_apart,
                N_("Not a duplicate"),
                N_("They stay two clients."),
                N_("Two people"),
                "quiet",
            ),
        ),
        link="compare_clients",
    ),
)
