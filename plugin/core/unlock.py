"""How many sessions of a part-paid course may be used: payment unlocks them (docs/rules.md, rule 8)."""


def unlocked(*, granted: int, price: int, paid: int) -> int:
    """Return how many of the granted sessions the money received has paid for."""
    return granted if paid >= price else granted * paid // price


def needed_for(*, sessions: int, granted: int, price: int) -> int:
    """Return the least money, minor units, that unlocks so many of the granted sessions."""
    return -(-sessions * price // granted)
