"""Pay, for the owner: each practitioner's pay for the sessions used, at a rate typed on the page."""

from decimal import Decimal
from typing import Any

from babel.numbers import format_percent
from flask import Response, render_template, url_for
from flask.typing import ResponseReturnValue

from plugin.core.money import Money
from plugin.core.text import folded
from plugin.courses.base.columns import Column, Columns, Kind, Person, file_of
from plugin.courses.base.words import money_text
from plugin.courses.reports.period import Period
from plugin.courses.reports.usage import (
    NAMELESS,
    Basis,
    DoneSession,
    PayRow,
    Rate,
    done_sessions,
    named,
    pay,
    practitioner_name,
)
from plugin.web import current_services, pages
from plugin.web.access import Screens
from plugin.web.files import file_answer
from plugin.web.format import locale_of, written_day
from plugin.web.owner.forms import PayForm
from plugin.web.refusals import Refusal, shows_refusals
from plugin.web.reports.asked import frame, period_for
from plugin.web.tables import sort_by_columns
from plugin.web.translations import N_, _

blueprint = Screens("pay", __name__)


@blueprint.get("/reports/pay")
@shows_refusals
def show(refusal: Refusal | None = None) -> ResponseReturnValue:
    """Show each practitioner's pay."""
    shown = _shown(period_for(refusal), refusal)
    columns = _columns(shown["rate"], {**shown["days"], **shown["kept"]})
    shown["rows"], sorting = sort_by_columns(shown["rows"], columns)
    return render_template("owner/pay.html", columns=columns, sorting=sorting, **shown)


@blueprint.get("/reports/pay/<practitioner_id>")
@shows_refusals
def sessions(practitioner_id: str, refusal: Refusal | None = None) -> ResponseReturnValue:
    store, period = current_services().store, period_for(refusal)
    shown = _shown(period, refusal)
    shown["rows"] = [row for row in shown["rows"] if row.key == practitioner_id]
    who = practitioner_name(store, practitioner_id) or NAMELESS[practitioner_id]
    columns = _session_columns(who)
    done, sorting = sort_by_columns(done_sessions(store, period, practitioner_id), columns)
    return render_template(
        "owner/pay_sessions.html",
        practitioner_id=practitioner_id,
        who=who,
        columns=columns,
        done=done,
        sorting=sorting,
        **shown,
    )


@blueprint.get("/reports/pay.<ending>")
def save(ending: str) -> Response:
    period, rate = period_for(None), PayForm.asked().chosen_rate()
    columns = _columns(rate, {})
    rows, _sorting = sort_by_columns(pay(current_services().store, period, rate), columns)
    return file_answer(file_of("Pay", columns, rows), ending, period)


@blueprint.get("/reports/pay/<practitioner_id>/sessions.<ending>")
def save_sessions(practitioner_id: str, ending: str) -> Response:
    store, period = current_services().store, period_for(None)
    who = practitioner_name(store, practitioner_id) or NAMELESS[practitioner_id]
    columns = _session_columns(who)
    done, _sorting = sort_by_columns(done_sessions(store, period, practitioner_id), columns)
    return file_answer(file_of("Sessions", columns, done), ending, period)


def _columns(rate: Rate, asked: dict[str, Any]) -> Columns[PayRow]:
    """Return the columns of pay at this rate; `asked`: what the pages of the sessions behind it are asked for."""
    words = _in_words(rate)
    value = N_("At single prices") if rate.basis is Basis.LIST else N_("Value")

    def behind(row: PayRow) -> str:
        return url_for("pay.sessions", practitioner_id=row.key, **asked)

    return (
        Column(
            N_("Practitioner"),
            lambda row: named(row.key, row.name),
            Kind.TEXT,
            sort="name",
            order_by=_people_first,
            link=behind,
        ),
        Column(N_("Sessions"), lambda row: row.sessions, sort="sessions", link=behind),
        Column(value, lambda row: row.value, Kind.MONEY, file="Value", sort="value"),
        Column("Currency", lambda row: row.value.currency, is_on_page=False),
        Column("Rate", lambda row: words if row.is_person else "", is_on_page=False),
        Column(N_("Total pay"), _pay_of, Kind.MONEY, file="Pay", sort="pay", empty=N_("none")),
        Column("Pay currency", lambda row: row.pay.currency, is_on_page=False),
    )


def _people_first(row: PayRow) -> tuple[bool, str]:
    return not row.is_person, folded(named(row.key, row.name))


def _pay_of(row: PayRow) -> Money | None:
    return row.pay if row.is_person else None


def _session_columns(who: str) -> Columns[DoneSession]:
    return (
        Column("Practitioner", lambda _row: who, Kind.TEXT, is_on_page=False),
        Column(N_("Visit"), lambda row: row.visited_on, Kind.DAY, sort="visit", note=_counts),
        Column("Counts on", lambda row: row.counted_on, is_on_page=False),
        Column(N_("Client"), lambda row: Person(row.client_id, row.client_name), Kind.CLIENT, sort="client"),
        Column("Package", lambda row: row.package_name, is_on_page=False),
        Column(N_("Treatment"), lambda row: row.treatment, Kind.TEXT, sort="treatment"),
        Column(N_("Sessions"), lambda row: row.sessions, sort="sessions"),
        Column(N_("Value"), lambda row: row.value, Kind.MONEY, sort="value"),
        Column(N_("At single prices"), lambda row: row.list_value, Kind.MONEY, sort="list"),
        Column("Currency", lambda row: row.value.currency, is_on_page=False),
    )


def _counts(row: DoneSession) -> str:
    if row.sessions >= 0 and row.counted_on == row.visited_on:
        return ""
    day = written_day(row.counted_on, pages.clinic(), pages.today())
    return _("Undone {day}", day=day) if row.sessions < 0 else _("counts {day}", day=day)


def _shown(period: Period, refusal: Refusal | None) -> dict[str, Any]:
    sent = PayForm() if refusal else PayForm.asked()
    rate, typed = sent.chosen_rate(), sent.rate.typed
    form = PayForm.shown(refusal, from_=period.first, to=period.last, basis=rate.basis, rate=typed)
    return {
        "rows": pay(current_services().store, period, rate),
        "rate_words": _in_words(rate),
        "basis": rate.basis,
        "rate": rate,
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
