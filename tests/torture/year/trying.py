"""How people try a step: under one key until it is done and seen to be, whatever fails meanwhile."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from sqlalchemy.exc import OperationalError

from plugin.core.acts import Act, Actor
from plugin.courses.attention.items import list_attention, resolve
from plugin.courses.attention.kind import Resolution
from plugin.courses.clients.clients import living_client_id
from plugin.errors import CoursekeeperError
from practice_square.control import ControlRefused
from tests.clock import HandMovedClock
from tests.square.clinic import OWNER, Clinic, Json
from tests.torture.year.faults import Killed
from tests.torture.year.step import Step
from tests.torture.year.world import BEGINS, World, desk_staff

WHY = "Asked for by the client"


class NotYetDone(Exception):
    """The program does not show the effect yet: look again later."""


class Trying:
    """Tries the steps of the year until each is done; `client_ids` and `course_ids` by the names of the steps."""

    def __init__(self, world: World, clock: HandMovedClock, clinic: Clinic) -> None:
        self._world, self._clock, self._clinic = world, clock, clinic
        self.client_ids: dict[str, str] = {}
        self.course_ids: dict[str, str] = {}
        self.entry_ids: dict[str, str] = {}
        self._codes: dict[str, str] = {}
        self._orders: dict[str, Json] = {}
        self._checkout_ids: dict[str, str] = {}
        self._at_till: dict[str, Any] = {}
        self._deb: Actor = desk_staff(world.store)
        self.last_refusal = ""
        self.answers_lost = 0

    def has_done(self, step: Step) -> bool:
        """Try the step once more; return whether it is done and was seen to be."""
        try:
            getattr(self, f"_{step.kind}")(step)
        except Killed:
            self.answers_lost += 1
            return False
        except (CoursekeeperError, OperationalError, NotYetDone, ControlRefused) as error:
            self.last_refusal = f"{step.name}: {type(error).__name__}: {error}"
            return False
        return True

    def _act(self, step: Step, actor: Actor = OWNER) -> Act:
        return Act(actor, self._world.services.clock(), self._key(step))

    def _key(self, step: Step) -> str:
        return f"year-{step.name}"

    def _desk(self, do: Callable[[], Any]) -> Any:
        with self._world.running():
            return do()

    def _once(self, step: Step, do: Callable[[], Any]) -> Any:
        """Do at the register what happens there once."""
        if step.name not in self._at_till:
            self._at_till[step.name] = do()
        return self._at_till[step.name]

    def _client_id(self, name: str | None) -> str:
        return living_client_id(self._world.store, self.client_ids[name or ""])

    def _day(self, step: Step) -> date:
        return (BEGINS + timedelta(minutes=step.at)).date()

    def _decide(self, step: Step, kind: str, about: str, **decision: Any) -> None:
        """Answer what is asked about a course."""
        store = self._world.store
        items = [
            each for each in list_attention(store).rows if about in each.course_ids and each.kind == kind
        ]
        if not items:
            raise NotYetDone(f"nobody asks about {step.course}")
        wish = Resolution(reason=WHY, **decision)
        self._desk(lambda: resolve(store, self._act(step), items[0].id, wish))

    def _changed(self, step: Step, change: Callable[..., Any], *wish: Any) -> str:
        course_id = self.course_ids[step.course]
        done = self._desk(lambda: change(self._world.store, self._act(step), course_id, *wish))
        return str(done.course.id)
