"""What can be done to a sold course from its menu: who may, what its form says, what is told afterwards.

Knows no page: `changes` serves them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flask import url_for
from werkzeug.datastructures import MultiDict

from plugin.core.acts import Act, Role
from plugin.core.money import Money
from plugin.courses.base.views import CourseView
from plugin.courses.base.words import day_text, sessions_text
from plugin.courses.changes.adjust import Adjustment, adjust_course, give_goodwill
from plugin.courses.changes.early_use import allow_ahead
from plugin.courses.changes.expiry import Extension, extend_course
from plugin.courses.changes.frame import Changed
from plugin.courses.changes.freeze import freeze_course, thaw_course
from plugin.courses.changes.gifts import NewGift, give_course, take_gift_back
from plugin.courses.changes.missed import Missed, settle_missed
from plugin.courses.changes.sharing import Share, end_share, share_course
from plugin.courses.changes.transfer import Transfer, transfer_course
from plugin.courses.changes.write_off import undo_write_off, write_off_course
from plugin.errors import InvalidField
from plugin.store import Store
from plugin.web import pages
from plugin.web.actions import Notice
from plugin.web.course_words import course_said
from plugin.web.form_values import (
    known_charges,
    typed_date,
    typed_money,
    typed_number,
    typed_optional_number,
)
from plugin.web.format import locale_of

Form = MultiDict[str, str]
OWNER: tuple[Role, ...] = ()
DESK = (Role.DESK,)
AT_THE_DESK = (Role.DESK, Role.PRACTITIONER)


@dataclass(frozen=True, slots=True)
class CourseDeed:
    """One deed. Without a `title` it has no page: one tap does it. `has_person`: somebody is chosen first."""

    name: str
    path: str
    roles: tuple[Role, ...]
    do: Callable[[Store, Act, str, Form], Changed]
    told: Callable[[CourseView], Notice]
    title: str = ""
    has_person: bool = False


def _extend(store: Store, act: Act, course_id: str, form: Form) -> Changed:
    day = typed_date(form.get("expires_on", ""), field="expires_on")
    if day is None and "never" not in form:
        raise InvalidField("Choose the last day, or tick that it never ends.", field="expires_on")
    wish = Extension(
        None if "never" in form else day, form.get("reason", ""), is_shortening="shorten" in form
    )
    return extend_course(store, act, course_id, wish)


def _freeze(store: Store, act: Act, course_id: str, form: Form) -> Changed:
    return freeze_course(store, act, course_id, form.get("reason", ""))


def _thaw(store: Store, act: Act, course_id: str, form: Form) -> Changed:
    return thaw_course(store, act, course_id, form.get("reason", ""))


def _share(store: Store, act: Act, course_id: str, form: Form) -> Changed:
    until = typed_date(form.get("until", ""), field="until")
    wish = Share(form.get("client_id", ""), until, form.get("reason", ""))
    return share_course(store, act, course_id, wish)


def _end_share(store: Store, act: Act, course_id: str, form: Form) -> Changed:
    return end_share(store, act, course_id, form.get("share_id", ""), form.get("reason", ""))


def _give(store: Store, act: Act, course_id: str, form: Form) -> Changed:
    new = NewGift(form.get("recipient_name", ""), form.get("message", ""), form.get("reason", ""))
    return give_course(store, act, course_id, new)


def _take_gift_back(store: Store, act: Act, course_id: str, form: Form) -> Changed:
    return take_gift_back(store, act, course_id, form.get("reason", ""))


def _transfer(store: Store, act: Act, course_id: str, form: Form) -> Changed:
    parts = {
        name.removeprefix("n-"): typed_optional_number(typed, field="sessions", called="The number") or 0
        for name, typed in form.items()
        if name.startswith("n-")
    }
    if not any(parts.values()):
        raise InvalidField("Choose how many sessions are transferred.", field="sessions")
    wish = Transfer(form.get("client_id", ""), form.get("reason", ""), parts=parts)
    return transfer_course(store, act, course_id, wish)


def _adjust(store: Store, act: Act, course_id: str, form: Form) -> Changed:
    count = typed_number(form.get("sessions", ""), field="sessions", called="The number of sessions")
    is_more = form.get("way") == "more"
    worth = form.get("value", "").strip()
    wish = Adjustment(
        count if is_more else -count,
        form.get("reason", ""),
        form.get("allowance_id") or None,
        value=_worth(worth) if worth and is_more else None,
        keeps_value=form.get("way") == "fewer_keeping",
    )
    return adjust_course(store, act, course_id, wish)


def _worth(typed: str) -> Money:
    clinic = pages.clinic()
    return typed_money(typed, clinic.currency, locale_of(clinic), field="value", called="Their worth")


def _goodwill(store: Store, act: Act, course_id: str, _form: Form) -> Changed:
    return give_goodwill(store, act, course_id)


def _allow(store: Store, act: Act, course_id: str, form: Form) -> Changed:
    count = typed_number(form.get("sessions", ""), field="sessions", called="The number of sessions")
    chosen = form.get("allowance_id") or None
    return allow_ahead(store, act, course_id, count, form.get("reason", ""), allowance_id=chosen)


def _write_off(store: Store, act: Act, course_id: str, form: Form) -> Changed:
    return write_off_course(store, act, course_id, form.get("reason", ""))


def _undo_write_off(store: Store, act: Act, course_id: str, form: Form) -> Changed:
    return undo_write_off(store, act, course_id, form.get("reason", "") or "Undone by the owner")


def _missed(store: Store, act: Act, course_id: str, form: Form) -> Changed:
    missed = Missed(
        form.get("decision", ""),
        form.get("how", "no_show"),
        typed_date(form.get("missed_on", ""), field="missed_on"),
        form.get("allowance_id") or None,
    )
    return settle_missed(store, act, course_id, missed, known_charges=known_charges(form))


def _told_end(course: CourseView) -> Notice:
    if course.expires_on is None:
        return Notice("The course has no end now.")
    return Notice(f"The course ends on {day_text(course.expires_on, pages.clinic())} now.")


def _told_left(course: CourseView) -> Notice:
    return Notice(f"Adjusted. {_left(course)}")


def _told_missed(course: CourseView) -> Notice:
    return Notice(f"Noted in the history. {_left(course)}")


def _left(course: CourseView) -> str:
    return f"{course_said(course.state, pages.clinic())}."


def _told_transfer(course: CourseView) -> Notice:
    said = f"Transferred. {course.client_name} has {sessions_text(course.left)} left."
    address = url_for("clients.show", client_id=course.client_id)
    return Notice(said, link=address, link_text=f"Show {course.client_name}")


def _told_gift(course: CourseView) -> Notice:
    name = course.gift.recipient_name if course.gift else ""
    address = url_for("changes.give", course_id=course.id)
    return Notice(f"A gift for {name} now.", link=address, link_text="Show the voucher")


def _saying(text: str) -> Callable[[CourseView], Notice]:
    return lambda _course: Notice(text)


COURSE_DEEDS = (
    CourseDeed("missed", "missed", AT_THE_DESK, _missed, _told_missed, "A visit was missed"),
    CourseDeed("extend", "extension", OWNER, _extend, _told_end, "Extend this course"),
    CourseDeed("freeze", "freeze", OWNER, _freeze, _saying("Frozen."), "Freeze this course"),
    CourseDeed("thaw", "thaw", DESK, _thaw, _saying("Thawed. Sessions can be used again.")),
    CourseDeed("share", "shares", DESK, _share, _saying("Shared."), "Share this course", has_person=True),
    CourseDeed("end_share", "shares/end", DESK, _end_share, _saying("No longer shared with them.")),
    CourseDeed("give", "gift", DESK, _give, _told_gift, "Give this course"),
    CourseDeed("take_gift_back", "gift/end", DESK, _take_gift_back, _saying("The gift is taken back.")),
    CourseDeed(
        "transfer",
        "transfer",
        OWNER,
        _transfer,
        _told_transfer,
        "Transfer what is left",
        has_person=True,
    ),
    CourseDeed("adjust", "adjustment", OWNER, _adjust, _told_left, "Adjust the sessions"),
    CourseDeed("goodwill", "goodwill", OWNER, _goodwill, _told_left),
    CourseDeed("allow", "ahead", OWNER, _allow, _saying("Allowed."), "Allow sessions before they are paid"),
    CourseDeed(
        "write_off", "write-off", OWNER, _write_off, _saying("Written off."), "Write off what is left"
    ),
    CourseDeed("undo_write_off", "write-off/end", OWNER, _undo_write_off, _saying("Given back as it was.")),
)
