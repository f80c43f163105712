"""The first owner with a passkey in place of a password: made by the browser before the account, saved with it."""

import secrets

import webauthn
from flask import render_template, request, session
from flask.typing import ResponseReturnValue
from webauthn.helpers import bytes_to_base64url, parse_registration_credential_json
from webauthn.helpers.exceptions import WebAuthnException

from plugin.courses.accounts.devices import device_of
from plugin.courses.accounts.second_factors import NewPasskey
from plugin.courses.accounts.setup import FirstOwner
from plugin.courses.accounts.staff import staff_email
from plugin.errors import Refused
from plugin.web import current_services
from plugin.web.account.passkeys import CONFIGURATION, WANTED, own_name, why_not
from plugin.web.refusals import refused_shows
from plugin.web.setup.door import NamedOwnerForm, blueprint, known_zone, owner, welcome
from plugin.web.setup.frame import OWNER, steps_from
from plugin.web.translations import _

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
        rp_name=str(CONFIGURATION["SECURITY_WAN_RP_NAME"]),
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
    first = FirstOwner(
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
