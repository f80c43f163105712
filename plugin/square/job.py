"""What an errand is: something owed to Square or by mail, and what may become of it. Knows no single errand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from plugin.courses.base.outbox import Job
from plugin.services import Services


@dataclass(frozen=True, slots=True)
class RunAgain:
    """The errand went well and must be looked at again, such as a Terminal that waits for a card."""

    seconds: float
    says: str


@dataclass(frozen=True, slots=True)
class JobHandler:
    """How an effect is brought about, and who must be told when Square refuses it for good.

    `run` returns what became of it in words, or Later; raises SquareFailed or NotYet to be tried again.
    `give_up` is handed the sentence of the refusal.
    """

    run: Callable[[Services, Job], str | RunAgain]
    give_up: Callable[[Services, Job, str], None] = lambda _services, _owed, _sentence: None
