"""What a check found, and running checks so that one that fails does not stop the others."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from plugin.errors import CoursekeeperError


class State(StrEnum):
    """How bad it is. `wrong`: something that the clinic needs does not work."""

    OK = "ok"
    WARNING = "warning"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was checked: its name, its state, what was seen, and how to mend it ("" where all is well)."""

    check: str
    state: State
    said: str
    mend: str = ""


def ok(check: str, said: str) -> Finding:
    return Finding(check, State.OK, said)


def warning(check: str, said: str, mend: str) -> Finding:
    """Return a finding to know about: the clinic can work with it."""
    return Finding(check, State.WARNING, said, mend)


def wrong(check: str, said: str, mend: str) -> Finding:
    return Finding(check, State.WRONG, said, mend)


Check = Callable[[], Iterable[Finding]]


def isolated(name: str, check: Check) -> Iterator[Finding]:
    """Run a check; an error within it is a finding of its own."""
    try:
        yield from check()
    except CoursekeeperError as error:
        yield wrong(name, error.message, "Mend that, then run coursekeeper doctor again.")
    except Exception as error:
        # The error itself may quote rows of the database or a password.
        said = f"The check could not be made ({type(error).__name__})."
        yield wrong(name, said, "Mend what is wrong above, then run coursekeeper doctor again.")
