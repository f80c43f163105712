"""Usage and pay, for the owner: sessions used in a period, and what each practitioner is paid for them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar

from babel.numbers import format_percent
from flask import Response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from plugin.core.money import Money
from plugin.core.text import folded
from plugin.courses.base.columns import Column, Columns, Kind, Person, file_of
from plugin.courses.base.keyset import read_order
from plugin.courses.base.words import money_text
from plugin.courses.catalog.packages import package_names
from plugin.courses.reports.books import Line
from plugin.courses.reports.entries import (
    ORDERS,
    EntryFilter,
    EntryPage,
    EntrySum,
    Late,
    entries_behind,
    entries_behind_sheet,
)
from plugin.courses.reports.period import Period, asked_period, month_of, presets
from plugin.courses.reports.usage import (
    NAMELESS,
    Basis,
    By,
    DoneSession,
    PayRow,
    Rate,
    UsageRow,
    done_sessions,
    named,
    pay,
    practitioner_name,
    usage,
)
from plugin.errors import Refused
from plugin.web import current_services, pages
from plugin.web.access import Screens
from plugin.web.format import locale_of, written_day, written_month
from plugin.web.lists.courses import practitioner_choices
from plugin.web.owner.forms import FigureForm, PayForm, PeriodForm
from plugin.web.refusals import Refusal, shows_refusals
from plugin.web.tables import Sorting, asked_one, asked_sorting, file_answer, sort_by_columns
from plugin.web.translations import N_, _

T = TypeVar("T")


def usual(newest_first: Sequence[T]) -> T:
    """Return the month or year to file: the one that is over, or the current one in a clinic's first days."""
    return newest_first[1] if len(newest_first) > 1 else newest_first[0]


def period_for(refusal: Refusal | None) -> Period:
    """Return the requested period, this month where the request was refused; raises InvalidField."""
    if refusal is not None:
        return month_of(pages.today())
    form = PeriodForm.asked()
    return asked_period(form.from_.data, form.to.data, pages.today())


def frame(period: Period, refusal: Refusal | None, **kept: str) -> dict[str, Any]:
    """Return the context of every report's page beside its report; `kept` is repeated in links and forms."""
    return {
        "period": period,
        "presets": presets(pages.today()),
        "refusal": refusal,
        "form": PeriodForm.shown(refusal, from_=period.first, to=period.last),
        "kept": kept,
        "days": {"from": period.first.isoformat(), "to": period.last.isoformat()},
    }


def still_made() -> Refused:
    """Return the refusal of a file whose totals are still being made."""
    return Refused(_("The sums of all entries are being made. Try again in a few minutes."), code="not_ready")


def figure_form(package_id: str, practitioner: str) -> FigureForm:
    """Return the filters of the pages behind a figure, with the packages and practitioners of the clinic."""
    form = FigureForm.shown(package=package_id, practitioner=practitioner)
    store = current_services().store
    form.package.choices = [("", _("Any package")), *package_names(store)]
    form.practitioner.choices = [("", _("Anyone")), *practitioner_choices(store), *NAMELESS.items()]
    return form


behind = Screens("entries", __name__)

_LONGEST_ID = 200
_ARGS = ("currency", "line", "place", "package", "treatment", "practitioner", "late", "expired", "view", "of")
# Redemptions are shown as sessions used, not as what leaves the deferred revenue.
REDEMPTIONS = "redemptions"


@behind.get("/reports/entries", endpoint="show")
@shows_refusals
def show_entries(refusal: Refusal | None = None) -> ResponseReturnValue:
    store, wanted = current_services().store, _asked(refusal)
    after = None if refusal else request.args.get("after") or None
    sorting = _sorting()
    found: EntryPage = entries_behind(store, wanted, read_order(sorting.word, ORDERS), cursor=after)
    is_redeemed = request.args.get("view") == REDEMPTIONS and wanted.line is Line.USED
    return render_template(
        "owner/entries.html",
        wanted=wanted,
        rows=found.page.rows,
        cursor=found.page.cursor,
        is_first=after is None,
        total=_shown(found.sum, is_redeemed=is_redeemed),
        sign=-1 if is_redeemed else 1,
        about=request.args.get("of", "")[:_LONGEST_ID],
        refusal=refusal,
        form=figure_form(wanted.package_id, wanted.practitioner),
        kept={**_kept(wanted), "sort": sorting.word},
        sorting=sorting,
    )


@behind.get("/reports/entries.<ending>", endpoint="save")
def save_entries(ending: str) -> Response:
    """Return all of them as a file, with the signs of the ledger."""
    wanted, order = _asked(None), read_order(_sorting().word, ORDERS)
    return file_answer(entries_behind_sheet(current_services().store, wanted, order), ending, wanted.period)


def _sorting() -> Sorting:
    return asked_sorting({key: order.is_descending for key, order in ORDERS.items()})


def _asked(refusal: Refusal | None) -> EntryFilter:
    """Return the figure of the address; raises InvalidField for days that are none."""
    asked = {name: request.args.get(name, "")[:_LONGEST_ID] for name in _ARGS}
    return EntryFilter(
        period=period_for(refusal),
        currency=asked["currency"] or pages.clinic().currency,
        line=asked_one("line", Line),
        place=asked["place"],
        package_id=asked["package"],
        treatment_id=asked["treatment"],
        practitioner=asked["practitioner"],
        late=asked_one("late", Late),
        is_expired=asked["expired"] == "y",
    )


def _kept(wanted: EntryFilter) -> dict[str, str]:
    asked = {name: request.args.get(name, "")[:_LONGEST_ID] for name in _ARGS}
    days = {"from": wanted.period.first.isoformat(), "to": wanted.period.last.isoformat()}
    return {name: value for name, value in {**days, **asked}.items() if value}


def _shown(total: EntrySum, *, is_redeemed: bool) -> EntrySum:
    if not is_redeemed:
        return EntrySum(total.entries, total.sessions, total.value)
    at_single_prices = -total.at_single_prices if total.at_single_prices else None
    return EntrySum(total.entries, -total.sessions, -total.value, at_single_prices)


blueprint = Screens("usage", __name__)


@blueprint.get("/reports/usage")
@shows_refusals
def show(refusal: Refusal | None = None) -> ResponseReturnValue:
    """Show the sessions used in the period in the address."""
    period, by = period_for(refusal), asked_one("by", By) or By.PACKAGE
    columns = _columns(period, by)
    rows, sorting = _rows(period, by, columns)
    return render_template(
        "owner/used.html",
        columns=columns,
        rows=rows,
        totals=_totals(rows),
        by=by,
        ways=list(By),
        sorting=sorting,
        **frame(period, refusal, by=by.value, sort=sorting.word),
    )


@blueprint.get("/reports/usage.<ending>")
def save(ending: str) -> Response:
    period, by = period_for(None), asked_one("by", By) or By.PACKAGE
    columns = _columns(period, by)
    rows, _sorting = _rows(period, by, columns)
    return file_answer(file_of(f"Used by {by.value}", columns, rows), ending, period)


_NAMES = {
    By.PACKAGE: N_("Package"),
    By.TREATMENT: N_("Treatment"),
    By.PRACTITIONER: N_("Practitioner"),
    By.MONTH: N_("Month"),
}


def _columns(period: Period, by: By) -> Columns[UsageRow]:
    kind = Kind.MONTH if by is By.MONTH else Kind.TEXT

    def entries(row: UsageRow) -> str:
        return url_for("entries.show", **_figure(row, by, period))

    return (
        Column(_NAMES[by], lambda row: named(row.key, row.name), kind, sort="name"),
        Column(N_("Sessions"), lambda row: row.sessions, sort="sessions", link=entries),
        Column(N_("Value"), lambda row: row.value, Kind.MONEY, sort="value", link=entries),
        Column(N_("At single prices"), lambda row: row.list_value, Kind.MONEY, sort="list", link=entries),
        Column("Currency", lambda row: row.value.currency, is_on_page=False),
    )


def _rows(period: Period, by: By, columns: Columns[UsageRow]) -> tuple[list[UsageRow], Sorting]:
    found = usage(current_services().store, period, by)
    return sort_by_columns(found, columns, "name" if by is By.MONTH else "sessions")


def _figure(row: UsageRow, by: By, period: Period) -> dict[str, Any]:
    """Return what names the entries behind a row, or behind a total, which has no key."""
    days, narrowed = period, {}
    if row.key and by is By.MONTH:
        month = month_of(date.fromisoformat(f"{row.key}-01"))
        days = Period(max(month.first, period.first), min(month.last, period.last))
        narrowed = {"of": written_month(month.first, pages.clinic())}
    elif row.key:
        narrowed = {by.value: row.key, "of": str(named(row.key, row.name))}
    asked = {"line": Line.USED.value, "view": REDEMPTIONS, "currency": row.value.currency}
    return {"from": f"{days.first}", "to": f"{days.last}", **asked, **narrowed}


def _totals(rows: list[UsageRow]) -> list[tuple[str, UsageRow]]:
    """Return the sum in each currency, and its name."""
    totals: dict[str, UsageRow] = {}
    for row in rows:
        currency = row.value.currency
        totals[currency] = totals[currency] + row if currency in totals else replace(row, key="")
    if len(totals) == 1:
        return [(_("All"), total) for total in totals.values()]
    return [(f"{_('All')} {_('in {currency}', currency=each)}", totals[each]) for each in sorted(totals)]


pay_pages = Screens("pay", __name__)


@pay_pages.get("/reports/pay")
@shows_refusals
def show_pay(refusal: Refusal | None = None) -> ResponseReturnValue:
    """Show each practitioner's pay."""
    shown = _shown_pay(period_for(refusal), refusal)
    columns = _pay_columns(shown["rate"], {**shown["days"], **shown["kept"]})
    shown["rows"], sorting = sort_by_columns(shown["rows"], columns)
    return render_template("owner/pay.html", columns=columns, sorting=sorting, **shown)


@pay_pages.get("/reports/pay/<practitioner_id>")
@shows_refusals
def sessions(practitioner_id: str, refusal: Refusal | None = None) -> ResponseReturnValue:
    store, period = current_services().store, period_for(refusal)
    shown = _shown_pay(period, refusal)
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


@pay_pages.get("/reports/pay.<ending>")
def save_pay(ending: str) -> Response:
    period, rate = period_for(None), PayForm.asked().chosen_rate()
    columns = _pay_columns(rate, {})
    rows, _sorting = sort_by_columns(pay(current_services().store, period, rate), columns)
    return file_answer(file_of("Pay", columns, rows), ending, period)


@pay_pages.get("/reports/pay/<practitioner_id>/sessions.<ending>")
def save_sessions(practitioner_id: str, ending: str) -> Response:
    store, period = current_services().store, period_for(None)
    who = practitioner_name(store, practitioner_id) or NAMELESS[practitioner_id]
    columns = _session_columns(who)
    done, _sorting = sort_by_columns(done_sessions(store, period, practitioner_id), columns)
    return file_answer(file_of("Sessions", columns, done), ending, period)


def _pay_columns(rate: Rate, asked: dict[str, Any]) -> Columns[PayRow]:
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


def _shown_pay(period: Period, refusal: Refusal | None) -> dict[str, Any]:
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
