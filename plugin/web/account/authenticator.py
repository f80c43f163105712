"""One's own authenticator app and recovery codes: setting up, new codes, removing."""

from typing import cast

from flask import render_template
from flask.typing import ResponseReturnValue
from flask_login import current_user  # type: ignore[import-untyped]  # ships no types
from flask_security.proxies import _security
from wtforms import ValidationError  # type: ignore[import-untyped]  # ships no types

from invoices.pages.qr import qr_code
from plugin.configuration.sealing import sealing
from plugin.courses.accounts import second_factors
from plugin.errors import Refused
from plugin.vault import WrongKey
from plugin.web import current_services
from plugin.web.access import AT_THE_DESK, FRESH_FOR, Screens
from plugin.web.account.totp import StaffTotp
from plugin.web.actions import current_act, redirect_to
from plugin.web.forms import Form, Hidden, Text
from plugin.web.refusals import Refusal
from plugin.web.translations import N_, _

blueprint = Screens("authenticator", __name__, url_prefix="/account/authenticator")


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


@blueprint.get("", roles=AT_THE_DESK)
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


@blueprint.post("", roles=AT_THE_DESK, fresh=FRESH_FOR, refused=set_up)
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


@blueprint.post("/removal", roles=AT_THE_DESK, fresh=FRESH_FOR)
def remove() -> ResponseReturnValue:
    """Remove the app."""
    second_factors.remove_totp(current_services().store, current_act(), current_user.staff_id)
    return redirect_to("ways.show", _("The authenticator app is removed."))


@blueprint.post("/recovery-codes", roles=AT_THE_DESK, fresh=FRESH_FOR)
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
