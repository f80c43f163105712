"""PINs, and the locked screen of a shared device: tap a name, type a PIN, and go on.

The screen shows nothing of any client. Hashes of PINs are worth nothing without our secret key.
"""

import hashlib
import hmac
from http import HTTPStatus
from itertools import pairwise

from flask import Flask, Response, g, make_response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_limiter.util import get_remote_address
from flask_security import login_user, logout_user
from flask_security.utils import validate_redirect_url

from plugin.courses.accounts.shared_devices import is_blocked, people_with_pin, try_pin
from plugin.courses.accounts.sign_ins import end_sign_in
from plugin.courses.accounts.staff import StaffView, staff_by_mark
from plugin.errors import InvalidField
from plugin.settings import Settings
from plugin.web import current_services
from plugin.web.access import AT_THE_DESK, Screens
from plugin.web.account import resume
from plugin.web.account.doors import OVER_PAGE, PER_ADDRESS, note_failure, was_refused
from plugin.web.account.passwords import HASHER, fits
from plugin.web.account.people import SIGN_IN, StaffUser, held_form, hold, open_device
from plugin.web.forms import Form, Hidden, Password
from plugin.web.limits import guess_limiter, limit_views
from plugin.web.translations import N_, _

SHORTEST, LONGEST = 4, 6


def hash_pin(settings: Settings, staff_id: str, pin: str) -> str:
    """Return the hash to store; raises InvalidField for a PIN that is none, or that is guessed first."""
    if not (SHORTEST <= len(pin) <= LONGEST and pin.isascii() and pin.isdecimal()):
        raise InvalidField(
            _("A PIN has {shortest} to {longest} digits.", shortest=SHORTEST, longest=LONGEST), field="pin"
        )
    steps = {int(after) - int(before) for before, after in pairwise(pin)}
    if steps in ({0}, {1}, {-1}):
        raise InvalidField(
            _("That PIN is easy to guess. Choose one that is not a series such as 1234."), field="pin"
        )
    return HASHER.hash(keyed(settings, staff_id, pin))


def pin_fits(settings: Settings, staff_id: str, pin: str, pin_hash: str) -> bool:
    return len(pin) <= LONGEST and fits(keyed(settings, staff_id, pin), pin_hash)


def keyed(settings: Settings, staff_id: str, pin: str) -> str:
    # A million PINs are tried in a day: a copy of the database alone must not tell them.
    key = settings.secret_key.get_secret_value().encode()
    return hmac.new(
        key,
        f"pin {staff_id} {pin}".encode("utf-8", "surrogatepass"),
        hashlib.sha256,
    ).hexdigest()


_WRONG = N_("Wrong PIN. Try again.")
_BLOCKED = N_("Too many wrong PINs. Sign in with your password or passkey.")

blueprint = Screens("lock", __name__)


class LockedForm(Form):
    """A name, its PIN, and what goes on after it: a held form, or the page that was wanted."""

    person = Hidden()
    pin = Password(N_("PIN"), inputmode="numeric")
    held = Hidden()
    next = Hidden()


def set_up(app: Flask) -> None:
    """Limit wrong PINs per address, besides the five of each person on each device."""
    app.extensions["coursekeeper_locked"] = after_lock
    app.jinja_env.globals["takes_pins"] = lambda: open_device() is not None
    wrong = guess_limiter(app).limit(PER_ADDRESS, key_func=get_remote_address, deduct_when=was_refused)
    limit_views(app, ("lock.enter",), wrong)


@blueprint.get("/locked")
def show() -> ResponseReturnValue:
    """Show who can go on with a PIN; where PINs are not accepted, lead to the sign-in."""
    if open_device() is None:
        return redirect(url_for("security.login", next=request.args.get("next")), code=303)
    return page()


@blueprint.post("/locked")
def enter() -> ResponseReturnValue:
    """Sign in who typed their PIN, in place of whoever was signed in here."""
    services, device = current_services(), open_device()
    if device is None:
        return redirect(url_for("security.login"), code=303)
    form = LockedForm(request.form)
    # PostgreSQL rejects a NUL, and no id holds anything but letters and digits.
    staff_id = form.person.data[:40] if form.person.data.isalnum() else ""
    pin = (form.pin.data or "")[: LONGEST + 1]
    person = try_pin(
        services.store,
        device.id,
        staff_id,
        lambda each: pin_fits(services.settings, each.id, pin, each.pin_hash or ""),
    )
    if person is None:
        note_failure(staff_id, "pin")
        said = _BLOCKED if is_blocked(services.store, device.id, staff_id) else _WRONG
        return page(said=said, chosen=staff_id), HTTPStatus.UNPROCESSABLE_ENTITY
    _become(person, device.id)
    return _go_on(person, form)


@blueprint.post("/lock")
def lock() -> Response:
    """End this sign-in; return the half-filled form of the page, sealed, for the browser to keep.

    A device that slept comes here after its sign-in has locked itself; its form is held all the same.
    """
    services = current_services()
    person = staff_by_mark(services.store, session.get("_user_id", ""))
    address, fields = request.form.get("address", ""), request.form.get("fields", "")
    is_form = address.startswith("/") and fields and len(fields) <= resume.LARGEST
    held = hold(person.id, address, fields) if person and is_form and open_device() else ""
    end_sign_in(services.store, session.get(SIGN_IN, ""), services.clock())
    return Response(held, mimetype="text/plain")


@blueprint.get("/lock/awake", roles=AT_THE_DESK)
def awake() -> Response:
    """Take note that somebody is typing: the request itself is what counts."""
    return Response(status=HTTPStatus.NO_CONTENT)


def page(*, said: str = "", chosen: str = "", held: str = "") -> str:
    """Return the locked screen; `held`: a form that came after the lock, sealed."""
    return render_template(
        "account/locked.html",
        people=people_with_pin(current_services().store),
        said=said,
        chosen=chosen,
        held=held or request.form.get("held", ""),
        wanted=request.values.get("next", ""),
    )


def after_lock() -> ResponseReturnValue | None:
    """Return the locked screen for a form that came too late, its content sealed; None elsewhere."""
    if open_device() is None:
        return None
    form = resume.carried()
    person = staff_by_mark(current_services().store, session.get("_user_id", "")) if form else None
    held = hold(person.id, form.address, form.fields) if form and person else ""
    return page(held=held), HTTPStatus.UNAUTHORIZED


def _become(person: StaffView, device_id: str) -> None:
    # With it go the form tokens of whoever was here: another tab must not act as somebody else unseen.
    logout_user()
    g.pin_device = device_id
    login_user(StaffUser(person), authn_via=["pin"])
    # A PIN proves nothing to what asks for the password.
    session.pop("fs_paa", None)


def _go_on(person: StaffView, form: LockedForm) -> ResponseReturnValue:
    if OVER_PAGE in request.headers:
        return Response(status=HTTPStatus.NO_CONTENT)
    held = held_form(form.held.data, person.id)
    if held:
        g.held_is_shown = True
        shown = resume.shown_again(resume.CarriedForm(*held))
        if shown is not None:
            shown.status_code = HTTPStatus.OK
            return make_response(shown)
    return redirect(_wanted(form.next.data), code=303)


def _wanted(wanted: str) -> str:
    return wanted if wanted.startswith("/") and validate_redirect_url(wanted) else url_for("today.show")
