"""Who came and who did not: the visits and missed visits of a course, numbered by the main sessions they used.

Sessions used before Coursekeeper are counted, though nobody knows their days.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from zoneinfo import ZoneInfo

from plugin.core.ledger import Kind
from plugin.courses.views import AllowanceView, EntryView, NoShowView, VisitView
from plugin.store.ledger import Visit


def attendance(
    visits: Sequence[Visit],
    entries: Sequence[EntryView],
    allowances: Sequence[AllowanceView],
    staff: dict[str, str],
    guests: dict[str, str],
    zone: ZoneInfo,
) -> tuple[tuple[VisitView, ...], tuple[NoShowView, ...]]:
    """Return the visits that stand and the no-shows that were charged, by day, counted together."""
    main = {each.id for each in allowances if each.kind == "main"}
    standing = [each for each in entries if each.kind is Kind.USED and each.reversed_by is None]
    uses: dict[str, list[EntryView]] = defaultdict(list)
    for entry in standing:
        uses[entry.visit_id or ""].append(entry)
    occasions: list[tuple[date, str, Visit | None, list[EntryView]]] = [
        *((visit.visited_on, visit.id, visit, uses[visit.id]) for visit in visits if visit.id in uses),
        *(
            (entry.happened_at.astimezone(zone).date(), entry.id, None, [entry])
            for entry in standing
            if entry.is_no_show or entry.is_used_before
        ),
    ]
    came, missed, number = list[VisitView](), list[NoShowView](), 0
    for day, _, visit, used in sorted(occasions, key=lambda each: each[:2]):
        sessions = -sum(entry.sessions_delta for entry in used if entry.allowance_id in main)
        number += sessions
        numbered = number if sessions else None
        if used[0].is_used_before:
            continue
        if visit is None:
            missed.append(NoShowView(used[0].id, day, used[0].treatment, numbered))
        else:
            came.append(_visit(visit, used, numbered, staff, guests))
    return tuple(came), tuple(missed)


def _visit(
    visit: Visit,
    uses: Sequence[EntryView],
    number: int | None,
    staff: dict[str, str],
    guests: dict[str, str],
) -> VisitView:
    return VisitView(
        id=visit.id,
        visited_on=visit.visited_on,
        treatments=tuple(entry.treatment for entry in uses),
        number=number,
        practitioner=staff.get(visit.practitioner_id or "", ""),
        practitioner_id=visit.practitioner_id,
        focus=visit.focus,
        note=visit.note,
        entry_ids=tuple(entry.id for entry in uses),
        client_id=visit.client_id,
        guest=guests.get(visit.client_id, ""),
    )
