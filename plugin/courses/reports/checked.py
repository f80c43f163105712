"""The check before treatments by month and version of the list: how many answered, and how many “ask me”.

Counts alone: whose answer it was stands nowhere here, and which point it was about is stored nowhere.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, func, select

from plugin.courses.base.clinic import local_date_in
from plugin.courses.base.columns import Column, Columns, Kind, Share
from plugin.courses.reports.period import MONTHS_SHOWN, Period, months_up_to
from plugin.store import Store
from plugin.store.checks import CheckAnswer
from plugin.wording import _


@dataclass(frozen=True, slots=True)
class CheckedMonth:
    """The last answers of each client and day in a month, to one version of the list; `answered` is `none` and `ask`.

    `talked`: of `ask`, those whom somebody who treats has asked since.
    """

    month: Period
    version: int
    answered: int
    none: int
    ask: int
    talked: int


def checks_by_month(store: Store, now: datetime) -> tuple[CheckedMonth, ...]:
    """Return the last twelve months, this one included, oldest first; a month without an answer has no row."""
    of = CheckAnswer
    is_ask = of.answer == "ask"
    with store.reading() as session:
        months = months_up_to(local_date_in(session, now), MONTHS_SHOWN)
        rows = session.execute(
            select(
                of.on_day,
                of.list_version,
                func.count().label("answered"),
                func.sum(case((is_ask, 1), else_=0)).label("ask"),
                func.sum(case((is_ask & of.talked_at.is_not(None), 1), else_=0)).label("talked"),
            )
            .where(of.on_day >= months[0].first, of.replaced_at.is_(None))
            .group_by(of.on_day, of.list_version)
        ).all()
    found = []
    for month in months:
        here = [row for row in rows if month.first <= row.on_day <= month.last]
        for version in sorted({row.list_version for row in here}):
            days = [row for row in here if row.list_version == version]
            answered, ask, talked = (
                sum(int(getattr(row, name)) for row in days) for name in ("answered", "ask", "talked")
            )
            found.append(CheckedMonth(month, version, answered, answered - ask, ask, talked))
    return tuple(found)


CHECKED: Columns[CheckedMonth] = (
    Column(_("Month"), lambda row: row.month.key, Kind.MONTH),
    Column(_("Version"), lambda row: row.version),
    Column(_("Answered"), lambda row: row.answered),
    Column(_("None of these apply"), lambda row: row.none),
    Column(_("Ask me"), lambda row: Share(row.ask, row.answered), Kind.SHARE),
    Column(_("Asked since"), lambda row: Share(row.talked, row.ask), Kind.SHARE),
)
