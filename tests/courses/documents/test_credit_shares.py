"""What a refund returns of each line: to the cent, in proportion, and never more than is left."""

from hypothesis import given, settings
from hypothesis import strategies as some

from plugin.courses.documents.credit_note import Left, Share, Wanted, shares_of

FACIAL, OIL, TIP = Left(1, 165000, 13819), Left(2, 10000, 838), Left(3, 2500, 0, is_beside=True)
ALL = (FACIAL, OIL, TIP)


def _told(shares: tuple[Share, ...]) -> list[tuple[int, int, int]]:
    return [(share.position, share.net, share.tax) for share in shares]


def test_all_of_it_gives_back_each_line_as_it_is() -> None:
    assert _told(shares_of(192157, ALL, ())) == [(1, 165000, 13819), (2, 10000, 838), (3, 2500, 0)]


def test_more_than_is_left_gives_no_more() -> None:
    assert _told(shares_of(10**9, (OIL,), ())) == [(2, 10000, 838)]


def test_nothing_left_gives_nothing() -> None:
    assert shares_of(100, (Left(1, 0, 0),), ()) == ()
    assert shares_of(0, (FACIAL,), ()) == ()


def test_a_plain_amount_is_spread_over_all_lines_in_proportion() -> None:
    assert _told(shares_of(19216, ALL, ())) == [(1, 16500, 1382), (2, 1000, 84), (3, 250, 0)]


def test_a_named_line_comes_back_as_square_reckons_it() -> None:
    wanted = Wanted(2, total=5419, tax=419, quantity="1")
    assert shares_of(5419, ALL, (wanted,)) == (Share(2, 5000, 419, wanted),)


def test_what_goes_back_beside_a_named_line_is_the_tip() -> None:
    wanted = Wanted(2, total=10838, tax=838)
    assert _told(shares_of(13338, ALL, (wanted,))) == [(2, 10000, 838), (3, 2500, 0)]


def test_of_a_named_line_paid_by_two_cards_each_gives_its_part() -> None:
    wanted = Wanted(2, total=10838, tax=838)
    [first] = shares_of(6000, ALL, (wanted,))
    left = Left(2, OIL.net - first.net, OIL.tax - first.tax)
    [second] = shares_of(4838, (FACIAL, left, TIP), (wanted,))
    assert (first.net + second.net, first.tax + second.tax) == (10000, 838)


def test_a_course_given_back_at_the_desk_is_taken_from_its_line_first() -> None:
    assert _told(shares_of(10838, ALL, (Wanted(2),))) == [(2, 10000, 838)]
    assert _told(shares_of(12838, ALL, (Wanted(2),))) == [(2, 10000, 838), (3, 2000, 0)]


def test_a_line_of_rounding_below_zero_goes_back_with_the_last_cent() -> None:
    lines = (Left(1, 10000, 0), Left(2, -2, 0))
    assert _told(shares_of(9998, lines, ())) == [(1, 10000, 0), (2, -2, 0)]
    assert _told(shares_of(9997, lines, ())) == [(1, 9997, 0)]


_lines = some.lists(
    some.tuples(some.integers(0, 9999), some.integers(0, 999), some.booleans()), min_size=1, max_size=5
)
_wishes = some.lists(
    some.tuples(some.integers(1, 6), some.none() | some.integers(0, 9999), some.integers(0, 999)),
    max_size=3,
    unique_by=lambda each: each[0],
)


@settings(max_examples=120, deadline=None)
@given(_lines, _wishes, some.lists(some.integers(1, 9999), min_size=1, max_size=4))
def test_however_it_goes_back_it_adds_up_and_no_line_gives_more_than_it_has(
    lines: list[tuple[int, int, bool]], wishes: list[tuple[int, int | None, int]], amounts: list[int]
) -> None:
    left = [Left(at, net, tax, beside) for at, (net, tax, beside) in enumerate(lines, start=1)]
    wanted = [Wanted(at, total, tax) for at, total, tax in wishes]
    for amount in amounts:
        shares = shares_of(amount, left, wanted)
        assert sum(share.total for share in shares) == min(amount, sum(line.total for line in left))
        given_back = {share.position: share for share in shares}
        left = [
            Left(line.position, line.net - share.net, line.tax - share.tax, line.is_beside)
            if (share := given_back.get(line.position))
            else line
            for line in left
        ]
        assert all(line.net >= 0 and line.tax >= 0 for line in left)
