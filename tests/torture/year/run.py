"""Plays the year under its storms, checks it against the model each evening, and returns what is left in the end."""

import math
import random
import re
import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from plugin.courses.audit import audit
from plugin.courses.base.read import read_courses
from plugin.courses.base.views import CourseView
from plugin.courses.clients.clients import living_client_id
from plugin.store import Store
from plugin.store.documents import Document, VisitLetter
from plugin.store.ledger import Allowance, Course, Entry
from plugin.store.people import Client
from plugin.store.queues import Attention, Inbox, Outbox
from tests.clock import HandMovedClock
from tests.square.clinic import Clinic
from tests.torture.year.desk import People, due
from tests.torture.year.faults import Storm, Weather
from tests.torture.year.model import Course as ModelCourse
from tests.torture.year.model import Model
from tests.torture.year.schedule import CLOSES, DAY
from tests.torture.year.step import Step
from tests.torture.year.world import TICK, World, open_world

TICK_MINUTES = int(TICK.total_seconds()) // 60
# After the last storm, everything must be done within so many simulated minutes.
CONVERGES_WITHIN = 120
# With nothing waiting, the worker's timers run so often.
IDLE_MINUTES = 180
# Names and days of the simulation within a sentence.
_NAMED = re.compile(r"\b\w+\d+\b|\d")
_CLOSED = ("refunded", "transferred")
# On an invoice of which nothing is paid: there is no course yet, or never.
_NO_COURSE = ("sent", "void")

PeopleOf = Callable[[World, HandMovedClock, Clinic], People]


@dataclass
class Year:
    """What came of one playing: what is wrong, what the clinic holds in the end, and figures.

    `evenings`: what it held at the end of each day, where nothing waited.
    """

    days: int = 0
    wrong: list[str] = field(default_factory=list)
    evenings: dict[int, Counter[Any]] = field(default_factory=dict)
    rows: Counter[Any] = field(default_factory=Counter)
    owed: int = 0
    entries: int = 0
    converged_after: int = 0
    restarts: int = 0
    acts: Counter[str] = field(default_factory=Counter)
    answers_lost: int = 0
    met: Counter[str] = field(default_factory=Counter)

    @property
    def calm_at(self) -> int:
        """Return the minute at which the last storm is over."""
        return (self.days - 1) * DAY + CLOSES


def play(
    store: Store,
    folder: Path,
    steps: list[Step],
    storms: list[Storm],
    *,
    seed: int,
    days: int,
    people_of: PeopleOf = People,
    ends_at: float = math.inf,
) -> Year:
    """Play these steps under these storms, checking every evening, until all is done or the time is over.

    `ends_at`, of the monotonic clock: no day begins after it, and the storms of the last one end as it closes.
    """
    weather, year = Weather(random.Random(f"weather {seed}"), storms), Year(days=days)
    # Most rows are those of the evening before: kept once.
    kept: dict[Any, Any] = {}
    with open_world(store, folder, weather) as (world, clock, clinic):
        playing = _Playing(world, clock, people_of(world, clock, clinic), steps)
        while playing.is_unfinished and weather.minute < year.calm_at + CONVERGES_WITHIN and not year.wrong:
            day = weather.minute // DAY
            playing.move_on()
            if weather.minute // DAY > day:
                year.wrong += playing.differences()
                if not (storms or playing.has_waiting):
                    year.evenings[day] = Counter(
                        {kept.setdefault(row, row): n for row, n in rows_of(world).items()}
                    )
                if time.monotonic() > ends_at and weather.minute < year.calm_at:
                    year.days = playing.end_tonight()
        if playing.is_unfinished:
            year.wrong.append(playing.unfinished())
        year.wrong += [*playing.differences(), *letters_wrong(world)]
        year.rows, year.owed, year.entries = rows_of(world), playing.model.owed(), _count(world.store)
        year.converged_after = max(0, weather.minute - year.calm_at)
        year.restarts, year.answers_lost, year.met = world.restarts, playing.people.answers_lost, weather.met
        year.acts = playing.done
    return year


class _Playing:
    """The steps that are still to come and those in flight, and the model of those that are done."""

    def __init__(self, world: World, clock: HandMovedClock, people: People, steps: list[Step]) -> None:
        self.people, self.model = people, Model()
        self._world, self._clock, self._weather = world, clock, world.weather
        self._coming, self._waiting = deque(steps), list[Step]()
        self.done = Counter[str]()

    @property
    def has_waiting(self) -> bool:
        return bool(self._waiting or self._world.waiting())

    @property
    def is_unfinished(self) -> bool:
        return bool(self._coming) or self.has_waiting

    def end_tonight(self) -> int:
        """Leave out all that comes after today; return how many days there are."""
        days = self._weather.minute // DAY + 1
        self._coming = deque(each for each in self._coming if each.at < days * DAY)
        self._weather.end_at((days - 1) * DAY + CLOSES)
        return days

    def move_on(self) -> None:
        """Let time pass, the program work, and the people try what is due."""
        minutes = self._minutes_ahead()
        self._weather.minute += minutes
        self._clock.advance(minutes=minutes)
        while self._coming and self._coming[0].at <= self._weather.minute:
            self._waiting.append(self._coming.popleft())
        self._world.run()
        for step in due(self._waiting, are_tablets_away=bool(self._weather.strength("tablets"))):
            if self.people.has_done(step):
                self.model.apply(step)
                self.done[step.kind] += 1
                self._waiting.remove(step)
        self._world.work()

    def _minutes_ahead(self) -> int:
        if self._waiting or self._world.waiting():
            return TICK_MINUTES
        return max(1, min(IDLE_MINUTES, self._coming[0].at - self._weather.minute))

    def differences(self) -> list[str]:
        """Return what the audit finds, and each course that is not as the model has it, those in flight left out."""
        in_flight = {touched for step in self._waiting for touched in step.touches}
        found = [f"audit: {each.check}: {each.row}" for each in audit(self._world.store)]
        there = [name for name, each in self.model.courses.items() if each.state not in _NO_COURSE]
        names = [each for each in there if each not in in_flight]
        ids = [self.people.course_ids[name] for name in names]
        views = read_courses(self._world.store, ids, today=self._clock().date())
        for name, course_id in zip(names, ids, strict=True):
            expected, shown = self._as_modeled(self.model.courses[name]), _as_shown(views[course_id])
            if shown != expected:
                found.append(f"{name}: the program has {shown}, the model {expected}")
        return found

    def _as_modeled(self, course: ModelCourse) -> tuple[Any, ...]:
        owner = self.model.who(course.owner)
        return (
            living_client_id(self._world.store, self.people.client_ids[owner]) if owner else None,
            course.state if course.state in _CLOSED else None,
            [(each.granted, each.left, each.value) for each in course.allowances],
            sorted(number for following in course.numbers() for number in range(1, following)),
        )

    def unfinished(self) -> str:
        """Return what was not done in time, in words."""
        with self._world.store.reading() as session:
            queued = [
                *session.execute(select(Inbox.event_type, Inbox.outcome).where(Inbox.state == "pending")),
                *session.execute(select(Outbox.kind, Outbox.outcome).where(Outbox.state == "pending")),
            ]
        steps = [step.name for step in self._waiting]
        return (
            f"not done within {CONVERGES_WITHIN} minutes: {steps} {queued};"
            f" last refusal: {self.people.last_refusal}"
        )


def _as_shown(view: CourseView) -> tuple[Any, ...]:
    """Return owner, how it was closed, each treatment's sessions and money, and the numbers of the sessions used."""
    uses = [each for each in view.entries if each.kind == "used" and each.reversed_by is None]
    return (
        view.client_id,
        view.status.value if view.status.value in _CLOSED else None,
        [(each.granted, each.left, each.value_left.amount) for each in view.allowances],
        sorted(each.session_number or 0 for each in uses),
    )


def rows_of(world: World) -> Counter[Any]:
    """Return what the clinic holds, without ids and times: its ledger, papers, questions, and jobs given up."""
    found: list[Any] = []
    with world.store.reading() as session:
        names = dict(session.execute(select(Client.id, Client.name)).all())
        entries = _entries(session)
        found += [
            (
                names.get(each.client_id or ""),
                *(each.package_name, each.price, each.closed_as, each.expires_on),
                tuple(entries[each.id]),
            )
            for each in session.scalars(select(Course))
        ]
        found += [("document", kind) for kind in session.scalars(select(Document.kind))]
        # What was asked about a storm, and closed since, is no difference.
        asked = select(Attention.kind, Attention.summary).where(Attention.resolved_at.is_(None))
        found += [("question", kind, _NAMED.sub("", said)) for kind, said in session.execute(asked)]
        for failed in (
            select(Outbox.kind).where(Outbox.state == "failed"),
            select(Inbox.event_type).where(Inbox.state == "failed"),
        ):
            found += [("failed", kind) for kind in session.scalars(failed)]
    return Counter(found)


def _entries(session: Session) -> dict[str, list[Any]]:
    """Return the entries of each course: position of the treatment, number, kind, and what is left after it."""
    found: dict[str, list[Any]] = defaultdict(list)
    rows = session.execute(
        select(Allowance.course_id, Allowance.position, Entry)
        .join(Entry, Entry.allowance_id == Allowance.id)
        .order_by(Allowance.position, Entry.seq)
    )
    for course_id, position, each in rows:
        after = (each.sessions_after, each.value_after, each.granted_after)
        found[course_id].append((position, each.seq, each.kind, *after))
    return found


def letters_wrong(world: World) -> list[str]:
    """Return letters that are recorded as sent and did not go out, and those that went out unrecorded.

    Whether a visit's letter goes out, and what it says, may differ from the quiet year: it is written when it is sent.
    """
    with world.store.reading() as session:
        known = set(session.scalars(select(VisitLetter.id)))
        sent = set(session.scalars(select(VisitLetter.id).where(VisitLetter.state == "sent")))
    went = set(world.mail.letters)
    return [
        *(f"letter {key} is recorded as sent and was not" for key in sorted(sent - went)),
        *(f"letter {key} went out and is not known" for key in sorted(went - known)),
    ]


def _count(store: Store) -> int:
    with store.reading() as session:
        return int(session.scalar(select(func.count()).select_from(Entry)) or 0)


def compared(quiet: Year, stormy: Year) -> list[str]:
    """Return what is in one of the two alone, at the end of the last day that both have."""
    expected = quiet.rows if quiet.days == stormy.days else quiet.evenings.get(stormy.days - 1)
    if expected is None:
        return [f"day {stormy.days} of the quiet year did not end with all done"]
    return [
        *(f"only in the quiet year ({n}): {row}" for row, n in (expected - stormy.rows).items()),
        *(f"only in the stormy year ({n}): {row}" for row, n in (stormy.rows - expected).items()),
    ]
