"""Translations of the screens by gettext: `_()` in templates and views, in the language of the request.

A page for clients sets theirs by `speak`; every other one is in the language of the staff. The API speaks English.
"""

from collections.abc import Callable
from functools import partial

from flask import Flask, g, request
from markupsafe import Markup, escape

from invoices.language import Language
from plugin import wording
from plugin.staff_languages import script_words, staff_language
from plugin.web.api.errors import is_api
from plugin.wording import N_, N_n, gettext, ngettext, npgettext, pgettext

_ = gettext

__all__ = ["N_", "N_n", "_", "ngettext", "npgettext", "pgettext", "set_up", "speak"]


def speak(language: Language) -> Language:
    """Set the language of this request's response."""
    g.language = language
    wording.speak(lambda: language)
    return language


def set_up(app: Flask, staff: Callable[[], Language]) -> None:
    """Add gettext to the templates; `staff` returns the language of a staff page."""
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]  # the extension puts it there
        gettext=_with_markup(wording.gettext),
        ngettext=_with_markup(wording.ngettext),
        pgettext=_with_markup(wording.pgettext),
        npgettext=_with_markup(wording.npgettext),
        newstyle=False,
    )
    # The extension's own looks the other up in the page for each sentence.
    app.jinja_env.globals["_"] = app.jinja_env.globals["gettext"]
    app.jinja_env.globals["page_language"] = lambda: wording.spoken_tag() or "en"
    app.jinja_env.globals["script_words"] = lambda: script_words(wording.spoken_tag())
    app.before_request(partial(_begin, staff))
    app.teardown_request(lambda _: wording.stop_speaking())


def _begin(staff: Callable[[], Language]) -> None:
    if is_api(request):
        wording.stop_speaking()
    else:
        wording.speak(partial(_found, staff))


def _found(staff: Callable[[], Language]) -> Language:
    if "language" not in g:
        # What finds the person may itself have something to say.
        g.language = staff_language()
        g.language = staff()
    # A page asks for each of its hundreds of sentences.
    return speak(g.language)


def _with_markup(translate: Callable[..., str]) -> Callable[..., str]:
    """Let a value be markup, such as a link within a sentence: then all the others are escaped."""

    def call(*arguments: object, **values: object) -> str:
        # Most of a page's hundreds of sentences have none.
        if not values:
            return translate(*arguments)
        if not any(hasattr(value, "__html__") for value in values.values()):
            return translate(*arguments, **values)
        escaped = {name: escape(value) for name, value in values.items()}
        return Markup(translate(*arguments, **escaped))  # noqa: S704 - every value is escaped

    return call
