"""The content of a paper: the ledger's own numbers, frozen; cached bytes; a hand-out recorded once."""

import hashlib
import json
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from invoices.language import language_for
from invoices.pages.summary import summary_page
from invoices.papers import CourseSummary, Money, Paper, Received, Stamp
from plugin.core.acts import Actor, Role
from plugin.core.money import Money as LedgerMoney
from plugin.core.terms import NoShow, RefundFormula, Terms
from plugin.courses.accounts.staff import add_staff
from plugin.courses.accounts.staff_edits import StaffDetails, edit_staff
from plugin.courses.base.clinic import read_clinic, save_clinic
from plugin.courses.catalog.terms_text import terms_sentences
from plugin.courses.handouts.cache import fill_cache, hand_out
from plugin.courses.handouts.content import aftercare_paper, summary_paper
from plugin.errors import NotFound, Refused
from plugin.store.queues import Handout
from tests.courses.changes.changing import Changes
from tests.courses.desk import FACIAL, OLGA, TOUCH_UP, Desk, back


class Printer:
    """A fake renderer: counts what it is asked to draw."""

    def __init__(self) -> None:
        self.drawn: list[Paper] = []

    def __call__(self, paper: Paper, _assets: object = None) -> bytes:
        self.drawn.append(paper)
        return f"paper {len(self.drawn)}".encode()


@pytest.fixture
def printer() -> Printer:
    return Printer()


def summary(desk: Desk, course_id: str, **other: Any) -> CourseSummary:
    return summary_paper(desk.store, course_id, now=desk.clock(), **other)


def wu(desk: Desk) -> Actor:
    return add_staff(
        desk.store,
        email="wu@example.org",
        name="Dr. Wu",
        role=Role.PRACTITIONER,
        password_hash="x",
        now=desk.clock(),
    ).actor


class TestTheSummary:
    def test_it_shows_what_is_left_used_and_paid(self, desk: Desk) -> None:
        course_id = desk.sell(desk.package(sessions=12, touch_ups=2))
        desk.use(course_id, actor=wu(desk), focus="Jaw", note="private")
        paper = summary(desk, course_id)
        assert (paper.client_name, paper.package_name) == ("Ana Souza", "Facial acupuncture, course of 12")
        assert (paper.sessions_left, paper.sessions_total, paper.status) == (11, 12, "open")
        assert (paper.paid, paper.refunded) == (Money(198000, "USD"), None)
        assert (paper.issued_on, paper.sold_on) == (date(2026, 11, 22), date(2026, 11, 22))
        (visit,) = paper.visits
        assert (visit.on, visit.treatment, visit.session_number) == (date(2026, 11, 22), FACIAL, 1)
        assert (visit.practitioner, visit.focus) == ("Dr. Wu", "Jaw")
        assert "private" not in str(paper)

    def test_a_practitioner_is_printed_with_degrees_and_license(self, desk: Desk) -> None:
        course_id, actor = desk.sell(), wu(desk)
        desk.use(course_id, actor=actor)
        plain = summary(desk, course_id)
        assert plain.licenses == ()
        details = StaffDetails("Dr. Wu", Role.PRACTITIONER, None, "Lin Wu, L.Ac.", "AC 12345")
        edit_staff(desk.store, desk.act(OLGA), actor.staff_id or "", details)
        paper = summary(desk, course_id)
        assert [each.practitioner for each in paper.visits] == ["Lin Wu, L.Ac."]
        assert paper.licenses == ("Lin Wu, L.Ac., AC 12345",)
        sheet = aftercare_paper(desk.store, course_id, now=desk.clock())
        assert sheet.practitioner == "Lin Wu, L.Ac."
        assert summary_page(paper, language_for("es")).licenses == "Licencia: Lin Wu, L.Ac., AC 12345"
        assert [each.practitioner for each in desk.course(course_id).visits] == ["Dr. Wu"]

    def test_the_punch_card_has_a_stamp_for_each_session(self, desk: Desk) -> None:
        course_id = desk.sell(desk.package(sessions=4, touch_ups=1))
        desk.use(course_id, sessions=2)
        facials, touch_ups = summary(desk, course_id).allowances
        today = date(2026, 11, 22)
        assert facials.stamps == (Stamp("used", today),) * 2 + (Stamp("left"),) * 2
        assert (touch_ups.treatment, touch_ups.kind, touch_ups.stamps) == (
            TOUCH_UP,
            "touch_up",
            (Stamp("left"),),
        )

    def test_an_undone_visit_is_not_on_it(self, desk: Desk) -> None:
        course_id = desk.sell()
        desk.undo(desk.use(course_id).entry.id)
        paper = summary(desk, course_id)
        assert (paper.visits, paper.sessions_left) == ((), 12)

    def test_a_refunded_course_shows_what_went_back_and_when(self, desk: Desk) -> None:
        course_id = desk.sell(order="O")
        desk.use(course_id)
        desk.clock.advance(days=3)
        desk.refund("O", 198000, back())
        paper = summary(desk, course_id)
        assert (paper.status, paper.status_on) == ("refunded", date(2026, 11, 25))
        # The money that Square refunded, not the deferred revenue.
        assert (paper.sessions_left, paper.refunded) == (0, Money(198000, "USD"))
        assert [stamp.state for stamp in paper.allowances[0].stamps] == ["used"] + ["gone"] * 11

    def test_a_refund_that_failed_is_not_on_it(self, desk: Desk) -> None:
        course_id = desk.sell(order="O")
        for status in ("PENDING", "FAILED"):
            desk.refund("O", 198000, back(), status=status)
        paper = summary(desk, course_id)
        assert (paper.refunded, paper.status, paper.sessions_left) == (None, "open", 12)

    def test_an_expired_course_says_so(self, desk: Desk) -> None:
        package = desk.package(sessions=3, terms=Terms(expires_on=desk.today - timedelta(1)))
        paper = summary(desk, desk.sell(package))
        assert (paper.status, paper.expires_on) == ("expired", date(2026, 11, 21))
        assert {stamp.state for stamp in paper.allowances[0].stamps} == {"expired"}

    def test_it_speaks_the_client_s_language_unless_asked_for_another(self, desk: Desk) -> None:
        desk.client("Ana Souza", phone="4155550123", language="es")
        course_id = desk.sell()
        assert summary(desk, course_id).language == "es"
        assert summary(desk, course_id, language="en").language == "en"

    def test_the_clinic_stands_at_its_head(self, desk: Desk) -> None:
        clinic = replace(read_clinic(desk.store), address="1 Pine St\n\nSan Francisco", page_size="a4")
        save_clinic(desk.store, desk.act(OLGA), clinic)
        paper = summary(desk, desk.sell())
        assert (paper.clinic.name, paper.clinic.page_size) == ("Jade Room", "a4")
        assert paper.clinic.address_lines == ("1 Pine St", "San Francisco")

    def test_there_is_none_without_a_client_or_a_course(self, desk: Desk) -> None:
        with pytest.raises(Refused, match="Assign it"):
            summary(desk, desk.sell(buyer=None))
        with pytest.raises(NotFound):
            summary(desk, "no-course")


class TestTheAftercareSheet:
    def test_it_is_for_the_latest_visit(self, desk: Desk) -> None:
        course_id = desk.sell()
        desk.use(course_id)
        desk.clock.advance(days=7)
        desk.use(course_id)
        sheet = aftercare_paper(desk.store, course_id, now=desk.clock())
        assert (sheet.visited_on, sheet.session_number, sheet.sessions_total) == (date(2026, 11, 29), 2, 12)
        assert sheet.treatment == FACIAL

    def test_an_earlier_visit_can_be_asked_for(self, desk: Desk) -> None:
        course_id = desk.sell()
        desk.use(course_id)
        desk.use(course_id)
        first = desk.course(course_id).visits[0].id
        sheet = aftercare_paper(desk.store, course_id, now=desk.clock(), visit_id=first)
        assert sheet.session_number == 1

    def test_a_touch_up_has_its_own_text_and_no_number(self, desk: Desk) -> None:
        course_id = desk.sell(desk.package(sessions=1, touch_ups=1))
        desk.use(course_id)
        facial = aftercare_paper(desk.store, course_id, now=desk.clock())
        desk.use(course_id)
        touch_up = aftercare_paper(desk.store, course_id, now=desk.clock())
        assert (touch_up.kind, touch_up.session_number, touch_up.sessions_total) == ("touch_up", None, None)
        assert touch_up.text != facial.text

    def test_there_is_none_before_the_first_visit_or_for_another_s(self, desk: Desk) -> None:
        package = desk.package()
        one, two = desk.sell(package), desk.sell(package)
        with pytest.raises(Refused, match="No session of this course was used"):
            aftercare_paper(desk.store, one, now=desk.clock())
        desk.use(two)
        other = desk.course(two).visits[0].id
        with pytest.raises((NotFound, Refused)):
            aftercare_paper(desk.store, one, now=desk.clock(), visit_id=other)


class TestTheBytes:
    def handed(self, desk: Desk) -> list[Any]:
        columns = Handout.by, Handout.kind, Handout.language, Handout.content, Handout.content_sha256
        with desk.store.reading() as session:
            return list(session.execute(select(*columns).order_by(Handout.id)))

    def test_the_same_content_is_drawn_once(self, desk: Desk, printer: Printer) -> None:
        course_id = desk.sell()
        pages = {hand_out(desk.store, printer, desk.act(), course_id, "summary").pdf for _ in range(3)}
        assert pages == {b"paper 1"}
        assert len(printer.drawn) == 1

    def test_new_content_is_drawn_anew(self, desk: Desk, printer: Printer) -> None:
        course_id = desk.sell()
        hand_out(desk.store, printer, desk.act(), course_id, "summary")
        desk.use(course_id)
        assert hand_out(desk.store, printer, desk.act(), course_id, "summary").pdf == b"paper 2"

    def test_each_language_is_kept_beside_the_other(self, desk: Desk, printer: Printer) -> None:
        course_id = desk.sell()
        for language in ("en", "es", "en", "es"):
            hand_out(desk.store, printer, desk.act(), course_id, "summary", language=language)
        assert len(printer.drawn) == 2

    def test_what_was_made_ready_is_not_drawn_again(self, desk: Desk, printer: Printer) -> None:
        course_id = desk.sell()
        assert fill_cache(desk.store, printer, course_id, now=desk.clock()) == 1
        desk.use(course_id)
        assert fill_cache(desk.store, printer, course_id, now=desk.clock()) == 2
        assert fill_cache(desk.store, printer, course_id, now=desk.clock()) == 0
        for kind in ("summary", "aftercare"):
            hand_out(desk.store, printer, desk.act(), course_id, kind)
        assert len(printer.drawn) == 3

    def test_a_course_nobody_owns_has_nothing_to_make_ready(self, desk: Desk, printer: Printer) -> None:
        assert fill_cache(desk.store, printer, desk.sell(buyer=None), now=desk.clock()) == 0

    def test_making_ready_is_no_handing_out(self, desk: Desk, printer: Printer) -> None:
        fill_cache(desk.store, printer, desk.sell(), now=desk.clock())
        assert self.handed(desk) == []

    def test_what_was_handed_out_is_remembered_once_for_each_content(
        self, desk: Desk, printer: Printer
    ) -> None:
        course_id = desk.sell()
        for _ in range(3):
            hand_out(desk.store, printer, desk.act(), course_id, "summary")
        desk.use(course_id)
        hand_out(desk.store, printer, desk.act(), course_id, "summary")
        first, second = self.handed(desk)
        assert (first.by, first.kind, first.language) == ("Deb", "summary", "en")
        assert json.loads(first.content)["paper"]["sessions_left"] == 12
        assert json.loads(second.content)["paper"]["sessions_left"] == 11
        assert first.content_sha256 == hashlib.sha256(first.content.encode()).hexdigest()


NOTICE = "Please cancel at least 24 hours ahead."
ASK = f"{NOTICE} If a visit is missed without notice, we decide with you whether it counts as used."
SHARING = "The sessions are yours. To share them with someone or pass them on, ask us first."
PRORATED = "Refund: what you paid for the sessions you have not used."


@pytest.mark.parametrize(
    ("terms", "said"),
    [
        (Terms(), ["Your sessions do not expire.", ASK, SHARING, PRORATED]),
        (Terms(expires_after_months=6), [ASK, SHARING, PRORATED]),
        (
            Terms(expires_on=date(2027, 1, 1), refund_formula=RefundFormula.DISCOUNT_FORFEITED),
            [ASK, SHARING, "Refund: what you paid, less the sessions used at the single-visit price."],
        ),
    ],
)
def test_the_terms_are_plain_sentences(terms: Terms, said: list[str]) -> None:
    """Row 11 of the papers' findings: notice, sharing, and what a missed visit costs where that is asked."""
    assert list(terms_sentences(terms, "en")) == said


@pytest.mark.parametrize(
    ("rule", "forgiven", "said"),
    [
        (NoShow.CHARGE, 0, "A visit missed without notice counts as used."),
        (NoShow.CHARGE, 1, "A visit missed without notice counts as used; we look past it once."),
        (NoShow.CHARGE, 2, "A visit missed without notice counts as used; we look past it 2 times."),
        (NoShow.FORGIVE, 0, "A visit missed without notice is not counted."),
    ],
)
def test_a_missed_visit_is_spoken_of(rule: NoShow, forgiven: int, said: str) -> None:
    assert terms_sentences(Terms(no_show=rule, forgiven_no_shows=forgiven), "en")[1] == f"{NOTICE} {said}"


@pytest.mark.parametrize(
    ("hours", "says"),
    [(0, ""), (1, "Please cancel at least 1 hour ahead. "), (48, "Please cancel at least 48 hours ahead. ")],
)
def test_the_notice_is_as_long_as_the_package_asks_for(hours: int, says: str) -> None:
    """Row 11."""
    terms = Terms(no_show=NoShow.CHARGE, notice_hours=hours)
    assert terms_sentences(terms, "en")[1] == f"{says}A visit missed without notice counts as used."


class TestTheTermsOfACourse:
    def test_they_name_the_single_price_and_leave_whom_to_ask_to_the_contact_lines(self, desk: Desk) -> None:
        """Row 11."""
        clinic = replace(read_clinic(desk.store), phone="(310) 555-0100", email="hello@example.org")
        save_clinic(desk.store, desk.act(OLGA), clinic)
        terms = Terms(refund_formula=RefundFormula.DISCOUNT_FORFEITED)
        said = summary(desk, desk.sell(desk.package(terms=terms))).terms
        assert (
            said[-1] == "Refund: what you paid, less the sessions used at the single-visit price of $165.00."
        )
        assert not any("555-0100" in each for each in said)

    def test_treatments_that_differ_in_price_are_each_named_with_theirs(self, desk: Desk) -> None:
        """Row 11."""
        singles = (("Facial", 16500), ("Touch-up", 9000), ("LED", 0))
        prices = [(treatment, LedgerMoney(single, "USD")) for treatment, single in singles]
        terms = Terms(refund_formula=RefundFormula.DISCOUNT_FORFEITED)
        assert terms_sentences(terms, "en", prices=prices)[-1] == (
            "Refund: what you paid, less the sessions used at the single-visit price "
            "(Facial: $165.00; Touch-up: $90.00)."
        )

    def test_nothing_is_said_twice(self, desk: Desk) -> None:
        """Row 11: that nothing expires is among the facts of the paper."""
        paper = summary(desk, desk.sell())
        assert not any("expire" in each for each in paper.terms)
        assert len(set(paper.terms)) == len(paper.terms)

    def test_somebody_who_was_given_it_reads_nothing_of_a_refund(self, desk: Desk) -> None:
        """Row 3."""
        changes = Changes(desk)
        course_id = desk.sell()
        changes.give(course_id)
        changes.redeem("7KQMX3FD92HT", desk.client("Bea Wong"))
        paper = summary(desk, course_id)
        assert (paper.paid, paper.balance_due, paper.refunded) == (None, None, None)
        assert not any("Refund" in each for each in paper.terms)
        assert paper.received == Received(how="gift", giver_name="Ana Souza", on=desk.today)

    def test_none_are_printed_of_a_course_of_which_nothing_is_left(self, desk: Desk) -> None:
        """Row 11."""
        course_id = desk.sell(desk.package(sessions=2))
        desk.use(course_id, sessions=2)
        assert summary(desk, course_id).terms == ()
