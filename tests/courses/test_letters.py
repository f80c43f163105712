"""Letters to clients, from the plan to the mail server: one for each occasion, one a week, if they want them."""

import re
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from plugin.core.letters import LetterKind, LetterRules
from plugin.core.terms import Terms
from plugin.courses.clients.clients import change_client, read_client
from plugin.courses.clients.merge import merge_clients
from plugin.courses.clients.private_page import stop_letters
from plugin.courses.letters.kinds import (
    choose_letter,
    declined_by,
    letters_by_month,
    letters_of_client,
    switch_letter,
    word_letter,
)
from plugin.courses.letters.sending import claim_letter, coming_letters
from plugin.courses.privacy.erasure import Erasure, erase_client
from plugin.emails.client_letter import example_letter, plan_due_letters
from plugin.errors import InvalidField, MailFailed
from plugin.mail import Letter
from plugin.services import Services
from plugin.settings import Settings
from plugin.square.client import SquareClient
from plugin.store.documents import ClientLetter
from plugin.worker import Worker
from tests.clock import HandMovedClock
from tests.courses.appointments import Appointments, at
from tests.courses.desk import ANA, OLGA
from tests.postbox import Postbox
from tests.square.clinic import Silence

SECRET = "s" * 48
URL = "https://desk.juniper.example"


class Clinic:
    """The desk with its worker, and what it sent."""

    def __init__(self, lite: Appointments, clock: HandMovedClock) -> None:
        self.lite, self.desk, self.store, self.clock = lite, lite.desk, lite.desk.store, clock
        self.post = Postbox()
        self.services = self.house()
        self.switch_on(*LetterKind)

    def house(self, **settings: Any) -> Services:
        known = {"database_url": str(self.store.url), "secret_key": SECRET, "public_url": URL, **settings}
        return Services(
            Settings.model_validate(known),
            self.store,
            self.clock,
            lambda *_: b"",
            cast(SquareClient, None),
            lambda: None,
            mail=self.post,
        )

    def switch_on(self, *kinds: LetterKind, is_on: bool = True) -> None:
        for kind in kinds:
            switch_letter(self.store, self.desk.act(OLGA), kind, is_on=is_on)

    def course(self, *, used: int, **terms: Any) -> str:
        course_id = self.desk.sell(self.desk.package(touch_ups=2, terms=Terms(**terms)))
        for _ in range(used):
            self.desk.use(course_id)
        return course_id

    def owner(self, course_id: str) -> str:
        return self.desk.course(course_id).client_id or ""

    def plan(self) -> int:
        return plan_due_letters(self.services)

    def work(self) -> list[tuple[str, str]]:
        worker = Worker(self.services, chance=lambda: 0.0, log=Silence())
        while worker.run_next("effects"):
            pass
        return self.post.take()

    def send(self) -> list[str]:
        """Plan what is due, send it, and return the subjects."""
        self.plan()
        return [subject for _, subject in self.work() if "Session" not in subject]

    def states(self) -> list[str]:
        with self.store.reading() as session:
            return list(session.scalars(select(ClientLetter.state).order_by(ClientLetter.id)))


@pytest.fixture
def clinic(lite: Appointments, clock: HandMovedClock) -> Clinic:
    return Clinic(lite, clock)


TWO = "Two sessions left at Jade Room"
LOW = "One session left at Jade Room"


def test_all_letters_are_off_until_the_owner_switches_one_on(clinic: Clinic) -> None:
    clinic.switch_on(*LetterKind, is_on=False)
    clinic.course(used=10)
    clinic.clock.advance(days=1)
    assert clinic.send() == []
    clinic.switch_on(LetterKind.TWO_LEFT)
    assert clinic.send() == [TWO]


def test_a_letter_says_what_is_left_how_to_book_and_how_to_stop(clinic: Clinic) -> None:
    course = clinic.course(used=10)
    clinic.clock.advance(days=1)
    clinic.plan()
    worker = Worker(clinic.services, chance=lambda: 0.0, log=Silence())
    while worker.run_next("effects"):
        pass
    letter = next(each for each in clinic.post.letters if each.subject == TWO)
    assert letter.to == "ana@example.org"
    assert letter.stop_url.startswith(f"{URL}/mail/stop/")
    for text in (letter.text, letter.html):
        assert "You have 2 of 12 sessions left." in text
        assert "Two sessions of your course Facial acupuncture, course of 12 are left." in text
        assert f"{letter.stop_url}?kind=two_left" in text
        assert f"{URL}/my/" in text
    (logged,) = letters_of_client(clinic.store, clinic.owner(course))
    assert (logged.kind, logged.state) == (LetterKind.TWO_LEFT, "sent")


def test_one_letter_a_week_and_each_occasion_once(clinic: Clinic) -> None:
    course = clinic.course(used=10)
    clinic.clock.advance(days=1)
    assert clinic.send() == [TWO]
    assert clinic.send() == []
    clinic.desk.use(course)
    clinic.clock.advance(days=6)
    assert clinic.send() == []
    clinic.clock.advance(days=1)
    assert clinic.send() == [LOW]
    clinic.clock.advance(days=7)
    assert clinic.send() == []


def test_a_use_that_was_undone_does_not_bring_the_letter_again(clinic: Clinic) -> None:
    course = clinic.course(used=10)
    clinic.clock.advance(days=1)
    assert clinic.send() == [TWO]
    clinic.desk.undo(clinic.desk.course(course).entries[-1].id)
    clinic.clock.advance(days=8)
    clinic.desk.use(course)
    clinic.clock.advance(days=1)
    assert clinic.send() == []


def test_two_workers_plan_and_send_it_once(clinic: Clinic) -> None:
    clinic.course(used=10)
    clinic.clock.advance(days=1)
    assert clinic.plan() == 1
    assert clinic.plan() == 0
    with clinic.store.reading() as session:
        row = session.scalars(select(ClientLetter)).one()
        twin = {
            name: getattr(row, name) for name in ("course_id", "kind", "occasion", "client_id", "planned_at")
        }
    with pytest.raises(IntegrityError), clinic.store.writing() as session:
        session.add(ClientLetter(id="twin", **twin))


def test_a_worker_killed_while_sending_never_sends_it_again(clinic: Clinic) -> None:
    course = clinic.course(used=10)
    clinic.clock.advance(days=1)
    clinic.plan()
    with clinic.store.reading() as session:
        letter_id = session.scalars(select(ClientLetter.id)).one()
    # It was claimed, and perhaps sent, when the power failed.
    assert not isinstance(claim_letter(clinic.store, letter_id, clinic.clock(), LetterRules()), str)
    assert [subject for _, subject in clinic.work() if subject == TWO] == []
    assert clinic.states() == ["sent"]
    (logged,) = letters_of_client(clinic.store, clinic.owner(course))
    assert "may have arrived" in logged.said


def test_a_mail_server_that_refuses_for_now_is_asked_again(clinic: Clinic) -> None:
    clinic.course(used=10)
    clinic.clock.advance(days=1)
    clinic.plan()

    class Busy(Postbox):
        def send(self, letter: Letter) -> None:
            raise MailFailed("The mail server refused for now.", permanent=False)

    free, clinic.post = clinic.post, Busy()
    clinic.services = clinic.house()
    clinic.work()
    assert clinic.states() == ["planned"]
    clinic.post = free
    clinic.services = clinic.house()
    clinic.clock.advance(minutes=10)
    assert ("ana@example.org", TWO) in clinic.work()


def test_a_refused_address_gets_no_further_letter(clinic: Clinic) -> None:
    course = clinic.course(used=10)
    owner = clinic.owner(course)
    change_client(
        clinic.store, clinic.desk.act(), owner, name="Ana Souza", phone=None, email="gone@example.org"
    )
    clinic.clock.advance(days=1)
    clinic.send()
    assert clinic.states() == ["refused"]
    assert read_client(clinic.store, owner).mail_problem
    clinic.desk.use(course)
    clinic.clock.advance(days=8)
    assert clinic.plan() == 0


def test_nothing_goes_out_at_night(clinic: Clinic) -> None:
    clinic.course(used=10)
    # Nine in the evening in Los Angeles.
    clinic.clock.set(datetime(2026, 11, 24, 5, 0, tzinfo=UTC))
    assert clinic.plan() == 0
    clinic.clock.set(datetime(2026, 11, 24, 2, 59, tzinfo=UTC))
    assert clinic.plan() == 1
    clinic.clock.advance(minutes=1)
    assert clinic.work() == []
    clinic.clock.set(datetime(2026, 11, 24, 17, 0, tzinfo=UTC))
    assert ("ana@example.org", TWO) in clinic.work()


def test_what_was_done_meanwhile_takes_the_reason_away(clinic: Clinic) -> None:
    course = clinic.course(used=10)
    clinic.clock.advance(days=1)
    clinic.plan()
    clinic.desk.use(course)
    assert clinic.send() == []
    assert clinic.states() == ["left"]
    # A letter that was not sent does not use up the week.
    clinic.clock.advance(days=1)
    assert clinic.send() == [LOW]


def test_who_declined_unsubscribed_or_was_erased_gets_none(clinic: Clinic) -> None:
    course = clinic.course(used=10)
    owner, act = clinic.owner(course), clinic.desk.act
    clinic.clock.advance(days=1)
    choose_letter(clinic.store, act(), owner, LetterKind.TWO_LEFT, is_wanted=False)
    choose_letter(clinic.store, act(), owner, LetterKind.TWO_LEFT, is_wanted=False)
    assert clinic.plan() == 0
    choose_letter(clinic.store, act(), owner, LetterKind.TWO_LEFT, is_wanted=True)
    stop_letters(clinic.store, act(), owner)
    assert clinic.plan() == 0
    change_client(
        clinic.store, act(), owner, name="Ana", phone=None, email="ana@example.org", wants_mail=True
    )
    assert clinic.plan() == 1
    erase_client(clinic.store, act(OLGA), Erasure(owner, "Ana", gives_up=True))
    assert clinic.send() == []
    assert clinic.states() == ["left"]


def test_a_merge_keeps_the_week_and_what_was_declined(clinic: Clinic) -> None:
    course = clinic.course(used=10)
    keeper = clinic.desk.client("Ana Souza Lima", email="lima@example.org")
    clinic.clock.advance(days=1)
    choose_letter(clinic.store, clinic.desk.act(), clinic.owner(course), LetterKind.LAPSED, is_wanted=False)
    assert clinic.send() == [TWO]
    merge_clients(clinic.store, clinic.desk.act(), clinic.owner(course), keeper)
    assert declined_by(clinic.store, keeper) == {LetterKind.LAPSED}
    clinic.desk.use(course)
    clinic.clock.advance(days=2)
    assert clinic.send() == []
    clinic.clock.advance(days=5)
    assert clinic.send() == [LOW]


def test_the_next_days_are_foretold_by_the_rule_that_plans_them(clinic: Clinic) -> None:
    course = clinic.course(used=10, expires_after_months=2)
    foretold = coming_letters(clinic.store, clinic.clock(), LetterRules(), days=14)
    told = [(letter.on, letter.kind) for letter in foretold]
    sent = []
    for _ in range(14):
        clinic.plan()
        sent += [
            (row.at.date(), row.kind)
            for row in letters_of_client(clinic.store, clinic.owner(course))
            if row.state == "planned"
        ]
        clinic.work()
        clinic.clock.advance(days=1)
    assert told == sent
    assert [kind for _, kind in told] == [LetterKind.TWO_LEFT, LetterKind.EXPIRING]


def test_an_appointment_keeps_the_letter_to_who_stayed_away_back(clinic: Clinic) -> None:
    clinic.course(used=3)
    clinic.clock.advance(days=43)
    clinic.lite.told("B1", start_at=at("2027-02-01T18:00:00+00:00"))
    assert clinic.plan() == 0
    clinic.lite.told("B1", start_at=at("2027-02-01T18:00:00+00:00"), status="CANCELLED_BY_CUSTOMER")
    assert clinic.send() == ["Your sessions at Jade Room are waiting for you"]


def test_own_words_take_the_place_of_the_opening(clinic: Clinic) -> None:
    word_letter(
        clinic.store, clinic.desk.act(OLGA), LetterKind.LOW, {"en": "Come & see us.\n\nWe care.", "es": ""}
    )
    letter = example_letter(clinic.services, LetterKind.LOW, "en")
    assert "Come & see us.\nWe care." in letter.text
    assert "Come &amp; see us." in letter.html
    assert "waiting" not in letter.text
    assert "última sesión" in example_letter(clinic.services, LetterKind.LOW, "es").text
    with pytest.raises(InvalidField):
        word_letter(clinic.store, clinic.desk.act(OLGA), LetterKind.LOW, {"en": "x" * 601})


def test_every_letter_reads_in_every_language(clinic: Clinic) -> None:
    for kind in LetterKind:
        for tag in ("en", "es", "zh-Hans"):
            letter = example_letter(clinic.services, kind, tag)
            html = re.sub(r"<style>.*</style>", "", letter.html)
            assert "{" not in letter.subject + letter.text + html
            assert letter.subject
            assert "Margaret Osei" in letter.text
            # A button is seen in a dark mailbox, too; Chinese has colons and no spaces of its own.
            assert ('class="button"' in letter.html) == ("background:#1d2526" in letter.html)
            assert "prefers-color-scheme: dark" in letter.html
            assert tag != "zh-Hans" or not re.search(r"[^\x00-\x7f]:|[。！？] ", letter.text + letter.html)


def by_month(clinic: Clinic) -> list[tuple[LetterKind, int, int, int, int]]:
    """Return kind, sent, came, bought and not sent of each row."""
    found = letters_by_month(clinic.store, clinic.clock())
    return [(each.kind, each.sent, each.came, each.bought, each.not_sent) for each in found]


def test_by_month_who_came_and_bought_within_thirty_days_of_a_letter(clinic: Clinic) -> None:
    course = clinic.course(used=10)
    clinic.clock.advance(days=1)
    assert clinic.send() == [TWO]
    clinic.clock.advance(days=3)
    used = clinic.desk.use(course)
    assert by_month(clinic) == [(LetterKind.TWO_LEFT, 1, 1, 0, 0)]
    clinic.desk.undo(used.entry.id)
    assert by_month(clinic) == [(LetterKind.TWO_LEFT, 1, 0, 0, 0)], "a use that was undone is no visit"
    clinic.desk.use(course)
    clinic.clock.advance(days=40)
    clinic.desk.sell(clinic.desk.package(sessions=6), buyer=ANA)
    assert by_month(clinic) == [(LetterKind.TWO_LEFT, 1, 1, 0, 0)]
    clinic.clock.advance(days=400)
    assert by_month(clinic) == []


def test_by_month_a_letter_that_lost_its_reason_is_not_sent(clinic: Clinic) -> None:
    course = clinic.course(used=10)
    clinic.clock.advance(days=1)
    clinic.plan()
    clinic.desk.use(course)
    clinic.work()
    assert by_month(clinic) == [(LetterKind.TWO_LEFT, 0, 0, 0, 1)]
