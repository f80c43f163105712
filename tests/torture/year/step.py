"""One act of the year, as the people carry it out and the model counts it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Step:
    """One act of the year: when (minutes since the beginning), what, on which courses and clients, and its details.

    Two steps that touch the same happen in their order, however late; others may overtake each other.
    """

    name: str
    at: int
    kind: str
    touches: tuple[str, ...]
    course: str = ""
    client: str | None = None
    other: str = ""
    packages: tuple[str, ...] = ()
    sessions: int = 0
    amount: int = 0
    use: str = ""
