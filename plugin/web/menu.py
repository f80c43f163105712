"""The pages of the staff's menus, by the words they are looked for; each view decides who may open it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from flask import current_app, url_for

from plugin.configuration.registry import Group, names_of
from plugin.core.acts import Role
from plugin.web.owner.setting_forms import GROUP_PAGES
from plugin.web.translations import N_


@dataclass(frozen=True, slots=True)
class MenuPage:
    """A page: its endpoint, its name, other words for it, and the values of its address."""

    endpoint: str
    text: str
    also: str = ""
    values: dict[str, Any] = field(default_factory=dict)

    @property
    def address(self) -> str:
        return url_for(self.endpoint, **self.values)


def pages_for(role: Role) -> Iterator[MenuPage]:
    """Yield the pages that this role may open."""
    for page in (*PAGES, *_only_in_menus(), *_settings()):
        if may_open(page.endpoint, role):
            yield page


def may_open(endpoint: str, role: Role) -> bool:
    return role == Role.OWNER or role in getattr(current_app.view_functions[endpoint], "roles", ())


def _only_in_menus() -> Iterator[MenuPage]:
    """Yield the pages of the owner's menus that have no other words here."""
    menus = current_app.jinja_env.get_template("macros/frame.html").make_module()
    known = {page.endpoint for page in PAGES}
    for endpoint, text, _name in (*menus.reports, *menus.settings):  # type: ignore[attr-defined]  # set by it
        if endpoint not in known:
            yield MenuPage(endpoint, text)


def _settings() -> Iterator[MenuPage]:
    """Yield the pages of settings that are made from their declarations."""
    for group, page in GROUP_PAGES.items():
        if names_of(group):
            also = f"{_OTHER_WORDS.get(group, '')} {page.about}"
            # Backups and alarms have pages of their own of the same name.
            yield MenuPage(
                "settings.page", N_("Settings, {page}", page=page.title), also, {"group": group.value}
            )


_OTHER_WORDS = {
    Group.ONLINE: "tips shop buy again reviews",
    Group.WALLET: "Android iPhone pass",
    Group.ANSWERS: "ratings check treatment health",
    Group.AGREEMENTS: "contract terms sign cancel change of mind",
    Group.ADVANCED: "https address proxy lock log level",
}
PAGES = (
    MenuPage("today.show", N_("Today"), "arrivals appointments home"),
    MenuPage("clients.find", N_("Clients"), "list"),
    MenuPage("attention.show", N_("Attention"), "items questions"),
    MenuPage("sell.start", N_("Sell a package"), "sale checkout"),
    MenuPage("gifts.start", N_("Redeem a gift voucher"), "code"),
    MenuPage("batches.choose", N_("Print for multiple clients"), "papers summaries batch"),
    MenuPage("document_list.show", N_("Invoices and other documents"), "issued credit notes vouchers"),
    MenuPage("people_to_call.show", N_("Follow-ups"), "people to call reports"),
    MenuPage("overview.show", N_("Overview"), "reports charts figures"),
    MenuPage("course_list.show", N_("Courses"), "reports list filters expiring balance due"),
    MenuPage("liability.show", N_("Deferred revenue"), "reports money owed unused liability"),
    MenuPage(
        "journal.show",
        N_("Accountant’s journal"),
        "bookkeeping accounting quickbooks xero double entry",
    ),
    MenuPage("year_end.show", N_("Year end"), "tax return cash accrual received carried over"),
    MenuPage("year_end.unused", N_("Unused balances"), "unclaimed property escheat dormant"),
    MenuPage("usage.show", N_("Redemptions"), "reports used sessions"),
    MenuPage("pay.show_pay", N_("Practitioner pay"), "reports wages"),
    MenuPage("own_ratings.show_ratings", N_("Clients’ own ratings"), "reports concerns progress"),
    MenuPage("month.show", N_("Monthly report"), "reports close"),
    MenuPage("activity.show", N_("Activity"), "reports history log who when"),
    MenuPage("packages.show", N_("Packages"), "prices terms catalog"),
    MenuPage("letterhead.show", N_("Documents"), "papers branding letterhead logo color invoice numbers"),
    MenuPage("public_page.show_shop", N_("Public page"), "packages shop online QR code window buy"),
    MenuPage("letters.show", N_("Client e-mails"), "e-mails reminders marketing expiring lapsed"),
    MenuPage("texts.show", N_("Aftercare texts"), "papers documents"),
    MenuPage("imports.show", N_("Import"), "csv excel spreadsheet"),
    MenuPage("connection.show", N_("Square"), "connection webhooks sync location"),
    MenuPage("settings.show", N_("All settings"), "configuration"),
    MenuPage(
        "settings.page", N_("Retention"), "settings days deleted kept", {"group": Group.RETENTION.value}
    ),
    MenuPage("clinic_settings.show", N_("Time zone, currency, language"), "settings clinic"),
    MenuPage("square_settings.show_settings", N_("Square settings"), "token"),
    MenuPage("appointment_settings.show", N_("Appointments"), "settings book bookings calendar Square plan"),
    MenuPage("email_settings.show", N_("E-mail settings"), "mail smtp"),
    MenuPage("hours.show_hours", N_("Opening hours"), "settings closed days holidays vacation schedule"),
    MenuPage("staff.show", N_("Staff and API tokens"), "people roles invite"),
    MenuPage("backups.show", N_("Backups"), "restore copies"),
    MenuPage("events.show", N_("Events for other programs"), "webhooks n8n zapier automation"),
    MenuPage("alarms.show", N_("Health"), "alarms status problems"),
    MenuPage("check_in_screens.show_screens", N_("Check-in screen"), "kiosk arrived iPad"),
    MenuPage("account.show", N_("My account"), "name password sign out devices language"),
    MenuPage("ways.show", N_("Ways to sign in"), "passkey PIN authenticator shared device"),
    MenuPage("guides.show", N_("Front-desk guide (PDF)"), "help manual", {"name": "desk"}),
    MenuPage("guides.show", N_("Owner’s guide (PDF)"), "help manual", {"name": "owner"}),
)
