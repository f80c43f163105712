"""Net and gross of one sale: taxes that prices contain, taxes added to them, and the cent that rounding decides."""

from hypothesis import given, settings
from hypothesis import strategies as st

from plugin.core.money import Charge

# $1,650.00 with 20 % tax in it, and with 20 % added to it.
INCLUDED, ADDED = Charge(137500, 27500, 27500), Charge(165000, 33000)


@st.composite
def charges(draw: st.DrawFn) -> Charge:
    net = draw(st.integers(0, 10**7))
    tax = draw(st.integers(0, net) | st.just(0))
    return Charge(net, tax, draw(st.integers(0, tax) | st.sampled_from([0, tax])))


def test_a_tax_in_the_price_is_part_of_what_is_listed() -> None:
    assert (INCLUDED.gross, INCLUDED.listed) == (165000, 165000)
    assert (INCLUDED.net_of(82500), INCLUDED.gross_of(68750)) == (68750, 82500)
    assert (INCLUDED.gross_of_listed(16500), INCLUDED.listed_of(82500)) == (16500, 82500)


def test_a_tax_added_to_the_price_comes_on_top_of_what_is_listed() -> None:
    assert (ADDED.gross, ADDED.listed) == (198000, 165000)
    assert (ADDED.net_of(19800), ADDED.gross_of(16500)) == (16500, 19800)
    assert (ADDED.gross_of_listed(16500), ADDED.listed_of(19800)) == (19800, 16500)


def test_half_a_cent_is_rounded_up() -> None:
    charge = Charge(200, 100)
    assert [charge.gross_of(net) for net in (1, 2, 3)] == [2, 3, 5]


def test_what_cost_nothing_bears_no_tax() -> None:
    assert (Charge(0).gross_of(500), Charge(0).net_of(500), Charge(0).gross_of_listed(16500)) == (
        500,
        500,
        16500,
    )


@settings(max_examples=200, deadline=None)
@given(charges())
def test_all_of_the_one_is_all_of_the_other(charge: Charge) -> None:
    assert charge.gross_of(charge.net) == charge.gross
    assert charge.net_of(charge.gross) == charge.net
    assert charge.gross_of_listed(charge.listed) == charge.gross


@settings(max_examples=200, deadline=None)
@given(charges(), st.integers(0, 10**7), st.integers(0, 10**7))
def test_more_gross_is_never_less_net_and_net_is_never_above_gross(
    charge: Charge, one: int, more: int
) -> None:
    assert charge.net_of(one) <= charge.net_of(one + more)
    assert 0 <= charge.net_of(one) <= max(one, 0)
    assert charge.gross_of(one) >= one
