"""The e-mails along a course: one for each occasion, whoever sends them, and none that has lost its reason."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Event

import pytest

from plugin import create_app
from plugin.core.acts import Role
from plugin.core.letters import LetterKind
from plugin.courses.letters.kinds import choose_letter, letters_of_client
from plugin.mail import Letter
from plugin.store import Store
from plugin.worker import Worker
from tests.api.conftest import caller_with
from tests.clock import HandMovedClock
from tests.courses.appointments import Appointments
from tests.courses.desk import ANA, Desk
from tests.courses.test_letters import LOW, TWO, Clinic
from tests.postbox import Postbox
from tests.square.clinic import Silence
from tests.web.conftest import signed_in


@pytest.fixture
def clinic(lite_store: Store, clock: HandMovedClock) -> Clinic:
    return Clinic(Appointments(Desk(lite_store, clock)), clock)


def test_ana_hears_of_her_last_sessions_until_she_has_heard_enough(clinic: Clinic) -> None:
    """Ana has used ten of twelve. The next day she is told that two are left, by one of two workers that both look
    at that moment. She comes again: a week later she is told of the last one. Then she wants no more of these, uses
    it, and hears nothing; her page lists what she was sent. The balance is what it would be without any e-mail.
    """
    course = clinic.course(used=10)
    ana = clinic.owner(course)
    clinic.clock.advance(days=1)
    assert clinic.plan() == 1
    assert sent_by_two_workers(clinic) == [TWO]

    clinic.desk.use(course)
    clinic.clock.advance(days=8)
    assert clinic.send() == [LOW]

    for kind in LetterKind:
        choose_letter(clinic.store, clinic.desk.act(), ana, kind, is_wanted=False)
    clinic.desk.use(course)
    clinic.clock.advance(days=30)
    assert clinic.send() == []
    assert [each.state for each in letters_of_client(clinic.store, ana)] == ["sent", "sent"]
    assert clinic.desk.course(course).left == 0


def test_olga_reads_what_followed_the_letters(clinic: Clinic) -> None:
    """Ana is told that two sessions are left, comes three days later, and buys the package once more within the month.
    Olga reads it by month on a page, in a file and by the API: one sent, one came, one bought. The desk may not.
    """
    course = clinic.course(used=10)
    clinic.clock.advance(days=1)
    app = create_app(services=clinic.services)
    program = caller_with(app, Role.OWNER)
    assert program.get("/reports/letters").json["months"] == []
    assert clinic.send() == [TWO]
    clinic.clock.advance(days=3)
    clinic.desk.use(course)
    clinic.clock.advance(days=2)
    clinic.desk.sell(clinic.desk.package(sessions=6), buyer=ANA)

    olga = signed_in(app, clinic.services, Role.OWNER)
    assert "Two sessions left" in olga.page("/reports/letters").text
    (month,) = program.get("/reports/letters").json["months"]
    assert [month[each] for each in ("kind", "sent", "came", "bought", "not_sent")] == [
        "two_left",
        1,
        1,
        1,
        0,
    ]
    assert "Two sessions left,1,1,1,0\n" in olga.get("/reports/letters.csv").text.replace("\r", "")
    assert caller_with(app, Role.DESK).get("/reports/letters").status_code == 403


def sent_by_two_workers(clinic: Clinic) -> list[str]:
    """Run the second worker dry while the first is at the mail server, and return what was sent."""

    class SlowPost(Postbox):
        """Takes a letter only once the other worker has found nothing more to do."""

        def send(self, letter: Letter) -> None:
            is_sending.set()
            assert is_dry.wait(20)
            super().send(letter)

    is_sending, is_dry = Event(), Event()
    slow = SlowPost()
    services = replace(clinic.services, mail=slow)
    one, other = (Worker(services, chance=lambda: 0.0, log=Silence()) for _ in range(2))

    def run_dry(worker: Worker) -> None:
        while worker.run_next("effects"):
            pass

    with ThreadPoolExecutor() as threads:
        first = threads.submit(run_dry, one)
        assert is_sending.wait(20)
        run_dry(other)
        is_dry.set()
        first.result(timeout=20)
    return [subject for _, subject in slow.take() if "Session" not in subject]
