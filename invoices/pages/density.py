"""How densely a paper is set: the most generous way in which it fits on one page is found by laying it out."""

from __future__ import annotations

from typing import Literal

from invoices.papers import CourseAgreement, GiftVoucher, Guide, OwnersMonth, Paper

Density = Literal["airy", "roomy", "compact", "tight"]
# The most generous first; in the last one, tables and lists are in the smallest type.
DENSITIES: tuple[Density, ...] = ("airy", "roomy", "compact", "tight")
# Of a paper that takes several pages anyway.
OF_LONG: Density = "compact"
_MADE_FOR_SEVERAL_PAGES = (GiftVoucher, OwnersMonth, Guide, CourseAgreement)


def densities_of(paper: Paper) -> tuple[Density, ...]:
    """Return the densities in which the paper may fit on one page, the most generous first."""
    return () if isinstance(paper, _MADE_FOR_SEVERAL_PAGES) else DENSITIES
