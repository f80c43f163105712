"""Quotes as they are handed out in the consultation."""

from dataclasses import replace

from invoices.papers import CourseQuote
from plugin.core.terms import Terms
from plugin.courses.quotes.views import quote_content
from tests.courses.quotes.quoting import PUBLIC_URL, Quoting
from tests.papers.agreements import FORFEITED, SHOWN
from tests.papers.clinic import PaperClinic

_CONCERNS = {
    "en": "The lines beside my mouth, and I look tired even when I am not.",
    "es": "Las líneas junto a la boca, y parezco cansada aunque no lo esté.",
    "zh-Hans": "嘴角两边的细纹，而且明明不累，看起来却很疲惫。",
}


def quote(clinic: PaperClinic, language: str = "en", terms: Terms | None = None) -> CourseQuote:
    """One for twelve sessions with two touch-ups."""
    return _quoted(clinic, "Harriet Vale", language, terms or Terms(), _CONCERNS[language])


def long_names(clinic: PaperClinic) -> CourseQuote:
    """One with as much text as it holds."""
    client = "Wilhelmina Alexandra Featherstonehaugh-Cholmondeley de la Fuente"
    return _quoted(clinic, client, "en", FORFEITED, f"{_CONCERNS['en']} " * 4)


def _quoted(clinic: PaperClinic, client: str, language: str, terms: Terms, concern: str) -> CourseQuote:
    clinic.go_to(SHOWN)
    client_id = clinic.desk.client(client, language=language)
    name = "Facial acupuncture, course of 12"
    quoting = Quoting(clinic.desk, client_id=client_id, name=name, touch_ups=2, terms=terms)
    paper = quote_content(clinic.store, quoting.quote(concern=concern.strip()).id)
    # Codes are drawn by lot; pictures are compared.
    return replace(paper, pay_url=f"{PUBLIC_URL}/quote/7KQM-X3FD-92HT")
