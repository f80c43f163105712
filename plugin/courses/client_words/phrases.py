"""The phrases said to clients on their page and in their letters. Every language fills in all of them."""

from __future__ import annotations

from dataclasses import dataclass

from invoices.words.phrases import Plural


@dataclass(frozen=True, kw_only=True)
class ClientPhrases:
    """Plain phrases, and plurals keyed by the language's own categories."""

    # The punch card, for the page and for who hears it.
    my_course: str
    hello: str
    of_left: Plural
    of_ready: Plural
    not_used: Plural
    given_away: Plural
    of_used: Plural
    sessions: str
    session_n: str
    touch_up: str
    used: str
    left: str
    waiting: str
    locked: str
    not_paid: str
    gone: str
    touch_ups_left: Plural
    extras_left: str
    opens_later: str
    good_until: str
    ended_on: str
    on_hold: str
    waits_as_gift: str
    locked_until: Plural
    locked_until_day: Plural
    locked_overdue: Plural
    part_paid: str
    shared_by: str
    no_course: str
    earlier_courses: str

    next_visit: str
    time_with: str
    not_booked: str
    to_book: str
    to_change: str

    papers: str
    course_summary: str
    aftercare: str
    after_visit: str
    invoice: str
    credit_note: str
    opens_pdf: str

    your_visits: str
    visit: str
    missed: str
    with_whom: str
    no_visits: str
    earlier_visits: Plural
    terms: str
    reach_us: str
    call: str
    write: str
    website: str
    as_of: str

    gone_heading: str
    gone_said: str
    too_often: str
    not_ready: str

    # The letter after a visit.
    subject_session: str
    subject_touch_up: str
    subject_visit: str
    subject_guest_used: str
    dear: str
    thanks: str
    thanks_with: str
    was_session: str
    was_touch_up: str
    guest_came: str
    guest_session: str
    balance: Plural
    balance_used_up: Plural
    balance_ready: Plural
    balance_touch_ups: Plural
    balance_until: str
    attached_both: str
    attached_summary: str
    attached_aftercare: str
    questions_call: str
    questions_write: str
    questions_both: str
    your_page: str
    why_letter: str
    no_more: str

    # No more letters.
    stop_heading: str
    stop_said: str
    stop_button: str
    stopped: str
    stopped_more: str
