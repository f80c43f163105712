"""A kind of attention item: its title, its decisions, and their words for screen and API."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from plugin.core.acts import Role
from plugin.courses.base.work import Work
from plugin.errors import InvalidField
from plugin.store.queues import Attention
from plugin.wording import N_, _


@dataclass(frozen=True, slots=True)
class Resolution:
    """What a person decided. Which fields count depends on the item's kind; `reason` always does."""

    reason: str
    client_id: str | None = None
    course_id: str | None = None
    sessions: int | None = None
    amount: int | None = None
    decision: str | None = None
    package_id: str | None = None


USUAL_REASON = N_("Decided at the desk")
ASSIGNED = N_("Assigned at the desk")
# Carries a decision out; False while a part of the item is still open.
Run = Callable[[Work, Attention, Resolution], object]
Answer = Callable[[Work, Attention, Resolution], str]


@dataclass(frozen=True, slots=True)
class Decision:
    """One way to resolve an item.

    `name`: its word in the API. `label`: the button. `answer`: the text in the list of resolved items.
    `done`: the message after the tap. `reason`: the text in the history if none was typed. `look`: how
    prominent the button is. `role`: who may decide so, besides the owner.
    """

    name: str
    label: str
    run: Run
    answer: str | Answer
    done: str
    reason: str = USUAL_REASON
    look: Literal["primary", "quiet", "stop"] = "primary"
    role: Role = Role.DESK


def _dismiss(_work: Work, _item: Attention, _wish: Resolution) -> None:
    """Resolve the item and do nothing else."""


def _dismissed(_work: Work, _item: Attention, wish: Resolution) -> str:
    return _("Dismissed: {reason}", reason=wish.reason)


DISMISS = Decision(
    "dismiss", N_("Dismiss"), _dismiss, _dismissed, N_("Dismissed."), N_("Nothing to do"), "quiet"
)


@dataclass(frozen=True, slots=True)
class AttentionKind:
    """One kind of item.

    `decisions`: in the order in which they are offered. `optional`: offered only if an item's details name
    them. `form`: the macro of templates/macros/question.html that shows it. `link`: a page that helps to
    decide.
    """

    kind: str
    title: str
    decisions: tuple[Decision, ...] = (DISMISS,)
    optional: tuple[Decision, ...] = ()
    form: Literal["taps", "assign", "unlinked", "dispute", "canceled", "refund"] = "taps"
    link: Literal["", "compare_clients", "plan", "client"] = ""

    def decision(self, name: str) -> Decision:
        return next(each for each in self.all_decisions if each.name == name)

    @property
    def all_decisions(self) -> tuple[Decision, ...]:
        """Return every decision available for an item of this kind."""
        return (*self.decisions, *self.optional)

    def names(self, details: dict[str, Any]) -> tuple[str, ...]:
        """Return the names of an item's decisions; its details may leave some out or add optional ones."""
        return tuple(details.get("decisions") or (each.name for each in self.decisions))


def one_course(item: Attention, wish: Resolution) -> str:
    """Return the item's course that was chosen, or its only one; raises InvalidField."""
    course_ids: list[str] = item.details["course_ids"]
    if wish.course_id is None and len(course_ids) == 1:
        return course_ids[0]
    if wish.course_id not in course_ids:
        raise InvalidField(_("Choose which of the sale’s courses it is."), field="course_id")
    return wish.course_id
