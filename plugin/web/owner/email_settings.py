"""The mail server and what is sent through it, for the owner."""

from typing import Any

from flask import render_template, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user  # type: ignore[import-untyped]  # ships no types

from plugin.configuration.clinic import switch_papers_by_email
from plugin.configuration.email import SENDER, SERVER, MailAccount, Security, port_of, send_test_email
from plugin.configuration.save import save_settings
from plugin.errors import InvalidField
from plugin.web import current_services, pages
from plugin.web.access import FRESH_FOR, Screens
from plugin.web.actions import current_act, redirect_to
from plugin.web.forms import Choice, Count, Email, Form, Hidden, Text
from plugin.web.owner.forms import SwitchForm
from plugin.web.owner.setting_forms import SecretText, SettingsForm, form_class_of, seen_now, seen_versions
from plugin.web.owner.settings import save_form, stored_and_fixed
from plugin.web.refusals import Refusal
from plugin.web.translations import N_, _

blueprint = Screens("email_settings", __name__, url_prefix="/clinic/settings/email")
SECURITIES = (("starttls", "STARTTLS"), ("tls", "TLS"), ("none", N_("None: only on this computer")))


class ServerForm(Form):
    """The mail server, in parts, and the sender."""

    seen = Hidden()
    host = Text(
        N_("Server"),
        called=N_("The server"),
        hint=N_("Such as smtp.example.org"),
        maxlength=253,
        required=True,
        autocapitalize="off",
        spellcheck="false",
    )
    security = Choice(N_("Security"), SECURITIES, default="starttls")
    port = Count(
        N_("Port"),
        called=N_("The port"),
        hint=N_("Empty: 587 with STARTTLS, 465 with TLS"),
        inputmode="numeric",
        maxlength=5,
    )
    user = Text(N_("User"), hint=N_("Often your e-mail address"), maxlength=254, autocapitalize="off")
    password = SecretText(N_("Password"))
    mail_from = Text(
        N_("Sender"),
        called=N_("The sender"),
        hint=N_("Such as Lotus Clinic <desk@example.org>"),
        maxlength=320,
        required=True,
    )

    def account(self, before: MailAccount | None) -> MailAccount:
        """Return the server as typed, with the saved password where none was; raises InvalidField."""
        security: Security = self.security.data  # type: ignore[assignment]  # one of its choices
        port = port_of(self.port.data, security)
        typed = self.password.data
        account = MailAccount(self.host.data.lower(), port, security, self.user.data, typed)
        if typed or not account.user:
            return account
        if before is None or account.sends_password_elsewhere(before):
            raise InvalidField(
                _("Enter the password again: it is sent only to the server and user it was entered for."),
                field="password",
            )
        return MailAccount(account.host, port, security, account.user, before.password)


class TestForm(Form):
    """Whom to send the test e-mail to."""

    to = Email(N_("Send it to"), called=N_("The address"), required=True)


@blueprint.get("", fresh=FRESH_FOR)
def show(refusal: Refusal | None = None) -> ResponseReturnValue:
    """Show the mail server without its password, and what is sent."""
    services = current_services()
    settings = services.settings_source.refresh()
    account = MailAccount.of(settings.mail_url.get_secret_value())
    fixed = services.settings_source.set_by_server
    return render_template(
        "owner/setting_email.html",
        form=None if SERVER in fixed else _server_form(refusal, account, settings.mail_from),
        sender_form=SettingsForm.of([SENDER], refusal) if SERVER in fixed and SENDER not in fixed else None,
        test_form=TestForm.shown_beside_others(refusal, suffix="-test", to=current_user.email),
        account=account,
        can_seal=services.vault.has_keys,
        can_mail=services.mail.is_ready,
        refusal=refusal if refusal is not None and not {"host", "to", SENDER} & set(refusal.typed) else None,
        **stored_and_fixed([SERVER, SENDER]),
    )


@blueprint.post("", fresh=FRESH_FOR, refused=show)
def save() -> ResponseReturnValue:
    """Save the mail server and the sender."""
    if SERVER in current_services().settings_source.set_by_server:
        return save_form(form_class_of((SENDER,)).sent(), url_for("email_settings.show"))
    form = ServerForm.sent()
    before = MailAccount.of(current_services().settings.mail_url.get_secret_value())
    changes = {SERVER: form.account(before).url}
    if SENDER not in current_services().settings_source.set_by_server:
        changes[SENDER] = form.mail_from.data
    save_settings(current_services(), current_act(), changes, seen=seen_versions(form.seen.data))
    return redirect_to("email_settings.show", _("Saved. Send a test e-mail now."))


@blueprint.post("/test", fresh=FRESH_FOR, refused=show)
def test() -> ResponseReturnValue:
    """Send a test e-mail with the settings as saved."""
    to = TestForm.sent().to.data or ""
    settings = current_services().settings
    said = send_test_email(
        settings.mail_url.get_secret_value(), settings.mail_from, to=to, clinic_name=pages.clinic().name
    )
    return redirect_to("email_settings.show", said, _anchor="test")


@blueprint.post("/visits", refused=show)
def send_papers() -> ResponseReturnValue:
    """Switch the e-mail after each visit on or off."""
    is_on = SwitchForm.sent().is_on
    switch_papers_by_email(current_services(), current_act(), is_on=is_on)
    said = (
        _("Clients get their papers by e-mail after each visit.")
        if is_on
        else _("Clients no longer get papers by e-mail.")
    )
    return redirect_to("email_settings.show", said, _anchor="visits")


def _server_form(refusal: Refusal | None, account: MailAccount | None, sender: str) -> ServerForm:
    values: dict[str, Any] = {"mail_from": sender}
    if account is not None:
        values |= {name: getattr(account, name) for name in ("host", "security", "port", "user")}
    form = ServerForm.shown_beside_others(refusal, **values)
    form.seen.data = seen_now((SERVER, SENDER))
    return form
