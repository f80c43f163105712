"""The papers a client takes home of a course: its summary, and the aftercare sheet of a visit."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from invoices.papers.account import Party
from invoices.papers.shared import NOTHING_SAID, Arrival, Clinic, Money, NextVisit, OpenHours

StampState = Literal["used", "left", "locked", "expired", "gone"]
AllowanceKind = Literal["main", "touch_up", "add_on"]
CourseStatus = Literal[
    "open",
    "finished",
    "refunded",
    "expired",
    "written_off",
    "frozen",
    "part_paid",
    "transferred",
    "exchanged",
]
SectionRole = Literal[
    "tonight", "first_hours", "expect", "call_us", "see_doctor", "get_help", "runs", "before", "other"
]


@dataclass(frozen=True)
class Stamp:
    """One session on the punch card. `on` is the day it was used; a locked one is left, and its money is still due."""

    state: StampState
    on: date | None = None


@dataclass(frozen=True, kw_only=True)
class Allowance:
    """The sessions of one treatment in the course; `usable_from_session`: the main session that opens it.

    `is_open` once it has, and they can be used now.
    """

    treatment: str
    granted: int
    used: int
    left: int
    kind: AllowanceKind = "main"
    usable_from_session: int | None = None
    stamps: tuple[Stamp, ...] = ()
    is_open: bool = False


@dataclass(frozen=True, kw_only=True)
class SummaryVisit:
    """One used session. `focus`: what was treated, with what was added to it; "" where nothing was noted.

    `is_no_show`: a missed visit that was charged by the terms.
    """

    on: date
    treatment: str
    session_number: int | None = None
    kind: AllowanceKind = "main"
    practitioner: str = ""
    focus: str = ""
    is_no_show: bool = False


@dataclass(frozen=True, kw_only=True)
class Received:
    """From whom the client has a course they did not buy, and since when: the price is not disclosed to them."""

    how: Literal["gift", "transfer"]
    giver_name: str
    on: date


@dataclass(frozen=True)
class RatingMark:
    """A client's own rating before the visit of a day, None before the next one; `value` None where there is none."""

    on: date | None
    value: int | None


@dataclass(frozen=True, kw_only=True)
class RatedConcern:
    """A concern in the client's words, with its rating before each visit from the first rating on."""

    words: str
    marks: tuple[RatingMark, ...]
    visits_before: int = 0


@dataclass(frozen=True, kw_only=True)
class LastSession:
    """What a summary says once the main sessions are used: what was done, and what may follow.

    `touch_up_on`: when the first touch-up is suggested. `offer`: the package the clinic offers to go on with.
    """

    first_on: date
    last_on: date
    sessions: int
    touch_up_on: date | None = None
    offer: str = ""
    offer_price: Money | None = None


@dataclass(frozen=True, kw_only=True)
class CourseSummary:
    """`status_on`: the day the course got its status. `balance_due`, by `due_on`: what of the price is not paid.

    Of a part-paid course, `sessions_usable` of those left can be used now. `sessions_lost` expired with it or were
    written off. `paid`, with `credit` from an earlier course, is None where another client paid. `earlier_visits`: how
    many visits came before the first one listed. `licenses`: the practitioners' names with their licenses.
    `credit_notes`: the numbers of those issued for its refund. `gift_for`: who has not redeemed its voucher yet. The
    day it expires is not known before the first visit where `expires_after_first_visit`; then the terms state how it
    is counted.
    """

    clinic: Clinic
    client_name: str
    issued_on: date
    package_name: str
    sessions_left: int
    sessions_total: int
    sold_on: date
    paid: Money | None = None
    language: str = "en"
    status: CourseStatus = "open"
    status_on: date | None = None
    sessions_used: int = 0
    sessions_usable: int | None = None
    sessions_lost: int = 0
    received: Received | None = None
    gift_for: str = ""
    exchanged_for: str = ""
    allowances: tuple[Allowance, ...] = ()
    visits: tuple[SummaryVisit, ...] = ()
    earlier_visits: int = 0
    licenses: tuple[str, ...] = ()
    balance_due: Money | None = None
    due_on: date | None = None
    credit: Money | None = None
    refunded: Money | None = None
    credit_notes: tuple[str, ...] = ()
    expires_on: date | None = None
    expires_after_first_visit: bool = False
    terms: tuple[str, ...] = ()
    last_session: LastSession | None = None
    next_visit: NextVisit | None = None
    suggested_interval: str | None = None
    balance_url: str | None = None
    ratings: tuple[RatedConcern, ...] = ()


@dataclass(frozen=True)
class Run:
    """A piece of text in one style."""

    text: str
    style: Literal["plain", "emphasis", "strong"] = "plain"


@dataclass(frozen=True)
class Block:
    """A paragraph (one item) or a list (an item per line)."""

    kind: Literal["paragraph", "list"]
    items: tuple[tuple[Run, ...], ...]


@dataclass(frozen=True)
class TimeRow:
    """What is fine when: a thing, and its cells for tonight, up to 24 and up to 48 hours, or one for all of them."""

    thing: str
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Section:
    """`rows`: the lines of its lists that are a table by time."""

    role: SectionRole
    heading: str
    blocks: tuple[Block, ...]
    rows: tuple[TimeRow, ...] = ()


@dataclass(frozen=True, kw_only=True)
class AftercareText:
    """A treatment's text in one language.

    `reviewed` once the clinic's practitioner has signed it off: who, with the license, on which day, which version.
    """

    title: str
    sections: tuple[Section, ...]
    reviewed: bool = False
    reviewed_by: str = ""
    reviewed_on: date | None = None
    version: int | None = None


# The whole sheet, or its steps of help alone on a card to cut out.
SheetForm = Literal["sheet", "card"]


@dataclass(frozen=True, kw_only=True)
class AftercareSheet:
    """`phone_hours`: when the clinic answers its phone; none where it has not entered any."""

    clinic: Clinic
    client_name: str
    visited_on: date
    treatment: str
    text: AftercareText
    language: str = "en"
    session_number: int | None = None
    sessions_total: int | None = None
    kind: AllowanceKind = "main"
    practitioner: str = ""
    focus: str = ""
    next_visit: NextVisit | None = None
    phone_hours: tuple[OpenHours, ...] = ()
    form: SheetForm = "sheet"


def stamps(
    *,
    granted: int,
    used_on: Iterable[date],
    left: int,
    undated: int = 0,
    locked: int = 0,
    expired: int = 0,
) -> tuple[Stamp, ...]:
    """Lay out a punch card: the used ones by date, then those left, then those lost to expiry or to something else.

    `undated` sessions were used before days were recorded; they are first. `locked` are among those left.
    """
    dated = tuple(Stamp("used", on) for on in sorted(used_on))
    known = (
        *(Stamp("used"),) * undated,
        *dated,
        *(Stamp("left"),) * (left - locked),
        *(Stamp("locked"),) * locked,
        *(Stamp("expired"),) * expired,
    )
    return (*known, *(Stamp("gone"),) * (granted - len(known)))


# A card on one sheet that is folded twice, its faces as pages of their own, or a sheet that is folded into thirds for a
# window envelope: DL on A4, whose thirds are 99 by 210 mm, #10 on Letter.
VoucherForm = Literal["fold", "pages", "dl"]


@dataclass(frozen=True)
class GiftContent:
    """So many sessions of one treatment in the gift."""

    treatment: str
    sessions: int
    kind: AllowanceKind = "main"


@dataclass(frozen=True, kw_only=True)
class GiftVoucher:
    """`code` redeems it, typed or scanned. `good_until`: the last day, None for no end. It shows no price.

    `months_from_first_visit`: where the expiry counts from the first visit, which has not taken place yet.
    """

    clinic: Clinic
    package_name: str
    contents: tuple[GiftContent, ...]
    giver_name: str
    recipient_name: str
    code: str
    issued_on: date
    message: str = ""
    good_until: date | None = None
    terms: tuple[str, ...] = ()
    language: str = "en"
    months_from_first_visit: int | None = None
    form: VoucherForm = "fold"


@dataclass(frozen=True, kw_only=True)
class VoucherLetter:
    """The letter to whoever bought a gift, which goes with the voucher; it shows neither price nor code."""

    clinic: Clinic
    billed_to: Party
    recipient_name: str
    package_name: str
    issued_on: date
    good_until: date | None = None
    language: str = "en"
    is_folded: bool = True
    has_message: bool = True


@dataclass(frozen=True, kw_only=True)
class ShopPoster:
    """`url`: the public page with the clinic's packages."""

    clinic: Clinic
    url: str
    issued_on: date
    language: str = "en"


@dataclass(frozen=True, kw_only=True)
class WelcomeContent:
    """The sessions of one treatment; `usable_from_session`: the main session that opens them."""

    treatment: str
    sessions: int
    kind: AllowanceKind = "main"
    usable_from_session: int | None = None


@dataclass(frozen=True, kw_only=True)
class WelcomeSheet:
    """`sections`: how the course runs and what to do before the first visit, of the treatment's text."""

    clinic: Clinic
    client_name: str
    issued_on: date
    package_name: str
    contents: tuple[WelcomeContent, ...]
    sections: tuple[Section, ...]
    language: str = "en"
    expires_on: date | None = None
    suggested_interval: str | None = None
    next_visit: NextVisit | None = None
    terms: tuple[str, ...] = ()
    phone_hours: tuple[OpenHours, ...] = ()
    balance_url: str | None = None
    arrival: Arrival = NOTHING_SAID


# A sheet with all visits, or the next one alone on a card to cut out.
PlannerForm = Literal["sheet", "card"]


@dataclass(frozen=True, kw_only=True)
class PlannerVisit:
    """One visit to come; `at` is aware. `minutes`: how long it takes, 0 where that is not known."""

    at: datetime
    is_booked: bool
    minutes: int = 0
    treatment: str = ""
    practitioner: str = ""


@dataclass(frozen=True, kw_only=True)
class VisitPlanner:
    """`calendar_url`: where a phone adds the visits to its calendar."""

    clinic: Clinic
    client_name: str
    issued_on: date
    package_name: str
    visits: tuple[PlannerVisit, ...] = ()
    language: str = "en"
    calendar_url: str | None = None
    form: PlannerForm = "sheet"
    arrival: Arrival = NOTHING_SAID


@dataclass(frozen=True, kw_only=True)
class Guide:
    """How the front desk or the owner works with Coursekeeper; `title` heads it."""

    clinic: Clinic
    title: str
    issued_on: date
    sections: tuple[Section, ...]
    language: str = "en"
