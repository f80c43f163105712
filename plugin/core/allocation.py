"""Allocation of one price to parts that add up to it exactly (docs/rules.md, rule 8)."""

from collections.abc import Sequence


def allocate(total: int, weights: Sequence[int]) -> tuple[int, ...]:
    """Split `total` minor units over the weights; the parts add up to it to the cent.

    Largest remainder, ties to the earlier part. All weights zero: equal parts.
    Raises ValueError for a negative total or weight, or no weights.
    """
    if not weights or total < 0 or min(weights) < 0:
        raise ValueError("an allocation needs a total and weights of zero or more")
    scale = sum(weights)
    shares = [1] * len(weights) if scale == 0 else list(weights)
    scale = scale or len(weights)
    parts = [total * share // scale for share in shares]
    by_remainder = sorted(range(len(shares)), key=lambda i: (-(total * shares[i] % scale), i))
    for i in by_remainder[: total - sum(parts)]:
        parts[i] += 1
    return tuple(parts)


def session_value(*, value_left: int, unpaid: int, sessions_left: int) -> int:
    """Return the value that using one of `sessions_left` sessions moves from deferred to earned revenue.

    The value left, plus what is not paid yet, is divided by the sessions left; the last session takes the
    remainder. A part-paid course counts only money that was paid, so never more than `value_left`.
    """
    if sessions_left <= 0:
        raise ValueError("no session is left to value")
    return min(value_left, (value_left + unpaid) // sessions_left)
