"""The set-up's step of e-mail: the account, tried by a test e-mail before it is saved."""

from dataclasses import dataclass
from typing import Any

from flask import render_template
from flask.typing import ResponseReturnValue
from flask_login import current_user  # type: ignore[import-untyped]  # ships no types

from plugin.configuration import email
from plugin.configuration.save import save_settings
from plugin.core.text import NAME_LENGTH
from plugin.courses.accounts.setup import DONE, mark_step
from plugin.errors import InvalidField, Refused
from plugin.web import current_services, pages
from plugin.web.access import Screens
from plugin.web.actions import Notice, current_act, flash_notice, redirect_after_post
from plugin.web.forms import Choice, Count, Email, Form, Text
from plugin.web.owner.email_settings import SECURITIES
from plugin.web.owner.setting_forms import SecretText
from plugin.web.refusals import Refusal
from plugin.web.setup.frame import finish_step, frame_of, next_address
from plugin.web.translations import N_, _

blueprint = Screens("setup_mail", __name__, url_prefix="/first-steps/mail")
_OTHER = "other"


@dataclass(frozen=True, slots=True)
class Provider:
    """A mail provider: its server, and what it wants as a password."""

    name: str
    host: str
    security: email.Security
    password_hint: str = N_("The password of that account.")


def _app_password(account: str) -> str:
    return N_(
        "Not your usual password: an “app password”, made in the security settings of your {account} account.",
        account=account,
    )


PROVIDERS = {
    "google": Provider("Gmail, Google Workspace", "smtp.gmail.com", "starttls", _app_password("Google")),
    "microsoft": Provider(
        "Microsoft 365",
        "smtp.office365.com",
        "starttls",
        N_("The password of that mailbox; “Authenticated SMTP” must be allowed for it."),
    ),
    "icloud": Provider("iCloud", "smtp.mail.me.com", "starttls", _app_password("Apple")),
    "yahoo": Provider("Yahoo", "smtp.mail.yahoo.com", "tls", _app_password("Yahoo")),
    "fastmail": Provider("Fastmail", "smtp.fastmail.com", "tls", _app_password("Fastmail")),
    "zoho": Provider("Zoho Mail", "smtp.zoho.com", "tls", _app_password("Zoho")),
}


class AccountForm(Form):
    """The account that e-mail is sent from. `host` to `user` are read for another provider only."""

    provider = Choice(
        N_("Where is the clinic’s mailbox?"),
        (*((key, each.name) for key, each in PROVIDERS.items()), (_OTHER, N_("Somewhere else"))),
        default="google",
    )
    address = Email(
        N_("E-mail address of the clinic"),
        called=N_("The e-mail address"),
        required=True,
        hint=N_("Clients see it as the sender, and can answer to it."),
    )
    password = SecretText(N_("Password"))
    sender = Text(N_("Name of the sender"), maxlength=NAME_LENGTH)
    host = Text(
        N_("Server"),
        maxlength=253,
        autocapitalize="none",
        spellcheck="false",
        hint=N_("Such as smtp.example.org"),
    )
    security = Choice(N_("Security"), SECURITIES, default="starttls")
    port = Count(
        N_("Port"), called=N_("The port"), hint=N_("Empty: the usual one"), inputmode="numeric", maxlength=5
    )
    user = Text(N_("User"), maxlength=254, autocapitalize="none", hint=N_("Empty: the e-mail address"))
    to = Email(N_("Send a test e-mail to"), called=N_("The address for the test"), required=True)

    @property
    def account(self) -> email.MailAccount:
        """Return the account; raises InvalidField."""
        address, password = self.address.data or "", self.password.data
        provider = PROVIDERS.get(self.provider.data)
        if provider is not None:
            if not password:
                raise InvalidField(_("The password is missing."), field="password")
            port = email.USUAL_PORT[provider.security]
            return email.MailAccount(provider.host, port, provider.security, address, password)
        if not self.host.data:
            raise InvalidField(_("The server is missing."), field="host")
        security: email.Security = self.security.data  # type: ignore[assignment]  # one of its choices
        port = email.port_of(self.port.data, security)
        # A server that wants no password wants no user either.
        user = (self.user.data or address) if password else ""
        return email.MailAccount(self.host.data.lower(), port, security, user, password)

    @property
    def mail_from(self) -> str:
        """Return the sender as mail programs show it."""
        address, name = self.address.data or "", self.sender.data.replace('"', "").replace("\\", "")
        if not name:
            return address
        return f'"{name}" <{address}>' if set(name) & set(",.;:@()<>[]") else f"{name} <{address}>"


@blueprint.get("")
def show(refusal: Refusal | None = None) -> ResponseReturnValue:
    """Show the form, or what is set up already."""
    services = current_services()
    form = AccountForm.shown(refusal, **_starting_values())
    return render_template(
        "setup/mail.html",
        **frame_of("mail"),
        form=form,
        providers=PROVIDERS,
        can_mail=services.mail.is_ready,
        sender=services.settings.mail_from,
        is_fixed=_is_fixed(),
    )


@blueprint.post("", refused=show)
def save() -> ResponseReturnValue:
    """Send the test e-mail; only an account that sends is saved."""
    if _is_fixed():
        raise Refused(_("E-mail is set by the server, or a part of it."), code="set_by_server")
    form = AccountForm.sent()
    account, sender = form.account, form.mail_from
    said = email.send_test_email(account.url, sender, to=form.to.data or "", clinic_name=pages.clinic().name)
    save_settings(current_services(), current_act(), {email.SERVER: account.url, email.SENDER: sender})
    mark_step(current_services().store, current_act(), "mail", DONE)
    flash_notice(Notice(said))
    return redirect_after_post(next_address("mail"))


@blueprint.post("/test", refused=show)
def test() -> ResponseReturnValue:
    """Send a test e-mail with what is set up already."""
    settings = current_services().settings
    said = email.send_test_email(
        settings.mail_url.get_secret_value(),
        settings.mail_from,
        to=current_user.email,
        clinic_name=pages.clinic().name,
    )
    flash_notice(Notice(said))
    return finish_step("mail")


def _is_fixed() -> bool:
    """Return whether the environment sets the account or its sender: this form, which saves both, can't be saved."""
    return bool(current_services().settings_source.set_by_server & {email.SERVER, email.SENDER})


def _starting_values() -> dict[str, Any]:
    clinic = pages.clinic()
    return {"sender": clinic.name, "address": clinic.email or None, "to": current_user.email}
