"""The frame of the set-up: its steps in order, how each stands, and the way from one to the next."""

from dataclasses import dataclass
from typing import Any

from flask import url_for
from flask.typing import ResponseReturnValue

from plugin.courses.accounts.setup import DONE, SetupView, mark_step, read_setup
from plugin.web import current_services
from plugin.web.actions import act_without_form, current_act, redirect_after_post
from plugin.web.translations import N_

OWNER = "owner"
# By name, in the order in which they are offered. A step is shown by `setup_NAME.show`.
TITLES = {
    OWNER: N_("Your account"),
    "clinic": N_("Your clinic"),
    "protect": N_("Your sign-in"),
    "square": N_("Square"),
    "packages": N_("Packages"),
    "mail": N_("E-mail"),
    "paper": N_("Test print"),
    "staff": N_("Your team"),
}
STEPS = tuple(name for name in TITLES if name != OWNER)


@dataclass(frozen=True, slots=True)
class StepView:
    """One step in the list: "done", "skipped" or "open", and its address where it can be opened."""

    number: int
    title: str
    state: str
    is_here: bool
    address: str | None


def steps_from(setup: SetupView | None, here: str) -> list[StepView]:
    """Return the list of steps; before there is an owner no other step can be opened."""
    has_owner = here != OWNER
    known = {**({OWNER: DONE} if has_owner else {}), **(setup.steps if setup else {})}
    return [
        StepView(
            number,
            title,
            known.get(name, "open"),
            name == here,
            step_address(name) if has_owner and name != OWNER else None,
        )
        for number, (name, title) in enumerate(TITLES.items(), start=1)
    ]


def frame_of(here: str) -> dict[str, Any]:
    """Return what the frame of a step's page needs."""
    setup = read_setup(current_services().store)
    place = STEPS.index(here)
    return {
        "steps": steps_from(setup, here),
        "step": here,
        "is_done": bool(setup and setup.steps.get(here) == DONE),
        "back": step_address(STEPS[place - 1]) if place else None,
        "following": next_address(here),
    }


def finish_step(step: str) -> ResponseReturnValue:
    """Record that a step is done, and go on to the next."""
    mark_step(current_services().store, current_act(), step, DONE)
    return redirect_after_post(next_address(step))


def note_done(step: str) -> None:
    """Record that a step is done, in a request without a form."""
    mark_step(current_services().store, act_without_form(), step, DONE)


def next_address(step: str) -> str:
    """Return the address of the step after this one; after the last, Today."""
    place = STEPS.index(step) + 1
    return step_address(STEPS[place]) if place < len(STEPS) else url_for("today.show")


def step_address(step: str) -> str:
    return url_for(f"setup_{step}.show")
