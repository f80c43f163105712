"""Translations of the screens by gettext: `_()` and `{% trans %}` in templates, in the request's language.

English unless a view sets another language; the catalogs are those of the papers (`invoices/locale`).
"""

from __future__ import annotations

from flask import Flask, g, has_request_context

from invoices.language import Language, language_for


def speak(language: Language) -> Language:
    """Set the language of this request's response."""
    g.language = language
    return language


def set_up(app: Flask) -> None:
    """Add gettext to the templates; placeholders are in braces, as in the code."""
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]  # the extension puts it there
        gettext=lambda message, **values: _language().gettext(message, **values),
        ngettext=lambda one, other, n, **values: _language().ngettext(one, other, n, **values),
        pgettext=lambda context, message, **values: _language().pgettext(context, message, **values),
        npgettext=lambda context, one, other, n, **values: _language().npgettext(
            context, one, other, n, **values
        ),
        newstyle=False,
    )


def _language() -> Language:
    found: Language | None = g.get("language") if has_request_context() else None
    return found or language_for("en")
