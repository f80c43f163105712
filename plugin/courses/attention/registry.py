"""Every kind of attention item. To add one, declare it in its subject's module and open it where it occurs."""

from plugin.courses.attention import clients, papers, refunds, sales, square, visits
from plugin.courses.attention.kind import AttentionKind
from plugin.store.queues import Attention

KINDS = {each.kind: each for part in (sales, visits, refunds, clients, papers, square) for each in part.KINDS}


def kind_of(kind: str) -> AttentionKind:
    """Return the kind of an item; one unknown to this version can be dismissed."""
    return KINDS.get(kind) or AttentionKind(kind, kind)


def decisions_of(row: Attention) -> tuple[str, ...]:
    """Return the names of an item's decisions."""
    return kind_of(row.kind).names(row.details)
