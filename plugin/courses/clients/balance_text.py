"""A course's balance in words for its client: the same on their page and in their e-mails."""

from collections.abc import Iterator

from invoices.language import Language
from plugin.core.course import CourseState
from plugin.core.status import IN_USE, Status
from plugin.courses.base.words import paper_money

_TELLS_BALANCE = (*IN_USE, Status.FINISHED, Status.FROZEN)


def figure(state: CourseState, language: Language) -> tuple[int, str]:
    """Return the large number and what it counts: what can be used of what is left, if something is locked."""
    if state.waiting_gift is not None:
        return state.left, language.ngettext(
            "session, given as a gift", "sessions, given as a gift", state.left
        )
    if state.expired_on is not None:
        return state.not_used, language.ngettext("session not used", "sessions not used", state.not_used)
    if state.is_live and state.locked:
        return state.usable_now, language.ngettext(
            "of {n} session ready to use", "of {n} sessions ready to use", state.left
        )
    return state.left, language.ngettext("of {n} session left", "of {n} sessions left", state.granted)


def standing(state: CourseState, language: Language, *, is_owner: bool = True) -> str:
    """Return why sessions can't be used, and until when they can be; "" if there is nothing to state.

    What is due is between the clinic and the owner of the course.
    """
    day = language.long_date
    due = _due(state, language) if is_owner else ""
    if state.waiting_gift is not None:
        return language.gettext(
            "Not usable: waits as a gift for {name}.", name=state.waiting_gift.recipient_name
        )
    if state.expired_on is not None:
        return language.gettext(
            "Expired {date}. Please talk to us about the sessions left.", date=day(state.expired_on)
        )
    if state.on_hold_since is not None:
        return language.sentences(
            language.gettext(
                "On hold since {date}. Your sessions are kept for you.", date=day(state.on_hold_since)
            ),
            due,
        )
    until = language.gettext("Good until {date}", date=day(state.expires_on)) if state.expires_on else ""
    return language.sentences(due, until)


def balance_sentences(state: CourseState, language: Language) -> Iterator[str]:
    """Return the balance in whole sentences; nothing for a course that is over."""
    if state.status not in _TELLS_BALANCE:
        return
    if state.left:
        yield language.ngettext(
            "You have {left} of {n} session left.",
            "You have {left} of {n} sessions left.",
            state.granted,
            left=state.left,
        )
    else:
        yield language.ngettext("The session is used.", "All {n} sessions are used.", state.granted)
    if state.is_live and state.locked:
        yield language.ngettext("{n} is ready to use now.", "{n} are ready to use now.", state.usable_now)
    for each in state.touch_ups:
        if each.granted:
            yield language.ngettext(
                "{left} of {n} touch-up is left.",
                "{left} of {n} touch-ups are left.",
                each.granted,
                left=each.left,
            )
    if state.on_hold_since is not None:
        yield language.gettext(
            "On hold since {date}. Your sessions are kept for you.",
            date=language.long_date(state.on_hold_since),
        )
    if due := _due(state, language):
        yield due
    if state.expires_on and state.status is not Status.FINISHED:
        yield language.gettext("Good until {date}.", date=language.long_date(state.expires_on))


def _due(state: CourseState, language: Language) -> str:
    """Return what is due, and what is locked until then."""
    if not state.due.amount:
        # Its invoice was canceled: the unpaid amount is no longer due.
        return _not_paid(state.locked, language) if state.locked else ""
    amount = language.money(paper_money(state.due))
    if not state.locked:
        return language.gettext("{amount} is due.", amount=amount)
    if state.due_on is None:
        return language.ngettext(
            "{n} session is locked until {amount} is paid.",
            "{n} sessions are locked until {amount} is paid.",
            state.locked,
            amount=amount,
        )
    date = language.long_date(state.due_on)
    if state.is_overdue:
        return language.ngettext(
            "{n} session is locked until {amount} is paid; it was due {date}.",
            "{n} sessions are locked until {amount} is paid; it was due {date}.",
            state.locked,
            amount=amount,
            date=date,
        )
    return language.ngettext(
        "{n} session is locked until {amount} is paid by {date}.",
        "{n} sessions are locked until {amount} is paid by {date}.",
        state.locked,
        amount=amount,
        date=date,
    )


def _not_paid(locked: int, language: Language) -> str:
    return language.ngettext(
        "{n} session is not paid for and cannot be used.",
        "{n} sessions are not paid for and cannot be used.",
        locked,
    )
