"""What the use cases return: plain values. A row that needs nothing added or left out is returned itself."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from functools import cache
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from zoneinfo import ZoneInfo

from plugin.core.acts import Source
from plugin.core.course import AllowanceState, Balance, CourseState
from plugin.core.ledger import Kind
from plugin.core.money import Money
from plugin.core.terms import Terms

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T")
V = TypeVar("V", bound="DataclassInstance")


def from_row(view: type[V], row: object, **others: Any) -> V:
    """Return a view of a row: fields not in `others` are copied from its attributes of the same name."""
    return view(**{name: getattr(row, name) for name in _names_of(view) if name not in others}, **others)


@cache
def _names_of(view: type["DataclassInstance"]) -> tuple[str, ...]:
    return tuple(each.name for each in fields(view))


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a list; `cursor` fetches the next one, None at the end."""

    rows: tuple[T, ...]
    cursor: str | None = None

    @classmethod
    def of(cls, found: Sequence[T], limit: int, cursor_of: Callable[[T], str]) -> "Page[T]":
        """Return the page of rows of which one more was read than it holds, to see whether others follow."""
        rows = tuple(found[:limit])
        return cls(rows, cursor_of(rows[-1]) if len(found) > limit else None)


@dataclass(frozen=True, slots=True)
class LogoView:
    """The logo printed on papers, by the SHA-256 of its PNG; size in pixels."""

    sha256: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class ClinicView:
    """The clinic as its papers and screens show it.

    `legal_name` and `tax_id` appear on invoices. `sends_papers`: clients get papers by e-mail after a visit.
    `voucher_form` is fold, pages or dl; `address_place`, of the client's address on letters, plain or window.
    """

    name: str
    address: str
    phone: str
    email: str
    website: str
    country: str
    time_zone: str
    currency: str
    language: str
    accent: str
    page_size: str
    square_location_id: str | None
    legal_name: str = ""
    tax_id: str = ""
    has_e_invoices: bool = False
    sends_papers: bool = True
    offers_next_course: bool = False
    voucher_form: str = "fold"
    address_place: str = "plain"
    map_url: str = ""
    parking: str = ""
    entrance: str = ""
    logo: LogoView | None = None

    @property
    def zone(self) -> ZoneInfo:
        """Return the time zone in which its days and months begin."""
        return ZoneInfo(self.time_zone)


@dataclass(frozen=True, slots=True)
class ClientView:
    """A client; phone in E.164."""

    id: str
    name: str
    phone: str | None
    email: str | None
    language: str
    square_customer_id: str | None
    created_at: datetime
    is_erased: bool = False
    # Whether they get e-mails, and why the last one bounced.
    wants_mail: bool = True
    mail_problem: str = ""
    # How the name is said aloud, "" where it was not noted.
    sounds_like: str = ""
    # Whether their papers are printed in larger type.
    large_print: bool = False
    # The address on their invoices, "" where that of the Square profile is used.
    postal_address: str = ""


@dataclass(frozen=True, slots=True)
class NextUse:
    """The session that a use of a course would take: a main one first."""

    course_id: str
    allowance: AllowanceState


@dataclass(frozen=True, slots=True)
class FoundClient:
    """One search result: the client and the totals over all of their courses.

    `next_use`: what one tap would use, where only one of their own courses can be used now.
    """

    client: ClientView
    balance: Balance
    next_use: NextUse | None = None


@dataclass(frozen=True, slots=True)
class ContentView:
    """A number of sessions of a treatment in a package."""

    treatment: str
    kind: str
    sessions: int
    single_price: Money
    usable_from_session: int | None


@dataclass(frozen=True, slots=True)
class OnTillView:
    """How Square sells a package; `is_seen` is False where its catalog has not shown the item (yet).

    `name` is the agreed name, None while that is open.
    """

    is_seen: bool
    name: str | None
    seen_name: str | None
    seen_item_name: str | None
    seen_price: Money | None
    seen_at: datetime | None
    is_deleted: bool

    @property
    def is_comparable(self) -> bool:
        """Return whether it is known how Square POS sells it."""
        return self.seen_at is not None and not self.is_deleted


@dataclass(frozen=True, slots=True)
class PackageView:
    """A package for sale."""

    id: str
    name: str
    price: Money
    contents: tuple[ContentView, ...]
    terms: Terms
    version: int
    is_active: bool
    square_variation_id: str | None
    on_till: OnTillView | None = None
    is_public: bool = True
    # By language; Square and the staff use the main one.
    names: Mapping[str, str] = field(default_factory=dict)

    @property
    def has_another_price_in_square(self) -> bool:
        """Return whether Square POS charges another price than is set here."""
        sold = self.on_till
        return sold is not None and sold.is_comparable and sold.seen_price != self.price

    @property
    def differs_in_square(self) -> bool:
        """Return whether Square POS sells it at another price, or under another name than agreed."""
        sold = self.on_till
        if sold is None or not sold.is_comparable:
            return False
        return self.has_another_price_in_square or (bool(sold.name) and sold.name != sold.seen_name)


@dataclass(frozen=True, slots=True)
class EntryView:
    """One entry of the ledger. `reversed_by` is the id of the entry that reversed it, if any.

    `session_number`: the session number of a use, from `CourseState.number_of`.
    """

    id: str
    allowance_id: str
    treatment: str
    seq: int
    kind: Kind
    sessions_delta: int
    sessions_after: int
    value_delta: Money
    value_after: Money
    happened_at: datetime
    written_at: datetime
    by: str
    source: str
    reason: str
    reverses: str | None
    reversed_by: str | None
    visit_id: str | None
    session_number: int | None = None

    @property
    def is_no_show(self) -> bool:
        """Return whether it charges a visit that did not take place."""
        return self.kind is Kind.USED and self.visit_id is None and not self.is_used_before

    @property
    def is_used_before(self) -> bool:
        """Return whether it represents visits before Coursekeeper, known from an import only by number."""
        return self.kind is Kind.USED and self.visit_id is None and self.source == Source.IMPORT


@dataclass(frozen=True, slots=True)
class VisitView:
    """One attended appointment and the sessions it used. `number` counts the course's main sessions.

    `printed_practitioner`: the practitioner as clients read the name, with `license` on papers. `areas` and
    `add_ons` were tapped, `focus` is what was typed beside them; `note` is for the clinic only. `noted_at`,
    `noted_by`: the last change of any of it; None where nothing was written.
    """

    id: str
    visited_on: date
    treatments: tuple[str, ...]
    number: int | None
    practitioner: str
    practitioner_id: str | None
    focus: str
    note: str
    entry_ids: tuple[str, ...]
    # Who attended, where it was not the course's owner.
    client_id: str = ""
    guest: str = ""
    printed_practitioner: str = ""
    license: str = ""
    areas: tuple[str, ...] = ()
    add_ons: tuple[str, ...] = ()
    interval_days: int | None = None
    note_version: int = 0
    noted_at: datetime | None = None
    noted_by: str = ""

    @property
    def all_areas(self) -> tuple[str, ...]:
        """Return the focus areas, with what was typed beside the list last."""
        return (*self.areas, *filter(None, [self.focus]))


@dataclass(frozen=True, slots=True)
class NoShowView:
    """A missed visit charged as a session; `number` as in a visit, as they are counted together."""

    entry_id: str
    missed_on: date
    treatment: str
    number: int | None


@dataclass(frozen=True, slots=True)
class DisputeFlag:
    """A disputed payment of the course's sale. `is_lost`: the money is lost and no one has decided yet."""

    amount: Money
    state: str
    reason: str
    due_at: datetime | None
    is_lost: bool


@dataclass(frozen=True, slots=True)
class HappeningView:
    """A line of a course's history beside its entries."""

    kind: str
    text: str
    at: datetime
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class ShareView:
    """A client who may use the course, until the day `until` or until the share is ended."""

    id: str
    client_id: str
    client_name: str
    until: date | None
    shared_at: datetime
    by: str

    def holds_on(self, day: date) -> bool:
        """Return whether a visit on that day may be theirs."""
        return self.until is None or day <= self.until


@dataclass(frozen=True, slots=True)
class OriginView:
    """The course that the sessions of this one were transferred from, and its owner, if it has one."""

    course_id: str
    client_id: str | None
    client_name: str
    transferred_at: datetime


@dataclass(frozen=True, kw_only=True)
class CourseSummary(CourseState):
    """One sold package without its entries and visits; numbers are of main sessions by default.

    `price` and `paid` are net, as in the ledger; `gross_price`, `gross_paid` and `due` are what the client
    sees. A dispute is a warning about its payment; it blocks no session.
    """

    id: str
    client_id: str | None
    client_name: str | None
    package_name: str
    sold_at: datetime
    terms: Terms
    square_order_id: str | None
    dispute: DisputeFlag | None = None
    shares: tuple[ShareView, ...] = ()
    origin: OriginView | None = None

    @property
    def due_ended_on(self) -> date | None:
        """Return since when nothing more is due though not all is paid; None without a canceled invoice."""
        return self.facts.due_ended_on

    @property
    def frozen_on(self) -> date | None:
        """Return the day it was put on hold."""
        return self.facts.frozen_on

    def share_of(self, client_id: str) -> ShareView | None:
        """Return that client's share, None where the course is not shared with them."""
        return next((each for each in self.shares if each.client_id == client_id), None)


@dataclass(frozen=True, kw_only=True)
class CourseView(CourseSummary):
    """One sold package with all that is known of it."""

    package_id: str
    closed_at: datetime | None
    entries: tuple[EntryView, ...]
    visits: tuple[VisitView, ...]
    happenings: tuple[HappeningView, ...]
    no_shows: tuple[NoShowView, ...] = ()

    def has_history(self, kind: str) -> bool:
        return any(each.kind == kind for each in self.happenings)


@dataclass(frozen=True, slots=True)
class AttentionView:
    """An attention item, which only a person can decide; `proposal` is the suggestion in a sentence, or None.

    The `proposed_` fields give the same to programs, where the arithmetic is plain for exactly one course.
    `answer` is the decision in a few words. `free_times`: what `book_1`, `book_2`, … of a planned visit stand for.
    """

    id: str
    kind: str
    summary: str
    square_order_id: str | None
    square_refund_id: str | None
    proposal: str | None
    opened_at: datetime
    resolved_at: datetime | None
    resolved_by: str | None
    course_ids: tuple[str, ...]
    client_ids: tuple[str, ...]
    decisions: tuple[str, ...]
    proposed_decision: str | None
    proposed_sessions: int | None
    proposed_course_id: str | None
    proposed_package_id: str | None
    answer: str | None
    free_times: tuple[datetime, ...] = ()


@dataclass(frozen=True, slots=True)
class EarlierEntry:
    """An earlier charge for the same client, treatment and day."""

    entry_id: str
    happened_at: datetime
    by: str
    session_number: int | None


@dataclass(frozen=True, slots=True)
class Used:
    """The result of a use: the entry, what is left of its allowance, and whether its key was used before.

    `earlier`: the earlier charges of that day for the same client and treatment.
    """

    entry: EntryView
    sessions_left: int
    course_id: str
    client_id: str
    session_number: int
    granted: int
    is_repeat: bool
    earlier: tuple[EarlierEntry, ...] = ()


@dataclass(frozen=True, slots=True)
class Reversed:
    """The result of an undo."""

    entry: EntryView
    sessions_left: int
    course_id: str
    client_id: str | None
    is_repeat: bool
