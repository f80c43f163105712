"""A course that begins with a signature, and what it is worth when the client changes her mind."""

from datetime import date

import pytest

from plugin.core.terms import RefundFormula
from plugin.courses.refunds.desk_refunds import refund_quote
from plugin.errors import Refused
from tests.courses.agreements.agreeing import Agreeing, reprice
from tests.courses.desk import Desk


def test_ana_signs_before_she_pays_and_changes_her_mind(desk: Desk) -> None:
    """The clinic sells no course without a signed agreement. Ana is shown what holds: twelve sessions for $1,980.00,
    two weeks to change her mind. While she reads, the price rises: what she read cannot be signed any more. She signs
    the new one and pays. She comes once, and three days later wants her money back: all of it but the one session.
    """
    ana = Agreeing(desk, change_of_mind="eu_distance")
    with pytest.raises(Refused):
        ana.begin()
    read = ana.prepare("distance")
    reprice(ana)
    with pytest.raises(Refused):
        ana.sign(read)
    shown = ana.prepare("distance")
    assert shown.pdf_sha256 != read.pdf_sha256
    signed = ana.sign(shown)
    assert signed.is_signed
    assert signed.pdf_sha256 == shown.pdf_sha256
    ana.begin()
    course = ana.sell()
    desk.use(course)
    desk.clock.advance(days=3)
    quote = refund_quote(desk.store, course, today=desk.today)
    assert quote.window is not None
    # The fourteenth day after the sale is a Sunday.
    assert quote.window.until == date(2026, 12, 7)
    assert quote.proposed is RefundFormula.PRORATED
    desk.clock.advance(days=20)
    assert refund_quote(desk.store, course, today=desk.today).window is None
