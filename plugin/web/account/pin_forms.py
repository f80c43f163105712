"""The forms of a PIN and of a shared device."""

from __future__ import annotations

from flask_login import current_user  # type: ignore[import-untyped]  # ships no types
from wtforms import ValidationError  # type: ignore[import-untyped]  # ships no types

from plugin.errors import InvalidField
from plugin.web import current_services
from plugin.web.account.pin_codes import LONGEST, SHORTEST, hash_pin
from plugin.web.forms import Form, Password, Text
from plugin.web.translations import N_, _

_KEYS = {"inputmode": "numeric", "autocomplete": "off", "maxlength": LONGEST}


class PinForm(Form):
    """A new PIN, twice."""

    pin = Password(
        N_("PIN"),
        called=N_("The PIN"),
        hint=N_("{shortest} to {longest} digits, no row such as 1234.", shortest=SHORTEST, longest=LONGEST),
        required=True,
        **_KEYS,
    )
    pin_again = Password(N_("The same again"), called=N_("The PIN"), required=True, **_KEYS)

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
