"""The phrases of the owner's month."""

from __future__ import annotations

from dataclasses import dataclass

from invoices.words.phrases.plural import Plural


@dataclass(frozen=True, kw_only=True)
class MonthPhrases:
    """Plain phrases, and plurals keyed by the language's own categories."""

    owners_month: str
    title: str
    so_far: str
    printed_on: str
    is_closed: str
    is_open: str
    is_running: str

    owed_after: str
    owed_now: str
    owed_for: Plural
    paid_in: str
    paid_for: Plural
    used: str
    used_worth: Plural

    rolled: str
    line: str
    sessions: str
    value: str
    opening: str
    sold: str
    sold_note: str
    refunded: str
    expired: str
    adjusted: str
    transferred: str
    expired_note: Plural
    other_currencies: str

    trend: str
    trend_hint: str
    month: str
    month_sold: str
    month_used: str
    worth: str
    owed_at_end: str
    flows_chart: str
    owed_chart: str
    flows_alt: str
    owed_alt: str
    flows_point: str
    owed_point: str

    packages: str
    package: str
    courses_sold: str
    sessions_sold: str
    sessions_used: str
    all_packages: str
    other_packages: Plural
    no_packages: str

    people: str
    name: str
    phone: str
    why: str
    left: str
    no_phone: str
    nobody: str
    left_out: Plural
    about: str
    low: Plural
    finished: str
    expiring: str
    expiring_plain: str
    lapsed: str
    lapsed_plain: str
    overdue: str
    overdue_plain: str
