"""The owner's checklist on Today after a set-up in the browser: each item is read from how things stand."""

from dataclasses import dataclass

from flask import Flask, url_for
from flask_login import current_user  # type: ignore[import-untyped]  # ships no types

from plugin.backups.folder import last_copy_at
from plugin.core.acts import Role
from plugin.courses.accounts.setup import DONE, SetupView, read_setup
from plugin.courses.accounts.staff import list_staff
from plugin.courses.catalog.packages import is_any_published
from plugin.courses.handouts.texts import count_to_review, list_texts
from plugin.courses.square_health import read_connection
from plugin.services import Services
from plugin.square.connection.status import is_connected
from plugin.store import Store
from plugin.web import current_services
from plugin.web.account.demanded import is_demanded
from plugin.web.setup.frame import STEPS, step_address
from plugin.web.translations import _


@dataclass(frozen=True, slots=True)
class ChecklistItem:
    """Something a clinic does once, whether it is done, and where."""

    title: str
    is_done: bool
    address: str


def set_up(app: Flask) -> None:
    """Let Today ask for the checklist."""
    app.jinja_env.globals.update(checklist=checklist, setup_goes_on=setup_goes_on)


def setup_goes_on() -> str:
    """Return where the owner goes on with the set-up, "" where it is through or another page is demanded first."""
    if not current_user.is_authenticated or current_user.role != Role.OWNER or is_demanded():
        return ""
    setup = read_setup(current_services().store)
    if setup is None or setup.hidden_at is not None or all(step in setup.steps for step in STEPS):
        return ""
    return url_for("first_steps.show")


def checklist() -> list[ChecklistItem]:
    """Return the items for the owner, none once all are done, hidden, or the clinic was not set up in the browser."""
    services = current_services()
    if not current_user.is_authenticated or current_user.role != Role.OWNER:
        return []
    setup = read_setup(services.store)
    if setup is None or setup.closed_at is None or setup.hidden_at is not None:
        return []
    items = _items(services, setup)
    return [] if all(each.is_done for each in items) else items


def _items(services: Services, setup: SetupView) -> list[ChecklistItem]:
    is_in = is_connected(services) and not read_connection(services.store).problem
    return [
        ChecklistItem(_("Enter your clinic"), setup.steps.get("clinic") == DONE, step_address("clinic")),
        ChecklistItem(_("Connect Square"), is_in, step_address("square")),
        ChecklistItem(_("Publish a package"), is_any_published(services.store), step_address("packages")),
        ChecklistItem(_("Set up e-mail"), services.mail.is_ready, step_address("mail")),
        ChecklistItem(_("Print a test page"), setup.steps.get("paper") == DONE, step_address("paper")),
        ChecklistItem(
            _("Review the aftercare texts"), _are_texts_reviewed(services.store), url_for("texts.show")
        ),
        ChecklistItem(_("Make a backup"), _has_backup(services), url_for("backups.show")),
        ChecklistItem(
            _("Protect your sign-in"), current_user.signed.has_second_factor, step_address("protect")
        ),
        ChecklistItem(_("Invite your team"), len(list_staff(services.store)) > 1, step_address("staff")),
    ]


def _are_texts_reviewed(store: Store) -> bool:
    # Before there is a package there is no treatment, and nothing that could have been reviewed.
    return not count_to_review(store) and bool(list_texts(store))


def _has_backup(services: Services) -> bool:
    try:
        return last_copy_at(services.settings) is not None
    except OSError:
        # A folder that can't be read has an alarm of its own.
        return False
