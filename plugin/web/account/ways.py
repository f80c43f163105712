"""Ways to sign in besides the password: a PIN, shared devices on which PINs switch, and the authenticator app."""

from typing import Any, cast

from flask import make_response, render_template, session
from flask.typing import ResponseReturnValue
from flask_login import current_user  # type: ignore[import-untyped]  # ships no types
from flask_security.proxies import _security
from wtforms import ValidationError  # type: ignore[import-untyped]  # ships no types

from invoices.pages.qr import qr_code
from plugin.configuration.stored import sealing
from plugin.core.acts import Role
from plugin.courses.accounts import second_factors
from plugin.courses.accounts.second_factors import count_recovery_codes, list_passkeys
from plugin.courses.accounts.shared_devices import declare_device, list_devices, set_pin, stop_sharing
from plugin.errors import InvalidField, Refused
from plugin.vault import WrongKey
from plugin.web import current_services
from plugin.web.access import AT_THE_DESK, DESK, FRESH_FOR, Screens
from plugin.web.account.demanded import is_demanded
from plugin.web.account.lock import LONGEST, SHORTEST, hash_pin
from plugin.web.account.people import SIGN_IN, current_device, put_cookie
from plugin.web.account.totp import StaffTotp, why_not
from plugin.web.actions import current_act, redirect_to
from plugin.web.forms import Form, Hidden, Password, Text
from plugin.web.refusals import Refusal
from plugin.web.translations import N_, _

_KEYS: dict[str, Any] = {"inputmode": "numeric", "maxlength": LONGEST}


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
    device_name = Text(
        N_("Name of this device"),
        called=N_("The name"),
        required=True,
        maxlength=60,
        placeholder=N_("Front desk iPad"),
    )


blueprint = Screens("ways", __name__, url_prefix="/account/ways")


@blueprint.get("", roles=AT_THE_DESK)
def show(refusal: Refusal | None = None) -> ResponseReturnValue:
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


authenticator = Screens("authenticator", __name__, url_prefix="/account/authenticator")


class CodeForm(Form):
    """The code that shows that the app has the key; `sealed`: the key, for this person alone."""

    sealed = Hidden()
    code = Text(
        N_("Code from the app"),
        called=N_("The code"),
        hint=N_("Six digits."),
        required=True,
        maxlength=12,
        inputmode="numeric",
        autocomplete="one-time-code",
    )
    secret = ""
    step: int | None = None

    def validate_code(self, field: Text) -> None:
        """Refuse a wrong code."""
        self.secret = _opened(self.sealed.data)
        if not self.secret:
            raise ValidationError(
                _("This page was too old. Scan the new code, then type what the app shows.")
            )
        # A text field that was not sent at all has no text.
        self.step = _totp().step_of(field.data or "", self.secret)
        if self.step is None:
            raise ValidationError(_("That code is not right. Type the one that the app shows now."))


@authenticator.get("", roles=AT_THE_DESK)
def set_up(refusal: Refusal | None = None) -> ResponseReturnValue:
    """Show a new key as a QR code and as text; after a wrong code the same key again."""
    sealed = refusal.typed.get("sealed", "") if refusal else ""
    secret = _opened(sealed)
    if not secret:
        secret = _totp().generate_totp_secret()
        sealed = sealing(current_services().settings).seal(f"{current_user.staff_id} {secret}")
    return render_template(
        "account/authenticator.html",
        form=CodeForm.shown(refusal),
        sealed=sealed,
        code=qr_code(_totp().get_totp_uri(current_user.email, secret)),
        typed_key=_totp().get_totp_pretty_key(secret),
        is_new=not current_user.tf_totp_secret,
    )


@authenticator.post("", roles=AT_THE_DESK, fresh=FRESH_FOR, refused=set_up)
def confirm() -> ResponseReturnValue:
    """Keep the key that a right code confirmed; show recovery codes to who has none."""
    form, own_id = CodeForm.sent(), current_user.staff_id
    assert form.step is not None
    store = current_services().store
    second_factors.set_totp(store, current_act(), own_id, secret=form.secret, counter=form.step)
    if second_factors.count_recovery_codes(store, own_id):
        return redirect_to(
            "ways.show", _("Your new authenticator app is set up. The recovery codes stay the same.")
        )
    return _codes(_("Your authenticator app is set up."))


@authenticator.post("/removal", roles=AT_THE_DESK, fresh=FRESH_FOR, endpoint="remove")
def remove_authenticator() -> ResponseReturnValue:
    second_factors.remove_totp(current_services().store, current_act(), current_user.staff_id)
    return redirect_to("ways.show", _("The authenticator app is removed."))


@authenticator.post("/recovery-codes", roles=AT_THE_DESK, fresh=FRESH_FOR)
def new_codes() -> ResponseReturnValue:
    """Make new recovery codes; the old ones end."""
    if not current_user.signed.has_second_factor:
        raise Refused(_("Set up an authenticator app or a passkey first."), code="no_second_step")
    return _codes(_("These are your new recovery codes. The old ones no longer work."))


def _codes(said: str) -> str:
    codes = _security.mf_recovery_codes_util.create_recovery_codes(current_user)
    return render_template("account/recovery_codes.html", codes=codes, said=said)


def _opened(sealed: str) -> str:
    """Return the key that a page of this person was given, "" for any other."""
    try:
        owner, _other, secret = sealing(current_services().settings).open(sealed).partition(" ")
    except WrongKey:
        return ""
    return secret if owner == current_user.staff_id else ""


def _totp() -> StaffTotp:
    return cast(StaffTotp, _security.totp_factory)
