"""The text of the e-mail after a visit, in the recipient's language. Pure; no I/O."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from invoices.language import Language
from invoices.papers import NextVisit
from plugin.courses.base.views import ClinicView
from plugin.courses.clients.balance_text import balance_sentences
from plugin.courses.handouts.cache import AFTERCARE, SUMMARY
from plugin.courses.handouts.visit_email import DueLetter


@dataclass(frozen=True, slots=True)
class VisitText:
    """What depends on the visit; the rest is in the templates. "" or () where there is nothing to state."""

    subject: str
    opening: str
    balance: tuple[str, ...]
    next_lines: tuple[str, ...]
    attached: str
    questions: str


def visit_text(due: DueLetter, language: Language, kinds: Collection[str]) -> VisitText:
    """Write the text; `kinds`: the papers that are attached."""
    return VisitText(
        subject=_subject(due, language),
        opening=language.sentences(*_opening(due, language)),
        balance=tuple(balance_sentences(due.course, language)) if due.is_owner else (),
        next_lines=tuple(_next(due, language)),
        attached=_attached(kinds, language),
        questions=questions_line(due.clinic, language),
    )


def _subject(due: DueLetter, language: Language) -> str:
    clinic = due.clinic.name
    if not due.has_come:
        return language.gettext("A session of your course at {clinic} was used", clinic=clinic)
    if not due.is_owner:
        # The session numbers of a course are for its owner only.
        return language.gettext("Your visit at {clinic}", clinic=clinic)
    if due.visit.number:
        return language.gettext(
            "Session {n} of {total} at {clinic}", n=due.visit.number, total=due.course.granted, clinic=clinic
        )
    subject = (
        language.gettext("Your touch-up at {clinic}")
        if _is_touch_up(due)
        else language.gettext("Your visit at {clinic}")
    )
    return subject.format(clinic=clinic)


def _is_touch_up(due: DueLetter) -> bool:
    kinds = {each.treatment: each.kind for each in due.course.allowances}
    return kinds.get(due.visit.treatments[0]) == "touch_up"


def _opening(due: DueLetter, language: Language) -> Iterator[str]:
    visit = due.visit
    date = language.long_date(visit.visited_on)
    numbers = {"n": visit.number, "total": due.course.granted}
    if not due.has_come:
        yield language.gettext(
            "{guest} came on {date} and used a session of your course.", guest=visit.guest, date=date
        )
        if visit.number:
            yield language.pgettext("guest", "That was session {n} of {total}.", **numbers)
        return
    thanks = (
        language.gettext("Thank you for coming to {practitioner} on {date}.")
        if visit.printed_practitioner
        else language.gettext("Thank you for coming on {date}.")
    )
    yield thanks.format(date=date, practitioner=visit.printed_practitioner)
    if due.is_owner and visit.number:
        yield language.gettext("That was session {n} of {total}.", **numbers)
    elif _is_touch_up(due):
        yield language.gettext("That was a touch-up.")


def _next(due: DueLetter, language: Language) -> Iterator[str]:
    interval = due.interval if due.interval and due.is_owner else ""
    if due.next_visit:
        yield from booked_lines(due.next_visit, due.clinic, language, interval)
    elif due.has_come and due.course.is_live and due.course.not_used:
        yield language.gettext("Not booked yet")
        if interval:
            yield interval
        if due.clinic.phone:
            yield language.gettext("To book, call {phone}.", phone=due.clinic.phone)


def booked_lines(
    visit: NextVisit, clinic: ClinicView, language: Language, interval: str = ""
) -> Iterator[str]:
    """Yield when the next visit is, the suggested interval if any, and how to change it."""
    time = language.time_of_day(visit.at, clinic.time_zone)
    if visit.practitioner:
        time = language.gettext("{time} with {practitioner}", time=time, practitioner=visit.practitioner)
    yield f"{language.weekday_date(language.local_day(visit.at, clinic.time_zone))}, {time}"
    if interval:
        yield interval
    if clinic.phone:
        yield language.pgettext("private page", "To change it, call {phone}.", phone=clinic.phone)


def _attached(kinds: Collection[str], language: Language) -> str:
    if SUMMARY in kinds and AFTERCARE in kinds:
        return language.gettext(
            "Attached are your course summary, and what to do in the next hours and days."
        )
    if SUMMARY in kinds:
        return language.gettext("Attached is your course summary.")
    return (
        language.gettext("Attached is what to do in the next hours and days.") if AFTERCARE in kinds else ""
    )


def questions_line(clinic: ClinicView, language: Language) -> str:
    """Return how to reach the clinic, "" where neither phone nor e-mail is known."""
    phone, email = clinic.phone, clinic.email
    if phone and email:
        return language.gettext(
            "Questions, or something does not feel right? Call {phone} or write to {email}.",
            phone=phone,
            email=email,
        )
    if phone:
        return language.gettext("Questions, or something does not feel right? Call {phone}.", phone=phone)
    return (
        language.gettext("Questions, or something does not feel right? Write to {email}.", email=email)
        if email
        else ""
    )
