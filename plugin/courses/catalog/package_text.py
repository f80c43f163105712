"""A package in words, a line for each of its facts: what the activity log keeps of each version."""

from collections.abc import Iterator

from plugin.courses.base.views import ContentView, PackageView
from plugin.courses.base.words import format_money
from plugin.courses.catalog.terms_text import terms_sentences


def package_text(package: PackageView) -> str:
    """Return the name, price, contents and terms, in English."""
    return "\n".join(_lines(package))


def _lines(package: PackageView) -> Iterator[str]:
    yield f"Version: {package.version}"
    yield f"Name: {package.name}"
    yield f"Price: {format_money(package.price, 'en')}"
    yield from (_content(each) for each in package.contents)
    prices = [(each.treatment, each.single_price) for each in package.contents]
    yield from (f"Terms: {sentence}" for sentence in terms_sentences(package.terms, "en", prices=prices))


def _content(each: ContentView) -> str:
    later = f", usable after session {each.usable_from_session}" if each.usable_from_session else ""
    return f"Sessions: {each.sessions} × {each.treatment} ({format_money(each.single_price, 'en')}){later}"
