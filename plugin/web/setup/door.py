"""Set-up until there is an owner: the one-time code, then the account with a password or a passkey. Gone afterwards."""

import secrets
import sys
from contextlib import suppress

import webauthn
from flask import Blueprint, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_security import login_user
from webauthn.helpers import bytes_to_base64url, parse_registration_credential_json
from webauthn.helpers.exceptions import WebAuthnException
from werkzeug.datastructures import FileStorage

from plugin.backups.folder import work_folder
from plugin.backups.passphrase import WrongPassphrase
from plugin.backups.restore import Restored, restore
from plugin.configuration.save import save_settings
from plugin.courses.accounts import setup
from plugin.courses.accounts.second_factors import NewPasskey
from plugin.courses.accounts.sign_ins import device_of
from plugin.courses.accounts.staff import StaffView, staff_email
from plugin.courses.base.clinic import time_zones
from plugin.errors import CoursekeeperError, InvalidField, Refused
from plugin.web import current_services
from plugin.web.access import refuse_nul
from plugin.web.account.passwords import LONGEST, SHORTEST, hash_password
from plugin.web.account.people import StaffUser
from plugin.web.account.totp import PASSKEYS, WANTED, own_name, why_not
from plugin.web.actions import act_by, redirect_to
from plugin.web.forms import Email, Form, Hidden, Password, Text, Upload
from plugin.web.refusals import Refusal, refused_shows
from plugin.web.setup.frame import OWNER, steps_from
from plugin.web.translations import N_, _

blueprint = Blueprint("setup", __name__, url_prefix="/set-up")
_MARK = "setup"


class CodeForm(Form):
    code = Text(
        N_("Set-up code"),
        called=N_("The set-up code"),
        required=True,
        maxlength=setup.LONGEST_CODE,
        autocapitalize="characters",
        spellcheck="false",
        autofocus=True,
    )


class NamedOwnerForm(Form):
    name = Text(
        N_("Your name"),
        called=N_("Your name"),
        required=True,
        maxlength=120,
        autocomplete="name",
        autofocus=True,
    )
    email = Email(
        N_("E-mail"),
        called=N_("Your e-mail address"),
        required=True,
        autocomplete="username",
        hint=N_("You sign in with it."),
    )
    browser_zone = Hidden()


class OwnerForm(NamedOwnerForm):
    """The account of the first owner, with a password."""

    password = Password(
        N_("Password"),
        called=N_("A password"),
        required=True,
        minlength=SHORTEST,
        maxlength=LONGEST,
        autocomplete="new-password",
        hint=N_(
            "At least {shortest} characters. Three or four words are easy to type and hard to guess.",
            shortest=SHORTEST,
        ),
    )


@blueprint.before_request
def _only_before_the_owner() -> ResponseReturnValue | None:
    if not setup.is_setup_open(current_services().store):
        if request.method == "GET":
            return redirect(url_for("today.show"), code=303)
        raise setup.SetUpAlready(setup.SET_UP_ALREADY)
    refuse_nul()
    if request.endpoint in ("setup.show", "setup.enter") or has_typed_code():
        return None
    return redirect(url_for("setup.show"), code=303)


@blueprint.get("")
def show(refusal: Refusal | None = None) -> ResponseReturnValue:
    if refusal is None and has_typed_code():
        return redirect(url_for("setup.owner"), code=303)
    return render_template("setup/code.html", form=CodeForm.shown(refusal))


@blueprint.post("")
@refused_shows(show)
def enter() -> ResponseReturnValue:
    services = current_services()
    typed = CodeForm.sent().code.data
    answer = setup.try_setup_code(
        services.store, services.settings.secret_key.get_secret_value(), typed, services.clock()
    )
    if answer.new_code:
        # Where the server was started: whoever reads it there may set it up.
        print(
            f"The set-up code was typed wrong too often. New code: {answer.new_code}",
            file=sys.stderr,
        )
        raise InvalidField(
            _("Wrong code, too many times. A new one is shown where Coursekeeper was started."),
            field="code",
        )
    if not answer.mark:
        raise InvalidField(_("Wrong code. It is shown where Coursekeeper was started."), field="code")
    session[_MARK] = answer.mark
    return redirect_to("setup.owner")


@blueprint.get("/owner")
def owner(refusal: Refusal | None = None) -> ResponseReturnValue:
    form = OwnerForm.shown(refusal)
    return render_template("setup/owner.html", form=form, steps=steps_from(None, "owner"))


@blueprint.post("/owner")
@refused_shows(owner)
def create() -> ResponseReturnValue:
    """Create the owner, sign them in, and close this door."""
    form = OwnerForm.sent()
    first = setup.FirstOwner(
        # Required fields; the form has refused empty ones.
        email=form.email.data or "",
        name=form.name.data,
        password_hash=hash_password(form.password.data, (form.name.data, form.email.data or "")),
        browser_zone=known_zone(form),
    )
    return welcome(first, "password")


def known_zone(form: NamedOwnerForm) -> str:
    """Return the time zone of the browser, "" where it names none that is known."""
    zone = form.browser_zone.data
    return zone if zone in time_zones() else ""


def welcome(first: setup.FirstOwner, way: str) -> ResponseReturnValue:
    """Create the owner, sign them in by the `way` they chose, and lead to the first step."""
    services = current_services()
    created = setup.create_first_owner(services.store, first, services.clock())
    _adopt_address(created)
    session.clear()
    login_user(StaffUser(created), authn_via=[way])
    return redirect_to("first_steps.show")


def _adopt_address(owner: StaffView) -> None:
    """Take the address that the owner's browser uses as that of the desk, unless the server sets one.

    A page of another site can't send this form, so it is where the owner opened Coursekeeper.
    """
    services, origin = current_services(), request.headers.get("Origin", "")
    if "public_url" in services.settings_source.set_by_server:
        return
    # A browser that hides it, or an address that is none: the owner sets it later under Settings.
    with suppress(CoursekeeperError):
        save_settings(services, act_by(owner.actor), {"public_url": f"{origin}{request.script_root}"})


def has_typed_code() -> bool:
    return setup.fits_setup(current_services().store, session.get(_MARK, ""))


# What the cookie keeps from the form until the browser has made the passkey.
_ASKED = "setup_passkey"


@blueprint.post("/owner/passkey")
@refused_shows(owner)
def ask() -> ResponseReturnValue:
    """Have the browser make a passkey for the owner who is typed in."""
    if because := why_not():
        raise Refused(because, code="no_passkey")
    form = NamedOwnerForm.sent()
    asked = {
        "name": form.name.data,
        "email": staff_email(form.email.data or ""),
        "zone": known_zone(form),
        "id": current_services().store.new_id(),
        "challenge": secrets.token_urlsafe(32),
    }
    session[_ASKED] = asked
    options = webauthn.generate_registration_options(
        rp_id=own_name(),
        rp_name=str(PASSKEYS["SECURITY_WAN_RP_NAME"]),
        user_id=asked["id"].encode(),
        user_name=asked["email"],
        user_display_name=asked["name"],
        challenge=asked["challenge"].encode(),
        authenticator_selection=WANTED,
    )
    steps = steps_from(None, OWNER)
    return render_template("setup/owner_passkey.html", options=webauthn.options_to_json(options), steps=steps)


@blueprint.post("/owner/passkey/answer")
@refused_shows(owner)
def save() -> ResponseReturnValue:
    """Create the owner with the passkey that the browser has made; each request for one is answered once."""
    asked = session.pop(_ASKED, None)
    if asked is None:
        raise Refused(_("The passkey was not saved. Try again."), code="no_passkey")
    first = setup.FirstOwner(
        email=asked["email"],
        name=asked["name"],
        password_hash="",
        browser_zone=asked["zone"],
        passkey=_made(request.form.get("credential", ""), asked["challenge"]),
        id=asked["id"],
    )
    return welcome(first, "webauthn")


def _made(credential: str, challenge: str) -> NewPasskey:
    """Return the passkey of the browser's answer; raises Refused for anything else."""
    try:
        parsed = parse_registration_credential_json(credential)
        known = webauthn.verify_registration_response(
            credential=parsed,
            expected_challenge=challenge.encode(),
            expected_origin=request.host_url.rstrip("/"),
            expected_rp_id=own_name(),
            require_user_verification=True,
        )
    # What the library meets in an answer that is nonsense is not always its own error.
    except (WebAuthnException, ValueError, KeyError, TypeError, AttributeError):
        raise Refused(_("The passkey was not saved. Try again."), code="no_passkey") from None
    return NewPasskey(
        name=device_of(request.user_agent.string),
        credential_id=bytes_to_base64url(known.credential_id),
        public_key=known.credential_public_key,
        sign_count=known.sign_count,
        transports=tuple(each.value for each in parsed.response.transports or ()),
        is_synced=known.credential_backed_up,
    )


_LONGEST_PASSPHRASE = 200
# A larger copy is restored by command, which reads it where it lies.
LARGEST_COPY = 1024 * 1024 * 1024


class CopyForm(Form):
    """A backup; its bytes are read from the files of the request."""

    file = Upload(
        N_("Backup file"),
        hint=N_("As downloaded under Settings, Backups, or from your backup folder."),
    )
    passphrase = Text(
        N_("Passphrase of the backups"),
        type="password",
        maxlength=_LONGEST_PASSPHRASE,
        spellcheck="false",
        hint=N_("Empty if the backup has none."),
    )


@blueprint.get("/restore")
def restore_form(refusal: Refusal | None = None) -> ResponseReturnValue:
    return render_template("setup/restore.html", form=CopyForm.shown(refusal))


@blueprint.post("/restore")
@refused_shows(restore_form)
def restore_copy() -> ResponseReturnValue:
    """Put the backup in place of the empty database; say what to look at now."""
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        raise InvalidField(_("Choose the file of a backup."), field="file")
    restored = _restored(sent, CopyForm.sent().passphrase.data)
    return render_template("setup/restored.html", restored=restored)


def _restored(sent: FileStorage, passphrase: str) -> Restored:
    services = current_services()
    with work_folder(services.settings) as folder:
        # The name the browser sent is never used for a file.
        file = folder / f"sent-{secrets.token_hex(8)}"
        sent.save(file)
        sent.close()
        try:
            restored = restore(
                services.settings, services.store, file, now=services.clock(), passphrase=passphrase
            )
        except WrongPassphrase as error:
            raise InvalidField(error.message, field="passphrase") from None
    services.settings_source.refresh()
    return restored
