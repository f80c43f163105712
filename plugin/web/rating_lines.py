"""The filter of templates that draws a client's own ratings."""

from __future__ import annotations

from invoices.pages.ratings import RatingLine
from invoices.pages.ratings import rating_line as drawn
from plugin.courses.ratings.views import ConcernView


def rating_line(concern: ConcernView) -> RatingLine:
    """Return the drawn line of a concern."""
    return drawn([each.value for each in concern.places])


FILTERS = {"rating_line": rating_line}
