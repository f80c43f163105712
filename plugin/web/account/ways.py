"""Ways to sign in: what a member of staff has set up besides the password."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from flask_login import current_user  # type: ignore[import-untyped]  # ships no types

from plugin.courses.accounts.passkeys import list_passkeys
from plugin.courses.accounts.second_factors import count_recovery_codes
from plugin.web import current_services
from plugin.web.access import AT_THE_DESK, allow
from plugin.web.account.demanded import is_demanded
from plugin.web.account.passkeys import why_not

blueprint = Blueprint("ways", __name__, url_prefix="/account/ways")


@blueprint.get("")
@allow(*AT_THE_DESK)
def show() -> ResponseReturnValue:
    """Show one's own ways to sign in."""
    return render_template(
        "account/ways.html",
        is_demanded=is_demanded(),
        has_totp=bool(current_user.tf_totp_secret),
        passkeys=list_passkeys(current_services().store, current_user.staff_id),
        why_no_passkey=why_not(),
        codes_left=count_recovery_codes(current_services().store, current_user.staff_id),
    )
