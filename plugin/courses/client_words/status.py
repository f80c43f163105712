"""How a course stands, said to its client: on their page and in their letters alike."""

from __future__ import annotations

from collections.abc import Iterator

from invoices.papers import Money as PaperMoney
from plugin.core.course import CourseState
from plugin.core.status import Status
from plugin.courses.client_words import ClientWords

_TELLS_BALANCE = (Status.OPEN, Status.PART_PAID, Status.FINISHED, Status.FROZEN)


def figure(state: CourseState, words: ClientWords) -> tuple[int, str]:
    """Return the large number and what it counts: what can be used of what is left, once something is locked."""
    phrases, plural = words.phrases, words.language.plural
    if state.waiting_gift is not None:
        return state.left, plural(phrases.given_away, state.left)
    if state.expired_on is not None:
        return state.not_used, plural(phrases.not_used, state.not_used)
    if state.is_live and state.locked:
        return state.usable_now, plural(phrases.of_ready, state.left)
    return state.left, plural(phrases.of_left, state.granted)


def standing(state: CourseState, words: ClientWords, *, is_owner: bool = True) -> str:
    """Say what keeps sessions from being used, and until when they can be; "" where there is nothing to say.

    What is due is between the clinic and the owner of the course.
    """
    phrases, day = words.phrases, words.language.long_date
    due = _due(state, words) if is_owner else ""
    if state.waiting_gift is not None:
        return phrases.waits_as_gift.format(name=state.waiting_gift.recipient_name)
    if state.expired_on is not None:
        return phrases.ended_on.format(date=day(state.expired_on))
    if state.on_hold_since is not None:
        return words.language.sentences(phrases.on_hold.format(date=day(state.on_hold_since)), due)
    until = phrases.good_until.format(date=day(state.expires_on)) if state.expires_on else ""
    return words.language.sentences(due, until)


def balance_sentences(state: CourseState, words: ClientWords) -> Iterator[str]:
    """Say the balance in whole sentences; nothing for a course that is over."""
    phrases, plural = words.phrases, words.language.plural
    if state.status not in _TELLS_BALANCE:
        return
    if state.left:
        yield plural(phrases.balance, state.granted, left=state.left)
    else:
        yield plural(phrases.balance_used_up, state.granted)
    if state.is_live and state.locked:
        yield plural(phrases.balance_ready, state.usable_now)
    for each in state.touch_ups:
        if each.granted:
            yield plural(phrases.balance_touch_ups, each.granted, left=each.left)
    if state.on_hold_since is not None:
        yield phrases.on_hold.format(date=words.language.long_date(state.on_hold_since))
    if due := _due(state, words):
        yield due
    if state.expires_on and state.status is not Status.FINISHED:
        yield phrases.balance_until.format(date=words.language.long_date(state.expires_on))


def _due(state: CourseState, words: ClientWords) -> str:
    """Say what is due, and what waits for it."""
    phrases, language = words.phrases, words.language
    if not state.due.amount:
        # Its invoice was canceled: what is not paid is not asked for any more.
        return language.plural(language.phrases.note_unpaid, state.locked) if state.locked else ""
    amount = language.money(PaperMoney(state.due.amount, state.due.currency))
    if not state.locked:
        return phrases.part_paid.format(amount=amount)
    if state.due_on is None:
        return language.plural(phrases.locked_until, state.locked, amount=amount)
    phrase = phrases.locked_overdue if state.is_overdue else phrases.locked_until_day
    return language.plural(phrase, state.locked, amount=amount, date=language.long_date(state.due_on))
