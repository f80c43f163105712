"""The accountant's journal, for the owner: a month, what is behind each line, its files, and its accounts."""

from typing import Any

from flask import Response, render_template, request
from flask.typing import ResponseReturnValue

from plugin.core.money import Money
from plugin.courses.base.columns import file_of
from plugin.courses.journal.accounts import (
    LONGEST_NAME,
    LONGEST_NUMBER,
    ROLES,
    TITLES,
    Role,
    Section,
    Type,
    checked_account,
    read_chart,
    save_chart,
)
from plugin.courses.journal.behind import BEHIND, MOST_SHOWN, Behind, LineFilter, behind_line
from plugin.courses.journal.month import JournalFormat, journal, journal_file
from plugin.courses.reports.month import asked_month, months_to_print
from plugin.courses.reports.period import Period, month_of
from plugin.errors import InvalidField, NotFound
from plugin.web import current_services, pages
from plugin.web.access import Screens
from plugin.web.actions import current_act, redirect_to
from plugin.web.format import written_month
from plugin.web.forms import Form, Text, Tick
from plugin.web.refusals import InvalidForm, Refusal, shows_refusals
from plugin.web.reports.usage import usual
from plugin.web.tables import (
    Sorting,
    SortKey,
    asked_search,
    file_answer,
    matching,
    name_file,
    sort_rows,
)
from plugin.web.translations import N_, _

blueprint = Screens("journal", __name__)

_TYPES = {
    Type.ASSET: N_("Assets"),
    Type.LIABILITY: N_("Liabilities"),
    Type.EQUITY: N_("Equity"),
    Type.INCOME: N_("Income"),
    Type.EXPENSE: N_("Expenses"),
}


class AccountsForm(Form):
    """Number and name of each account, and what else the files need."""

    xero_tax_rate = Text(
        N_("Tax rate in Xero"),
        hint=N_("The name of a rate without tax, as your Xero has it. Xero asks for one on each line."),
        maxlength=80,
    )
    is_money_elsewhere = Tick(N_("Square’s own connector books payments, tax, tips and fees already"))

    def accounts(self) -> dict[Role, tuple[str, str]]:
        """Return what was typed, by role; raises InvalidForm that names every invalid field."""
        typed = {role: (self[f"number:{role}"].data, self[f"name:{role}"].data) for role in Role}
        errors: dict[str, str] = {}
        for role, each in typed.items():
            try:
                checked_account(role, *each)
            except InvalidField as error:
                errors[error.field or ""] = error.message
        if errors:
            raise InvalidForm(errors)
        return typed


for _role, _info in ROLES.items():
    setattr(AccountsForm, f"number:{_role}", Text(N_("Number"), maxlength=LONGEST_NUMBER))
    setattr(AccountsForm, f"name:{_role}", Text(N_("Name"), maxlength=LONGEST_NAME, required=True))


@blueprint.get("/reports/journal")
@shows_refusals
def show(refusal: Refusal | None = None) -> ResponseReturnValue:
    """Show the journal of the month in the address, by default of the last whole month."""
    store, clinic = current_services().store, pages.clinic()
    months = months_to_print(store, now=pages.now())
    month = _month(refusal, months)
    book = journal(store, month, currency=_currency(refusal))
    year = Period(month.first.replace(month=1), month.last)
    return render_template(
        "owner/journal.html",
        book=book,
        month=month,
        year=year,
        months=[(each.key, written_month(each.first, clinic)) for each in months],
        chosen=month.key,
        is_running=month.last >= pages.today(),
        titles=TITLES,
        formats=_FORMATS,
        refusal=refusal,
    )


_FORMATS = (
    (JournalFormat.QUICKBOOKS, "QuickBooks Online"),
    (JournalFormat.XERO, "Xero"),
    (JournalFormat.BEANCOUNT, "Beancount"),
)


@blueprint.get("/reports/journal/line")
def line() -> ResponseReturnValue:
    wanted = _asked_line()
    rows, sorting = _rows(wanted)
    q = asked_search()
    return render_template(
        "owner/journal_line.html",
        columns=BEHIND,
        wanted=wanted,
        rows=rows[:MOST_SHOWN],
        number=len(rows),
        net=Money(sum(each.net.amount for each in rows), wanted.currency),
        q=q,
        sorting=sorting,
        account=read_chart(current_services().store).accounts[wanted.role],
        title=TITLES[wanted.section],
        asked=_line_address(wanted),
        kept=_line_address(wanted) | {"sort": sorting.word} | ({"q": q} if q else {}),
    )


@blueprint.get("/reports/journal/line.<ending>")
def save_line(ending: str) -> Response:
    wanted = _asked_line()
    rows, _sorting = _rows(wanted)
    return file_answer(file_of("Journal line", BEHIND, rows), ending, wanted.period)


def _rows(wanted: LineFilter) -> tuple[list[Behind], Sorting]:
    """Return what is behind the line and matches the search in the address, in the order there."""
    behind = behind_line(current_services().store, wanted).rows
    rows = matching(behind, lambda row: f"{row.what} {row.client_name} {row.package_name}", asked_search())
    by_column = {each.sort: SortKey(each.order, each.is_descending) for each in BEHIND if each.sort}
    newest = SortKey(lambda each: (each.counts_on, each.source), is_descending=True)
    return sort_rows(rows, by_column | {"date": newest})


@blueprint.get("/reports/journal/file", refused=show)
def save() -> Response:
    """Return the months in the address for an accounting program."""
    program = request.args.get("for", "")
    if program not in list(JournalFormat):
        raise NotFound(_("The journal is saved for QuickBooks, Xero or Beancount."))
    first = asked_month(request.args.get("from", ""))
    last = month_of(asked_month(request.args.get("to", "") or request.args.get("from", ""))).last
    book = journal(current_services().store, Period(first, last), currency=request.args.get("currency", ""))
    made = journal_file(book, JournalFormat(program))
    return name_file(Response(made.to_bytes(), content_type=made.media_type), made.name, "attachment")


@blueprint.get("/reports/journal/accounts")
def accounts(refusal: Refusal | None = None) -> ResponseReturnValue:
    chart = read_chart(current_services().store)
    values: dict[str, Any] = {
        "xero_tax_rate": chart.xero_tax_rate,
        "is_money_elsewhere": chart.is_money_elsewhere,
    }
    for role, account in chart.accounts.items():
        values |= {f"number:{role}": account.number, f"name:{role}": account.name}
    return render_template(
        "owner/journal_accounts.html",
        form=AccountsForm.shown(refusal, **values),
        groups=[
            (name, [(role, ROLES[role]) for role in Role if ROLES[role].type is type_])
            for type_, name in _TYPES.items()
        ],
    )


@blueprint.post("/reports/journal/accounts", refused=accounts)
def save_accounts() -> ResponseReturnValue:
    form = AccountsForm.sent()
    save_chart(
        current_services().store,
        current_act(),
        form.accounts(),
        xero_tax_rate=form.xero_tax_rate.data or "",
        is_money_elsewhere=form.is_money_elsewhere.data,
    )
    return redirect_to(
        "journal.show", _("Saved. The journal uses these accounts now, also for earlier months.")
    )


def _month(refusal: Refusal | None, months: tuple[Period, ...]) -> Period:
    typed = request.args.get("month", "")
    if typed and refusal is None:
        return month_of(asked_month(typed))
    return usual(months)


def _currency(refusal: Refusal | None) -> str:
    return "" if refusal is not None else request.args.get("currency", "")[:3]


def _asked_line() -> LineFilter:
    """Return the line of the address; raises NotFound for none."""
    section, role = request.args.get("section", ""), request.args.get("account", "")
    if section not in list(Section) or role not in list(Role):
        raise NotFound(_("The journal has no such line."))
    month = month_of(asked_month(request.args.get("month", "")))
    currency = request.args.get("currency", "")[:3] or pages.clinic().currency
    return LineFilter(month, currency, Section(section), Role(role))


def _line_address(wanted: LineFilter) -> dict[str, str]:
    return {
        "month": wanted.period.key,
        "section": wanted.section.value,
        "account": wanted.role.value,
        "currency": wanted.currency,
    }
