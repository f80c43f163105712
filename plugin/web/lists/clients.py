"""All clients, for everybody at the desk: filtered and sorted by the address, by letter; as files for the owner."""

from typing import Any

from flask import Response, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user  # type: ignore[import-untyped]  # ships no types

from plugin.core.acts import Role
from plugin.courses.base.keyset import Order, read_order
from plugin.courses.lists.client_list import (
    LETTERS,
    ORDERS,
    ClientFilter,
    client_list_sheet,
    languages_of_clients,
    list_clients,
)
from plugin.courses.lists.course_list import MOST_DAYS
from plugin.courses.lists.listing import renew_some
from plugin.courses.lists.saved_views import views_of
from plugin.web import current_services, pages
from plugin.web.access import AT_THE_DESK, Screens, current_actor
from plugin.web.format import language_name
from plugin.web.forms import Choice, Choices, Form, Tick
from plugin.web.lists.courses import asked_view, days_field, practitioner_choices, refuse_huge
from plugin.web.refusals import Refusal, shows_refusals
from plugin.web.tables import Sorting, asked_sorting, file_answer
from plugin.web.translations import N_, _


class ClientFilterForm(Form):
    """The filters; each that is empty leaves out nothing."""

    usable = Tick(N_("Has sessions to use"))
    due = Tick(N_("Balance due"))
    unlinked = Tick(N_("Not in Square"))
    expires = days_field(N_("Expires within, days"))
    unseen = days_field(N_("No visit for, days"))
    language = Choice(N_("Language"), said=N_("No client has this language. Choose one from the list."))
    practitioner = Choice(
        N_("Practitioner"), said=N_("There is no such practitioner. Choose one from the list.")
    )
    letter = Choice(N_("Letter"), (("", N_("Any")), *((each, each) for each in LETTERS)))

    NAMES = ("usable", "due", "unlinked", "expires", "unseen", "language", "practitioner", "letter")

    def validate(self, extra_validators: Any = None) -> bool:
        """Refuse numbers that no list has."""
        is_valid = bool(super().validate(extra_validators))
        refuse_huge((self.expires, MOST_DAYS), (self.unseen, MOST_DAYS))
        return is_valid and not self.wrong

    def offer(self, languages: Choices, practitioners: Choices) -> None:
        """Set what the lists offer."""
        self.language.choices = (("", _("Any language")), *languages)
        self.practitioner.choices = (("", _("Anyone")), *practitioners)

    def filter(self, *, shows_money: bool) -> ClientFilter:
        """Return the filter; what is due is no one's business who doesn't see money."""
        return ClientFilter(
            is_usable=bool(self.usable.data),
            expires_within=self.expires.data,
            has_due=bool(self.due.data) and shows_money,
            not_seen_for=self.unseen.data,
            language=self.language.data or "",
            practitioner_id=self.practitioner.data or "",
            is_not_in_square=bool(self.unlinked.data),
            letter=self.letter.data or "",
        )


LISTING = "clients"
# The parameters of the address that make a view: the filters and the order.
VIEW = (*ClientFilterForm.NAMES, "sort")
SHOWN = 50
USUAL: tuple[tuple[str, dict[str, str]], ...] = (
    (N_("All"), {}),
    (N_("With sessions to use"), {"usable": "y"}),
    (N_("Expiring in 30 days"), {"expires": "30"}),
    (N_("No visit for 6 weeks"), {"unseen": "42"}),
    (N_("Not in Square"), {"unlinked": "y"}),
)

blueprint = Screens("client_list", __name__)


@blueprint.get("/clients/all", roles=AT_THE_DESK)
@shows_refusals
def show(refusal: Refusal | None = None) -> ResponseReturnValue:
    """Show a page of the clients that meet the filters in the address."""
    services = current_services()
    renew_some(services.store, services.clock())
    with services.store.one_moment():
        form, found = _form(refusal), None
        if refusal is None:
            cursor = request.args.get("after") or None
            wanted, order = _asked_filter(form), _asked_order()
            found = list_clients(services.store, wanted, order, now=pages.now(), limit=SHOWN, cursor=cursor)
        return render_template(
            "lists/clients.html",
            found=found,
            form=form,
            refusal=refusal,
            sorting=_asked_sorting(),
            is_first=not request.args.get("after"),
            shows_money=_shows_money(),
            letters=LETTERS,
            usual=USUAL,
            views=views_of(services.store, current_actor(), LISTING),
            asked=asked_view(VIEW),
        )


@blueprint.get("/clients/all.<ending>")
def save(ending: str) -> Response:
    """Return all clients that meet the filters as a file."""
    services = current_services()
    renew_some(services.store, services.clock())
    wanted = _asked_filter(_form(None))
    return file_answer(client_list_sheet(services.store, wanted, _asked_order(), now=pages.now()), ending)


def _asked_sorting() -> Sorting:
    return asked_sorting({key: order.is_descending for key, order in ORDERS.items()})


def _asked_order() -> Order:
    return read_order(_asked_sorting().word, ORDERS)


def _asked_filter(form: ClientFilterForm) -> ClientFilter:
    form.check()
    return form.filter(shows_money=_shows_money())


def _shows_money() -> bool:
    return bool(current_user.role != Role.PRACTITIONER)


def _form(refusal: Refusal | None) -> ClientFilterForm:
    form = ClientFilterForm.shown(refusal) if refusal else ClientFilterForm(request.args)
    store = current_services().store
    languages = [(tag, language_name(tag, pages.clinic())) for tag in languages_of_clients(store)]
    form.offer(languages, practitioner_choices(store))
    return form
