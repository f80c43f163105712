"""The desk's wording of a course's sessions, shared by lists, cards, buttons and notices."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from jinja2 import pass_context
from jinja2.runtime import Context

from plugin.core.course import AllowanceState, Balance, CourseState
from plugin.core.status import Status
from plugin.courses.base.views import ClinicView, CourseView
from plugin.courses.base.words import day_text, money_text
from plugin.web.format import written_day
from plugin.web.translations import N_, _, ngettext

_CLOSED = {Status.REFUNDED: N_("Refunded"), Status.TRANSFERRED: N_("Transferred")}


@dataclass(frozen=True, slots=True)
class Said:
    """A number to show large or bold, "" where there is none, and the words after it."""

    number: str
    words: str

    def __str__(self) -> str:
        return f"{self.number} {self.words}".strip()


def course_said(state: CourseState, clinic: ClinicView) -> Said:
    """Return in few words what is left of a course and can be used: "3 usable now, 7 locked"."""
    if state.status in _CLOSED:
        return Said("", _CLOSED[state.status])
    if state.waiting_gift is not None:
        return Said(
            "",
            _(
                "Not usable: waits as a gift for {recipient_name}",
                recipient_name=state.waiting_gift.recipient_name,
            ),
        )
    if state.on_hold_since is not None:
        since = written_day(state.on_hold_since, clinic, state.today)
        return Said(
            "",
            _(
                "On hold since {since}, {left} of {granted} left",
                since=since,
                left=state.left,
                granted=state.granted,
            ),
        )
    if state.expired_on is not None:
        return _expired(state.not_used, state.expired_on, clinic)
    if state.touch_ups_left and (state.has_touch_ups_alone or not state.left):
        return _touch_ups(state.touch_ups_left)
    return _left(state.left, state.granted, state.locked)


def figure_said(state: CourseState, clinic: ClinicView) -> Said:
    """Return the same for its card: "3 of 10 ready to use, 7 locked until $1,150.00 is paid by Dec 28"."""
    whole = _("of {granted}", granted=state.granted)
    if state.waiting_gift is not None:
        return Said(
            str(state.left),
            _(
                "{whole}, not usable: waits as a gift for {recipient_name}",
                whole=whole,
                recipient_name=state.waiting_gift.recipient_name,
            ),
        )
    if state.on_hold_since is not None:
        since = written_day(state.on_hold_since, clinic, state.today)
        return Said(str(state.left), _("{whole} left, on hold since {since}", whole=whole, since=since))
    if state.expired_on is not None:
        return _expired(state.not_used, state.expired_on, clinic)
    if state.locked:
        ready = state.left - state.locked
        return Said(
            str(ready),
            _(
                "of {left} ready to use, {locked_said}",
                left=state.left,
                locked_said=locked_said(state, clinic),
            ),
        )
    return Said(str(state.left), _("{whole} left", whole=whole))


def locked_said(state: CourseState, clinic: ClinicView) -> str:
    """Return what the locked sessions wait for: "7 locked until $1,150.00 is paid by Dec 28"."""
    if not state.due.amount:
        return (
            _("{locked} locked, invoice canceled", locked=state.locked)
            if state.facts.due_ended_on
            else _("{locked} locked", locked=state.locked)
        )
    due = money_text(state.due, clinic)
    said = _("{locked} locked until {due} is paid", locked=state.locked, due=due)
    if state.due_on is None:
        return said
    day = written_day(state.due_on, clinic, state.today)
    return (
        _("{said}, overdue since {day}", said=said, day=day)
        if state.is_overdue
        else _("{said} by {day}", said=said, day=day)
    )


def allowance_said(state: CourseState, allowance: AllowanceState, clinic: ClinicView) -> Said:
    """Return what is left of one treatment; of a main one, what is left of the course."""
    if state.is_main(allowance.id) and allowance.kind != "touch_up":
        return course_said(state, clinic)
    return _left(allowance.left, allowance.granted, allowance.locked)


def balance_said(balance: Balance, clinic: ClinicView, today: date) -> Said:
    """Return a client's sessions over all courses; empty where they have none."""
    if balance.left and balance.on_hold_since and balance.on_hold == balance.left:
        since = written_day(balance.on_hold_since, clinic, today)
        return Said(
            "",
            _(
                "On hold since {since}, {left} of {granted} left",
                since=since,
                left=balance.left,
                granted=balance.granted,
            ),
        )
    if balance.left and balance.on_hold:
        if balance.locked:
            said = _(
                "usable now, {locked} locked, {held} on hold", locked=balance.locked, held=balance.on_hold
            )
        else:
            said = _("usable now, {held} on hold", held=balance.on_hold)
        return Said(str(balance.usable_now), said)
    if balance.left:
        return _left(balance.left, balance.granted, balance.locked)
    if balance.touch_ups_left:
        return _touch_ups(balance.touch_ups_left)
    if balance.waits_for:
        return Said("", _("Not usable: waits as a gift for {waits_for}", waits_for=balance.waits_for))
    if balance.expired_on is not None:
        return _expired(balance.not_used, balance.expired_on, clinic)
    return Said("", "")


def _left(left: int, granted: int, locked: int) -> Said:
    return (
        Said(str(left - locked), _("usable now, {locked} locked", locked=locked))
        if locked
        else Said(str(left), _("of {granted} left", granted=granted))
    )


def _touch_ups(many: int) -> Said:
    return Said(str(many), ngettext("touch-up left", "touch-ups left", many))


def _expired(not_used: int, on: date, clinic: ClinicView) -> Said:
    said = ngettext(
        "session not used, expired {day}",
        "sessions not used, expired {day}",
        not_used,
        day=day_text(on, clinic),
    )
    return Said(str(not_used), said)


@pass_context
def _said(context: Context, of: CourseState | Balance) -> Said:
    if isinstance(of, Balance):
        return balance_said(of, context["clinic"], context["today"])
    return course_said(of, context["clinic"])


@pass_context
def _figure(context: Context, of: CourseView) -> Said:
    return figure_said(of, context["clinic"])


@pass_context
def _locked(context: Context, of: CourseView) -> str:
    return locked_said(of, context["clinic"])


@pass_context
def _allowance(context: Context, of: AllowanceState, course: CourseView) -> Said:
    return allowance_said(course, of, context["clinic"])


FILTERS: dict[str, Callable[..., Any]] = {
    "said": _said,
    "figure": _figure,
    "locked": _locked,
    "allowance_said": _allowance,
}
