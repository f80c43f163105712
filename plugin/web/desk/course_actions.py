"""The actions of a course's menu: roles, form, and the notice afterwards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import url_for

from plugin.core.acts import Act, Role
from plugin.courses.base.views import CourseView
from plugin.courses.base.words import day_text, sessions_text
from plugin.courses.changes.adjust import adjust_course, give_goodwill
from plugin.courses.changes.early_use import allow_ahead
from plugin.courses.changes.expiry import extend_course
from plugin.courses.changes.frame import Changed
from plugin.courses.changes.freeze import freeze_course, thaw_course
from plugin.courses.changes.gifts import give_course, take_gift_back
from plugin.courses.changes.sharing import end_share, share_course
from plugin.courses.changes.transfer import Transfer, transfer_course
from plugin.courses.changes.write_off import undo_write_off, write_off_course
from plugin.courses.visits.missed import settle_missed
from plugin.store import Store
from plugin.web import pages
from plugin.web.access import AT_THE_DESK
from plugin.web.actions import Notice
from plugin.web.course_words import course_said
from plugin.web.desk.forms import (
    AdjustmentForm,
    EarlyUseForm,
    EndShareForm,
    ExtensionForm,
    GiftForm,
    MissedForm,
    ShareForm,
    TransferForm,
    UnforcedForm,
    transfer_form_of,
)
from plugin.web.forms import Form, ReasonForm
from plugin.web.translations import N_, _

OWNER: tuple[Role, ...] = ()
DESK = (Role.DESK,)


@dataclass(frozen=True, slots=True)
class CourseAction:
    """One change of a course. Without a `title` it has no page: one tap does it.

    `verb` is the button of its page; `has_person`: a client is chosen first; `form_of` returns the form for a
    course that has one of its own.
    """

    name: str
    path: str
    roles: tuple[Role, ...]
    form: type[Form]
    do: Callable[[Store, Act, str, Any], Changed]
    said: Callable[[CourseView], Notice]
    title: str = ""
    verb: str = ""
    has_person: bool = False
    form_of: Callable[[CourseView], type[Form]] | None = None

    def form_for(self, course: CourseView) -> type[Form]:
        """Return the form that changes this course."""
        return self.form_of(course) if self.form_of else self.form


def _extend(store: Store, act: Act, course_id: str, form: ExtensionForm) -> Changed:
    return extend_course(store, act, course_id, form.wish())


def _freeze(store: Store, act: Act, course_id: str, form: ReasonForm) -> Changed:
    return freeze_course(store, act, course_id, form.reason.data)


def _unfreeze(store: Store, act: Act, course_id: str, form: UnforcedForm) -> Changed:
    return thaw_course(store, act, course_id, form.reason.data)


def _share(store: Store, act: Act, course_id: str, form: ShareForm) -> Changed:
    return share_course(store, act, course_id, form.wish())


def _end_share(store: Store, act: Act, course_id: str, form: EndShareForm) -> Changed:
    return end_share(store, act, course_id, form.share_id.data, reason=form.reason.data)


def _give(store: Store, act: Act, course_id: str, form: GiftForm) -> Changed:
    return give_course(store, act, course_id, form.wish())


def _cancel_gift(store: Store, act: Act, course_id: str, form: UnforcedForm) -> Changed:
    return take_gift_back(store, act, course_id, form.reason.data)


def _transfer(store: Store, act: Act, course_id: str, form: TransferForm) -> Changed:
    wish = Transfer(form.client_id.data, form.reason.data, parts=form.parts)
    return transfer_course(store, act, course_id, wish)


def _adjust(store: Store, act: Act, course_id: str, form: AdjustmentForm) -> Changed:
    return adjust_course(store, act, course_id, form.wish())


def _goodwill(store: Store, act: Act, course_id: str, _form: Form) -> Changed:
    return give_goodwill(store, act, course_id)


def _allow(store: Store, act: Act, course_id: str, form: EarlyUseForm) -> Changed:
    chosen = form.allowance_id.data or None
    return allow_ahead(
        store, act, course_id, form.sessions.number, reason=form.reason.data, allowance_id=chosen
    )


def _write_off(store: Store, act: Act, course_id: str, form: ReasonForm) -> Changed:
    return write_off_course(store, act, course_id, form.reason.data)


def _undo_write_off(store: Store, act: Act, course_id: str, form: UnforcedForm) -> Changed:
    return undo_write_off(store, act, course_id, form.reason.data or _("Undone by the owner"))


def _missed(store: Store, act: Act, course_id: str, form: MissedForm) -> Changed:
    return settle_missed(store, act, course_id, form.wish(), known_charges=form.known)


def _said_expiration(course: CourseView) -> Notice:
    if course.expires_on is None:
        return Notice(_("The package does not expire now."))
    return Notice(_("The package expires on {day} now.", day=day_text(course.expires_on, pages.clinic())))


def _said_adjusted(course: CourseView) -> Notice:
    return Notice(_("Adjusted. {left}", left=_left(course)))


def _said_missed(course: CourseView) -> Notice:
    return Notice(_("Recorded in the history. {left}", left=_left(course)))


def _left(course: CourseView) -> str:
    return f"{course_said(course.state, pages.clinic())}."


def _said_transfer(course: CourseView) -> Notice:
    said = _(
        "Transferred. {client_name} has {sessions} left.",
        client_name=course.client_name,
        sessions=sessions_text(course.left),
    )
    address = url_for("clients.show", client_id=course.client_id)
    return Notice(said, link=address, link_text=_("Show {client_name}", client_name=course.client_name))


def _said_gift(course: CourseView) -> Notice:
    name = course.gift.recipient_name if course.gift else ""
    address = url_for("changes.give", course_id=course.id)
    return Notice(
        _("This package is a gift for {name} now.", name=name), link=address, link_text=_("Show the voucher")
    )


def _saying(text: str) -> Callable[[CourseView], Notice]:
    return lambda _course: Notice(text)


COURSE_ACTIONS = (
    CourseAction(
        "missed",
        "missed",
        AT_THE_DESK,
        MissedForm,
        _missed,
        _said_missed,
        N_("Record no-show"),
        N_("Record no-show"),
    ),
    CourseAction(
        "extend",
        "extension",
        OWNER,
        ExtensionForm,
        _extend,
        _said_expiration,
        N_("Extend this package"),
        N_("Save expiration date"),
    ),
    CourseAction(
        "freeze",
        "freeze",
        OWNER,
        ReasonForm,
        _freeze,
        _saying(N_("Frozen.")),
        N_("Freeze this package"),
        N_("Freeze"),
    ),
    CourseAction(
        "thaw", "thaw", DESK, UnforcedForm, _unfreeze, _saying(N_("Unfrozen. Sessions can be used again."))
    ),
    CourseAction(
        "share",
        "shares",
        DESK,
        ShareForm,
        _share,
        _saying(N_("Shared.")),
        N_("Share this package"),
        N_("Share"),
        has_person=True,
    ),
    CourseAction(
        "end_share", "shares/end", DESK, EndShareForm, _end_share, _saying(N_("No longer shared with them."))
    ),
    CourseAction(
        "give", "gift", DESK, GiftForm, _give, _said_gift, N_("Gift this package"), N_("Create voucher")
    ),
    CourseAction(
        "take_gift_back", "gift/end", DESK, UnforcedForm, _cancel_gift, _saying(N_("The gift is canceled."))
    ),
    CourseAction(
        "transfer",
        "transfer",
        OWNER,
        TransferForm,
        _transfer,
        _said_transfer,
        N_("Transfer remaining sessions"),
        N_("Transfer sessions"),
        has_person=True,
        form_of=transfer_form_of,
    ),
    CourseAction(
        "adjust",
        "adjustment",
        OWNER,
        AdjustmentForm,
        _adjust,
        _said_adjusted,
        N_("Adjust balance"),
        N_("Adjust balance"),
    ),
    CourseAction("goodwill", "goodwill", OWNER, Form, _goodwill, _said_adjusted),
    CourseAction(
        "allow",
        "ahead",
        OWNER,
        EarlyUseForm,
        _allow,
        _saying(N_("Unlocked.")),
        N_("Unlock unpaid sessions"),
        N_("Unlock sessions"),
    ),
    CourseAction(
        "write_off",
        "write-off",
        OWNER,
        ReasonForm,
        _write_off,
        _saying(N_("Written off.")),
        N_("Write off balance"),
        N_("Write off"),
    ),
    CourseAction(
        "undo_write_off",
        "write-off/end",
        OWNER,
        UnforcedForm,
        _undo_write_off,
        _saying(N_("The write-off is undone.")),
    ),
)
