"""The head of a course summary: the large number, the note under the name, and the key of the punch card."""

from collections.abc import Iterator

from invoices.language import Language
from invoices.papers import CourseSummary

# Of these no session can be used any more: nothing on the paper is in the color that means "yours".
OVER = frozenset({"expired", "written_off", "refunded", "transferred", "exchanged"})
_LOST = frozenset({"expired", "written_off"})
# Nothing of these is left that anybody could still ask for: what counts is what was used.
CLOSED = OVER - {"expired"}


def figure(paper: CourseSummary, language: Language) -> tuple[str, str]:
    """Return the large number and what it counts."""
    total = paper.sessions_total
    if paper.status in _LOST:
        return str(paper.sessions_lost), language.ngettext(
            "session not used", "sessions not used", paper.sessions_lost
        )
    if paper.status == "finished" or paper.status in CLOSED:
        return str(paper.sessions_used), language.ngettext(
            "of {n} session used", "of {n} sessions used", total
        )
    if _locked(paper):
        return str(paper.sessions_usable), language.ngettext(
            "of {n} session is yours to use now", "of {n} sessions are yours to use now", total
        )
    return str(paper.sessions_left), language.ngettext("of {n} session left", "of {n} sessions left", total)


def _locked(paper: CourseSummary) -> int:
    """Count the main sessions left whose money is still due."""
    if paper.status != "part_paid" or paper.sessions_usable is None:
        return 0
    return paper.sessions_left - paper.sessions_usable


def note(paper: CourseSummary, language: Language) -> str:
    """Return the note on the course's status, "" for an open one."""
    if paper.gift_for:
        return language.gettext(
            "A gift for {name}. No session can be used before the voucher is redeemed.", name=paper.gift_for
        )
    if paper.status == "part_paid":
        return _note_part_paid(paper, language)
    if paper.status in _LOST:
        return _note_lost(paper, language)
    day = _day(paper, language)
    if paper.status == "finished":
        return _note_finished(paper, day, language)
    if paper.status == "refunded" and paper.refunded:
        return language.gettext(
            "Refunded{day}. {amount} was refunded to you.", day=day, amount=language.money(paper.refunded)
        )
    if paper.status == "refunded":
        return language.gettext("Refunded{day}. No sessions are left.", day=day)
    if paper.status == "frozen":
        kept = language.ngettext(
            "On hold{day}. Your {n} session is kept for you.",
            "On hold{day}. Your {n} sessions are kept for you.",
            paper.sessions_left,
            day=day,
        )
        return language.sentences(
            kept,
            language.gettext("The days on hold are added to the expiration date.")
            if paper.expires_on
            else "",
        )
    if paper.status == "exchanged":
        return language.gettext("Exchanged{day} for {package}.", day=day, package=paper.exchanged_for)
    return (
        language.gettext("Transferred{day}. The remaining sessions now belong to someone else.", day=day)
        if paper.status == "transferred"
        else ""
    )


def _note_finished(paper: CourseSummary, day: str, language: Language) -> str:
    if paper.sessions_used == paper.sessions_total:
        return language.ngettext(
            "Completed{day}. The session is used.",
            "Completed{day}. All {n} sessions are used.",
            paper.sessions_used,
            day=day,
        )
    return language.ngettext(
        "Completed{day}. {n} session was used; none is left.",
        "Completed{day}. {n} sessions were used; none is left.",
        paper.sessions_used,
        day=day,
    )


def _note_part_paid(paper: CourseSummary, language: Language) -> str:
    due, locked = paper.balance_due, _locked(paper)
    if due is None:
        # Its invoice was canceled: what is not paid is no longer due.
        return (
            language.ngettext(
                "{n} session is not paid for and cannot be used.",
                "{n} sessions are not paid for and cannot be used.",
                locked,
            )
            if locked
            else ""
        )
    day = language.gettext(" by {date}", date=language.long_date(paper.due_on)) if paper.due_on else ""
    due_sentence = language.gettext("{amount} is due{day}.", amount=language.money(due), day=day)
    return language.sentences(
        due_sentence,
        language.ngettext(
            "{n} more session can be used once it is paid.",
            "{n} more sessions can be used once it is paid.",
            locked,
        )
        if locked
        else "",
    )


def _note_lost(paper: CourseSummary, language: Language) -> str:
    date = language.medium_date(paper.status_on or paper.issued_on)
    said = (
        language.gettext("Expired {date}.")
        if paper.status == "expired"
        else language.gettext("Closed {date}.")
    )
    ask = (
        language.gettext("Please talk to us about what is left.")
        if paper.status == "expired" and paper.sessions_left
        else ""
    )
    return language.sentences(said.format(date=date), ask)


def _day(paper: CourseSummary, language: Language) -> str:
    if not paper.status_on:
        return ""
    phrase = language.gettext(" since {date}") if paper.status == "frozen" else language.gettext(" on {date}")
    return phrase.format(date=language.long_date(paper.status_on))


def key(paper: CourseSummary, language: Language) -> Iterator[str]:
    """Explain only the marks on this card that don't explain themselves."""
    states = {stamp.state for allowance in paper.allowances for stamp in allowance.stamps}
    if "locked" in states:
        yield language.gettext("Light: not paid yet")
    if "expired" in states:
        yield language.gettext("Hatched: expired")
    if paper.status == "frozen" and "left" in states:
        yield language.gettext("Lined across: on hold")
    if "gone" in states:
        yield language.gettext("Dashed: no longer on this course")
