"""The headers that every answer has."""

from flask import Flask
from werkzeug.exceptions import HTTPException
from werkzeug.test import TestResponse

from plugin.web.headers import FRAMED, POLICY

_ALWAYS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
# Where an answer to its reader may say something else: the paper beside its form, and the page that holds it.
_HOLDS_FRAME = {"Content-Security-Policy": f"{POLICY}; frame-src 'self'"}
_IS_FRAMED = {"Content-Security-Policy": FRAMED, "X-Frame-Options": "SAMEORIGIN"}
# Where the address is the key, it is told to no other site.
_TELLS_NOBODY = {"Referrer-Policy": "no-referrer"}
_KEYS = (
    "my.show",
    "my.answer",
    "my.agreement",
    "my.summary",
    "my.welcome",
    "my.planner",
    "my.calendar",
    "my.wallet_pass",
    "my.google_wallet",
    "my.aftercare",
    "my.help_card",
    "my.document",
    "my.statement",
    "my.prepaid_balance",
    "buy_again.show_offer",
    "buy_again.buy",
    "tips.show",
    "tips.give",
    "tips.follow",
    "quote.show_quote",
    "quote.quote_paper",
    "quote.pay",
    "agree.show",
    "agree.pdf",
    "agree.sign",
    "mail_choice.ask",
    "mail_choice.stop",
    "mail_choice.stop_kind",
)
_OTHERWISE: dict[str, dict[str, str]] = {
    **dict.fromkeys(_KEYS, _TELLS_NOBODY),
    # The check of its form needs the origin.
    "security.reset_password": {"Referrer-Policy": "strict-origin"},
    "letterhead.show": _HOLDS_FRAME,
    "texts.edit": _HOLDS_FRAME,
    "texts.read": _HOLDS_FRAME,
    "setup_paper.show": _HOLDS_FRAME,
    "letterhead.preview": _IS_FRAMED,
    "public_page.poster": _IS_FRAMED,
}


def missing_headers(app: Flask, answer: TestResponse) -> dict[str, str]:
    """Return the headers that this answer lacks or has with another value, each with the value it should have."""
    endpoint = _endpoint(app, answer.request.path, answer.request.method)
    # A form that is refused is shown again by its page.
    page = getattr(app.view_functions.get(endpoint), "refused_shows", None)
    otherwise = _OTHERWISE.get(f"{endpoint.partition('.')[0]}.{page.__name__}" if page else endpoint, {})
    return {
        name: value
        for name, value in _ALWAYS.items()
        if answer.headers.get(name) not in (value, otherwise.get(name))
    }


def _endpoint(app: Flask, address: str, method: str) -> str:
    """Who answers there: the same words may fit another address's rule, or nobody's."""
    try:
        endpoint, _ = app.url_map.bind("localhost").match(address, method)
    except HTTPException:
        return ""
    return str(endpoint)
