"""Every surface says of a course in any state what the table says of it: the same number, the same words."""

import html
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

import pytest
from flask import Flask

from invoices.language import language_for
from plugin.core.money import Money
from plugin.courses.audit import audit
from plugin.courses.base.views import CourseView
from plugin.courses.clients.balance_text import balance_sentences
from plugin.courses.clients.private_page import token_of
from plugin.courses.clients.profile_notes import wanted_text
from plugin.courses.handouts.content import summary_paper
from plugin.courses.lists.outcomes import Why
from plugin.courses.reports.exports import courses_sheet
from plugin.courses.reports.follow_ups import follow_ups
from plugin.errors import NoneLeft, Refused
from plugin.web.api.courses import Course
from tests.courses.appointments import Appointments
from tests.courses.desk import Desk
from tests.states import STATES, TODAY, Says, World
from tests.web.visitor import Visitor


@dataclass(frozen=True)
class Words:
    """What a surface says in words of its own; "" or None: what it says of any course that is open and paid.

    `card`: the figure on the client's page at the desk; `page`: the figure and the sentence on the client's own page;
    `mail`: a sentence of the letter; `profile`: the balance on the Square profile; `search`: the desk's lists;
    `arrival`: the row of who is booked today; `paper`: the status there, which names what became of the sessions.
    """

    card: str = ""
    page: tuple[str, str] | None = None
    mail: str | None = None
    profile: str = ""
    search: str = ""
    arrival: str = ""
    paper: str = ""


_UNTIL = "until $1,150.00 is paid by December 28, 2026."
_NOTHING = Words(search="no course", profile="No sessions left", page=("", ""))
_USED_UP = Words(search="no course", profile="No sessions left", page=("10 of 10 sessions used", ""))

WORDS: dict[str, Words] = {
    "part_paid": Words(
        card="3 of 10 ready to use, 7 locked until $1,150.00 is paid by Dec 28",
        page=("3 of 10 sessions ready to use", f"7 sessions are locked {_UNTIL}"),
        mail=f"3 are ready to use now. 7 sessions are locked {_UNTIL}",
        profile="Facial acupuncture: 3 usable now, 7 locked until $1,150.00 is paid",
    ),
    "part_paid_used": Words(
        card="0 of 7 ready to use, 7 locked until $1,150.00 is paid by Dec 28",
        page=("0 of 7 sessions ready to use", f"7 sessions are locked {_UNTIL}"),
        mail=f"0 are ready to use now. 7 sessions are locked {_UNTIL}",
        profile="Facial acupuncture: 0 usable now, 7 locked until $1,150.00 is paid",
    ),
    "part_paid_overdue": Words(
        card="2 of 9 ready to use, 7 locked until $1,150.00 is paid, overdue since Nov 15",
        page=(
            "2 of 9 sessions ready to use",
            "7 sessions are locked until $1,150.00 is paid; it was due November 15, 2026.",
        ),
        mail="7 sessions are locked until $1,150.00 is paid; it was due November 15, 2026.",
        profile="Facial acupuncture: 2 usable now, 7 locked until $1,150.00 is paid",
    ),
    "invoice_canceled_half_paid": Words(
        card="3 of 10 ready to use, 7 locked, invoice canceled",
        page=("3 of 10 sessions ready to use", "7 sessions are not paid for and cannot be used."),
        mail="3 are ready to use now. 7 sessions are not paid for and cannot be used.",
        profile="Facial acupuncture: 3 usable now, 7 locked",
    ),
    "allowed_ahead": Words(
        card="5 of 10 ready to use, 5 locked until $1,150.00 is paid by Dec 28",
        page=("5 of 10 sessions ready to use", f"5 sessions are locked {_UNTIL}"),
        mail=f"5 are ready to use now. 5 sessions are locked {_UNTIL}",
        profile="Facial acupuncture: 5 usable now, 5 locked until $1,150.00 is paid",
    ),
    "gift_waiting": Words(
        card="2 of 2, not usable: waits as a gift for Bea Wong",
        page=("2 sessions, given as a gift", "Not usable: waits as a gift for Bea Wong."),
        mail="You have 2 of 2 sessions left.",
        profile="Facial acupuncture: not usable, waits as a gift for Bea Wong",
    ),
    "on_hold": Words(
        card="8 of 10 left, on hold since Nov 10",
        page=("8 of 10 sessions left", "On hold since November 10, 2026. Your sessions are kept for you."),
        mail="You have 8 of 10 sessions left. On hold since November 10, 2026.",
        profile="Facial acupuncture: 8 of 10 left, on hold since 2026-11-10",
    ),
    "part_paid_on_hold": Words(
        card="10 of 10 left, on hold since Nov 10",
        page=(
            "10 of 10 sessions left",
            f"On hold since November 10, 2026. Your sessions are kept for you. 7 sessions are locked {_UNTIL}",
        ),
        mail=f"7 sessions are locked {_UNTIL}",
        profile="Facial acupuncture: 10 of 10 left, on hold since 2026-11-10",
    ),
    "expired": Words(
        card="11 sessions not used, expired Nov 5, 2026",
        page=("11 sessions not used", "Expired November 5, 2026. Please talk to us about the sessions left."),
        mail="",
        profile="Facial acupuncture: 11 not used, expired 2026-11-05",
    ),
    "extended": Words(
        page=("11 of 12 sessions left", "Good until March 1, 2027"),
        profile="Facial acupuncture: 11 of 12 left, until 2027-03-01",
    ),
    "expired_written_off": Words(
        paper="expired", search="no course", profile="No sessions left", page=("1 of 12 sessions used", "")
    ),
    "finished": _USED_UP,
    "refunded_whole": _NOTHING,
    "refunded_by_amount": _NOTHING,
    "transferred_out": _NOTHING,
    "exchanged_away": Words(
        paper="exchanged", search="12 of 12 left", profile="Facial acupuncture: 12 of 12 left", page=("", "")
    ),
    "touch_ups_open": Words(
        card="0 of 12 left",
        arrival="1 of 2 left",
        page=("0 of 12 sessions left", "1 of 2 touch-ups left"),
        mail="All 12 sessions are used. 1 of 2 touch-ups are left.",
        profile="Touch-up: 1 of 2 left",
    ),
    "touch_ups_transferred_in": Words(
        card="1 of 2 left",
        arrival="1 of 2 left",
        page=("1 of 2 sessions left", ""),
        mail="You have 1 of 2 sessions left.",
        profile="Touch-up: 1 of 2 left",
    ),
    "two_treatments": Words(profile="Facial acupuncture: 5 of 6 left; Body acupuncture: 3 of 4 left"),
}
# No client to say anything to.
NOBODYS = ("unassigned",)
# They came with a file.
NOT_IN_SQUARE = ("imported_half_used",)


@dataclass
class Walk:
    """One course in its state, and whoever looks at it."""

    world: World
    name: str
    olga: Visitor
    app: Flask

    def __post_init__(self) -> None:
        self.course_id = self.world.build(self.name)
        self.desk: Desk = self.world.desk
        self.says: Says = STATES[self.name].says
        self.words = WORDS.get(self.name, Words())

    @property
    def course(self) -> CourseView:
        return self.desk.course(self.course_id)

    @cached_property
    def client_page(self) -> str:
        return self.page(f"/clients/{self.course.client_id}")

    @property
    def card(self) -> str:
        """The course on its client's page."""
        begins = self.client_page.index(f'id="c-{self.course_id}"')
        return self.client_page[begins : self.client_page.index("</section>", begins)]

    def page(self, address: str) -> str:
        answer = self.olga.get(address)
        assert answer.status_code == 200, (address, answer.text[:400])
        return answer.text


@pytest.fixture(params=STATES)
def walk(request: pytest.FixtureRequest, world: World, olga: Visitor, app: Flask) -> Walk:
    return Walk(world, request.param, olga, app)


def test_every_surface_says_the_same_of_a_course(walk: Walk) -> None:
    """B16, B17, B18."""
    wrong = [f"{surface}: {said!r}" for surface, said in _contradictions(walk)]
    assert not wrong, "\n".join(wrong)
    assert audit(walk.world.store) == ()


def test_a_course_says_what_its_state_is_and_the_next_tap_is_answered_so(walk: Walk) -> None:
    course, says = walk.course, walk.says
    assert (
        course.status,
        course.granted,
        course.used,
        course.left,
        course.usable_now,
        course.locked,
        course.next_session,
        course.why_not,
    ) == (
        says.status,
        says.granted,
        says.used,
        says.left,
        says.usable_now,
        says.locked,
        says.next_session,
        says.why_not,
    )
    assert (course.paid.amount, course.due.amount, course.due_on) == (says.paid, says.due, says.due_on)
    assert _numbers(course) == says.numbers
    if _can_be_used(walk):
        touch_ups = says.touch_ups
        number = says.next_session or (touch_ups and touch_ups.granted - touch_ups.left + 1)
        used = walk.desk.use(walk.course_id)
        assert used.session_number == number
        assert walk.course.entries[-1].session_number == number
    else:
        with pytest.raises((Refused, NoneLeft)) as refused:
            walk.desk.use(walk.course_id)
        assert refused.value.code == says.why_not
    assert audit(walk.world.store) == ()


def _numbers(course: CourseView) -> tuple[int, ...]:
    uses = [each for each in course.uses if not (each.is_undone or each.is_used_before)]
    uses.sort(key=lambda each: (each.used_on, each.entry_id))
    return tuple(course.number_of(each.entry_id) or 0 for each in uses)


def _contradictions(walk: Walk) -> Iterator[tuple[str, Any]]:
    surfaces: tuple[Callable[[Walk], Iterator[Any]], ...] = (
        _api,
        _export,
        _client_page,
        _punch_card,
        _history,
        _today,
        _search,
        _letter,
        _private_page,
    )
    surfaces += (_paper, _people_to_call, _square_profile, _arrivals)
    nobodys = (_api, _export)
    for surface in nobodys if walk.name in NOBODYS else surfaces:
        for said in surface(walk):
            yield surface.__name__.strip("_").replace("_", " "), said


def _api(walk: Walk) -> Iterator[Any]:
    says, told = walk.says, Course.of(walk.course)
    names = ("status", "granted", "used", "left", "usable_now", "locked", "next_session")
    expected = {
        **{name: getattr(says, name) for name in names},
        "not_usable_because": says.why_not,
        "due": {"amount": says.due, "currency": "USD"},
        "due_on": says.due_on.isoformat() if says.due_on else None,
    }
    if wrong := {name: told[name] for name in expected if told[name] != expected[name]}:
        yield wrong
    numbers = {each["session_number"] for each in told["entries"] if each["kind"] == "used"}
    if not {*says.numbers} <= numbers:
        yield numbers


def _export(walk: Walk) -> Iterator[Any]:
    says, sheet = walk.says, courses_sheet(walk.world.store, walk.desk.clock(), None)
    rows = (dict(zip(sheet.headings, each, strict=True)) for each in sheet.rows)
    row: Any = next(each for each in rows if each["course"] == walk.course_id)
    # A sheet counts the sessions of all treatments.
    extra = sum(each.left for each in walk.course.allowances) - says.left
    told = row["status"], row["sessions_left"], row["sessions_usable_now"] > 0, row["balance_due"]
    if told != (says.status, says.left + extra, _can_be_used(walk), Decimal(says.due) / 100):
        yield row


def _paper(walk: Walk) -> Iterator[Any]:
    says, paper = walk.says, summary_paper(walk.world.store, walk.course_id, now=walk.desk.clock())
    told = paper.sessions_left, paper.sessions_usable, paper.sessions_total, paper.status
    # How many are paid for: what else keeps them from being used is the status of the paper.
    if told != (says.left, says.left - says.locked, says.granted, walk.words.paper or says.status):
        yield told
    if ((paper.balance_due and paper.balance_due.amount) or 0, paper.due_on) != (says.due, says.due_on):
        yield paper.balance_due, paper.due_on
    locked = sum(stamp.state == "locked" for each in paper.allowances for stamp in each.stamps)
    if locked != says.locked:
        yield f"{locked} stamps are locked"
    numbers = sorted(each.session_number for each in paper.visits if each.session_number)
    if numbers != sorted(says.numbers):
        yield numbers


def _client_page(walk: Walk) -> Iterator[Any]:
    figure = _text(_part(walk.card, '<p class="figure"', "p"))
    if walk.says.status not in ("refunded", "transferred") and figure != (walk.words.card or walk.says.row):
        yield figure
    has_button = f'action="/courses/{walk.course_id}/uses"' in walk.client_page
    if has_button != _can_be_used(walk):
        yield f"a button: {has_button}"


def _punch_card(walk: Walk) -> Iterator[Any]:
    says = walk.says
    is_held = says.why_not in ("waits_as_gift", "frozen", "expired")
    expected = {
        "used": says.used,
        "left": 0 if is_held else says.left - says.locked,
        "locked": 0 if is_held else says.locked,
        "held": says.left if is_held else 0,
    }
    drawn = {name: walk.card.count(f'class="punch {name}"') for name in expected}
    # Locked, too: its invoice was canceled, so nobody waits for the payment.
    drawn["locked"] += walk.card.count('class="punch unpaid"')
    if drawn != expected:
        yield drawn


def _history(walk: Walk) -> Iterator[Any]:
    numbers = [int(each) for each in re.findall(r"[Ss]ession (-?[0-9]+)", _text(walk.client_page))]
    if not {*walk.says.numbers} <= {*numbers} or min(numbers, default=1) < 1:
        yield numbers


def _today(walk: Walk) -> Iterator[Any]:
    page, says = walk.page("/"), walk.says
    visits = (_part(page, f'<li id="v-{each.id}"', "li") for each in walk.course.visits)
    sale = _part(page, f'<li id="s-{walk.course_id}"', "li")
    is_plain = not says.locked and says.why_not is None
    for row in (*visits, "" if is_plain else sale):
        if row and says.row not in _text(row):
            yield _text(row)


def _arrivals(walk: Walk) -> Iterator[Any]:
    # Whoever came today already is asked about first.
    if walk.name in NOT_IN_SQUARE or any(each.used_on == TODAY for each in walk.course.uses):
        return
    calendar, booking = Appointments(walk.desk), f"{walk.name}-TODAY"
    calendar.told(booking, start_at=walk.desk.clock(), square_customer_id=f"CUSTOMER-{walk.name}")
    row = _part(walk.page("/"), f'<li class="arrival expected" id="b-{booking}"', "li")
    if (walk.words.arrival or walk.words.search or walk.says.row) not in _text(row):
        yield _text(row)
    has_button = f"/bookings/{booking}/uses" in row
    if has_button != _can_be_used(walk) and walk.name != "exchanged_away":
        yield f"a button: {has_button}"


def _search(walk: Walk) -> Iterator[Any]:
    said = walk.words.search or walk.says.row
    for address in ("/clients", "/sell/clients"):
        found = _text(_part(walk.page(f"{address}?q={walk.course.client_name}"), '<ul class="rows', "ul"))
        if said not in found and not (address == "/sell/clients" and said == "no course"):
            yield found


def _people_to_call(walk: Walk) -> Iterator[Any]:
    says, everybody = walk.says, follow_ups(walk.world.store, walk.desk.clock())
    reasons = [each for one in everybody for each in one.reasons if each.course_id == walk.course_id]
    due = [(each.due, each.due_on) for each in reasons if each.why is Why.PART_PAID]
    if due != ([(Money(says.due, "USD"), says.due_on)] if says.due else []):
        yield due
    if says.why_not == "waits_as_gift" and reasons:
        yield reasons
    if any((each.left, each.locked) != (says.left, says.locked) for each in reasons):
        yield reasons
    listed = _text(_part(walk.page("/people"), f'<li id="call-{walk.course.client_id}"', "li"))
    if says.due and f"$1,150.00 {'overdue since' if 'overdue' in walk.name else 'due by'}" not in listed:
        yield listed


def _square_profile(walk: Walk) -> Iterator[Any]:
    profile = wanted_text(walk.world.store, walk.course.client_id or "", today=walk.desk.today) or ""
    if (walk.words.profile or f"Facial acupuncture: {walk.says.row}") not in profile:
        yield profile


def _letter(walk: Walk) -> Iterator[Any]:
    says = walk.says
    sentences = " ".join(balance_sentences(walk.course, language_for("en")))
    left = f"You have {says.left} of {says.granted} sessions left." if says.left else ""
    if (walk.words.mail if walk.words.mail is not None else left) not in sentences:
        yield sentences


def _private_page(walk: Walk) -> Iterator[Any]:
    token = token_of(walk.world.store, walk.desk.act(), walk.course.client_id or "")
    page = _text(Visitor(walk.app).get(f"/my/{token}").text)
    for said in walk.words.page or (f"{walk.says.left} of {walk.says.granted} sessions left",):
        if said not in page:
            yield page[:400]


def _can_be_used(walk: Walk) -> bool:
    touch_ups = walk.says.touch_ups
    return bool(walk.says.usable_now or (touch_ups and touch_ups.usable_now))


def _part(page: str, begins: str, tag: str) -> str:
    found = re.search(rf"{re.escape(begins)}.*?</{tag}>", page, re.DOTALL)
    return found.group(0) if found else ""


def _text(markup: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", markup)).split())
