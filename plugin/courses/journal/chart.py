"""The owner's chart of accounts, and what else the journal's files need: read and saved."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from plugin.core.text import optional
from plugin.courses.base.activity import Did, record_in
from plugin.courses.base.work import Work, allowed, reading
from plugin.courses.journal.accounts import Account, Role, checked_account, refuse_doubles, usual_chart
from plugin.store.journal import JournalChart
from plugin.wording import _

# The name that Xero gives it in the United States.
USUAL_TAX_RATE = "Tax Exempt (0%)"


@dataclass(frozen=True, slots=True)
class Chart:
    """The accounts by role. `is_money_elsewhere`: payments, tax, tips and fees are booked by Square's connector."""

    accounts: Mapping[Role, Account]
    xero_tax_rate: str = USUAL_TAX_RATE
    is_money_elsewhere: bool = False


def chart_in(session: Session) -> Chart:
    """Return the chart, the usual one where none was saved."""
    row, usual = session.get(JournalChart, 1), usual_chart()
    if row is None:
        return Chart(usual)
    chosen = {
        role: Account(role, *row.accounts[role]) if role in row.accounts else account
        for role, account in usual.items()
    }
    return Chart(chosen, row.xero_tax_rate, row.is_money_elsewhere)


read_chart = reading(chart_in)


@allowed()
def save_chart(
    work: Work,
    typed: Mapping[Role, tuple[str, str]],
    *,
    xero_tax_rate: str,
    is_money_elsewhere: bool,
) -> Chart:
    """Save numbers and names of the accounts; raises InvalidField. A role that is not typed keeps its account."""
    rate = optional(xero_tax_rate, field="xero_tax_rate", called=_("The tax rate"), most=80) or USUAL_TAX_RATE
    before = chart_in(work.session)
    typed_accounts = {role: checked_account(role, *each) for role, each in typed.items()}
    accounts = {**before.accounts, **typed_accounts}
    refuse_doubles(accounts)
    chart = Chart(accounts, rate, is_money_elsewhere)
    if chart != before:
        _write(work, chart)
        changed = [each for each in accounts.values() if before.accounts[each.role] != each]
        record_in(work, Did.JOURNAL_CHART_CHANGED, after=", ".join(map(_shown, changed)))
    return chart


def _shown(account: Account) -> str:
    return f"{account.role.value}: {account.number} {account.name}"


def _write(work: Work, chart: Chart) -> None:
    work.session.merge(
        JournalChart(
            id=1,
            accounts={role.value: [each.number, each.name] for role, each in chart.accounts.items()},
            xero_tax_rate=chart.xero_tax_rate,
            is_money_elsewhere=chart.is_money_elsewhere,
            changed_at=work.now,
            by=work.act.actor.name,
        )
    )
