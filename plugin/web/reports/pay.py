"""Pay, for the owner: each practitioner's pay for the sessions used, at a rate typed on the page."""

from decimal import Decimal
from typing import Any

from babel.numbers import format_percent
from flask import Response, render_template
from flask.typing import ResponseReturnValue

from plugin.courses.base.words import money_text
from plugin.courses.reports.pay import Basis, Rate, done_sessions, pay, practitioner_name
from plugin.courses.reports.period import Period
from plugin.courses.reports.sheets import NAMELESS, pay_sheet, sessions_sheet
from plugin.web import current_services, pages
from plugin.web.access import Screens
from plugin.web.files import file_answer
from plugin.web.format import locale_of
from plugin.web.owner.forms import PayForm
from plugin.web.refusals import Refusal, shows_refusals
from plugin.web.reports.asked import frame, period_for
from plugin.web.tables import SortKey, sort_rows
from plugin.web.translations import _

# As calculated, by name, unless another column is asked for.
_SORTS = {
    "name": SortKey(lambda row: (not row.is_person, row.name.casefold())),
    "sessions": SortKey(lambda row: row.sessions, is_descending=True),
    "value": SortKey(lambda row: row.value.amount, is_descending=True),
    "pay": SortKey(lambda row: row.pay.amount if row.is_person else None, is_descending=True),
}
_SESSION_SORTS = {
    "visit": SortKey(lambda each: each.visited_on),
    "client": SortKey(lambda each: each.client_name.casefold()),
    "treatment": SortKey(lambda each: each.treatment.casefold()),
    "sessions": SortKey(lambda each: each.sessions, is_descending=True),
    "value": SortKey(lambda each: each.value.amount, is_descending=True),
    "list": SortKey(lambda each: each.list_value.amount, is_descending=True),
}

blueprint = Screens("pay", __name__)


@blueprint.get("/reports/pay")
@shows_refusals
def show(refusal: Refusal | None = None) -> ResponseReturnValue:
    """Show each practitioner's pay."""
    shown = _shown(period_for(refusal), refusal)
    shown["rows"], sorting = sort_rows(shown["rows"], _SORTS)
    return render_template("owner/pay.html", sorting=sorting, **shown)


@blueprint.get("/reports/pay/<practitioner_id>")
@shows_refusals
def sessions(practitioner_id: str, refusal: Refusal | None = None) -> ResponseReturnValue:
    """Show the sessions behind one practitioner's pay."""
    store, period = current_services().store, period_for(refusal)
    shown = _shown(period, refusal)
    shown["rows"] = [row for row in shown["rows"] if row.key == practitioner_id]
    done, sorting = sort_rows(done_sessions(store, period, practitioner_id), _SESSION_SORTS)
    return render_template(
        "owner/pay_sessions.html",
        practitioner_id=practitioner_id,
        who=practitioner_name(store, practitioner_id) or NAMELESS[practitioner_id],
        done=done,
        sorting=sorting,
        **shown,
    )


@blueprint.get("/reports/pay.<ending>")
def save(ending: str) -> Response:
    """Return all pay as a file."""
    period, rate = period_for(None), PayForm.asked().chosen_rate()
    rows, _sorting = sort_rows(pay(current_services().store, period, rate), _SORTS)
    sheet = pay_sheet(rows, _in_words(rate))
    return file_answer(sheet, ending, period)


@blueprint.get("/reports/pay/<practitioner_id>/sessions.<ending>")
def save_sessions(practitioner_id: str, ending: str) -> Response:
    """Return one practitioner's sessions as a file."""
    store, period = current_services().store, period_for(None)
    who = practitioner_name(store, practitioner_id) or NAMELESS[practitioner_id]
    done, _sorting = sort_rows(done_sessions(store, period, practitioner_id), _SESSION_SORTS)
    return file_answer(sessions_sheet(done, who), ending, period)


def _shown(period: Period, refusal: Refusal | None) -> dict[str, Any]:
    sent = PayForm() if refusal else PayForm.asked()
    rate, typed = sent.chosen_rate(), sent.rate.typed
    form = PayForm.shown(refusal, from_=period.first, to=period.last, basis=rate.basis, rate=typed)
    return {
        "rows": pay(current_services().store, period, rate),
        "rate_words": _in_words(rate),
        "basis": rate.basis,
        **frame(period, refusal, basis=rate.basis.value, rate=typed),
        "form": form,
    }


def _in_words(rate: Rate) -> str:
    clinic = pages.clinic()
    if rate.amount is not None:
        return _("{amount} a session", amount=money_text(rate.amount, clinic))
    part = Decimal(rate.share).scaleb(-4).normalize()
    share = format_percent(part, locale=locale_of(clinic), decimal_quantization=False)
    return (
        _("{share} of the single price", share=share)
        if rate.basis is Basis.LIST
        else _("{share} of the session value", share=share)
    )
