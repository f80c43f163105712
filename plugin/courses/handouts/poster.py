"""The poster of the public page of packages, for the window. Not stored."""

from __future__ import annotations

from datetime import datetime

from invoices.papers import ShopPoster
from plugin.courses.base.clinic import local_date, read_clinic
from plugin.courses.handouts.cache import Render, drawn
from plugin.courses.handouts.content import clinic_on_paper
from plugin.store import Store


def poster_pdf(store: Store, render: Render, address: str, *, now: datetime, language: str) -> bytes:
    """Draw the poster of the page at this address. Raises Refused, or PaperNotMade if a retry may help."""
    clinic = read_clinic(store)
    paper = ShopPoster(
        clinic=clinic_on_paper(clinic), url=address, issued_on=local_date(clinic, now), language=language
    )
    return drawn(store, render, paper)
