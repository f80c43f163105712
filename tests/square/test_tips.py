"""A tip at Square: paid by its link, it is a tip and sells nothing."""

from __future__ import annotations

from plugin.core.money import Money
from plugin.courses.sales.tips import begin_tip, list_tips, tip_sums
from plugin.store.selling import Tip
from tests.square.selling import Selling


def test_a_paid_tip_is_a_tip_and_no_course(selling: Selling) -> None:
    ana = selling.client()
    tip = begin_tip(selling.store, selling.act(), ana, Money(1500, "USD"), practitioner_id=None)
    selling.go()
    with selling.store.reading() as session:
        url = session.get_one(Tip, tip.id).url or ""
    selling.clinic.till.pay_link(url.rpartition("/")[2])
    selling.after(15)
    selling.sync()
    (paid,) = list_tips(selling.store)
    assert (paid.amount, paid.state, paid.client_id) == (Money(1500, "USD"), "paid", ana)
    (line,) = tip_sums(selling.store, selling.clinic.clock())
    assert (line.practitioner, line.tips, line.amount) == ("", 1, Money(1500, "USD"))
    assert not selling.clinic.attention()
