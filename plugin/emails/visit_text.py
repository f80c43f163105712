"""The letter after a visit in words, in the language of whoever gets it. Knows no mail server and no template."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from plugin.courses.client_words import ClientWords, client_words
from plugin.courses.client_words.status import balance_sentences
from plugin.courses.handouts.cache import AFTERCARE, SUMMARY
from plugin.courses.handouts.visit_email import DueLetter


@dataclass(frozen=True, slots=True)
class VisitText:
    """Every sentence of the letter; "" or () where there is nothing to say."""

    tag: str
    subject: str
    dear: str
    opening: str
    balance: tuple[str, ...]
    next_heading: str
    next_lines: tuple[str, ...]
    attached: str
    questions: str
    page_label: str
    page_url: str
    why: str
    stop_label: str
    stop_url: str
    clinic: str
    address: tuple[str, ...]
    summary_name: str
    aftercare_name: str


def visit_text(due: DueLetter, *, kinds: tuple[str, ...], page_url: str, stop_url: str) -> VisitText:
    """Say the whole letter; `kinds`: the papers that go with it."""
    words = client_words(due.client.language)
    phrases = words.phrases
    return VisitText(
        tag=words.tag,
        subject=_subject(due, words),
        dear=phrases.dear.format(name=due.client.name),
        # Chinese sets no space between sentences.
        opening=("" if words.tag.startswith("zh") else " ").join(_opening(due, words)),
        balance=tuple(balance_sentences(due.course.state, words)) if due.is_owner else (),
        next_heading=phrases.next_visit,
        next_lines=tuple(_next(due, words)),
        attached=_attached(kinds, words),
        questions=_questions(due, words),
        page_label=phrases.your_page if page_url else "",
        page_url=page_url,
        why=phrases.why_letter.format(clinic=due.clinic.name),
        stop_label=phrases.no_more,
        stop_url=stop_url,
        clinic=due.clinic.name,
        address=tuple(line for line in due.clinic.address.splitlines() if line),
        summary_name=phrases.course_summary,
        aftercare_name=phrases.aftercare,
    )


def _subject(due: DueLetter, words: ClientWords) -> str:
    phrases, clinic = words.phrases, due.clinic.name
    if not due.has_come:
        return phrases.subject_guest_used.format(clinic=clinic)
    if not due.is_owner:
        # The numbers of the course are its owner's.
        return phrases.subject_visit.format(clinic=clinic)
    if due.visit.number:
        return phrases.subject_session.format(n=due.visit.number, total=due.course.granted, clinic=clinic)
    subject = phrases.subject_touch_up if _is_touch_up(due) else phrases.subject_visit
    return subject.format(clinic=clinic)


def _is_touch_up(due: DueLetter) -> bool:
    kinds = {each.treatment: each.kind for each in due.course.allowances}
    return kinds.get(due.visit.treatments[0]) == "touch_up"


def _opening(due: DueLetter, words: ClientWords) -> Iterator[str]:
    phrases, visit = words.phrases, due.visit
    date = words.language.long_date(visit.visited_on)
    numbers = {"n": visit.number, "total": due.course.granted}
    if not due.has_come:
        yield phrases.guest_came.format(guest=visit.guest, date=date)
        if visit.number:
            yield phrases.guest_session.format(**numbers)
        return
    thanks = phrases.thanks_with if visit.practitioner else phrases.thanks
    yield thanks.format(date=date, practitioner=visit.practitioner)
    if due.is_owner and visit.number:
        yield phrases.was_session.format(**numbers)
    elif _is_touch_up(due):
        yield phrases.was_touch_up


def _next(due: DueLetter, words: ClientWords) -> Iterator[str]:
    phrases, language, zone = words.phrases, words.language, due.clinic.time_zone
    if visit := due.next_visit:
        time = language.time_of_day(visit.at, zone)
        if visit.practitioner:
            time = phrases.time_with.format(time=time, practitioner=visit.practitioner)
        yield f"{language.weekday_date(language.local_day(visit.at, zone))}, {time}"
    elif not due.has_come or not due.course.is_live or not due.course.state.not_used:
        return
    else:
        yield phrases.not_booked
    if due.interval and due.is_owner:
        yield due.interval
    if due.clinic.phone:
        asks = phrases.to_change if due.next_visit else phrases.to_book
        yield asks.format(phone=due.clinic.phone)


def _attached(kinds: tuple[str, ...], words: ClientWords) -> str:
    phrases = words.phrases
    if SUMMARY in kinds and AFTERCARE in kinds:
        return phrases.attached_both
    if SUMMARY in kinds:
        return phrases.attached_summary
    return phrases.attached_aftercare if AFTERCARE in kinds else ""


def _questions(due: DueLetter, words: ClientWords) -> str:
    phrases, phone, email = words.phrases, due.clinic.phone, due.clinic.email
    if phone and email:
        return phrases.questions_both.format(phone=phone, email=email)
    if phone:
        return phrases.questions_call.format(phone=phone)
    return phrases.questions_write.format(email=email) if email else ""
