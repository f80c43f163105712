"""A paper e-mailed because it was asked for at the desk: sent once, to whose it is, and refused in words."""

# ruff: noqa: F811 - the fixtures of the other e-mails

import pytest
from sqlalchemy import select

from plugin.core.acts import Act, Actor, Role, Source
from plugin.courses.changes.gifts import Share, share_course
from plugin.courses.clients.clients import read_client
from plugin.courses.clients.private_page import stop_letters
from plugin.courses.documents.paper_emails import PAPER_MAIL, PaperKind, send_paper
from plugin.courses.privacy.erasure import Erasure, erase_client
from plugin.errors import KeyReused, NotAllowed, NotFound, Refused
from plugin.store.queues import Outbox
from tests.courses.desk import DEB, OLGA
from tests.courses.test_visit_mail import Clinic, body, clinic, office, office_there  # noqa: F401

KIM = Actor("A. Kim", Role.PRACTITIONER, Source.DESK)


def asks(clinic: Clinic, kind: PaperKind = "summary", paper_id: str = "", *, act: Act | None = None) -> str:
    sent = send_paper(clinic.store, act or clinic.desk.act(), kind, paper_id or clinic.course, has_mail=True)
    return sent.called


def history(clinic: Clinic) -> list[tuple[str, str]]:
    told = clinic.desk.course(clinic.course).happenings
    return [(each.text, each.by) for each in told if each.kind == "paper_mailed"]


def test_the_summary_is_sent_with_a_line_in_the_history(clinic: Clinic) -> None:
    assert asks(clinic) == "Course summary"
    (letter,) = clinic.work(minutes=0)
    assert (letter["To"], letter["Subject"]) == ("ana@example.org", "Course summary · Juniper Street")
    assert [each.get_filename() for each in letter.iter_attachments()] == ["Course summary.pdf"]
    for text in (body(letter, "plain"), body(letter, "html")):
        assert "Attached is what you asked for: Course summary." in text
        assert "Juniper Street sends you this because you asked for it." in text
        assert "/mail/stop/" not in text
    assert history(clinic) == [("Course summary sent by e-mail", DEB.name)]


@pytest.mark.parametrize(("language", "subject"), [("es", "Resumen de su plan"), ("zh-Hans", "疗程概要")])
def test_it_speaks_the_clients_language(clinic: Clinic, language: str, subject: str) -> None:
    clinic.speak(language=language)
    asks(clinic)
    (letter,) = clinic.work(minutes=0)
    assert letter["Subject"] == f"{subject} · Juniper Street"


def test_the_aftercare_sheet_goes_to_who_came(clinic: Clinic) -> None:
    bea = clinic.desk.client("Bea Wong", email="bea@example.org")
    share_course(clinic.store, clinic.desk.act(), clinic.course, Share(bea))
    clinic.desk.use(clinic.course, client_id=bea)
    (visit,) = clinic.desk.course(clinic.course).visits
    asks(clinic, "aftercare", visit.id)
    (letter,) = clinic.work(minutes=0)
    assert (letter["To"], letter["Subject"]) == ("bea@example.org", "Aftercare · Juniper Street")


@pytest.mark.parametrize("minutes", [0, 30])
def test_one_tap_is_one_e_mail_however_often_it_arrives(clinic: Clinic, minutes: int) -> None:
    act = clinic.desk.act()
    asks(clinic, act=act)
    clinic.work(minutes=minutes)
    asks(clinic, act=act)
    assert len(clinic.work(minutes=minutes)) == 1


def test_two_taps_while_the_first_waits_are_one_e_mail(clinic: Clinic) -> None:
    asks(clinic)
    asks(clinic)
    assert len(clinic.work(minutes=0)) == 1


def test_a_later_tap_sends_it_again(clinic: Clinic) -> None:
    asks(clinic)
    clinic.work(minutes=0)
    asks(clinic)
    assert len(clinic.work(minutes=0)) == 2


def test_a_key_is_for_one_paper(clinic: Clinic) -> None:
    clinic.desk.use(clinic.course)
    (visit,) = clinic.desk.course(clinic.course).visits
    act = clinic.desk.act()
    asks(clinic, act=act)
    with pytest.raises(KeyReused):
        asks(clinic, "aftercare", visit.id, act=act)


def test_who_unsubscribed_from_e_mails_after_visits_gets_what_they_ask_for(clinic: Clinic) -> None:
    stop_letters(clinic.store, clinic.desk.act(), clinic.ana)
    asks(clinic)
    assert len(clinic.work(minutes=0)) == 1
    assert not read_client(clinic.store, clinic.ana).wants_mail


def test_without_an_address_it_says_what_to_do(clinic: Clinic) -> None:
    clinic.speak(email="")
    with pytest.raises(Refused, match=r"has no e-mail address\. Add one under “Edit client”"):
        asks(clinic)


def test_without_mail_it_says_whose_turn_it_is(clinic: Clinic) -> None:
    with pytest.raises(Refused, match="The owner sets it up under Settings"):
        send_paper(clinic.store, clinic.desk.act(), "summary", clinic.course, has_mail=False)


def test_a_bounce_is_remembered_and_stops_the_next(clinic: Clinic) -> None:
    clinic.speak(email="gone@example.org")
    asks(clinic)
    assert clinic.work(minutes=0) == []
    ((said, by),) = history(clinic)
    assert said.startswith("Course summary not sent by e-mail. ")
    assert by == DEB.name
    assert read_client(clinic.store, clinic.ana).mail_problem
    with pytest.raises(Refused, match=r"bounced\. Correct the address, or resume"):
        asks(clinic)


def test_an_address_removed_meanwhile_is_said_in_the_history(clinic: Clinic) -> None:
    asks(clinic)
    clinic.speak(email="")
    assert clinic.work(minutes=0) == []
    ((said, _),) = history(clinic)
    assert "has no e-mail address" in said


def test_nothing_goes_to_who_was_erased_meanwhile(clinic: Clinic) -> None:
    asks(clinic)
    erase_client(clinic.store, clinic.desk.act(OLGA), Erasure(clinic.ana, "Ana Souza", gives_up=True))
    assert clinic.work(minutes=0) == []
    with pytest.raises(Refused):
        asks(clinic)


@pytest.mark.parametrize("kind", ["summary", "aftercare", "document", "statement"])
def test_an_unknown_paper_is_refused(clinic: Clinic, kind: PaperKind) -> None:
    with pytest.raises(NotFound):
        asks(clinic, kind, "x" * 32)
    with clinic.store.reading() as session:
        assert session.scalars(select(Outbox.id).where(Outbox.kind == PAPER_MAIL)).all() == []


def test_practitioners_send_what_is_about_visits_alone(clinic: Clinic) -> None:
    assert asks(clinic, act=clinic.desk.act(KIM)) == "Course summary"
    with pytest.raises(NotAllowed):
        asks(clinic, "document", "x" * 32, act=clinic.desk.act(KIM))


def test_a_summary_nobody_asked_for_says_how_to_unsubscribe_and_respects_it(clinic: Clinic) -> None:
    act = clinic.desk.act()
    send_paper(clinic.store, act, "summary", clinic.course, has_mail=True, is_asked_for=False)
    (letter,) = clinic.work(minutes=0)
    for text in (body(letter, "plain"), body(letter, "html")):
        assert "Attached is your course summary." in text
        assert "/mail/stop/" in text
        assert "asked" not in text
    assert letter["List-Unsubscribe"]
    waiting = clinic.desk.act()
    send_paper(clinic.store, waiting, "summary", clinic.course, has_mail=True, is_asked_for=False)
    stop_letters(clinic.store, clinic.desk.act(), clinic.ana)
    assert len(clinic.work(minutes=0)) == 1
    again = clinic.desk.act()
    with pytest.raises(Refused, match="unsubscribed from e-mails"):
        send_paper(clinic.store, again, "summary", clinic.course, has_mail=True, is_asked_for=False)
