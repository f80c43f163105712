"""Guides for the people of the clinic, and the poster of the public page, drawn like its other papers. Not stored."""

from datetime import datetime
from typing import Literal, get_args

from invoices.aftercare import guide_text
from invoices.papers import Guide, ShopPoster
from plugin.courses.base.clinic import local_date, read_clinic
from plugin.courses.handouts.cache import Render, drawn
from plugin.courses.handouts.content import clinic_on_paper
from plugin.errors import NotFound
from plugin.store import Store
from plugin.wording import _


def poster_pdf(store: Store, render: Render, address: str, *, now: datetime, language: str) -> bytes:
    """Draw the poster of the page at this address. Raises Refused, or PaperNotMade if a retry may help."""
    clinic = read_clinic(store)
    paper = ShopPoster(
        clinic=clinic_on_paper(clinic), url=address, issued_on=local_date(clinic, now), language=language
    )
    return drawn(store, render, paper)


GuideName = Literal["desk", "owner"]
GUIDES: tuple[GuideName, ...] = get_args(GuideName)


def guide_pdf(store: Store, render: Render, name: str, *, now: datetime) -> bytes:
    """Render the guide for the `desk` or the `owner`. Raises NotFound, or PaperNotMade if a retry may help."""
    return drawn(store, render, guide_paper(store, name, now=now))


def guide_paper(store: Store, name: str, *, now: datetime) -> Guide:
    """Return a guide in the clinic's letterhead, dated today; raises NotFound."""
    if name not in GUIDES:
        raise NotFound(_("There is no such guide."))
    clinic = read_clinic(store)
    title, sections = guide_text(name)
    return Guide(
        clinic=clinic_on_paper(clinic), title=title, issued_on=local_date(clinic, now), sections=sections
    )
