"""Events for other programs, for the owner: receivers, their keys, deliveries, tests, and sending again."""

from collections.abc import Iterator
from datetime import timedelta

from flask import Response, render_template, request
from flask.typing import ResponseReturnValue

from plugin.configuration.stored import sealing
from plugin.courses.base.sheet import Columns, sheet_of
from plugin.courses.base.views import Page
from plugin.courses.reports.period import start_of
from plugin.courses.webhooks import deliveries
from plugin.courses.webhooks.receivers import (
    CHOICES,
    LONGEST_URL,
    EventKind,
    NewReceiver,
    add_receiver,
    end_receiver,
    list_receivers,
    rotate_key,
)
from plugin.web import current_services, pages
from plugin.web.access import Screens
from plugin.web.actions import current_act, redirect_to
from plugin.web.forms import Choice, Day, Form, Several, Text, Tick
from plugin.web.refusals import Refusal, shows_refusals
from plugin.web.tables import Sorting, asked_one, asked_sorting, file_answer
from plugin.web.translations import N_, _, ngettext
from plugin.webhooks.deliver import allows_http

blueprint = Screens("events", __name__, url_prefix="/clinic/events")

SHOWN, _AT_ONCE = 50, 500
_STATES = {"pending": N_("Waiting"), "delivered": N_("Delivered"), "failed": N_("Given up")}
_KINDS = {**CHOICES, EventKind.TEST: N_("Test")}


class ReceiverForm(Form):
    name = Text(N_("Name"), hint=N_("Such as n8n or Zapier."), maxlength=80, required=True)
    url = Text(
        N_("Address"),
        hint=N_("Where the program receives webhooks; it begins with https://."),
        maxlength=LONGEST_URL,
        required=True,
        inputmode="url",
        spellcheck="false",
    )
    kinds = Several(N_("Events"))
    has_names = Tick(N_("Send clients’ names along; ids are always sent"))
    may_be_private = Tick(N_("The program runs in the clinic’s own network"))


class SpanForm(Form):
    """Which events are sent again, to whom."""

    receiver = Choice(N_("Receiver"))
    from_ = Day(N_("From"), name="from", called=N_("The first day"), required=True)
    to = Day(N_("Through"), called=N_("The last day"), required=True)
    only_failed = Tick(N_("Only those that were given up"))


@blueprint.get("")
@shows_refusals
def show(refusal: Refusal | None = None) -> ResponseReturnValue:
    """Show the receivers and the latest deliveries."""
    store = current_services().store
    receivers = list_receivers(store)
    cursor = None if refusal else request.args.get("after") or None
    page = _deliveries(cursor, SHOWN)
    form = ReceiverForm.shown_beside_others(refusal, kinds=[kind.value for kind in CHOICES])
    span = SpanForm.shown_beside_others(refusal, suffix="-span")
    span.receiver.choices = tuple((each.id, each.name) for each in receivers)
    return render_template(
        "owner/events.html",
        receivers=receivers,
        page=page,
        is_first=cursor is None,
        state=_asked_state(),
        sorting=_sorting(),
        states=_STATES,
        kinds=_KINDS,
        choices=CHOICES,
        form=form,
        span=span,
        now=pages.now(),
        refusal=refusal if refusal and not (form.is_wrong or span.is_wrong) else None,
    )


@blueprint.get("/deliveries.<ending>")
def save(ending: str) -> Response:
    """Return the deliveries, those in the asked state, as a file."""
    return file_answer(sheet_of(_("Deliveries"), _sheet(), _all_deliveries()), ending)


def _all_deliveries() -> Iterator[deliveries.DeliveryRow]:
    page = _deliveries(None, _AT_ONCE)
    yield from page.rows
    while page.cursor is not None:
        page = _deliveries(page.cursor, _AT_ONCE)
        yield from page.rows


def _deliveries(cursor: str | None, limit: int) -> Page[deliveries.DeliveryRow]:
    return deliveries.list_deliveries(
        current_services().store,
        state=_asked_state(),
        limit=limit,
        cursor=cursor,
        is_oldest_first=not _sorting().is_descending,
    )


def _asked_state() -> str:
    return asked_one("state", _STATES) or ""


def _sorting() -> Sorting:
    return asked_sorting({"when": True})


def _sheet() -> Columns[deliveries.DeliveryRow]:
    zone = pages.clinic().zone
    return {
        "When": lambda each: f"{each.noted_at.astimezone(zone):%Y-%m-%d %H:%M}",
        "Event": lambda each: each.kind,
        "Event id": lambda each: each.event_id,
        "Course": lambda each: each.course_id,
        "Receiver": lambda each: each.receiver_name,
        "State": lambda each: each.state,
        "Tries": lambda each: each.attempts,
        "Status": lambda each: each.status,
        "Answer": lambda each: each.said,
    }


@blueprint.post("", refused=show)
def add() -> ResponseReturnValue:
    """Add a receiver, and show its key this once."""
    services, form = current_services(), ReceiverForm.sent()
    new = NewReceiver(
        form.name.data, form.url.data, form.kinds.data, form.has_names.data, form.may_be_private.data
    )
    _id, key = add_receiver(
        services.store,
        current_act(),
        new,
        sealing(services.settings).seal,
        allows_http=allows_http(services),
    )
    return render_template("owner/event_key.html", name=new.name, key=key)


@blueprint.post("/<receiver_id>/key", refused=show)
def rotate(receiver_id: str) -> ResponseReturnValue:
    """Make a new key, and show it this once."""
    services = current_services()
    name = next((each.name for each in list_receivers(services.store) if each.id == receiver_id), "")
    key = rotate_key(services.store, current_act(), receiver_id, sealing(services.settings).seal)
    return render_template("owner/event_key.html", name=name, key=key)


@blueprint.post("/<receiver_id>/end", refused=show)
def end(receiver_id: str) -> ResponseReturnValue:
    name = end_receiver(current_services().store, current_act(), receiver_id)
    return _done(_("Nothing more is sent to {name}.", name=name))


@blueprint.post("/<receiver_id>/test", refused=show)
def test(receiver_id: str) -> ResponseReturnValue:
    deliveries.send_test(current_services().store, current_act(), receiver_id)
    return _done(_("The test is on its way. Reload this page in a moment to see whether it arrived."))


@blueprint.post("/deliveries/<delivery_id>/again", refused=show)
def again(delivery_id: str) -> ResponseReturnValue:
    deliveries.replay_delivery(
        current_services().store, current_act(), deliveries.delivery_number(delivery_id)
    )
    return _done(_("It is being sent again."))


@blueprint.post("/span", refused=show)
def span() -> ResponseReturnValue:
    """Send the events of some days again."""
    services, form = current_services(), SpanForm.sent()
    zone = pages.clinic().zone
    first, last = form.from_.data, form.to.data
    assert first is not None
    assert last is not None
    number = deliveries.replay_span(
        services.store,
        current_act(),
        form.receiver.data,
        start_of(first, zone),
        start_of(last + timedelta(days=1), zone),
        only_failed=form.only_failed.data,
    )
    return _done(ngettext("{n} event is being sent again.", "{n} events are being sent again.", number))


def _done(said: str) -> ResponseReturnValue:
    return redirect_to("events.show", said, _anchor="deliveries")
