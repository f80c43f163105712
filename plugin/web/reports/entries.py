"""The entries behind a figure, for the owner: what every number of the reports leads to."""

from flask import Response, render_template, request
from flask.typing import ResponseReturnValue

from plugin.courses.reports.entries import (
    EntryFilter,
    EntryPage,
    EntrySum,
    Late,
    entries_behind,
    entries_behind_sheet,
)
from plugin.courses.reports.lines import Line
from plugin.web import current_services, pages
from plugin.web.access import Screens
from plugin.web.address import asked_one
from plugin.web.files import file_answer
from plugin.web.refusals import Refusal, shows_refusals
from plugin.web.reports.asked import period_for

blueprint = Screens("entries", __name__)

_LONGEST_ID = 200
_NAMES = (
    "currency",
    "line",
    "place",
    "package",
    "treatment",
    "practitioner",
    "late",
    "expired",
    "view",
    "of",
)
# Redemptions are shown as sessions used, not as what leaves the deferred revenue.
REDEMPTIONS = "redemptions"


@blueprint.get("/reports/entries")
@shows_refusals
def show(refusal: Refusal | None = None) -> ResponseReturnValue:
    """Show the entries of the figure in the address."""
    store, wanted = current_services().store, _asked(refusal)
    after = None if refusal else request.args.get("after") or None
    found: EntryPage = entries_behind(store, wanted, cursor=after)
    is_redeemed = request.args.get("view") == REDEMPTIONS and wanted.line is Line.USED
    return render_template(
        "owner/entries.html",
        wanted=wanted,
        rows=found.page.rows,
        cursor=found.page.cursor,
        is_first=after is None,
        total=_shown(found.sum, is_redeemed=is_redeemed),
        sign=-1 if is_redeemed else 1,
        about=request.args.get("of", "")[:_LONGEST_ID],
        refusal=refusal,
        kept=_kept(wanted),
    )


@blueprint.get("/reports/entries.<ending>")
def save(ending: str) -> Response:
    """Return all of them as a file, with the signs of the ledger."""
    wanted = _asked(None)
    return file_answer(entries_behind_sheet(current_services().store, wanted), ending, wanted.period)


def _asked(refusal: Refusal | None) -> EntryFilter:
    """Return the figure of the address; raises InvalidField for days that are none."""
    asked = {name: request.args.get(name, "")[:_LONGEST_ID] for name in _NAMES}
    return EntryFilter(
        period=period_for(refusal),
        currency=asked["currency"] or pages.clinic().currency,
        line=asked_one("line", Line),
        place=asked["place"],
        package_id=asked["package"],
        treatment_id=asked["treatment"],
        practitioner=asked["practitioner"],
        late=asked_one("late", Late),
        is_expired=asked["expired"] == "y",
    )


def _kept(wanted: EntryFilter) -> dict[str, str]:
    asked = {name: request.args.get(name, "")[:_LONGEST_ID] for name in _NAMES}
    days = {"from": wanted.period.first.isoformat(), "to": wanted.period.last.isoformat()}
    return {name: value for name, value in {**days, **asked}.items() if value}


def _shown(total: EntrySum, *, is_redeemed: bool) -> EntrySum:
    if not is_redeemed:
        return EntrySum(total.entries, total.sessions, total.value)
    at_single_prices = -total.at_single_prices if total.at_single_prices else None
    return EntrySum(total.entries, -total.sessions, -total.value, at_single_prices)
