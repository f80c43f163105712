"""The e-mail after a visit, through a real mail server on this machine: enqueued once, sent once, given up in words."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage
from typing import Any, cast

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from invoices.papers import CourseSummary, NextVisit, PaperFailed
from plugin.core.acts import SQUARE
from plugin.core.money import Money
from plugin.courses.base.views import Used
from plugin.courses.base.work import Work
from plugin.courses.catalog.packages import NewContent, NewPackage, create_package
from plugin.courses.changes.gifts import Share, share_course
from plugin.courses.clients.clients import change_client, read_client
from plugin.courses.clients.merge import merge_clients
from plugin.courses.clients.private_page import (
    client_of_page,
    client_of_stop_token,
    page_address,
    renew_page,
    stop_letters,
    token_of,
)
from plugin.courses.handouts.cache import fill_cache
from plugin.courses.handouts.content import aftercare_paper, summary_paper
from plugin.courses.handouts.status import booking_changed
from plugin.courses.handouts.visit_email import VISIT_MAIL, last_letter_not_sent, trust_address
from plugin.courses.visits.booked_visits import use_booking
from plugin.courses.visits.use import UseSession, use_session
from plugin.errors import MailFailed
from plugin.mail import Letter, SmtpMailer
from plugin.services import Services
from plugin.settings import Settings
from plugin.square.client import SquareClient
from plugin.store import Store
from plugin.store.documents import VisitLetter
from plugin.store.offers import Clinic as ClinicRow
from plugin.store.offers import Treatment
from plugin.store.queues import Handout, Outbox
from plugin.worker import Worker
from tests.clock import HandMovedClock
from tests.courses.appointments import Appointments, at
from tests.courses.desk import ANA, FACIAL, MANY, OLGA
from tests.mail_server import PostOffice, running_post_office
from tests.square.clinic import Silence

FROM = "Juniper Street <desk@juniper.example>"
URL = "https://desk.juniper.example"
SECRET = "s" * 48


@pytest.fixture(scope="module")
def office_there() -> Iterator[PostOffice]:
    with running_post_office() as office:
        yield office


@pytest.fixture
def office(office_there: PostOffice) -> PostOffice:
    return office_there.empty()


def draw(paper: Any, _assets: Any = None) -> bytes:
    """A fake printer, with enough of a PDF to be recognized."""
    return f"%PDF-1.7\n{type(paper).__name__} {paper.client_name} {paper.language}\n%%EOF\n".encode()


class Clinic:
    """The desk, its services and the worker that runs the outbox."""

    def __init__(self, lite: Appointments, office: PostOffice, clock: HandMovedClock) -> None:
        self.lite, self.desk, self.office, self.clock = lite, lite.desk, office, clock
        self.desk.describe(
            name="Juniper Street",
            phone="(415) 555-0100",
            email="front@juniper.example",
            address="1 Pine St\nSan Francisco",
        )
        mailer = SmtpMailer(f"smtp://127.0.0.1:{office.port}", FROM, clock=clock)
        self.services = self.house_with(mailer)
        self.course = self.desk.sell(self.desk.package(touch_ups=2))
        self.ana = self.desk.course(self.course).client_id or ""

    @property
    def store(self) -> Store:
        return self.desk.store

    def house_with(self, mailer: SmtpMailer, **settings: Any) -> Services:
        known = Settings.model_validate(
            {
                "database_url": str(self.desk.store.url),
                "secret_key": SecretStr(SECRET),
                "public_url": URL,
                **settings,
            }
        )
        return Services(
            known,
            self.desk.store,
            self.clock,
            draw,
            cast(SquareClient, None),
            lambda: None,
            mail=mailer,
        )

    def use(self, course_id: str | None = None, *, key: str | None = None, **wish: Any) -> Used:
        act = self.desk.act(key=key)
        wished = UseSession(course_id or self.course, **wish)
        return use_session(self.store, act, wished, known_charges=MANY, has_mail=True)

    def work(self, *, minutes: float = 5) -> list[EmailMessage]:
        """Let the time pass, have the worker do what is due, and return what arrived."""
        self.clock.advance(minutes=minutes)
        worker = Worker(self.services, chance=lambda: 0.0, log=Silence())
        while worker.run_next("effects"):
            pass
        return self.office.taken

    def letters(self) -> list[tuple[str, str]]:
        rows = select(VisitLetter.state, VisitLetter.said).order_by(VisitLetter.id)
        with self.store.reading() as session:
            return [(state, said) for state, said in session.execute(rows)]

    def owed(self) -> int:
        with self.store.reading() as session:
            return len(session.scalars(select(Outbox.id).where(Outbox.kind == VISIT_MAIL)).all())

    def speak(self, **said: Any) -> None:
        known = read_client(self.store, self.ana)
        told = {"name": known.name, "phone": known.phone, "email": known.email, **said}
        change_client(self.store, self.desk.act(), self.ana, **told)


@pytest.fixture
def clinic(lite: Appointments, office: PostOffice, clock: HandMovedClock) -> Clinic:
    return Clinic(lite, office, clock)


def body(letter: EmailMessage, kind: str) -> str:
    part = letter.get_body((kind,))
    assert part is not None
    return str(part.get_content())


def test_it_says_the_balance_and_brings_both_papers(clinic: Clinic) -> None:
    clinic.lite.told("B1", start_at=at("2026-12-01T18:00:00+00:00"), team_member_name="Dr. Wu")
    for _ in range(6):
        clinic.desk.use(clinic.course)
    clinic.use(focus="Jaw", note="private")
    assert clinic.work(minutes=4) == []
    (letter,) = clinic.work(minutes=1)
    assert letter["Subject"] == "Session 7 of 12 at Juniper Street"
    assert (letter["To"], letter["From"], letter["Reply-To"]) == (
        "ana@example.org",
        FROM,
        "front@juniper.example",
    )
    plain, html = body(letter, "plain"), body(letter, "html")
    for text in (plain, html):
        assert "Thank you for coming on November 22, 2026. That was session 7 of 12." in text
        assert "You have 5 of 12 sessions left." in text
        assert "2 of 2 touch-ups are left." in text
        assert "Tue, Dec 1, 10:00" in text
        assert "with Dr. Wu" in text
        assert "(415) 555-0100" in text
        assert f"{URL}/my/" in text
        assert f"{URL}/mail/stop/" in text
        assert "private" not in text
    assert '<html lang="en">' in html
    papers = {each.get_filename(): each for each in letter.iter_attachments()}
    assert list(papers) == ["Course summary.pdf", "Aftercare.pdf"]
    for paper, kind in zip(papers.values(), ("CourseSummary", "AftercareSheet"), strict=True):
        assert paper.get_content_type() == "application/pdf"
        assert cast(bytes, paper.get_content()).startswith(f"%PDF-1.7\n{kind} Ana Souza".encode())
    assert clinic.letters() == [("sent", "")]
    with clinic.store.reading() as session:
        handed = session.execute(select(Handout.kind, Handout.by).order_by(Handout.id)).all()
    assert [tuple(row) for row in handed] == [("summary", "By e-mail"), ("aftercare", "By e-mail")]


def test_one_click_says_no_more(clinic: Clinic) -> None:
    clinic.use()
    (letter,) = clinic.work()
    link = letter["List-Unsubscribe"].strip("<>")
    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert link in body(letter, "plain")
    token = link.removeprefix(f"{URL}/mail/stop/")
    assert client_of_stop_token(clinic.store, SECRET, token) == clinic.ana
    for wrong in (token[:-1], token + "x", "", "x" * 300):
        assert client_of_stop_token(clinic.store, SECRET, wrong) is None
    assert client_of_stop_token(clinic.store, "t" * 48, token) is None
    stop_letters(clinic.store, clinic.desk.act(), clinic.ana)
    clinic.use()
    assert len(clinic.work()) == 1
    assert clinic.letters()[-1] == ("left", "The client unsubscribed.")


@pytest.mark.parametrize(
    ("language", "subject", "says", "paper"),
    [
        (
            "es",
            "Sesión 1 de 12 en Juniper Street",
            "Tiene 11 de 12 sesiones por usar.",
            "Cuidados posteriores.pdf",
        ),
        ("zh-Hans", "Juniper Street：第1次，共12次", "您还剩11次，共12次。", "护理须知.pdf"),
    ],
)
def test_it_speaks_the_client_s_language(
    clinic: Clinic, language: str, subject: str, says: str, paper: str
) -> None:
    clinic.speak(language=language)
    clinic.use()
    (letter,) = clinic.work()
    assert letter["Subject"] == subject
    assert says in body(letter, "plain")
    assert says in body(letter, "html")
    assert f'<html lang="{language[:2]}' in body(letter, "html")
    assert [each.get_filename() for each in letter.iter_attachments()][1] == paper


def test_names_are_text_in_html(clinic: Clinic) -> None:
    clinic.speak(name="Ana <b>&")
    clinic.use()
    (letter,) = clinic.work()
    assert "Hello Ana &lt;b&gt;&amp;," in body(letter, "html")
    assert "Hello Ana <b>&," in body(letter, "plain")


class TestOwing:
    def test_each_visit_owes_one_however_often_it_is_told(self, clinic: Clinic) -> None:
        for _ in range(3):
            clinic.use(key="same tap")
        assert (clinic.owed(), len(clinic.work()), len(clinic.work())) == (1, 1, 1)

    def test_a_booked_visit_owes_one(self, clinic: Clinic) -> None:
        clinic.lite.told()
        use_booking(clinic.store, clinic.desk.act(), "B1", has_mail=True)
        assert len(clinic.work()) == 1

    def test_without_a_mail_server_nothing_is_owed(self, clinic: Clinic) -> None:
        clinic.desk.use(clinic.course)
        assert (clinic.owed(), clinic.letters()) == (0, [])

    @pytest.mark.parametrize(("days", "owed"), [(2, 1), (3, 0)])
    def test_a_visit_of_long_ago_owes_none(self, clinic: Clinic, days: int, owed: int) -> None:
        clinic.clock.advance(days=days)
        clinic.use(visited_on=clinic.desk.today - timedelta(days=days))
        assert clinic.owed() == owed

    def test_a_charged_no_show_owes_none(self, clinic: Clinic) -> None:
        clinic.lite.told()
        clinic.clock.advance(hours=1)
        clinic.lite.missed("charge")
        assert clinic.owed() == 0

    def test_the_clinic_may_send_none(self, clinic: Clinic) -> None:
        clinic.store.transact(lambda session: setattr(session.get(ClinicRow, 1), "sends_papers", False))
        clinic.use()
        assert clinic.owed() == 0


class TestNotSent:
    def test_a_visit_that_was_undone(self, clinic: Clinic) -> None:
        clinic.desk.undo(clinic.use().entry.id)
        assert clinic.work() == []
        assert clinic.letters() == [("left", "The session was undone.")]

    def test_a_client_without_an_address(self, clinic: Clinic) -> None:
        clinic.use()
        clinic.speak(email="")
        assert clinic.work() == []
        assert clinic.letters() == [("left", "They have no e-mail address.")]

    def test_the_switch_turned_off_meanwhile(self, clinic: Clinic) -> None:
        clinic.use()
        clinic.store.transact(lambda session: setattr(session.get(ClinicRow, 1), "sends_papers", False))
        assert clinic.work() == []

    def test_an_add_on_of_the_same_day_is_told_with_the_session(self, clinic: Clinic) -> None:
        contents = [
            NewContent(FACIAL, 10, Money(16500, "USD"), kind="main"),
            NewContent("LED light dome, 15 min", 10, Money(0, "USD"), kind="add_on"),
        ]
        new = NewPackage("Facials with light", Money(165000, "USD"), contents)
        package = create_package(clinic.store, clinic.desk.act(OLGA), new).id
        clinic.desk.list_on_till(package, f"var-{package}")
        course = clinic.desk.sell(package)
        facial, light = clinic.desk.course(course).allowances
        clinic.use(course, allowance_id=facial.id)
        clinic.use(course, allowance_id=light.id)
        (letter,) = clinic.work()
        assert letter["Subject"] == "Session 1 of 10 at Juniper Street"

    def test_a_letter_that_waited_for_days_helps_nobody(self, clinic: Clinic) -> None:
        clinic.use()
        assert clinic.work(minutes=3 * 24 * 60 + 1) == []
        assert clinic.letters() == [("refused", "It could not be sent in time.")]
        known = read_client(clinic.store, clinic.ana)
        assert (last_letter_not_sent(clinic.store, known), known.mail_problem) == (
            "It could not be sent in time.",
            "",
        )


class TestASharedCourse:
    @pytest.fixture
    def bea(self, clinic: Clinic) -> str:
        bea = clinic.desk.client("Bea Cruz", email="bea@example.org")
        share_course(clinic.store, clinic.desk.act(), clinic.course, Share(bea))
        return bea

    def test_who_came_learns_how_to_take_care_and_the_owner_what_is_left(
        self, clinic: Clinic, bea: str
    ) -> None:
        clinic.use(client_id=bea)
        letters = {str(each["To"]): each for each in clinic.work()}
        guest, owner = letters["bea@example.org"], letters["ana@example.org"]
        assert guest["Subject"] == "Your visit at Juniper Street"
        assert "12" not in body(guest, "plain").partition("Juniper Street\n1 Pine")[0].partition(URL)[0]
        assert [each.get_filename() for each in guest.iter_attachments()] == ["Aftercare.pdf"]
        assert owner["Subject"] == "A session of your course at Juniper Street was used"
        assert "Bea Cruz came on November 22, 2026" in body(owner, "plain")
        assert "You have 11 of 12 sessions left." in body(owner, "plain")
        assert [each.get_filename() for each in owner.iter_attachments()] == ["Course summary.pdf"]

    def test_what_was_treated_stays_with_who_came(self, clinic: Clinic, bea: str) -> None:
        clinic.use(client_id=bea, focus="Scar")
        paper = summary_paper(clinic.store, clinic.course, now=clinic.clock())
        assert "Scar" not in str(paper)


class TestTrouble:
    def test_a_server_that_is_busy_is_tried_again_with_the_same_letter(self, clinic: Clinic) -> None:
        clinic.office.next_answers = ["451 4.7.1 come back later", "250 lost"]
        clinic.use()
        assert clinic.work() == []
        # Accepted, but the answer was lost: it is sent again under the same Message-ID.
        clinic.work(minutes=1)
        first, second = clinic.work(minutes=1)
        assert first["Message-ID"] == second["Message-ID"]
        assert clinic.letters() == [("sent", "")]
        assert len(clinic.work(minutes=60)) == 2

    def test_a_refused_address_is_told_and_gets_no_more_until_it_changes(self, clinic: Clinic) -> None:
        clinic.speak(email="gone@example.org")
        clinic.use()
        assert clinic.work() == []
        said = "The mail server does not accept this address (SMTP 550)."
        assert read_client(clinic.store, clinic.ana).mail_problem == said
        assert clinic.letters() == [("refused", said)]
        clinic.use()
        assert clinic.work(minutes=90) == []
        assert clinic.letters()[-1] == ("left", "The last e-mail to this address bounced.")
        assert clinic.office.asked.count("gone@example.org") == 1
        clinic.speak(email="ana@example.org")
        assert read_client(clinic.store, clinic.ana).mail_problem == ""
        clinic.use()
        assert len(clinic.work()) == 1

    def test_a_letter_that_comes_back_says_nothing_of_an_address_typed_meanwhile(
        self, clinic: Clinic
    ) -> None:
        class Slow:
            is_ready = True

            def send(self, _letter: Letter) -> None:
                clinic.speak(email="new@example.org")
                raise MailFailed("Nobody of that name.", permanent=True)

        clinic.use()
        clinic.services = replace(clinic.services, mail=Slow())
        clinic.work()
        assert (clinic.letters(), read_client(clinic.store, clinic.ana).mail_problem) == (
            [("refused", "Nobody of that name.")],
            "",
        )

    def test_a_refused_address_can_be_tried_again_and_is_good_once_a_letter_went(
        self, clinic: Clinic
    ) -> None:
        clinic.office.next_answers = ["552 5.2.2 mailbox full"]
        clinic.use()
        clinic.work()
        assert "SMTP 552" in read_client(clinic.store, clinic.ana).mail_problem
        assert trust_address(clinic.store, clinic.desk.act(), clinic.ana).mail_problem == ""
        clinic.use()
        assert len(clinic.work()) == 1

    def test_a_paper_that_fails_now_is_made_a_little_later(self, clinic: Clinic) -> None:
        def broken(_paper: Any, _assets: Any = None) -> bytes:
            raise PaperFailed("no worker")

        clinic.use()
        whole, clinic.services = clinic.services, replace(clinic.services, render=broken)
        assert clinic.work() == []
        clinic.services = whole
        assert len(clinic.work(minutes=1)) == 1

    def test_nothing_is_sent_that_nobody_could_say_no_to(self, clinic: Clinic) -> None:
        whole, clinic.services = (
            clinic.services,
            clinic.house_with(cast(SmtpMailer, clinic.services.mail), secret_key=SecretStr("")),
        )
        clinic.use()
        assert clinic.work() == []
        clinic.services = whole
        assert len(clinic.work(minutes=1)) == 1


class TestOnThePapers:
    def test_the_next_visit_is_the_first_one_booked_and_not_called_off(self, clinic: Clinic) -> None:
        tell = clinic.lite.told
        tell("PAST", start_at=at("2026-11-20T18:00:00+00:00"))
        tell("OFF", start_at=at("2026-11-24T18:00:00+00:00"), status="CANCELLED_BY_SELLER")
        tell("LATER", start_at=at("2026-12-08T18:00:00+00:00"))
        tell("NEXT", start_at=at("2026-12-01T18:00:00+00:00"), service_name=FACIAL, team_member_name="Dr. Wu")
        clinic.use()
        booked = NextVisit(at=at("2026-12-01T18:00:00+00:00"), treatment=FACIAL, practitioner="Dr. Wu")
        now = clinic.clock()
        assert summary_paper(clinic.store, clinic.course, now=now).next_visit == booked
        assert aftercare_paper(clinic.store, clinic.course, now=now).next_visit == booked

    @pytest.mark.parametrize(
        ("days", "language", "says"),
        [
            (7, "en", "We suggest a visit every week."),
            (14, "en", "We suggest a visit every 2 weeks."),
            (10, "es", "Le sugerimos una visita cada 10 días."),
            (7, "zh-Hans", "建议每周到诊一次。"),
            (None, "en", None),
        ],
    )
    def test_how_far_apart_visits_are_suggested(
        self, clinic: Clinic, days: int | None, language: str, says: str | None
    ) -> None:
        def suggest(session: Any) -> None:
            for row in session.scalars(select(Treatment).where(Treatment.name == FACIAL)):
                row.suggested_days = days

        clinic.store.transact(suggest)
        paper = summary_paper(clinic.store, clinic.course, now=clinic.clock(), language=language)
        assert paper.suggested_interval == says

    def test_the_code_leads_to_their_page_and_stays_the_same(self, clinic: Clinic) -> None:
        drawn: list[Any] = []

        def watch(paper: Any, _assets: Any = None) -> bytes:
            drawn.append(paper)
            return b"%PDF-"

        for _ in range(2):
            fill_cache(clinic.store, watch, clinic.course, now=clinic.clock(), public_url=f"{URL}/")
        (paper,) = drawn
        assert isinstance(paper, CourseSummary)
        token = (paper.balance_url or "").removeprefix(f"{URL}/my/")
        assert client_of_page(clinic.store, token) == clinic.ana

    def test_a_changed_booking_has_the_papers_made_anew(self, clinic: Clinic) -> None:
        with clinic.store.writing() as session:
            for row in session.scalars(select(Outbox).where(Outbox.state == "pending")):
                row.state = "done"
        act = clinic.desk.act(SQUARE)
        clinic.store.transact(
            lambda session: booking_changed(
                Work(session, clinic.store, act), {None, ANA.square_customer_id, "NOBODY"}
            )
        )
        with clinic.store.reading() as session:
            owed = session.execute(select(Outbox.kind, Outbox.subject).where(Outbox.state == "pending")).all()
        assert [tuple(row) for row in owed] == [("papers", clinic.course)]


class TestTheAddressOfThePage:
    def test_a_new_one_shuts_the_old(self, clinic: Clinic) -> None:
        old = token_of(clinic.store, clinic.desk.act(), clinic.ana)
        assert token_of(clinic.store, clinic.desk.act(), clinic.ana) == old
        renew_page(clinic.store, clinic.desk.act(), clinic.ana)
        new = token_of(clinic.store, clinic.desk.act(), clinic.ana)
        assert (len(new), client_of_page(clinic.store, old), client_of_page(clinic.store, new)) == (
            43,
            None,
            clinic.ana,
        )

    def test_papers_of_a_double_lead_to_the_one_who_stays_until_the_address_changes(
        self, clinic: Clinic
    ) -> None:
        double = clinic.desk.client("Ana Sousa")
        stop_letters(clinic.store, clinic.desk.act(), double)
        theirs = token_of(clinic.store, clinic.desk.act(), double)
        merge_clients(clinic.store, clinic.desk.act(), double, clinic.ana)
        assert client_of_page(clinic.store, theirs) == clinic.ana
        # A refusal under either name is a refusal.
        assert read_client(clinic.store, clinic.ana).wants_mail is False
        renew_page(clinic.store, clinic.desk.act(), clinic.ana)
        assert client_of_page(clinic.store, theirs) is None

    def test_without_a_public_address_there_is_none(self, clinic: Clinic) -> None:
        act = clinic.desk.act()
        made = clinic.store.transact(lambda session: page_address(session, act, "", clinic.ana))
        assert made is None
