"""Agreements before a sale: shown, signed once, bound to what was shown, and kept with what was sold."""

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from invoices.papers import CourseAgreement, from_json
from invoices.papers import Money as PaperMoney
from plugin.core.terms import RefundFormula, Terms
from plugin.courses.agreements.prepare import (
    agreement_content,
    agreement_pdf,
    agreements_of_client,
    agreements_of_course,
    read_agreement,
    withdraw_agreement,
)
from plugin.courses.base.read import courses_of_client
from plugin.courses.changes.transfer import Transfer, transfer_course
from plugin.courses.privacy.erasure import Erasure, erase_client
from plugin.courses.refunds.desk_refunds import refund_quote
from plugin.courses.reports.by_month import agreements_by_month
from plugin.courses.sales.checkouts import cancel_checkout
from plugin.errors import InvalidField, NotFound, Refused
from tests.courses.agreements.agreeing import Agreeing, reprice
from tests.courses.appointments import Appointments
from tests.courses.desk import OLGA, Desk

SINGLE_TERMS = Terms(refund_formula=RefundFormula.DISCOUNT_FORFEITED)


@pytest.fixture
def desk(lite: Appointments) -> Desk:
    return lite.desk


class TestWhatIsShown:
    def test_the_refund_is_worked_for_four_of_twelve_with_the_clinics_numbers(self, desk: Desk) -> None:
        paper = agreement_content(desk.store, Agreeing(desk, terms=SINGLE_TERMS).prepare().id)
        assert paper.example is not None
        assert (paper.example.used, paper.example.total) == (4, 12)
        # 1,980.00 less four visits at 165.00 each.
        assert paper.example.amount == PaperMoney(132000, "USD")

    def test_a_package_of_one_session_has_no_example(self, desk: Desk) -> None:
        assert agreement_content(desk.store, Agreeing(desk, sessions=1).prepare().id).example is None

    def test_the_same_terms_again_are_the_same_agreement(self, desk: Desk) -> None:
        agreeing = Agreeing(desk)
        first = agreeing.prepare()
        desk.clock.advance(days=1)
        assert agreeing.prepare().id == first.id

    def test_other_terms_replace_what_nobody_signed(self, desk: Desk) -> None:
        agreeing = Agreeing(desk)
        first = agreeing.prepare()
        reprice(agreeing)
        second = agreeing.prepare()
        assert [each.id for each in agreements_of_client(desk.store, agreeing.client_id)] == [second.id]
        with pytest.raises(NotFound):
            read_agreement(desk.store, first.id)

    def test_the_last_day_to_change_ones_mind_is_that_of_the_day_it_is_signed(self, desk: Desk) -> None:
        """Shown on a Sunday with five working days, read again on Tuesday; without a period it stays the same."""
        agreeing, plain = Agreeing(desk, change_of_mind="singapore"), Agreeing(desk, name="Plain")
        shown, plainly = agreeing.prepare("distance"), plain.prepare("distance")
        desk.clock.advance(days=2)
        with pytest.raises(Refused) as refused:
            agreeing.sign(shown)
        assert refused.value.code == "terms_changed"
        read = agreeing.prepare("distance")
        said = " ".join(agreement_content(desk.store, read.id).before[3].sentences)
        assert "If you buy on November 24, 2026, that is until December 1, 2026." in said
        assert agreeing.sign(read).is_signed
        assert plain.prepare("distance").id == plainly.id
        desk.clock.advance(days=1)
        assert agreeing.prepare("distance").id == read.id

    def test_a_distance_sale_alone_has_the_european_period(self, desk: Desk) -> None:
        agreeing = Agreeing(desk, change_of_mind="eu_distance")
        here, away = (
            [each.heading for each in agreement_content(desk.store, agreeing.prepare(channel).id).before]
            for channel in ("clinic", "distance")
        )
        assert [each for each in away if each not in here] == ["If you change your mind"]


class TestSigning:
    def test_the_signed_copy_names_the_file_that_was_shown(self, desk: Desk) -> None:
        agreeing = Agreeing(desk)
        shown = agreeing.prepare()
        signed = agreeing.sign(shown)
        assert signed.signature is not None
        assert signed.signature.shown_sha256 == shown.pdf_sha256
        copy = from_json(agreement_pdf(desk.store, shown.id).decode())
        assert isinstance(copy, CourseAgreement)
        assert copy.signature is not None
        assert (copy.signature.shown_sha256, copy.signature.present) == (shown.pdf_sha256, "Deb")
        assert copy.signature.path.startswith("M20 100L60 40")

    def test_a_second_signature_changes_nothing(self, desk: Desk) -> None:
        agreeing = Agreeing(desk)
        first = agreeing.sign(agreeing.prepare())
        desk.clock.advance(minutes=5)
        assert agreeing.sign(first, name="Somebody else", way="typed", drawing="") == first

    def test_terms_that_changed_after_they_were_shown_are_not_signed(self, desk: Desk) -> None:
        agreeing = Agreeing(desk)
        shown = agreeing.prepare()
        reprice(agreeing)
        with pytest.raises(Refused) as refused:
            agreeing.sign(shown)
        assert refused.value.code == "terms_changed"
        assert not read_agreement(desk.store, shown.id).is_signed

    def test_a_file_that_was_not_shown_is_not_signed(self, desk: Desk) -> None:
        agreeing = Agreeing(desk)
        with pytest.raises(Refused):
            agreeing.sign(agreeing.prepare(), shown_sha256="0" * 64)

    @pytest.mark.parametrize(
        "drawing",
        [
            "",
            "[]",
            "no json",
            "[[1]]",
            "[[1,2,601,3]]",
            "[[1,2,-1,3]]",
            '[["1",2,3,4]]',
            "[[10,10,12,12]]",
            "{}",
            "[" * 30_000,
            f"[[{','.join(['1,2,300,150'] * 2000)}]]",
            "[[1,2,3.5,150]]",
            "[[true,2,300,150]]",
        ],
    )
    def test_what_is_no_signature_is_refused(self, desk: Desk, drawing: str) -> None:
        agreeing = Agreeing(desk)
        with pytest.raises(InvalidField):
            agreeing.sign(agreeing.prepare(), drawing=drawing)

    def test_nothing_of_a_signed_agreement_can_be_changed_or_deleted(self, desk: Desk) -> None:
        agreeing = Agreeing(desk)
        signed = agreeing.sign(agreeing.prepare())
        with pytest.raises(Refused):
            withdraw_agreement(desk.store, desk.act(), signed.id)
        for statement in (
            "UPDATE agreement SET content = 'x'",
            "DELETE FROM agreement",
            "UPDATE agreement_signature SET name = 'x'",
            "DELETE FROM agreement_signature",
        ):
            with pytest.raises(IntegrityError), desk.store.writing() as session:
                session.execute(text(statement))

    def test_erasure_deletes_what_was_only_shown_and_keeps_what_was_signed(self, desk: Desk) -> None:
        agreeing = Agreeing(desk)
        signed = agreeing.sign(agreeing.prepare())
        other = Agreeing(desk, client_id=agreeing.client_id, name="Another").prepare()
        erase_client(desk.store, desk.act(OLGA), Erasure(agreeing.client_id, "Ana Souza"))
        assert [each.id for each in agreements_of_client(desk.store, agreeing.client_id)] == [signed.id]
        with pytest.raises(NotFound):
            read_agreement(desk.store, other.id)


class TestTheSale:
    def test_where_it_is_required_no_sale_begins_without_it(self, desk: Desk) -> None:
        agreeing = Agreeing(desk)
        agreeing.prepare()
        with pytest.raises(Refused) as refused:
            agreeing.begin()
        assert refused.value.code == "not_agreed"
        assert agreeing.begin(needs_agreement=False).is_open

    def test_an_older_version_of_the_package_does_not_count(self, desk: Desk) -> None:
        agreeing = Agreeing(desk)
        agreeing.sign(agreeing.prepare())
        reprice(agreeing)
        with pytest.raises(Refused):
            agreeing.begin()

    def test_a_sold_course_has_its_agreement_and_the_next_sale_needs_another(self, desk: Desk) -> None:
        agreeing = Agreeing(desk)
        signed = agreeing.sign(agreeing.prepare())
        agreeing.begin()
        course_id = agreeing.sell()
        assert [each.id for each in agreements_of_course(desk.store, course_id)] == [signed.id]
        with pytest.raises(Refused):
            agreeing.begin()

    def test_a_canceled_sale_leaves_its_agreement_to_the_next(self, desk: Desk) -> None:
        agreeing = Agreeing(desk)
        signed = agreeing.sign(agreeing.prepare())
        cancel_checkout(desk.store, desk.act(), agreeing.begin().id)
        assert agreeing.prepare().id == signed.id
        assert agreeing.begin().is_open

    def test_a_transferred_course_leaves_the_agreement_with_who_signed_it(self, desk: Desk) -> None:
        agreeing = Agreeing(desk)
        agreeing.sign(agreeing.prepare())
        agreeing.begin()
        course_id, bea = agreeing.sell(), desk.client("Bea Lind")
        transfer_course(desk.store, desk.act(OLGA), course_id, Transfer(bea, "Moving away"))
        (received,) = courses_of_client(desk.store, bea, today=desk.today)
        assert agreements_of_course(desk.store, received.id) == ()
        assert agreements_of_client(desk.store, bea) == ()
        assert len(agreements_of_course(desk.store, course_id)) == 1

    def test_a_sale_rung_up_without_the_desk_has_what_was_signed_before_it(self, desk: Desk) -> None:
        """Signed once and rung up twice, the first sale has it; signed again, so has one that gets its client later."""
        agreeing = Agreeing(desk, change_of_mind="singapore")
        ana, agreeing.client_id = agreeing.client_id, desk.client("Bea Lind")
        agreeing.sign(agreeing.prepare(), name="Bea Lind")
        agreeing.client_id = ana
        signed = agreeing.sign(agreeing.prepare())
        desk.clock.advance(minutes=2)
        first = agreeing.sell()
        desk.clock.advance(days=7)
        second = agreeing.sell()
        assert [each.id for each in agreements_of_course(desk.store, first)] == [signed.id]
        assert agreements_of_course(desk.store, second) == ()
        assert [month.sold for month in agreements_by_month(desk.store, desk.clock())][-1] == 1
        assert agreeing.prepare().id != signed.id
        with pytest.raises(Refused):
            agreeing.begin()
        desk.clock.advance(days=1)
        again = agreeing.sign(agreeing.prepare())
        desk.clock.advance(minutes=2)
        third = desk.book(desk.sale(desk.line(agreeing.package_id, paid=198000), buyer=None)).opened[0]
        assert agreements_of_course(desk.store, third) == ()
        (item,) = desk.questions()
        desk.answer(item.id, client_id=agreeing.client_id)
        assert [each.id for each in agreements_of_course(desk.store, third)] == [again.id]
        assert refund_quote(desk.store, third, today=desk.today).window is not None


class TestChangeOfMind:
    def test_within_the_period_the_refund_proposes_all_less_the_sessions_used(self, desk: Desk) -> None:
        agreeing = Agreeing(desk, change_of_mind="singapore", terms=SINGLE_TERMS)
        agreeing.sign(agreeing.prepare())
        agreeing.begin()
        course_id = agreeing.sell()
        desk.use(course_id)
        inside = refund_quote(desk.store, course_id, today=desk.today)
        assert inside.proposed is RefundFormula.PRORATED
        assert inside.formula is RefundFormula.DISCOUNT_FORFEITED
        desk.clock.advance(days=9)
        outside = refund_quote(desk.store, course_id, today=desk.today)
        assert (outside.window, outside.proposed) == (None, RefundFormula.DISCOUNT_FORFEITED)

    def test_without_an_agreement_the_clinics_own_period_counts(self, desk: Desk) -> None:
        course_id = desk.sell()
        assert refund_quote(desk.store, course_id, today=desk.today).window is None
        quote = refund_quote(desk.store, course_id, today=desk.today, change_of_mind="china")
        assert quote.window is not None
        assert quote.window.until == desk.today + timedelta(days=7)
        away = refund_quote(desk.store, course_id, today=desk.today, change_of_mind="eu_distance")
        assert away.window is None
