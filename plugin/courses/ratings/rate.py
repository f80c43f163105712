"""Save a client's ratings of a day. A second answer of the same day replaces the first, which is kept."""

from collections.abc import Mapping

from sqlalchemy import select

from plugin.core.acts import Role
from plugin.core.ratings import HIGHEST, LOWEST
from plugin.courses.base.clinic import clinic_in, local_date
from plugin.courses.base.work import Work, allowed
from plugin.courses.clients.clients import lock_client_in
from plugin.courses.ratings.choices import concerns_in, refuse_declined_in
from plugin.errors import InvalidField
from plugin.store.ratings import OwnRating
from plugin.wording import _


@allowed(Role.DESK, Role.PRACTITIONER)
def rate(work: Work, client_id: str, values: Mapping[str, int], *, source: str) -> int:
    """Save ratings of today by concern; return how many are new or changed. Again is the same.

    `source`: page, handed or api. Raises InvalidField for a value that is not 0 to 10 or a concern that is not
    theirs, Refused for a client who declined, NotFound.
    """
    _check_values(values)
    client = lock_client_in(work.session, client_id)
    refuse_declined_in(work.session, client.id)
    known = {each.id for each in concerns_in(work.session, client.id)}
    if not set(values) <= known:
        raise InvalidField(
            _("One of these concerns is no longer rated. Look at the page again."), field="values"
        )
    # Without a stored request: it repeats by itself, and what was answered leaves no digest behind.
    return _save(work, client.id, values, source)


def _check_values(values: Mapping[str, int]) -> None:
    if not values:
        raise InvalidField(_("Tap a number first."), field="values")
    if any(not LOWEST <= value <= HIGHEST for value in values.values()):
        raise InvalidField(_("A rating is a number from 0 to 10."), field="values")


def _save(work: Work, client_id: str, values: Mapping[str, int], source: str) -> int:
    today = local_date(clinic_in(work.session), work.now)
    standing = select(OwnRating).where(
        OwnRating.concern_id.in_(values), OwnRating.on_day == today, OwnRating.replaced_at.is_(None)
    )
    before = {row.concern_id: row for row in work.session.scalars(standing)}
    changed = {
        concern_id: value
        for concern_id, value in values.items()
        if concern_id not in before or before[concern_id].value != value
    }
    for concern_id in changed:
        if concern_id in before:
            before[concern_id].replaced_at = work.now
    # The index allows one standing rating per day: the old one is replaced first.
    work.session.flush()
    for concern_id, value in changed.items():
        work.session.add(
            OwnRating(
                id=work.new_id(),
                concern_id=concern_id,
                client_id=client_id,
                on_day=today,
                value=value,
                rated_at=work.now,
                source=source,
            )
        )
    work.session.flush()
    return len(changed)
