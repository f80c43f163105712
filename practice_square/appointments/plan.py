"""The seller's plan of Square Appointments: writing at seller level takes a paid one, reading takes any."""

from collections.abc import Callable

from practice_square.refusals import Refusal, unauthorized
from practice_square.storage import Json, Work

PLUS, FREE, NONE = "plus", "free", "none"
PLANS = (PLUS, FREE, NONE)


def plan_of(work: Work) -> str:
    """Return the seller's plan: plus, free or none."""
    return str(work.note("appointments_plan") or PLUS)


def set_plan(work: Work, plan: str) -> Json:
    """Subscribe the seller to a plan."""
    work.keep_note("appointments_plan", plan)
    return {"plan": plan}


def reads(act: Callable[..., Json]) -> Callable[..., Json]:
    """Return a call on appointments, which Square refuses to a seller without the product."""

    def guarded(work: Work, *given: object) -> Json:
        if plan_of(work) == NONE:
            raise unauthorized("UNAUTHORIZED", "Merchant not onboarded to Appointments")
        return act(work, *given)

    return guarded


def require_writes(work: Work, *, is_seller: bool) -> None:
    """Raise Refusal for a seller-level write without Appointments Plus or Premium; what buyers may do needs neither."""
    if is_seller and plan_of(work) != PLUS:
        raise Refusal(
            "FORBIDDEN",
            "Merchant subscription does not support write operations.",
            status=403,
            category="AUTHENTICATION_ERROR",
        )
