"""Ways to sign in: what a member of staff has set up besides the password."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue
from flask_login import current_user  # type: ignore[import-untyped]  # ships no types

from plugin.core.acts import Role
from plugin.courses.accounts.passkeys import list_passkeys
from plugin.courses.accounts.second_factors import count_recovery_codes
from plugin.courses.accounts.shared_devices import list_devices
from plugin.web import current_services
from plugin.web.access import AT_THE_DESK, Screens
from plugin.web.account.demanded import is_demanded
from plugin.web.account.passkeys import why_not
from plugin.web.account.pin_forms import DeviceForm, PinForm
from plugin.web.account.shared import current_device
from plugin.web.refusals import Refusal

blueprint = Screens("ways", __name__, url_prefix="/account/ways")


@blueprint.get("", roles=AT_THE_DESK)
def show(refusal: Refusal | None = None, **_: str) -> ResponseReturnValue:
    """Show one's own ways to sign in."""
    device = current_device()
    return render_template(
        "account/ways.html",
        is_demanded=is_demanded(),
        has_totp=bool(current_user.tf_totp_secret),
        pin_form=PinForm.shown(refusal),
        has_pin=bool(current_user.signed.staff.pin_hash),
        device=device,
        device_form=DeviceForm.shown(refusal),
        devices=list_devices(current_services().store) if current_user.role != Role.PRACTITIONER else (),
        lock_after=current_services().settings.lock_after_minutes,
        passkeys=list_passkeys(current_services().store, current_user.staff_id),
        why_no_passkey=why_not(),
        codes_left=count_recovery_codes(current_services().store, current_user.staff_id),
    )
