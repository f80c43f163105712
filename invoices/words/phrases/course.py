"""The phrases of course summary and aftercare sheet."""

from __future__ import annotations

from dataclasses import dataclass

from invoices.words.phrases.plural import Plural


@dataclass(frozen=True, kw_only=True)
class Phrases:
    """Plain phrases, and plurals keyed by the language's own categories (one, few, other ...)."""

    course_summary: str
    aftercare: str
    title: str
    page: str

    of_sessions_left: Plural
    of_sessions_used: Plural
    of_sessions_usable: Plural
    sessions_not_used: Plural
    touch_ups_left: Plural
    touch_ups_ready: str
    from_session: str

    your_visits: str
    date: str
    session: str
    treatment: str
    practitioner: str
    focus: str
    session_n: str
    touch_up_n: str
    add_on: str
    no_show: str
    session_n_of: str
    touch_up_n_of: str
    no_visits: str
    earlier_visits: Plural

    your_course: str
    bought: str
    paid: str
    credit: str
    balance_due: str
    amount_by: str
    refunded: str
    gift_from: str
    received_from: str
    expires: str
    no_expiry: str
    touch_ups: str
    n_of_left: str
    terms: str

    next_visit: str
    time_with: str
    not_booked: str
    to_book: str
    to_change: str
    suggested_days: Plural
    suggested_weeks: Plural
    private_page: str
    private_page_hint: str
    private_page_alt: str

    note_finished: Plural
    note_none_left: Plural
    note_refunded: str
    note_refunded_amount: str
    note_expired: str
    note_written_off: str
    please_ask: str
    note_frozen: Plural
    days_on_hold: str
    note_due: str
    note_locked: Plural
    note_unpaid: Plural
    note_transferred: str
    note_exchanged: str
    note_gift: str
    on_day: str
    since_day: str
    by_day: str

    card_alt: Plural
    card_used_on: str
    card_locked: Plural
    card_expired: Plural
    card_gone: Plural
    card_touch_ups: Plural
    card_progress: str
    key_locked: str
    key_expired: str
    key_frozen: str
    key_gone: str

    with_practitioner: str
    to_review: str

    section_roles: dict[str, str]
