"""The forms of My account."""

from flask_login import current_user  # type: ignore[import-untyped]  # ships no types
from wtforms import ValidationError  # type: ignore[import-untyped]  # ships no types

from plugin.core.text import NAME_LENGTH
from plugin.courses.accounts.email_codes import LONGEST_CODE
from plugin.errors import InvalidField
from plugin.staff_languages import STAFF_LANGUAGES
from plugin.web import pages
from plugin.web.access import require_fresh
from plugin.web.account.passwords import LONGEST, SHORTEST, fits, refuse_weak
from plugin.web.forms import Choice, Email, Form, Password, Text
from plugin.web.translations import N_, _


class NameForm(Form):
    """One's own name."""

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
        N_("The same again"), called=N_("The new password"), required=True, autocomplete="new-password"
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
