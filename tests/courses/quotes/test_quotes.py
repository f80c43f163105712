"""A quote: what it freezes, how it ends, and the one sale it becomes."""

import json
from datetime import timedelta
from typing import Any

import pytest

from invoices.papers import Money as PaperMoney
from invoices.papers import content_sha256, from_json
from plugin.core.terms import RefundFormula, Terms
from plugin.courses.catalog.package_edits import set_on_sale
from plugin.courses.privacy.erasure import Erasure, erase_client
from plugin.courses.privacy.export import export_client
from plugin.courses.quotes.make import cancel_links_of_ended_quotes, withdraw_quote
from plugin.courses.quotes.views import QuoteState, quote_content, quote_of_code, quote_pdf
from plugin.courses.retention import drop_old_rows
from plugin.courses.sales.checkouts import cancel_checkout
from plugin.errors import InvalidField, NotFound, Refused
from plugin.store.selling import Checkout
from tests.courses.agreements.agreeing import reprice
from tests.courses.appointments import Appointments
from tests.courses.desk import OLGA, Desk
from tests.courses.quotes.quoting import Quoting

SINGLE_TERMS = Terms(refund_formula=RefundFormula.DISCOUNT_FORFEITED)
CONCERN = "The lines beside my mouth"


@pytest.fixture
def desk(lite: Appointments) -> Desk:
    return lite.desk


@pytest.fixture
def ana(desk: Desk) -> Quoting:
    return Quoting(desk)


class TestMaking:
    def test_it_freezes_words_price_and_an_example_of_the_refund(self, desk: Desk) -> None:
        ana = Quoting(desk, terms=SINGLE_TERMS)
        quote = ana.quote(concern=f"  {CONCERN}\n")
        paper = quote_content(desk.store, quote.id)
        assert (paper.concern, paper.price) == (CONCERN, PaperMoney(198000, "USD"))
        assert paper.example is not None
        assert (paper.example.used, paper.example.amount) == (4, PaperMoney(132000, "USD"))
        assert paper.contents[0].session_price == PaperMoney(16500, "USD")
        assert quote.valid_until == desk.today + timedelta(days=30)
        assert paper.pay_url.endswith(quote.path)
        # The stored file holds the stored content.
        drawn = from_json(quote_pdf(desk.store, quote.id).decode())
        assert content_sha256(drawn) == content_sha256(paper)

    def test_the_price_of_a_session_is_its_part_of_the_course(self, desk: Desk) -> None:
        paper = quote_content(desk.store, Quoting(desk, touch_ups=2).quote().id)
        assert [each.session_price.amount for each in paper.contents] == [14143, 14143]

    def test_the_same_act_again_is_the_same_quote(self, ana: Quoting) -> None:
        first, second = (ana.quote(key="once", concern=CONCERN) for _ in range(2))
        assert first == second
        assert len(ana.all()) == 1

    @pytest.mark.parametrize(
        ("wish", "field"),
        [
            ({"concern": "x" * 301}, "concern"),
            ({"rhythm": "x" * 201}, "rhythm"),
            ({"valid_until": timedelta(days=-1)}, "valid_until"),
            ({"valid_until": timedelta(days=367)}, "valid_until"),
        ],
    )
    def test_what_is_too_much_is_refused(self, ana: Quoting, wish: dict[str, Any], field: str) -> None:
        given: dict[str, Any] = {
            name: ana.desk.today + value if isinstance(value, timedelta) else value
            for name, value in wish.items()
        }
        with pytest.raises(InvalidField) as refused:
            ana.quote(**given)
        assert refused.value.field == field
        assert ana.all() == ()

    def test_a_new_one_replaces_the_open_one_of_the_package(self, ana: Quoting) -> None:
        first, second = ana.quote(), ana.quote()
        assert [each.state for each in ana.all()] == [QuoteState.OPEN, QuoteState.WITHDRAWN]
        with pytest.raises(Refused):
            ana.pay(first)
        assert ana.pay(second).is_open
        # Not while the other one is being paid.
        with pytest.raises(Refused) as refused:
            ana.quote()
        assert refused.value.code == "under_way"


class TestEnding:
    def test_it_expires_after_its_last_day(self, ana: Quoting) -> None:
        quote = ana.quote(valid_until=ana.desk.today)
        assert ana.read(quote).state is QuoteState.OPEN
        ana.desk.clock.advance(days=1)
        assert ana.read(quote).state is QuoteState.EXPIRED
        with pytest.raises(Refused) as refused:
            ana.pay(quote)
        assert refused.value.code == "expired"
        # A sale after that is none of the quote's.
        ana.sell()
        assert ana.read(quote).state is QuoteState.EXPIRED

    def test_withdrawn_it_can_not_be_paid(self, ana: Quoting) -> None:
        quote = ana.quote()
        for _tap in range(2):
            assert withdraw_quote(ana.store, ana.desk.act(), quote.id).state is QuoteState.WITHDRAWN
        with pytest.raises(Refused) as refused:
            ana.pay(quote)
        assert refused.value.code == "withdrawn"

    def test_one_that_is_being_paid_or_is_paid_is_not_withdrawn(self, ana: Quoting) -> None:
        quote = ana.quote()
        begun = ana.pay(quote)
        with pytest.raises(Refused) as refused:
            withdraw_quote(ana.store, ana.desk.act(), quote.id)
        assert refused.value.code == "under_way"
        cancel_checkout(ana.store, ana.desk.act(), begun.id)
        ana.sell()
        with pytest.raises(Refused) as refused:
            withdraw_quote(ana.store, ana.desk.act(), quote.id)
        assert refused.value.code == "paid"

    def test_the_payment_link_of_one_that_has_ended_is_canceled(self, ana: Quoting) -> None:
        quote = ana.quote()
        begun = ana.pay(quote)
        ana.answer(begun.id, url="https://square.link/u/q", state="waiting", square_order_id="ORDER-Q")
        assert cancel_links_of_ended_quotes(ana.store, ana.desk.clock()) == 0
        ana.desk.clock.set(ana.desk.clock() + (quote.valid_until - ana.desk.today) + timedelta(days=1))
        assert cancel_links_of_ended_quotes(ana.store, ana.desk.clock()) == 1
        with ana.store.reading() as session:
            assert session.get_one(Checkout, begun.id).cancel_asked_at is not None
        assert cancel_links_of_ended_quotes(ana.store, ana.desk.clock()) == 0

    def test_what_has_changed_since_is_said_and_not_charged(self, ana: Quoting) -> None:
        quote = ana.quote()
        reprice(ana)
        assert ana.read(quote).change == "price"
        assert ana.read(quote).price.amount == 198000
        with pytest.raises(Refused) as refused:
            ana.pay(quote)
        assert refused.value.code == "changed"
        set_on_sale(ana.store, ana.desk.act(OLGA), ana.package_id, is_active=False)
        assert ana.read(quote).change == "retired"


class TestTheSale:
    def test_opened_on_two_phones_it_is_one_sale(self, ana: Quoting) -> None:
        quote = ana.quote()
        assert ana.pay(quote).id == ana.pay(quote).id
        begun = ana.pay(quote)
        ana.answer(begun.id, state="waiting", square_order_id="ORDER-Q", url="https://square.link/u/q")
        ana.desk.clock.advance(days=40)
        # The link was opened in time; it is paid later.
        ana.desk.book(ana.desk.sale(ana.desk.line(ana.package_id), order="ORDER-Q"))
        assert ana.read(quote).state is QuoteState.PAID
        assert ana.pay(quote).state == "paid"

    def test_one_that_was_canceled_may_begin_again(self, ana: Quoting) -> None:
        quote = ana.quote()
        first = ana.pay(quote)
        cancel_checkout(ana.store, ana.desk.act(), first.id)
        assert ana.pay(quote).id != first.id

    def test_bought_at_the_till_it_is_paid_as_well(self, ana: Quoting) -> None:
        quote = ana.quote()
        ana.begin(needs_agreement=False)
        ana.sell()
        assert ana.read(quote).state is QuoteState.PAID
        with pytest.raises(Refused) as refused:
            ana.pay(quote)
        assert refused.value.code == "paid"

    def test_where_an_agreement_is_required_it_comes_first(self, ana: Quoting) -> None:
        quote = ana.quote()
        with pytest.raises(Refused) as refused:
            ana.pay(quote, needs_agreement=True)
        assert refused.value.code == "not_agreed"
        ana.sign(ana.prepare())
        assert ana.pay(quote, needs_agreement=True).is_open


class TestPersonalData:
    def test_it_is_exported_and_erased_with_the_client(self, ana: Quoting) -> None:
        quote = ana.quote(concern=CONCERN)
        exported = json.loads(export_client(ana.store, ana.desk.act(OLGA), ana.client_id).to_json())
        assert [each["concern"] for each in exported["held"]["quote"]] == [CONCERN]
        erase_client(ana.store, ana.desk.act(OLGA), Erasure(ana.client_id, "Ana Souza"))
        assert quote_of_code(ana.store, quote.code, now=ana.desk.clock()) is None
        with pytest.raises(NotFound):
            ana.read(quote)

    def test_it_is_deleted_with_old_answers(self, ana: Quoting) -> None:
        ana.quote()
        later = ana.desk.clock() + timedelta(days=32)
        assert drop_old_rows(ana.store, later, days=9999, log_days=9999, answer_days=31) == 1
        assert ana.all() == ()

    @pytest.mark.parametrize("typed", ["", "x", "7KQM-X3FD-92HT", "0" * 12, "é" * 12, "2" * 5000])
    def test_no_other_code_opens_anything(self, ana: Quoting, typed: str) -> None:
        quote = ana.quote()
        assert quote_of_code(ana.store, typed, now=ana.desk.clock()) is None
        assert quote_of_code(ana.store, quote.path[7:].lower(), now=ana.desk.clock()) == quote
