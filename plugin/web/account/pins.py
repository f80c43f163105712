"""One's own PIN, and the devices on which PINs switch between people."""

from __future__ import annotations

from flask import make_response, session
from flask.typing import ResponseReturnValue
from flask_login import current_user  # type: ignore[import-untyped]  # ships no types

from plugin.courses.accounts.shared_devices import declare_device, set_pin, stop_sharing
from plugin.web import current_services
from plugin.web.access import AT_THE_DESK, DESK, FRESH_FOR, Screens
from plugin.web.account.people import SIGN_IN
from plugin.web.account.pin_codes import hash_pin
from plugin.web.account.pin_forms import DeviceForm, PinForm
from plugin.web.account.shared import put_cookie
from plugin.web.account.ways import show
from plugin.web.actions import current_act, redirect_to
from plugin.web.translations import _

blueprint = Screens("pins", __name__, url_prefix="/account")


@blueprint.post("/pin", roles=AT_THE_DESK, fresh=FRESH_FOR, refused=show)
def choose() -> ResponseReturnValue:
    """Set one's own PIN."""
    form = PinForm.sent()
    services = current_services()
    set_pin(services.store, current_act(), hash_pin(services.settings, current_user.staff_id, form.pin.data))
    return redirect_to("ways.show", _("Your PIN is saved. It works on the clinic’s shared devices."))


@blueprint.post("/pin/removal", roles=AT_THE_DESK, fresh=FRESH_FOR)
def remove() -> ResponseReturnValue:
    """Remove one's own PIN."""
    set_pin(current_services().store, current_act(), None)
    return redirect_to("ways.show", _("Your PIN is removed."))


@blueprint.post("/devices", roles=DESK, fresh=FRESH_FOR, refused=show)
def declare() -> ResponseReturnValue:
    """Declare this browser a shared device."""
    name = DeviceForm.sent().device_name.data
    token = declare_device(
        current_services().store, current_act(), name=name, sign_in_id=session.get(SIGN_IN, "")
    )
    response = make_response(redirect_to("ways.show", _("“{name}” is a shared device now.", name=name)))
    put_cookie(response, token)
    return response


@blueprint.post("/devices/<device_id>/removal", roles=DESK, fresh=FRESH_FOR)
def stop(device_id: str) -> ResponseReturnValue:
    """Accept no PIN on a device any more."""
    name = stop_sharing(current_services().store, current_act(), device_id)
    return redirect_to("ways.show", _("“{name}” is no shared device any more.", name=name))
