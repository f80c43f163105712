"""The activity log, for the owner: who did what, when, from where and why, filtered by the address."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from flask import Response, render_template, request
from flask.typing import ResponseReturnValue

from plugin.configuration.save import differing_lines, setting_label
from plugin.core.acts import Source
from plugin.core.moments import rfc3339
from plugin.courses.base.activity import Did
from plugin.courses.base.sheet import Columns, sheet_of
from plugin.courses.clients.clients import read_client
from plugin.courses.reports.activity import (
    COURSE,
    OPENED,
    ActivityFilter,
    ActivityView,
    activity,
    actor_choices,
    all_activity,
)
from plugin.courses.reports.period import Period, asked_period
from plugin.web import current_services, pages
from plugin.web.access import Screens
from plugin.web.format import written_day
from plugin.web.owner.forms import ActivityForm
from plugin.web.refusals import Refusal, shows_refusals
from plugin.web.setup.frame import TITLES
from plugin.web.tables import Sorting, asked_one, asked_sorting, file_answer
from plugin.web.translations import N_, _

blueprint = Screens("activity", __name__)

USUAL_DAYS = 30
_LONGEST_ID = 160
_GROUPS = {
    "": N_("Everything except views of client data"),
    COURSE: N_("Sessions and courses"),
    "client": N_("Clients"),
    "staff": N_("Staff and access"),
    "sign_in": N_("Sign-ins"),
    "setting": N_("Settings"),
    "package": N_("Packages"),
    "text": N_("Texts"),
    "data": N_("Exports, imports, backups"),
    OPENED: N_("Views of client data"),
}
SOURCES = {
    "": N_("Anywhere"),
    Source.DESK: N_("Desk"),
    Source.API: N_("API token"),
    Source.SQUARE: N_("Square"),
    Source.IMPORT: N_("Import"),
    Source.COMMAND: N_("Server"),
}


@dataclass(frozen=True, slots=True)
class _Row:
    """An act with the lines of it that differ, before and after."""

    act: ActivityView
    label: str
    removed: tuple[str, ...]
    added: tuple[str, ...]

    @classmethod
    def of(cls, act: ActivityView) -> _Row:
        return cls(act, _label(act), *differing_lines(act.before, act.after))


def _label(act: ActivityView) -> str:
    if act.kind == Did.SETUP_STEP:
        return TITLES.get(act.subject_id, act.subject_id)
    if act.kind == Did.NOTE_CHANGED:
        return written_day(date.fromisoformat(act.name), pages.clinic(), pages.today())
    return setting_label(act.subject_id) if act.kind == Did.SETTING_CHANGED else act.name


@blueprint.get("/reports/activity")
@shows_refusals
def show(refusal: Refusal | None = None) -> ResponseReturnValue:
    """Show a page of the log; none where a filter is refused, as the rows would not be those asked for."""
    store = current_services().store
    wanted = _asked(refusal)
    after = request.args.get("after") or None
    sorting = _sorting()
    is_oldest_first = not sorting.is_descending
    acts = None if refusal else activity(store, wanted, cursor=after, is_oldest_first=is_oldest_first)
    return render_template(
        "owner/activity.html",
        rows=[_Row.of(each) for each in acts.rows] if acts else [],
        cursor=acts.cursor if acts else None,
        is_first=after is None,
        form=_form(wanted, refusal),
        kept=_kept(wanted) | ({"sort": sorting.word} if sorting.is_reversed else {}),
        sorting=sorting,
        sources=SOURCES,
        client=read_client(store, wanted.client_id) if wanted.client_id else None,
        about=wanted.about,
        refusal=refusal,
    )


@blueprint.get("/reports/activity.<ending>")
def save(ending: str) -> Response:
    wanted = _asked(None)
    rows = all_activity(current_services().store, wanted, is_oldest_first=not _sorting().is_descending)
    return file_answer(sheet_of(_("Activity"), _COLUMNS, rows), ending, wanted.period)


def _sorting() -> Sorting:
    return asked_sorting({"when": True})


def _asked(refusal: Refusal | None) -> ActivityFilter:
    """Return the filters of the address, of those refused only what is no field; raises InvalidField."""
    client_id, about = (request.args.get(name, "")[:_LONGEST_ID] for name in ("client", "about"))
    if refusal is not None:
        return ActivityFilter(client_id=client_id, about=about)
    return ActivityFilter(
        who=request.args.get("who", "")[:_LONGEST_ID],
        source=asked_one("source", Source),
        kind=asked_one("what", (*_GROUPS, *Did)) or "",
        client_id=client_id,
        about=about,
        period=_period(is_narrow=bool(client_id or about)),
    )


def _period(*, is_narrow: bool) -> Period | None:
    usual = None if is_narrow else Period(pages.today() - timedelta(days=USUAL_DAYS), pages.today())
    form = ActivityForm.asked()
    if form.from_.data is None and form.to.data is None:
        return usual
    return asked_period(form.from_.data, form.to.data, pages.today())


def _kept(wanted: ActivityFilter) -> dict[str, str]:
    """Return the filters for links and files."""
    period = wanted.period
    asked = {
        "who": wanted.who,
        "source": wanted.source.value if wanted.source else "",
        "what": wanted.kind,
        "client": wanted.client_id,
        "about": wanted.about,
        "from": period.first.isoformat() if period else "",
        "to": period.last.isoformat() if period else "",
    }
    return {name: value for name, value in asked.items() if value}


def _form(wanted: ActivityFilter, refusal: Refusal | None) -> ActivityForm:
    days = wanted.period
    form = ActivityForm.shown(
        refusal,
        from_=days.first if days else None,
        to=days.last if days else None,
        who=wanted.who,
        source=wanted.source or "",
        what=wanted.kind,
    )
    people = [("", _("Anyone")), *actor_choices(current_services().store)]
    if wanted.who and wanted.who not in dict(people):
        people.append((wanted.who, wanted.who))
    form.who.choices = people
    form.source.choices = tuple(SOURCES.items())
    known = _GROUPS if wanted.kind in _GROUPS else {**_GROUPS, wanted.kind: wanted.kind}
    form.what.choices = tuple(known.items())
    return form


def _sessions(act: ActivityView) -> str:
    return f"{act.change.sessions[0]} → {act.change.sessions[1]}" if act.change else ""


def _value(act: ActivityView) -> str:
    if act.change is None:
        return ""
    before, after = act.change.value
    return f"{before.amount} → {after.amount} {after.currency}"


_COLUMNS: Columns[ActivityView] = {
    "at": lambda act: rfc3339(act.at),
    "by": lambda act: act.by,
    "source": lambda act: act.source,
    "kind": lambda act: act.kind,
    "client": lambda act: act.client_id,
    "client_name": lambda act: act.client_name,
    "course": lambda act: act.course_id,
    "about": lambda act: act.name or act.subject_id,
    "before": lambda act: act.before,
    "after": lambda act: act.after,
    "sessions": _sessions,
    "value_minor_units": _value,
    "reason": lambda act: act.reason,
}
