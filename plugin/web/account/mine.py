"""My account, for everybody who signs in: name, e-mail, password, and where one is signed in."""

from flask import Flask, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user  # type: ignore[import-untyped]  # ships no types
from flask_security import login_user
from werkzeug.wrappers import Response
from wtforms import ValidationError  # type: ignore[import-untyped]  # ships no types

from plugin.core.text import NAME_LENGTH
from plugin.courses.accounts import sign_ins
from plugin.courses.accounts.staff import StaffView, read_staff, set_password
from plugin.courses.accounts.staff_edits import (
    LONGEST_CODE,
    change_own_email,
    is_email_code,
    rename_self,
    request_email_code,
    set_own_language,
)
from plugin.errors import InvalidField
from plugin.staff_languages import STAFF_LANGUAGES, staff_language
from plugin.web import current_services, pages
from plugin.web.access import AT_THE_DESK, Screens, keep_cookie, require_fresh
from plugin.web.account.doors import PER_ACCOUNT, signed_in, was_refused
from plugin.web.account.passwords import LONGEST, SHORTEST, fits, hash_password, refuse_weak
from plugin.web.account.people import SIGN_IN, StaffUser
from plugin.web.actions import Notice, current_act, flash_notice, redirect_after_post, redirect_to
from plugin.web.forms import Choice, Email, Form, Password, Text, Tick
from plugin.web.limits import guess_limiter, limit_views, page_limiter
from plugin.web.refusals import Refusal
from plugin.web.translations import N_, _, speak


class NameForm(Form):
    name = Text(N_("Name"), called=N_("The name"), required=True, maxlength=NAME_LENGTH, autocomplete="name")


class LanguageForm(Form):
    """The language of one's screens; "" takes the clinic's."""

    language = Choice(N_("Language"), [("", N_("As the clinic")), *STAFF_LANGUAGES.items()])


class EmailForm(Form):
    """A new address, with the password."""

    email = Email(
        N_("E-mail"),
        called=N_("The e-mail address"),
        required=True,
        autocomplete="username",
    )
    email_password = Password(N_("Your password"), autocomplete="current-password")

    def validate_email_password(self, field: Password) -> None:
        """Refuse another password than one's own."""
        _refuse_wrong(field.data)


class EmailCodeForm(Form):
    """The code that was sent to the new address."""

    email_code = Text(
        N_("Code from the e-mail"),
        called=N_("The code"),
        required=True,
        maxlength=LONGEST_CODE,
        autocomplete="one-time-code",
        autocapitalize="characters",
        spellcheck="false",
    )


class PasswordForm(Form):
    """The password one has, and a new one twice."""

    old_password = Password(N_("Your password now"), autocomplete="current-password")
    new_password = Password(
        N_("New password"),
        called=N_("The new password"),
        hint=N_(
            "At least {shortest} characters. A few words in a row are easy to remember and hard to guess.",
            shortest=SHORTEST,
        ),
        required=True,
        minlength=SHORTEST,
        maxlength=LONGEST,
        autocomplete="new-password",
    )
    password_again = Password(
        N_("Type it again"), called=N_("The new password"), required=True, autocomplete="new-password"
    )

    def validate_old_password(self, field: Password) -> None:
        """Refuse another password than one's own."""
        _refuse_wrong(field.data)

    def validate_new_password(self, field: Password) -> None:
        """Refuse a weak one."""
        if not field.data:
            return
        try:
            refuse_weak(field.data, known_words(), field=field.name)
        except InvalidField as error:
            raise ValidationError(error.message) from None

    def validate_password_again(self, field: Password) -> None:
        """Refuse a slip of the fingers."""
        if field.data != self.new_password.data:
            raise ValidationError(_("The two new passwords are not the same."))


def known_words() -> tuple[str, ...]:
    """Return what a password of this person may not be made of."""
    return (pages.clinic().name, current_user.name, current_user.email)


def _refuse_wrong(password: str | None) -> None:
    if not current_user.password:
        # Somebody without one signs in by passkey.
        require_fresh()
    elif not fits(password or "", current_user.password):
        raise ValidationError(_("That is not your password."))


_GUESSED = ("account.change_email", "account.confirm_email", "account.change_password")
# The new address in the cookie and whose it is, until the code that was sent there is typed.
_NEW_EMAIL = "new_email"

blueprint = Screens("account", __name__, url_prefix="/account")


def set_up(app: Flask) -> None:
    """Limit wrong passwords: a moment at somebody's open screen must not become a search for theirs."""
    wrong = guess_limiter(app).shared_limit(
        PER_ACCOUNT, scope="own password", key_func=signed_in, deduct_when=was_refused
    )
    limit_views(app, _GUESSED, wrong)
    sent = page_limiter(app).limit(PER_ACCOUNT, key_func=signed_in, methods=["POST"])
    limit_views(app, ("account.change_email",), sent)


@blueprint.get("", roles=AT_THE_DESK)
def show(refusal: Refusal | None = None) -> ResponseReturnValue:
    member = _member()
    return render_template(
        "account/mine.html",
        member=member,
        has_password=bool(member.password_hash),
        language_form=LanguageForm.shown_beside_others(refusal, language=member.language),
        name_form=NameForm.shown_beside_others(refusal, suffix="-name", name=member.name),
        email_form=EmailForm.shown_beside_others(refusal, suffix="-email", email=member.email),
        new_email=_new_email(),
        code_form=EmailCodeForm.shown_beside_others(refusal, suffix="-code"),
        hand_form=HandForm.shown_beside_others(None, suffix="-hand", is_left=is_left_handed()),
        password_form=PasswordForm.shown_beside_others(refusal, suffix="-password"),
        refusal=refusal,
        sign_ins=sign_ins.list_sign_ins(current_services().store, member.id, pages.now()),
        this_one=session.get(SIGN_IN, ""),
    )


@blueprint.post("/name", roles=AT_THE_DESK, refused=show)
def change_name() -> ResponseReturnValue:
    rename_self(current_services().store, current_act(), NameForm.sent().name.data)
    return redirect_to("account.show", _("Your name is saved."))


@blueprint.post("/language", roles=AT_THE_DESK, refused=show)
def change_language() -> ResponseReturnValue:
    member = set_own_language(current_services().store, current_act(), LanguageForm.sent().language.data)
    speak(staff_language(member.language, pages.clinic().language))
    return redirect_to("account.show", _("Your language is saved."))


@blueprint.post("/email", roles=AT_THE_DESK, refused=show)
def change_email() -> ResponseReturnValue:
    """Send a code to the address one wants to sign in with; without a mail server change it at once."""
    services, typed = current_services(), EmailForm.sent().email.data or ""
    if not services.mail.is_ready:
        return _sign_in_with(typed)
    address = request_email_code(services.store, current_act(), typed)
    if not address:
        return redirect_to("account.show", _("You sign in with that address already."))
    session[_NEW_EMAIL] = (current_user.staff_id, address)
    said = _("A code is on its way to {email}. Type it under E-mail.", email=address)
    return redirect_to("account.show", said, _anchor="email")


@blueprint.post("/email/code", roles=AT_THE_DESK, refused=show)
def confirm_email() -> ResponseReturnValue:
    """Change the address one signs in with, once the code that was sent there is typed."""
    services, typed = current_services(), EmailCodeForm.sent().email_code.data
    address = _new_email()
    secret = services.settings.secret_key.get_secret_value()
    if not (address and is_email_code(secret, _member(), address, typed, services.clock())):
        raise InvalidField(
            _("That is not the code, or it has expired. Enter the address again for a new one."),
            field="email_code",
        )
    # The code proves the address; the password was given when it was asked for, or before.
    proved_at = current_user.signed.proved_at
    answer = _sign_in_with(address)
    sign_ins.prove_sign_in(services.store, session[SIGN_IN], proved_at)
    return answer


def _sign_in_with(address: str) -> ResponseReturnValue:
    member = change_own_email(current_services().store, current_act(), address)
    session.pop(_NEW_EMAIL, None)
    if member.session_mark == current_user.fs_uniquifier:
        return redirect_to("account.show", _("You sign in with that address already."))
    _sign_in_again(member)
    return redirect_to(
        "account.show",
        _("You sign in with {email} from now on. You are signed out everywhere else.", email=member.email),
    )


@blueprint.post("/password", roles=AT_THE_DESK, refused=show)
def change_password() -> ResponseReturnValue:
    hashed = hash_password(PasswordForm.sent().new_password.data, known_words())
    _sign_in_again(set_password(current_services().store, current_act(), current_user.staff_id, hashed))
    return redirect_to("account.show", _("Your new password is saved. You are signed out everywhere else."))


@blueprint.post("/sign-outs", roles=AT_THE_DESK, refused=show)
def sign_out_elsewhere() -> ResponseReturnValue:
    """Sign out in every other browser."""
    store, own_id = current_services().store, current_user.staff_id
    sign_ins.end_others(store, current_act(), own_id, but=session.get(SIGN_IN, ""))
    return redirect_to("account.show", _("You are signed out everywhere else."))


@blueprint.post("/sign-outs/<sign_in_id>", roles=AT_THE_DESK, refused=show)
def sign_out(sign_in_id: str) -> ResponseReturnValue:
    """Sign out in one other browser."""
    sign_ins.end_one(current_services().store, current_act(), current_user.staff_id, sign_in_id)
    return redirect_to("account.show", _("You are signed out there."))


def _member() -> StaffView:
    return read_staff(current_services().store, current_user.staff_id)


def _new_email() -> str:
    # On a shared device the cookie goes on to the next person, who must not see the address.
    staff_id, address = session.get(_NEW_EMAIL, ("", ""))
    return str(address) if staff_id == current_user.staff_id else ""


def _sign_in_again(member: StaffView) -> None:
    # All of the person's sessions have ended, this one too; their password or passkey was given.
    login_user(StaffUser(member), authn_via=["password"])


_COOKIE = "coursekeeper_hand"
_LEFT = "left"

hand = Screens("hand", __name__, url_prefix="/account")


class HandForm(Form):
    """Where the main buttons stand."""

    is_left = Tick(N_("Main buttons on the left"))


def is_left_handed() -> bool:
    """Return whether the main buttons stand on the left on this device."""
    return request.cookies.get(_COOKIE) == _LEFT


@hand.app_context_processor
def _for_templates() -> dict[str, bool]:
    return {"is_left_handed": is_left_handed()}


@hand.post("/hand", roles=AT_THE_DESK)
def change_hand() -> Response:
    """Put the main buttons on one side, on this device only."""
    is_left = HandForm.sent().is_left.data
    flash_notice(
        Notice(_("Main buttons are on the left now.") if is_left else _("Main buttons are on the right now."))
    )
    response = redirect_after_post(url_for("account.show"))
    keep_cookie(response, _COOKIE, _LEFT if is_left else "right")
    return response
