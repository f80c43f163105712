"""What the forms of the client's pages send beside what was typed: a key, and the version of what was seen."""

import hashlib

from flask import request

from plugin.core.acts import Act, Actor
from plugin.web import current_services
from plugin.web.actions import fresh_key
from plugin.web.address import whole_number

_LONGEST_KEY = 80
_MOST_DIGITS = 9


def form_act(actor: Actor, what: str) -> Act:
    """Return the act under the key of the form, so that a form sent twice begins one `what`."""
    sent = request.form.get("key", "")[:_LONGEST_KEY] or fresh_key()
    key = hashlib.sha256(sent.encode()).hexdigest()[:40]
    return Act(actor, current_services().clock(), f"{what}:{key}")


def seen_version() -> int:
    """Return the version that the form was shown with; 0, which nothing has, for none."""
    return whole_number(request.form.get("version", ""), _MOST_DIGITS) or 0
