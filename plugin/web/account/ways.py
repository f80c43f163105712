"""Ways to sign in besides the password: one's own PIN, and the devices on which PINs switch between people."""

from typing import Any

from flask import make_response, render_template, session
from flask.typing import ResponseReturnValue
from flask_login import current_user  # type: ignore[import-untyped]  # ships no types
from wtforms import ValidationError  # type: ignore[import-untyped]  # ships no types

from plugin.core.acts import Role
from plugin.courses.accounts.second_factors import count_recovery_codes, list_passkeys
from plugin.courses.accounts.shared_devices import declare_device, list_devices, set_pin, stop_sharing
from plugin.errors import InvalidField
from plugin.web import current_services
from plugin.web.access import AT_THE_DESK, DESK, FRESH_FOR, Screens
from plugin.web.account.demanded import is_demanded
from plugin.web.account.passkeys import why_not
from plugin.web.account.people import SIGN_IN
from plugin.web.account.pin_codes import LONGEST, SHORTEST, hash_pin
from plugin.web.account.shared import current_device, put_cookie
from plugin.web.actions import current_act, redirect_to
from plugin.web.forms import Form, Password, Text
from plugin.web.refusals import Refusal
from plugin.web.translations import N_, _

_KEYS: dict[str, Any] = {"inputmode": "numeric", "autocomplete": "off", "maxlength": LONGEST}


class PinForm(Form):
    """A new PIN, twice."""

    pin = Password(
        N_("PIN"),
        called=N_("The PIN"),
        hint=N_(
            "{shortest} to {longest} digits, not a sequence such as 1234.", shortest=SHORTEST, longest=LONGEST
        ),
        required=True,
        **_KEYS,
    )
    pin_again = Password(N_("Type it again"), called=N_("The PIN"), required=True, **_KEYS)

    def validate_pin(self, field: Password) -> None:
        """Refuse a PIN that is none, or that is guessed first."""
        if not field.data:
            return
        try:
            hash_pin(current_services().settings, current_user.staff_id, field.data)
        except InvalidField as error:
            raise ValidationError(error.message) from None

    def validate_pin_again(self, field: Password) -> None:
        """Refuse a slip of the fingers."""
        if field.data != self.pin.data:
            raise ValidationError(_("The two PINs are not the same."))


class DeviceForm(Form):
    """The name of a shared device."""

    device_name = Text(
        N_("Name of this device"),
        called=N_("The name"),
        required=True,
        maxlength=60,
        placeholder=N_("Front desk iPad"),
        autocomplete="off",
    )


blueprint = Screens("ways", __name__, url_prefix="/account/ways")


@blueprint.get("", roles=AT_THE_DESK)
def show(refusal: Refusal | None = None) -> ResponseReturnValue:
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


pins = Screens("pins", __name__, url_prefix="/account")


@pins.post("/pin", roles=AT_THE_DESK, fresh=FRESH_FOR, refused=show)
def choose() -> ResponseReturnValue:
    """Set one's own PIN."""
    form = PinForm.sent()
    services = current_services()
    set_pin(services.store, current_act(), hash_pin(services.settings, current_user.staff_id, form.pin.data))
    return redirect_to("ways.show", _("Your PIN is saved. It works on the clinic’s shared devices."))


@pins.post("/pin/removal", roles=AT_THE_DESK, fresh=FRESH_FOR)
def remove() -> ResponseReturnValue:
    """Remove one's own PIN."""
    set_pin(current_services().store, current_act(), None)
    return redirect_to("ways.show", _("Your PIN is removed."))


@pins.post("/devices", roles=DESK, fresh=FRESH_FOR, refused=show)
def declare() -> ResponseReturnValue:
    """Declare this browser a shared device."""
    name = DeviceForm.sent().device_name.data
    token = declare_device(
        current_services().store, current_act(), name=name, sign_in_id=session.get(SIGN_IN, "")
    )
    response = make_response(redirect_to("ways.show", _("“{name}” is a shared device now.", name=name)))
    put_cookie(response, token)
    return response


@pins.post("/devices/<device_id>/removal", roles=DESK, fresh=FRESH_FOR)
def stop(device_id: str) -> ResponseReturnValue:
    """Accept no PIN on a device any more."""
    name = stop_sharing(current_services().store, current_act(), device_id)
    return redirect_to("ways.show", _("“{name}” is no longer a shared device.", name=name))
